"""Keys in a real Secret Service, in one that is locked, and without any."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from editors.secret_service import SecretService, use_home
from support import sse
from support.http_server import LocalServer
from support.server_process import ServerProcess

pytestmark = [pytest.mark.editors, pytest.mark.timeout(30, func_only=True)]
KEY = "gsk_canary0123456789abcdefXYZ9"
OTHER_KEY = "gsk_second0123456789abcdefABC1"


class Recorded(ServerProcess):
    """A server whose every message is kept, so that a secret can be looked for in all of them."""

    def __init__(self, **more: Any) -> None:
        super().__init__(read=False, **more)
        seen = self.seen = []

        class Kept(queue.Queue):
            def put(self, item: Any, *args: Any, **kwargs: Any) -> None:
                seen.append(item)
                super().put(item, *args, **kwargs)

        self._messages = Kept()
        self.start_reading()

    def said(self) -> str:
        """All its output, on stdout and stderr."""
        self._errors.join(5)
        return repr(self.seen) + self.stderr


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "data"


@pytest.fixture
def keyring(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    service = SecretService(tmp_path, monkeypatch)
    yield service
    service.stop()


@pytest.fixture
def no_bus(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a desktop."""
    for name in ("home", "runtime"):
        (tmp_path / name).mkdir()
    use_home(monkeypatch, tmp_path / "home", tmp_path / "runtime")


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    with LocalServer(lambda _: sse.streamed("Hello ", "there")) as running:
        yield running


@pytest.fixture
def server() -> Iterator[Recorded]:
    with Recorded(env={"MODELPORT_LOG": "debug"}) as running:
        running.initialize()
        yield running
        if running.process.poll() is None:
            assert running.close() == 0


