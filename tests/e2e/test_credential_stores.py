"""Keys besides the keyring: in the client's vault and in a file, through the started server and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.http_server import LocalServer
from support.server_process import ServerProcess
from support.sse import streamed
from support.vault_client import VaultClient

KEY = "gsk_canary-0123456789abcdef"
OTHER = "gsk_second-0123456789abcxyz"
GROQ = {"provider": "groq", "name": None}


@pytest.fixture(autouse=True)
def no_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a keyring, with folders of its own."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    with LocalServer(lambda _: streamed("ok")) as running:
        yield running


@pytest.fixture
def client() -> Iterator[VaultClient]:
    with VaultClient() as running:
        running.initialize()
        yield running
        assert running.close() == 0


def ask(server: ServerProcess, upstream: LocalServer) -> str:
    """The key that a completion is sent with."""
    server.result("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False})
    server.result("completion/create", {"provider": "groq", "model": "m", "prompt": "hello"})
    return upstream.requests[-1].headers["authorization"].removeprefix("Bearer ")


def states(server: ServerProcess) -> dict[str, str]:
    return {store["id"]: store["state"] for store in server.result("credential/list")["stores"]}


def files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


# The client's vault.


def test_without_a_keyring_a_key_is_kept_by_the_client(
    client: VaultClient, upstream: LocalServer, tmp_path: Path
) -> None:
    status = client.result("credential/set", {"provider": "groq", "secret": KEY})
    assert status == {"provider": "groq", "source": "client", "location": "Vault Editor: groq", "last4": "cdef"}
    assert client.texts == {("groq", None): json.dumps({"secret": KEY}, separators=(",", ":"))}
    assert client.result("credential/list")["credentials"] == [status]
    assert states(client) == {
        "keyring": "unavailable", "client": "available", "file": "disabled", "session": "available"
    }  # fmt: skip
    assert ask(client, upstream) == KEY
    client.result("credential/set", {"provider": "groq", "name": "Work", "secret": OTHER})
    assert ("groq", "work") in client.texts
    # The next window has the same vault.
    with VaultClient(texts=client.texts) as later:
        later.initialize()
        assert ask(later, upstream) == KEY
        assert later.close() == 0
    assert client.result("credential/delete", {"provider": "groq"})["source"] == "none"
    assert client.texts.keys() == {("groq", "work")}
    for secret in (KEY, OTHER):
        assert files_with(secret, tmp_path) == []
        assert secret not in client.stderr


def test_a_key_that_the_client_has_got_meanwhile_counts_within_a_second(
    client: VaultClient, upstream: LocalServer
) -> None:
    client.result("credential/set", {"provider": "groq", "secret": KEY})
    assert ask(client, upstream) == KEY
    client.texts["groq", None] = OTHER
    until = time.monotonic() + 3
    while ask(client, upstream) != OTHER:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_one_that_offers_no_vault_is_asked_nothing(upstream: LocalServer) -> None:
    with VaultClient() as server:
        server.initialize(capabilities={"experimental": {"modelport": {"credentialStore": "yes"}}})
        error = server.error("credential/set", {"provider": "groq", "secret": KEY})
        assert error["data"]["kind"] == "keyring_unavailable"
        error = server.error("credential/set", {"provider": "groq", "secret": KEY, "store": "client"})
        assert "offers no vault" in error["message"]
        assert server.error("completion/create", {"model": "groq/m", "prompt": "x"})["data"]["kind"] == "auth_required"
        assert states(server)["client"] == "unavailable"
        assert server.asked == []
        assert server.close() == 0


def test_a_provider_that_needs_no_key_does_not_ask_the_client(client: VaultClient) -> None:
    assert client.result("completion/create", {"model": "mock/mock", "prompt": "x"})["text"] == "You said: x"
    client.result("provider/list")
    client.result("model/list", {"cached": True})
    assert client.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32603, "message": f"cannot keep {KEY}"}},
        {"error": "no"},
        {"result": {"secret": 5}},
        {"result": None},
        {"result": []},
        {"result": {"secret": "x" * 2_000_000}},
    ],
)
def test_a_vault_that_fails_is_an_error_that_says_what_to_do(client: VaultClient, answer: dict[str, Any]) -> None:
    client.answer = lambda *_: answer
    error = client.error("credential/set", {"provider": "groq", "secret": KEY})
    assert error["data"]["kind"] == "keyring_unavailable"
    assert "environment variable" in error["message"]
    assert KEY not in str(error)
    assert KEY not in client.stderr
    error = client.error("completion/create", {"model": "groq/m", "prompt": "x"})
    assert error["data"]["kind"] in ("keyring_unavailable", "auth_required")
    assert client.result("completion/create", {"model": "mock/mock", "prompt": "x"})["text"] == "You said: x"


def test_a_vault_that_does_not_answer_holds_up_who_needs_it_and_nobody_else(client: VaultClient) -> None:
    client.answer = lambda *_: None
    waiting = client.begin("completion/create", {"model": "groq/m", "prompt": "x"})
    assert client.result("completion/create", {"model": "mock/mock", "prompt": "x"})["text"] == "You said: x"
    assert client.result("credential/list")["credentials"] == []
    client.notify("$/cancelRequest", {"id": waiting})
    assert client.reply(waiting)["error"]["code"] == -32800
    assert client.notification("$/cancelRequest")["id"].startswith("modelport-")


# A file.


def test_a_key_in_a_file_only_where_that_is_asked_for(upstream: LocalServer, tmp_path: Path) -> None:
    file = tmp_path / "config" / "private" / "credentials.json"
    with ServerProcess() as server:
        server.initialize()
        error = server.error("credential/set", {"provider": "groq", "secret": KEY})
        assert "modelport keys set PROVIDER --file" in error["message"]
        assert not file.exists()
        status = server.result("credential/set", {"provider": "groq", "secret": KEY, "store": "file"})
        assert (status["source"], status["location"]) == ("file", str(file))
        assert ask(server, upstream) == KEY
        assert states(server)["file"] == "available"
        assert files_with(KEY, tmp_path) == [file]
        file.chmod(0o644)
        until = time.monotonic() + 3
        while "error" not in (reply := server.request("completion/create", {"model": "groq/m", "prompt": "x"})):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert reply["error"]["data"]["kind"] in ("keyring_unavailable", "auth_required")
        (store,) = [one for one in server.result("credential/list")["stores"] if one["id"] == "file"]
        assert (store["state"], store["action"]) == ("unavailable", f"chmod 600 {file}")
        (check,) = [one for one in server.result("diagnostics/run")["checks"] if one["id"] == "keyStores"]
        assert (check["status"], check["action"]) == ("warn", f"chmod 600 {file}")
        assert server.close() == 0


def test_no_other_place_may_be_named(server: ServerProcess) -> None:
    for store in ("session", "vault", ""):
        error = server.error("credential/set", {"provider": "groq", "secret": KEY, "store": store})
        assert error["code"] == -32602
        assert KEY not in str(error)


def modelport(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line."""
    return subprocess.run(
        [sys.executable, "-m", "modelport", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, **variables},
    )


