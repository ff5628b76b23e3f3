"""``credential/*`` through the started server, over a keyring that lives in a file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.http_server import LocalServer
from support.server_process import ServerProcess
from support.sse import streamed

KEY = "gsk_stored-0123456789abcdef"


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the keyring."""
    use_keyring(monkeypatch, tmp_path, "FileKeyring")
    return tmp_path / "keyring.json"


def use_keyring(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"support.file_keyring.{name}")
    monkeypatch.setenv("TEST_KEYRING_FILE", str(folder / "keyring.json"))
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(folder / "data"))


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    with LocalServer(lambda _: streamed("ok")) as running:
        yield running


@pytest.mark.usefixtures("keyring")
def test_set_list_use_delete(server: ServerProcess, upstream: LocalServer) -> None:
    status = server.result("credential/set", {"provider": "Groq", "secret": KEY})
    assert status == {"provider": "groq", "source": "keyring", "location": "modelport/groq", "last4": "cdef"}
    assert server.result("credential/list")["credentials"] == [status]
    listed = {p["id"]: p for p in server.result("provider/list", {"configuredOnly": True})["providers"]}
    assert listed["groq"]["credential"] == status
    server.result("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False})
    server.result("completion/create", {"prompt": "hi"})
    assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert server.result("credential/delete", {"provider": "groq"}) == {"provider": "groq", "source": "none"}
    assert server.result("credential/list")["credentials"] == []
    error = server.error("completion/create", {"prompt": "hi"})
    assert error["data"]["kind"] == "auth_required"


@pytest.mark.usefixtures("keyring")
def test_key_bound_to_an_address_goes_there_only(server: ServerProcess, upstream: LocalServer) -> None:
    with LocalServer(lambda _: streamed("thief")) as other:
        server.result("credential/set", {"provider": "groq", "secret": KEY, "baseUrl": upstream.url + "/"})
        error = server.error("provider/connect", {"provider": "groq", "baseUrl": other.url, "verify": False})
        assert error["data"]["kind"] == "auth_required"
        assert upstream.url in error["message"]
        assert other.requests == []
        server.result("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False})
        assert server.result("completion/create", {"prompt": "hi"})["text"] == "ok"


@pytest.mark.usefixtures("keyring")
def test_order_is_explicit_then_environment_then_keyring(
    monkeypatch: pytest.MonkeyPatch, upstream: LocalServer
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_environment-0123456789")
    with ServerProcess() as server:
        server.initialize()
        server.result("credential/set", {"provider": "groq", "secret": KEY})
        connect = {"provider": "groq", "baseUrl": upstream.url, "verify": False}
        assert server.result("provider/connect", connect)["credential"]["location"] == "GROQ_API_KEY"
        explicit = {**connect, "apiKey": "gsk_explicit-0123456789"}
        assert server.result("provider/connect", explicit)["credential"]["source"] == "session"
        server.result("completion/create", {"prompt": "hi"})
        assert upstream.requests[-1].headers["authorization"] == "Bearer gsk_explicit-0123456789"
        left = server.result("credential/delete", {"provider": "groq"})
        assert (left["source"], left["location"]) == ("environment", "GROQ_API_KEY")
        assert server.close() == 0


def test_key_stored_by_another_process_is_noticed(keyring: Path, server: ServerProcess, upstream: LocalServer) -> None:
    server.error("completion/create", {"prompt": "hi", "model": "groq/m"})
    with ServerProcess() as other:
        other.initialize()
        other.result("credential/set", {"provider": "groq", "secret": KEY})
        other.close()
    assert json.loads(keyring.read_text())
    deadline = time.monotonic() + 5
    while server.result("credential/list")["credentials"] == []:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    server.result("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False})


@pytest.mark.usefixtures("keyring")
@pytest.mark.parametrize(
    ("params", "field", "kind"),
    [
        ({"provider": "groq"}, "secret", None),
        ({"provider": "groq", "secret": ""}, "secret", None),
        ({"provider": "groq", "secret": "two\nlines"}, "secret", None),
        ({"provider": "groq", "secret": 5}, "secret", None),
        ({"provider": "unknown", "secret": KEY}, "provider", "unknown_provider"),
        ({"provider": "openai", "secret": KEY}, "secret", "invalid_key_format"),
    ],
)
def test_wrong_keys(shared: ServerProcess, params: dict[str, object], field: str, kind: str | None) -> None:
    error = shared.error("credential/set", params)
    assert error["code"] == -32602
    assert error["data"]["field"] == field
    assert error["data"].get("kind") == kind
    assert KEY not in json.dumps(error)


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_no_keyring(monkeypatch: pytest.MonkeyPatch, upstream: LocalServer, backend: str) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"keyring.backends.{backend}.Keyring")
    with ServerProcess() as without:
        without.initialize()
        error = without.error("credential/set", {"provider": "groq", "secret": KEY})
        assert (error["code"], error["data"]["kind"]) == (-32803, "keyring_unavailable")
        assert "environment variable" in error["message"]
        assert "api_key_command" in error["message"]
        assert without.result("credential/list")["credentials"] == []
        (check,) = [c for c in without.result("diagnostics/run")["checks"] if c["id"] == "keyring"]
        assert (check["status"], "keyring" in check["action"]) == ("warn", True)
        error = without.error("completion/create", {"prompt": "hi", "model": "groq/m"})
        assert error["data"]["kind"] == "auth_required"
        assert without.result("completion/create", {"prompt": "hi", "model": "mock/mock"})["text"]
        connect = {"provider": "groq", "baseUrl": upstream.url, "apiKey": KEY, "verify": False}
        assert without.result("provider/connect", connect)["credential"]["source"] == "session"
        assert without.result("completion/create", {"prompt": "hi"})["text"] == "ok"
        assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        assert without.close() == 0


def test_locked_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, tmp_path, "LockedKeyring")
    with ServerProcess() as server:
        server.initialize()
        error = server.error("credential/set", {"provider": "groq", "secret": KEY})
        assert (error["code"], error["data"]["kind"]) == (-32803, "keyring_unavailable")
        assert "unlock" in error["message"]
        error = server.error("completion/create", {"prompt": "hi", "model": "groq/m"})
        assert error["data"]["kind"] == "keyring_unavailable"
        assert "unlock" in error["message"]
        assert server.close() == 0


def test_keyring_that_hangs_blocks_no_other_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, tmp_path, "HangingKeyring")
    with ServerProcess() as server:
        server.initialize()
        hanging = server.begin("completion/create", {"prompt": "hi", "model": "groq/m"})
        for _ in range(5):
            assert server.result("completion/create", {"prompt": "hi", "model": "mock/mock"})["text"]
        server.notify("$/cancelRequest", {"id": hanging})
        assert server.reply(hanging)["error"]["code"] == -32800
        assert server.close() == 0