def ask(server: ServerProcess, upstream: LocalServer) -> dict[str, Any]:
    """Connects to the local server and requests a completion, without a key."""
    server.result("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False})
    return server.result("completion/create", {"provider": "groq", "model": "m", "prompt": "hello"})


def keys(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """``modelport keys``."""
    return subprocess.run(
        [sys.executable, "-m", "modelport", "keys", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
    )


def files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


# A keyring that works.


@pytest.mark.usefixtures("keyring")
def test_kept_used_listed_deleted(server: Recorded, upstream: LocalServer, tmp_path: Path) -> None:
    status = server.result("credential/set", {"provider": "groq", "secret": KEY})
    assert status == {"provider": "groq", "source": "keyring", "location": "modelport/groq", "last4": "XYZ9"}
    assert server.result("credential/list") == {"credentials": [status]}

    assert ask(server, upstream)["text"] == "Hello there"
    (request,) = upstream.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert server.result("provider/status")["active"]["credential"] == status

    assert server.result("credential/delete", {"provider": "groq"})["source"] == "none"
    assert server.result("credential/list") == {"credentials": []}
    asked = {"provider": "groq", "model": "m", "prompt": "hello"}
    error = server.error("completion/create", asked)
    assert error["data"]["kind"] == "auth_required"
    assert len(upstream.requests) == 1
    assert server.result("credential/delete", {"provider": "groq"})["source"] == "none", "twice is no error"
    assert server.close() == 0
    assert "XYZ9" in server.said()
    assert KEY not in server.said()
    assert files_with("SQLite format 3", tmp_path), "there is something to look through"
    assert files_with(KEY, tmp_path) == []


@pytest.mark.usefixtures("keyring")
def test_kept_for_the_next_server(server: Recorded, upstream: LocalServer, tmp_path: Path) -> None:
    server.result("credential/set", {"provider": "groq", "secret": KEY})
    with ServerProcess() as later:
        later.initialize()
        ask(later, upstream)
        assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        # The first server changes it while the second is running.
        server.result("credential/set", {"provider": "groq", "secret": OTHER_KEY})
        deadline = time.monotonic() + 5
        while upstream.requests[-1].headers["authorization"] != f"Bearer {OTHER_KEY}":
            assert time.monotonic() < deadline, "a changed key is noticed within seconds"
            ask(later, upstream)
            time.sleep(0.1)
        assert later.close() == 0
    assert files_with(KEY, tmp_path) == []
    assert files_with(OTHER_KEY, tmp_path) == []


@pytest.mark.usefixtures("keyring")
def test_a_key_for_one_address_goes_to_no_other(server: Recorded, upstream: LocalServer) -> None:
    with LocalServer(lambda _: sse.streamed("stolen")) as other:
        bound = {"provider": "groq", "secret": KEY, "baseUrl": upstream.url}
        assert server.result("credential/set", bound)["baseUrl"] == upstream.url
        elsewhere = {"provider": "groq", "baseUrl": other.url}
        for verify in (True, False):
            error = server.error("provider/connect", {**elsewhere, "verify": verify})
            assert error["data"]["kind"] == "auth_required"
            assert upstream.url in error["message"]
        assert other.requests == []
        assert ask(server, upstream)["text"] == "Hello there"
        assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        assert other.requests == []


@pytest.mark.usefixtures("keyring")
def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch, upstream: LocalServer) -> None:
    monkeypatch.setenv("GROQ_API_KEY", OTHER_KEY)
    with Recorded() as server:
        server.initialize()
        server.result("credential/set", {"provider": "groq", "secret": KEY})
        ask(server, upstream)
        assert upstream.requests[-1].headers["authorization"] == f"Bearer {OTHER_KEY}"
        (status,) = server.result("credential/list")["credentials"]
        assert (status["source"], status["location"]) == ("environment", "GROQ_API_KEY")
        assert server.close() == 0


@pytest.mark.usefixtures("keyring")
def test_on_the_command_line(upstream: LocalServer, tmp_path: Path) -> None:
    assert keys("list").returncode == 1
    stored = keys("set", "groq", stdin=KEY + "\n")
    assert stored.returncode == 0, stored.stderr
    assert "groq" in stored.stdout
    listed = keys("list", "--json")
    (status,) = json.loads(listed.stdout)["credentials"]
    assert (status["provider"], status["source"], status["last4"]) == ("groq", "keyring", "XYZ9")
    with Recorded() as server:
        server.initialize()
        ask(server, upstream)
        assert server.close() == 0
        assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in server.said()
    deleted = keys("delete", "groq")
    assert deleted.returncode == 0
    assert keys("list").returncode == 1
    for done in (stored, listed, deleted):
        assert KEY not in done.stdout + done.stderr
    assert files_with(KEY, tmp_path) == []


@pytest.mark.usefixtures("keyring")
@pytest.mark.parametrize(
    "secret", ["", "  ", "gsk_two\nlines0123456789", "sk-ant-api03-of-another-provider-0123456789"]
)
def test_an_invalid_key_is_not_stored(secret: str, server: Recorded) -> None:
    error = server.error("credential/set", {"provider": "groq", "secret": secret})
    assert error["code"] == -32602
    assert error["data"]["field"] == "secret"
    assert server.result("credential/list") == {"credentials": []}


@pytest.mark.usefixtures("keyring")
def test_the_doctor_reports_the_keyring(server: Recorded) -> None:
    (check,) = [check for check in server.result("diagnostics/run")["checks"] if check["id"] == "keyring"]
    assert check["status"] == "ok"
    assert "SecretService" in check["detail"]


# A keyring that is locked.


def refused_by_the_keyring(error: dict[str, Any]) -> None:
    assert error["code"] == -32803
    assert error["data"]["kind"] == "keyring_unavailable"
    assert "unlock" in error["message"]
    assert "environment variable" in error["message"]


@pytest.fixture
def locked(keyring: SecretService) -> SecretService:
    """A keyring that holds a key and has been locked since."""
    assert keys("set", "groq", stdin=KEY + "\n").returncode == 0
    keyring.lock()
    return keyring


def test_a_locked_keyring_is_reported(locked: SecretService, server: Recorded, upstream: LocalServer) -> None:
    connect = {"provider": "groq", "baseUrl": upstream.url}
    refused_by_the_keyring(server.error("provider/connect", connect))
    refused_by_the_keyring(server.error("completion/create", {"model": "groq/m", "prompt": "x"}))
    refused_by_the_keyring(server.error("credential/set", {"provider": "mistral", "secret": OTHER_KEY}))
    assert upstream.requests == []
    assert keys("set", "mistral", stdin=OTHER_KEY + "\n").returncode == 1
    assert server.result("completion/create", {"model": "mock/mock", "prompt": "x"})["text"] == "You said: x"
    locked.unlock()
    assert ask(server, upstream)["text"] == "Hello there"
    assert upstream.requests[-1].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.usefixtures("locked")
def test_a_locked_keyring_does_not_spoil_the_listings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", OTHER_KEY)
    with ServerProcess() as server:
        server.initialize()
        providers = server.result("provider/list")["providers"]
        assert len(providers) > 10
        found = {status["provider"]: status for status in server.result("credential/list")["credentials"]}
        assert found["mistral"]["source"] == "environment"
        assert server.close() == 0


@pytest.mark.usefixtures("locked")
def test_the_doctor_reports_a_locked_keyring(server: Recorded) -> None:
    (check,) = [check for check in server.result("diagnostics/run")["checks"] if check["id"] == "keyring"]
    assert check["status"] in ("warn", "fail")
    assert "unlock" in check["action"]


@pytest.mark.timeout(60, func_only=True)
def test_no_password_dialog_before_a_key_is_needed(
    locked: SecretService, server: Recorded, upstream: LocalServer
) -> None:
    locked.ignore_prompts()
    (groq,) = [p for p in server.result("provider/list")["providers"] if p["id"] == "groq"]
    kept = {"provider": "groq", "source": "keyring", "location": "modelport/groq"}
    assert groq["credential"] == kept
    assert kept in server.result("credential/list")["credentials"]
    assert any(model["provider"] == "groq" for model in server.result("model/list", {"cached": True})["models"])
    connect = {"provider": "groq", "model": "m", "baseUrl": upstream.url, "verify": False}
    assert server.result("provider/connect", connect)["credential"] == kept
    assert server.result("provider/status")["active"]["model"] == "m"
    assert not locked.prompted
    waiting = server.begin("completion/create", {"prompt": "x"})
    while not locked.prompted:
        assert server.alive()
    server.notify("$/cancelRequest", {"id": waiting})
    assert server.reply(waiting)["error"]["code"] == -32800
    assert upstream.requests == []


@pytest.mark.timeout(60, func_only=True)
def test_a_dialog_without_an_answer(locked: SecretService, server: Recorded) -> None:
    locked.ignore_prompts()
    began = time.monotonic()
    waiting = server.begin("completion/create", {"model": "groq/m", "prompt": "x"})
    assert server.result("completion/create", {"model": "mock/mock", "prompt": "x"})["text"] == "You said: x"
    left = server.begin("completion/create", {"model": "groq/m", "prompt": "y"})
    server.notify("$/cancelRequest", {"id": left})
    assert server.reply(left)["error"]["code"] == -32800
    assert time.monotonic() - began < 5, "only those who need the keyring wait for it"
    refused_by_the_keyring(server.reply(waiting, timeout_s=30)["error"])
    assert server.close() == 0, "and the exit does not wait for it"
    assert time.monotonic() - began < 40


# No keyring.


@pytest.mark.usefixtures("no_bus")
def test_without_a_keyring(monkeypatch: pytest.MonkeyPatch, upstream: LocalServer) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", OTHER_KEY)
    with Recorded() as server:
        server.initialize()
        error = server.error("credential/set", {"provider": "groq", "secret": KEY})
        assert error["code"] == -32803
        assert error["data"]["kind"] == "keyring_unavailable"
        assert "environment variable" in error["message"]
        (status,) = server.result("credential/list")["credentials"]
        assert (status["provider"], status["source"]) == ("mistral", "environment")
        assert len(server.result("provider/list")["providers"]) > 10
        needed = server.error("completion/create", {"model": "groq/m", "prompt": "x"})
        assert needed["data"]["kind"] == "auth_required"
        assert "GROQ_API_KEY" in needed["message"]
        server.result("provider/connect", {"provider": "mistral", "baseUrl": upstream.url, "verify": False})
        assert server.result("completion/create", {"provider": "mistral", "model": "m", "prompt": "x"})["text"]
        assert upstream.requests[-1].headers["authorization"] == f"Bearer {OTHER_KEY}"
        checks = {check["id"]: check for check in server.result("diagnostics/run")["checks"]}
        assert checks["keyring"]["status"] in ("warn", "fail")
        assert server.close() == 0
        assert KEY not in server.said()


@pytest.mark.usefixtures("no_bus")
def test_the_command_line_without_a_keyring() -> None:
    done = keys("set", "groq", stdin=KEY + "\n")
    assert done.returncode == 1
    assert "environment variable" in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stdout + done.stderr
