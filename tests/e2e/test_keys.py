"""Several keys over the command line and started servers: names, chains, what is refused, and the end of them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import refused, streamed

FIRST, SECOND, THIRD = "key-canary-first-0123456789", "key-canary-second-012345678", "key-canary-third-0123456789"
MODELS = Answer(headers={"content-type": "application/json"}, chunks=[b'{"data": [{"id": "m"}]}'])
VECTORS = {"data": [{"index": 0, "embedding": [1.0, 0.0]}], "usage": {"prompt_tokens": 2, "total_tokens": 2}}


class Upstream(LocalServer):
    """A provider that refuses the keys in ``bad``; ``sent`` are the keys of its requests."""

    def __init__(self) -> None:
        self.bad: set[str] = set()
        super().__init__(self._behave)

    def _behave(self, request: Received) -> Answer:
        if self._key(request) in self.bad:
            return refused(401, {"error": {"message": f"Incorrect API key: {self._key(request)}"}})
        if request.path.endswith("/models"):
            return MODELS
        if request.path.endswith("/embeddings"):
            return Answer(headers={"content-type": "application/json"}, chunks=[json.dumps(VECTORS).encode()])
        return streamed(f"with {self._key(request)[11:16]}")

    def _key(self, request: Received) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def sent(self) -> list[str]:
        return [self._key(request) for request in self.requests]


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """A provider of the user's own that is called acme, and a keyring in a file."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.file_keyring.FileKeyring")
    monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "keyring.json"))
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path / "config"))
    with Upstream() as running:
        configure(running)
        yield running


def configure(upstream: Upstream, more: str = "") -> None:
    file = Path(os.environ["MODELPORT_CONFIG_DIR"]) / "config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        f'{more}\n[providers.acme]\nbase_url = "{upstream.url}/v1"\nconnection_type = "byok"\ndisplay_name = "Acme"\n'
        'capabilities = ["chat", "embeddings"]\n'
    )