def test_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "config" / "private" / "credentials.json"
    refused = modelport("keys", "set", "groq", stdin=KEY)
    assert refused.returncode == 1
    assert "--file" in " ".join(refused.stderr.split())
    stored = modelport("keys", "set", "groq", "--file", stdin=KEY)
    assert stored.returncode == 0, stored.stderr
    assert stored.stdout == f"Stored the key of groq in {file}.\n"
    listed = modelport("keys", "list")
    assert listed.stdout.splitlines()[1].split() == ["groq", "file", str(file), "cdef"]
    assert "no keyring that can be used" in " ".join(listed.stderr.split()), "what is not available is shown"
    file.chmod(0o640)
    listed = modelport("keys", "list")
    assert f"chmod 600 {file}" in listed.stderr.replace("\n", "")
    file.chmod(0o600)
    assert modelport("keys", "delete", "groq").returncode == 0
    assert KEY not in file.read_text()


def test_with_a_passphrase(tmp_path: Path, upstream: LocalServer) -> None:
    words = "correct horse battery staple"
    stored = modelport("keys", "set", "groq", "--file", stdin=KEY, MODELPORT_PASSPHRASE=words)
    assert stored.returncode == 0, stored.stderr
    assert files_with(KEY, tmp_path) == []
    assert files_with(words, tmp_path) == []
    with ServerProcess() as server:
        server.initialize()
        assert states(server)["file"] == "locked"
        (listed,) = server.result("credential/list")["credentials"]
        assert (listed["source"], listed.get("last4")) == ("file", None)
        error = server.error("completion/create", {"model": "groq/m", "prompt": "x"})
        assert "MODELPORT_PASSPHRASE" in error["message"]
        assert server.close() == 0
    with ServerProcess(env={"MODELPORT_PASSPHRASE": words}) as server:
        server.initialize()
        assert ask(server, upstream) == KEY
        assert server.close() == 0
        assert words not in server.stderr


def test_a_command_prints_the_passphrase_and_is_run_for_a_key_only(tmp_path: Path, upstream: LocalServer) -> None:
    assert modelport("keys", "set", "groq", "--file", stdin=KEY, MODELPORT_PASSPHRASE="words").returncode == 0
    ran = tmp_path / "ran"
    script = tmp_path / "phrase"
    script.write_text(f"#!/bin/sh\ntouch {ran}\necho words\n")
    script.chmod(0o700)
    (tmp_path / "config" / "config.toml").write_text(f'[credentials]\npassphrase_command = ["{script}"]\n')
    with ServerProcess() as server:
        server.initialize()
        (file,) = [one for one in server.result("credential/list")["stores"] if one["id"] == "file"]
        assert (file["state"], file.get("action")) == ("locked", None), "nothing needs to be done"
        server.result("provider/list")
        server.result("diagnostics/run")
        assert not ran.exists(), "it may ask its owner for a password"
        assert ask(server, upstream) == KEY
        assert states(server)["file"] == "available"
        assert server.close() == 0


def test_no_program_that_is_started_gets_the_passphrase(tmp_path: Path, upstream: LocalServer) -> None:
    script = tmp_path / "key"
    script.write_text('#!/bin/sh\necho "key-of-the-command${MODELPORT_PASSPHRASE}"\n')
    script.chmod(0o700)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text(
        f'[providers.mine]\nbase_url = "{upstream.url}"\napi_key_command = ["{script}"]\n'
    )
    with ServerProcess(env={"MODELPORT_PASSPHRASE": "words"}) as server:
        server.initialize()
        server.result("completion/create", {"model": "mine/m", "prompt": "hello"})
        assert upstream.requests[-1].headers["authorization"] == "Bearer key-of-the-command"
        assert server.close() == 0
