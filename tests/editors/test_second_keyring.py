"""A second backend that we did not write: the encrypted file of keyrings.alt, chosen as its documentation says.

It is no development dependency: where it is installed the keyring library takes its files in place of no keyring.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import programs, sse
from support.http_server import LocalServer
from support.server_process import ServerProcess

pytestmark = [pytest.mark.editors, pytest.mark.timeout(60, func_only=True)]
PACKAGES = ("keyrings.alt==5.0.2", "pycryptodomex")
INSTALL_S = 120
KEY = "gsk_canary0123456789abcdefXYZ9"


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who keeps keys in the encrypted file."""
    folder = programs.ROOT / ".cache" / "keyrings-alt"
    if not (folder / "keyrings").is_dir():
        install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), *PACKAGES]
        if subprocess.run(install, timeout=INSTALL_S, check=False).returncode != 0:
            programs.missing(f"{PACKAGES} cannot be installed")
    for path in (folder, programs.ROOT / "tests"):
        monkeypatch.setenv("PYTHONPATH", str(path), prepend=os.pathsep)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.encrypted_keyring.EncryptedFile")
    monkeypatch.setenv("KEYRING_PROPERTY_KEYRING_KEY", "correct horse")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "home"


def keys(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """``modelport keys``."""
    command = [sys.executable, "-m", "modelport", "keys", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=30, check=False)


def test_a_key_is_kept_used_listed_and_deleted(encrypted: Path) -> None:
    stored = keys("set", "groq", "--name", "work", stdin=KEY + "\n")
    assert stored.returncode == 0, stored.stderr
    assert keys("set", "groq", stdin=KEY + "\n").returncode == 0
    (file,) = encrypted.rglob("crypted_pass.cfg")
    assert KEY not in file.read_text()
    listed = json.loads(keys("list", "--json").stdout)
    assert [(one["source"], one.get("name"), one["last4"]) for one in listed["credentials"]] == [
        ("keyring", None, "XYZ9"),
        ("keyring", "work", "XYZ9"),
    ]
    assert listed["stores"][0]["state"] == "available"
    with LocalServer(lambda _: sse.streamed("Hello")) as upstream, ServerProcess() as server:
        server.initialize()
        server.result("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False})
        server.result("completion/create", {"provider": "groq", "model": "m", "prompt": "hello"})
        assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        assert server.close() == 0
    for arguments in (("groq",), ("groq", "--name", "work")):
        assert keys("delete", *arguments).returncode == 0
    assert keys("list").returncode == 1


def test_another_password_is_a_keyring_that_refuses(encrypted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys("set", "groq", stdin=KEY + "\n").returncode == 0
    monkeypatch.setenv("KEYRING_PROPERTY_KEYRING_KEY", "wrong")
    listed = json.loads(keys("list", "--json").stdout)["credentials"]
    assert [(one["provider"], one["source"], one.get("last4")) for one in listed] == [("groq", "keyring", None)]
    with ServerProcess() as server:
        server.initialize()
        error = server.error("completion/create", {"model": "groq/m", "prompt": "x"})
        assert error["data"]["kind"] == "keyring_unavailable"
        assert "The keyring refused" in error["message"]
        assert server.close() == 0
        assert KEY not in server.stderr
