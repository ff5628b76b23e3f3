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
from keyring import core
from keyring.backends.SecretService import Keyring as SecretServiceBackend

from editors.secret_service import SecretService, use_home
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from support import programs, sse
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
    assert server.result("credential/list")["credentials"] == [status]

    assert ask(server, upstream)["text"] == "Hello there"
    (request,) = upstream.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert server.result("provider/status")["active"]["credential"] == status

    assert server.result("credential/delete", {"provider": "groq"})["source"] == "none"
    assert server.result("credential/list")["credentials"] == []
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
    assert server.result("credential/list")["credentials"] == []


@pytest.mark.usefixtures("keyring")
def test_the_doctor_reports_the_keyring(server: Recorded) -> None:
    (check,) = [check for check in server.result("diagnostics/run")["checks"] if check["id"] == "keyring"]
    assert check["status"] == "ok"
    assert "SecretService" in check["detail"]


# Other programs.


def secret_tool(*arguments: str, stdin: str = "") -> str:
    """Another program that reads and writes the Secret Service."""
    tool = programs.debian_program("secret-tool", "libsecret-tools")
    done = subprocess.run([tool, *arguments], input=stdin, capture_output=True, text=True, timeout=10, check=False)
    return done.stdout


def sent_key(server: ServerProcess, upstream: LocalServer) -> str | None:
    """The key that a completion is sent with; None where none is found."""
    reply = server.request("completion/create", {"provider": "groq", "model": "m", "prompt": "hello"})
    return upstream.requests[-1].headers["authorization"].removeprefix("Bearer ") if "result" in reply else None


ENTRY = ("service", "modelport", "username", "groq", "application", "Python keyring library")


@pytest.mark.usefixtures("keyring")
def test_a_key_that_another_program_changes_counts_within_a_second(server: Recorded, upstream: LocalServer) -> None:
    server.result("credential/set", {"provider": "groq", "secret": KEY})
    assert ask(server, upstream)
    assert sent_key(server, upstream) == KEY
    for expected in (OTHER_KEY, KEY, OTHER_KEY + "-third", None):
        if expected is None:
            secret_tool("clear", *ENTRY)
        else:
            secret_tool("store", "--label=changed", *ENTRY, stdin=expected)
        changed = time.monotonic()
        while sent_key(server, upstream) != expected:
            assert time.monotonic() - changed < 3, "a second, and what the machine takes"
            time.sleep(0.05)
    assert server.close() == 0


@pytest.mark.usefixtures("keyring")
def test_a_key_that_another_program_stores_is_listed_and_used(server: Recorded, upstream: LocalServer) -> None:
    assert server.result("credential/list")["credentials"] == []
    secret_tool("store", "--label=mine", "service", "modelport", "username", "groq", stdin=KEY)
    time.sleep(1.1)
    (status,) = server.result("credential/list")["credentials"]
    assert (status["provider"], status["source"], status["last4"]) == ("groq", "keyring", "XYZ9")
    ask(server, upstream)
    assert sent_key(server, upstream) == KEY
    listed = {p["id"]: p for p in server.result("provider/list", {"configuredOnly": True})["providers"]}
    assert listed["groq"]["credential"]["source"] == "keyring", "also in the list that loads no keyring"


@pytest.mark.parametrize("loss", ["unwritable", "lost", "broken"])
def test_the_list_is_that_of_the_keyring_whatever_becomes_of_our_own(
    keyring: SecretService, data: Path, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loss == "unwritable":
        data.parent.joinpath("file").write_text("")
        monkeypatch.setenv("MODELPORT_DATA_DIR", str(data.parent / "file" / "data"))
    assert keys("set", "groq", stdin=KEY).returncode == 0
    assert keys("set", "openai", "--name", "work", stdin=f"sk-{OTHER_KEY}").returncode == 0
    index = data / "keyring-providers.json"
    if loss == "lost":
        index.unlink()
    elif loss == "broken":
        index.write_text("[")
    for locked in (False, True):
        if locked:
            keyring.lock()
        listed = json.loads(keys("list", "--json").stdout)["credentials"]
        assert [(one["provider"], one.get("name")) for one in listed] == [("groq", None), ("openai", "work")]
    keyring.unlock()
    assert keys("delete", "groq").returncode == 0
    assert [one["provider"] for one in json.loads(keys("list", "--json").stdout)["credentials"]] == ["openai"]


@pytest.mark.usefixtures("keyring")
def test_a_key_that_was_deleted_elsewhere_is_off_the_list() -> None:
    keys("set", "groq", stdin=KEY)
    secret_tool("clear", *ENTRY)
    assert keys("list").returncode == 1


@pytest.mark.usefixtures("keyring")
@pytest.mark.parametrize("size", [10_000, 100_000])
def test_a_long_key_comes_back(server: Recorded, size: int) -> None:
    key = "gsk_" + "x" * (size - 8) + "LAST"
    assert server.result("credential/set", {"provider": "groq", "secret": key})["last4"] == "LAST"
    assert json.loads(secret_tool("lookup", *ENTRY))["secret"] == key
    assert server.result("credential/delete", {"provider": "groq"})["source"] == "none"
    assert secret_tool("lookup", *ENTRY) == ""


@pytest.mark.usefixtures("keyring")
async def test_text_in_any_script_comes_back(data: Path) -> None:
    stored = StoredKey(Secret("naïve 東京 😀 \x7f"), "https://例え.example/😀", (Secret("δεύτερο"),))
    core.set_keyring(SecretServiceBackend())
    await KeyringStore(data / "index.json").set("groq", stored)
    assert json.loads(secret_tool("lookup", *ENTRY))["secret"] == stored.secret.reveal()
    assert await KeyringStore(data / "index.json").get("groq") == stored


@pytest.mark.usefixtures("keyring")
@pytest.mark.timeout(60, func_only=True)
def test_two_that_write_at_once_lose_nothing() -> None:
    names = [f"{who}{number}" for number in range(3) for who in "ab"]
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "modelport", "keys", "set", "groq", "--name", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        for name in names
    ]
    for name, writer in zip(names, writers, strict=True):
        writer.communicate(f"{KEY}-{name}xx".encode(), timeout=50)
        assert writer.returncode == 0
    listed = json.loads(keys("list", "--json").stdout)["credentials"]
    assert {one["name"]: one["last4"] for one in listed} == {name: f"{name}xx" for name in names}


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