def modelport(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "modelport", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def keys(*arguments: str, stdin: str = "") -> Any:
    """The result of ``modelport keys`` as JSON."""
    done = modelport("keys", *arguments, "--json", stdin=stdin)
    assert done.returncode in (0, 1), done.stderr
    assert "canary" not in done.stdout + done.stderr
    return json.loads(done.stdout)


@contextmanager
def editor() -> Iterator[ServerProcess]:
    with ServerProcess() as server:
        server.initialize(capabilities={"window": {"showMessage": {}}})
        yield server
        assert server.close() == 0


def shown(server: ServerProcess) -> list[str]:
    return [params["message"] for params in server.claim("window/showMessage")]


def ask(server: ServerProcess, model: str = "acme/m") -> str:
    return server.result("completion/create", {"prompt": "hi", "model": model})["text"]


def test_the_next_of_several_keys_is_used_and_the_refused_one_is_marked_for_all(upstream: Upstream) -> None:
    keys("set", "acme", stdin=FIRST)
    keys("set", "acme", "--add", stdin=SECOND)
    upstream.bad = {FIRST}
    with editor() as one, editor() as other:
        assert ask(one) == "with secon"
        assert upstream.sent == [FIRST, SECOND]
        (warning,) = shown(one)
        assert "another of its keys" in warning
        assert ask(other) == "with secon"
        assert upstream.sent == [FIRST, SECOND, SECOND], "no editor sends a refused key"
        assert shown(other) == []
        (status,) = keys("list")["credentials"]
        assert (status["health"]["state"], status["health"]["error"]["kind"]) == ("refused", "auth_rejected")
        (more,) = status["moreKeys"]
        assert "health" not in more
        assert status["lastUsedAt"] <= more["lastUsedAt"]
        # Its owner has mended it at the provider.
        upstream.bad.clear()
        tested = keys("test", "acme")["results"]
        assert [(result["last4"], result["ok"]) for result in tested] == [("6789", True), ("5678", True)]
        assert "health" not in keys("list")["credentials"][0]
    with editor() as third:
        assert ask(third) == "with first"


def test_a_name_is_all_that_a_second_account_needs(upstream: Upstream) -> None:
    keys("set", "acme", stdin=FIRST)
    with editor() as server:
        error = server.error("completion/create", {"prompt": "hi", "model": "work/m"})
        assert error["data"]["kind"] == "unknown_provider"
        keys("set", "acme", "--name", "Work", stdin=SECOND)
        assert modelport("chat", "-m", "work/m", "hi").stdout == "with secon\n"
        assert modelport("chat", "--provider", "work", "-m", "m", "hi").stdout == "with secon\n"
        assert modelport("chat", "-m", "acme/m", "hi").stdout == "with first\n"
        # A running server finds the new key within a second.
        for _ in range(100):
            reply = server.request("completion/create", {"prompt": "hi", "model": "work/m"})
            if "result" in reply:
                break
        assert reply["result"]["text"] == "with secon"
    with editor() as other:
        assert ask(other, "work/m") == "with secon"


def test_a_name_is_called_where_its_key_is_bound_to(upstream: Upstream) -> None:
    with Upstream() as elsewhere:
        keys("set", "acme", "--name", "work", "--base-url", f"{elsewhere.url}/v1", stdin=SECOND)
        assert modelport("chat", "-m", "work/m", "hi").stdout == "with secon\n"
        assert [result["ok"] for result in keys("test", "acme", "--name", "work")["results"]] == [True]
        assert elsewhere.sent == [SECOND, SECOND]
        assert upstream.requests == []


def test_a_refused_key_goes_on_along_a_chain_of_names(upstream: Upstream) -> None:
    configure(upstream, '[chains]\ndefault = ["work/m", "home/m"]\n')
    keys("set", "acme", "--name", "work", stdin=FIRST)
    keys("set", "acme", "--name", "home", stdin=SECOND)
    upstream.bad = {FIRST}
    with editor() as one, editor() as other:
        for server in (one, other):
            assert server.result("completion/create", {"prompt": "hi"})["text"] == "with secon"
        assert upstream.sent == [FIRST, SECOND, SECOND]
        assert len(shown(one)) == 1
        assert shown(other) == []
    by_name = {status["name"]: status.get("health", {}).get("state") for status in keys("list")["credentials"]}
    assert by_name == {"home": None, "work": "refused"}


def test_a_key_that_is_refused_to_an_embedding_is_marked_and_warned_of(upstream: Upstream) -> None:
    keys("set", "acme", stdin=FIRST)
    keys("set", "acme", "--add", stdin=SECOND)
    upstream.bad = {FIRST}
    with editor() as server:
        assert server.result("embedding/create", {"input": "hi", "model": "acme/v"})["embeddings"] == [[1.0, 0.0]]
        (warning,) = shown(server)
        assert warning == (
            "Acme refused its key; answered by another of its keys. Give another key with modelport keys set acme."
        )
    with editor() as other:
        assert ask(other) == "with secon"
        assert upstream.sent == [FIRST, SECOND, SECOND]
    assert keys("list")["credentials"][0]["health"]["state"] == "refused"


def test_keys_are_tested_and_deleted_over_the_wire(upstream: Upstream) -> None:
    upstream.bad = {SECOND}
    with editor() as server:
        server.result("credential/set", {"provider": "acme", "secret": FIRST})
        server.result("credential/set", {"provider": "acme", "secret": SECOND, "name": "work"})
        results = server.result("credential/test", {"provider": "acme"})["results"]
        assert [(one.get("name"), one["ok"], one.get("error", {}).get("kind")) for one in results] == [
            (None, True, None),
            ("work", False, "auth_rejected"),
        ]
        assert "canary" not in json.dumps(results)
        assert len(server.result("credential/test")["results"]) == 2
        assert server.result("credential/test", {"provider": "acme", "name": "work"})["results"] == [
            {**results[1], "latencyMs": pytest.approx(0, abs=60_000)}
        ]
        assert server.error("credential/test", {"provider": "nothing"})["data"]["kind"] == "unknown_provider"
        deleted = server.result("credential/delete", {"provider": "acme", "everywhere": True})
        assert deleted == {"provider": "acme", "source": "notRequired"}
        assert server.result("credential/list")["credentials"] == []
    assert json.loads(Path(os.environ["TEST_KEYRING_FILE"]).read_text()) == {}


def test_all_is_every_entry_of_the_keyring(upstream: Upstream) -> None:
    for arguments in (("groq",), ("acme",), ("acme", "--name", "work")):
        keys("set", *arguments, stdin="gsk_canary-0123456789")
    assert keys("delete", "--all", "--yes") == {"deleted": ["acme", "acme/work", "groq"], "left": []}
    assert json.loads(Path(os.environ["TEST_KEYRING_FILE"]).read_text()) == {}
