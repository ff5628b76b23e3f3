"""The files that are kept between runs, when they hold what this program has not written: each is as good as none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest

from modelport.adapters.credential_stores.index_file import IndexFile
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.adapters.local_models.sharing import Slot
from modelport.adapters.usage_ledgers.spool import calls_in
from support.file_keyring import FileKeyring

DEEP = b"[" * 200_000
CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "a byte that is not UTF-8": b'["\xff"]',
    "such a byte in an object": b'{"secret": "\xff", "entry": 1, "call": {"model": "\xfe"}}',
    "half a surrogate pair": b'["\\ud800"]',
    "zeros": bytes(4096),
    "nested too deeply": DEEP,
    "nested too deeply in an unknown field": b'{"unknown": ' + DEEP,
    "whole and deep": b'{"unknown": ' + DEEP + b"]" * 200_000 + b"}",
    "a number that no double holds": b"[1e400]",
    "another type": b'{"secret": [], "entry": {}, "call": 5, "pid": "x"}',
    "lines": b"\n\n\r\n",
}


def index(path: Path) -> object:
    return IndexFile(path).read()


def spool(path: Path) -> object:
    return list(calls_in(path))


def lent(path: Path) -> object:
    slot = Slot(path.parent, "slot")
    slot._file.write_bytes(path.read_bytes())
    return slot._lent()


FILES: dict[str, Callable[[Path], object]] = {"index of keys": index, "calls that wait": spool, "lent server": lent}


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("file", FILES)
def test_what_no_program_of_ours_has_written_is_nothing(file: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENTS[content])
    assert FILES[file](path) in ([], None, ["�"], ["\ufffd"])


@pytest.mark.parametrize("content", [name for name in CONTENTS if name not in ("nothing", "such a byte in an object")])
async def test_an_entry_of_the_keyring_that_is_not_ours_is_a_key(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "keyring.json"))
    keyring.set_keyring(FileKeyring())
    text = CONTENTS[content].decode("utf-8", "replace")
    keyring.set_password("modelport", "acme", text)
    stored: Any = await KeyringStore(tmp_path / "index.json").get("acme")
    assert stored is None or stored.secret.reveal() == text