def test_a_keyring_that_is_locked_in_the_middle_takes_no_key_away(
    keyring: SecretService, server: Recorded, upstream: LocalServer
) -> None:
    server.result("credential/set", {"provider": "groq", "secret": KEY})
    ask(server, upstream)
    keyring.lock()
    keyring.ignore_prompts()
    for _ in range(3):
        time.sleep(0.6)
        assert sent_key(server, upstream) == KEY
    assert not keyring.prompted, "and nobody is asked for a password"
    (store,) = [one for one in server.result("credential/list")["stores"] if one["id"] == "keyring"]
    assert (store["state"], store["action"]) == ("locked", "unlock the keyring")
    assert not keyring.prompted


@pytest.mark.timeout(60, func_only=True)
def test_a_keyring_that_is_killed_in_the_middle_and_one_that_takes_its_place(
    keyring: SecretService, server: Recorded, upstream: LocalServer
) -> None:
    server.result("credential/set", {"provider": "groq", "secret": KEY})
    ask(server, upstream)
    # The bus starts another as soon as one is needed, and that has not been unlocked.
    keyring.kill()
    time.sleep(1.1)
    assert sent_key(server, upstream) == KEY, "a key in use outlives its keyring"
    error = server.error("credential/set", {"provider": "mistral", "secret": OTHER_KEY})
    assert error["data"]["kind"] == "keyring_unavailable"
    listed = server.result("credential/list")
    assert [one["provider"] for one in listed["credentials"]] == ["groq"]
    (store,) = [one for one in listed["stores"] if one["id"] == "keyring"]
    assert (store["state"], store["action"]) == ("locked", "unlock the keyring")
    keyring.unlock()
    assert server.result("credential/set", {"provider": "mistral", "secret": OTHER_KEY})["source"] == "keyring"
    time.sleep(1.1)
    assert sent_key(server, upstream) == KEY


def test_a_keyring_that_has_not_been_unlocked_since_the_log_in_is_listed(keyring: SecretService) -> None:
    assert keys("set", "groq", stdin=KEY).returncode == 0
    keyring.kill()
    keyring.start(unlocked=False)
    listed = keys("list")
    assert listed.stdout.splitlines()[1].split() == ["groq", "keyring", "modelport/groq"]
    assert "it is locked" in " ".join(listed.stderr.split())


def test_a_keyring_that_is_stopped_holds_up_no_call_for_long(
    keyring: SecretService, server: Recorded, upstream: LocalServer
) -> None:
    server.result("credential/set", {"provider": "groq", "secret": KEY})
    ask(server, upstream)
    with keyring.hanging():
        time.sleep(1.1)
        began = time.monotonic()
        assert sent_key(server, upstream) == KEY
        assert time.monotonic() - began < 10, "it has the key, so it does not wait for as long as for the first"


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
def test_a_container_or_ssh_session_keeps_its_keys_in_a_file(tmp_path: Path, upstream: LocalServer) -> None:
    stored = keys("set", "groq", "--file", stdin=KEY)
    assert stored.returncode == 0, stored.stderr
    with Recorded() as server:
        server.initialize()
        ask(server, upstream)
        assert sent_key(server, upstream) == KEY
        assert server.close() == 0
    assert len(files_with(KEY, tmp_path)) == 1


def test_an_ssh_session_that_is_shown_the_way_to_the_bus_finds_the_keyring(
    keyring: SecretService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys("set", "groq", stdin=KEY).returncode == 0
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert "no keyring" in " ".join(keys("list").stderr.split())
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", keyring.address)
    assert json.loads(keys("list", "--json").stdout)["credentials"][0]["last4"] == "XYZ9"


@pytest.mark.usefixtures("keyring")
def test_an_editor_in_a_snap_has_another_home_and_the_same_keyring(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, upstream: LocalServer
) -> None:
    assert keys("set", "groq", stdin=KEY).returncode == 0
    snap = tmp_path / "home" / "snap" / "editor" / "current"
    snap.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(snap))
    for name in ("MODELPORT_DATA_DIR", "MODELPORT_CONFIG_DIR"):
        monkeypatch.delenv(name)
    with Recorded() as server:
        server.initialize()
        (status,) = server.result("credential/list")["credentials"]
        assert (status["source"], status["last4"]) == ("keyring", "XYZ9"), "although its own list is empty"
        ask(server, upstream)
        assert sent_key(server, upstream) == KEY
        assert server.close() == 0


@pytest.mark.usefixtures("no_bus")
def test_the_command_line_without_a_keyring() -> None:
    done = keys("set", "groq", stdin=KEY + "\n")
    assert done.returncode == 1
    assert "environment variable" in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stdout + done.stderr
