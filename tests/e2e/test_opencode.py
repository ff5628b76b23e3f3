"""OpenCode's program on this machine as a provider: listed, started by a call, in place of a key, and never left."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.builders import CANARY
from support.opencode import FakeOpenCode
from support.peers import gone
from support.server_process import ServerProcess

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake is a script of the shell")
ANSWER = "Hello from OpenCode"
ASK = {"model": "opencode-local/fake/plain", "prompt": "Hi"}


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeOpenCode]:
    made = FakeOpenCode(tmp_path / "installed")
    yield made
    assert all(gone(pid) for pid in made.running())


def started(fake: FakeOpenCode | None, tmp_path: Path, **env: str) -> ServerProcess:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    process = ServerProcess(env={"HOME": str(home), **(fake.environment() if fake else {}), **env})
    process.initialize()
    return process


def listed(server: ServerProcess, provider: str) -> dict[str, Any]:
    return next(p for p in server.result("provider/list")["providers"] if p["id"] == provider)


def test_a_completion_starts_it_and_the_next_finds_it(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path, OPENAI_API_KEY=CANARY, OPENCODE_API_KEY=CANARY) as server:
        completion = server.result("completion/create", {**ASK, "streamId": "s"})
        assert (completion["text"], completion["provider"], completion["model"]) == (
            ANSWER, "opencode-local", "fake/plain",
        )  # fmt: skip
        assert "".join(update["update"]["text"] for update in server.claim("completion/update")) == ANSWER
        usage = completion["usage"]
        assert (usage["inputTokens"], usage["cacheReadTokens"], usage["outputTokens"]) == (11, 3, 4)
        assert (usage["usdMicros"], usage["estimated"]) == (32, False)
        assert server.result("completion/create", {**ASK, "model": "opencode-local/fake/think"})["reasoning"]
        (note,) = fake.started()
        assert CANARY not in json.dumps(note)
        messages = [status.get("message") for status in server.claim("status/changed")]
        assert messages[:2] == ["Asking opencode-local/fake/plain", "Starting opencode"]
        assert server.result("usage/history")["calls"][0]["provider"] == "opencode-local"
        assert server.close() == 0
        assert note["environment"]["OPENCODE_SERVER_PASSWORD"] not in server.stderr


def test_without_a_key_it_answers_in_place_of_the_service(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path) as server:
        completion = server.result("completion/create", {"model": "opencode/big-pickle", "prompt": "Hi"})
        assert (completion["text"], completion["provider"], completion["model"]) == (
            ANSWER, "opencode-local", "opencode/big-pickle",
        )  # fmt: skip
        (attempt,) = completion["attempts"]
        assert attempt["reason"] == "OpenCode Zen has no key, and OpenCode on this machine answers in its place"
        assert fake.sent()["model"] == {"providerID": "opencode", "modelID": "big-pickle"}
        connection = server.result("provider/connect", {"provider": "opencode", "model": "other-free"})
        assert (connection["provider"], connection["model"]) == ("opencode-local", "opencode/other-free")
        assert connection["notice"].startswith("OpenCode Zen has no key")
        assert server.result("completion/create", {"prompt": "Hi"})["model"] == "opencode/other-free"
        assert server.result("completion/create", {"model": "zen/other-free", "prompt": "Hi"})["text"] == ANSWER
        server.claim("status/changed")
        assert server.close() == 0


def test_with_a_key_or_an_address_the_service_itself_is_called(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path, OPENCODE_API_KEY=CANARY) as server:
        ask = {"provider": "opencode", "baseUrl": "http://127.0.0.1:9", "verify": False}
        connection = server.result("provider/connect", {"provider": "opencode", "verify": False})
        assert connection["provider"] == "opencode"
        assert server.result("provider/connect", ask)["provider"] == "opencode"
        assert fake.started() == []
        assert server.close() == 0


def test_without_the_program_the_error_says_what_to_install(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with started(None, tmp_path, PATH=str(empty)) as server:
        provider = listed(server, "opencode-local")
        assert provider["installed"] is False
        assert "npm install -g opencode-ai" in provider["notice"]
        ready = server.result("provider/list", {"configuredOnly": True})["providers"]
        assert "opencode-local" not in [p["id"] for p in ready]
        for method, params in (
            ("completion/create", ASK),
            ("completion/create", {"model": "opencode/big-pickle", "prompt": "Hi"}),
            ("provider/connect", {"provider": "opencode-local"}),
            ("provider/connect", {"provider": "opencode"}),
        ):
            error = server.error(method, params)
            assert "npm install -g opencode-ai" in error["message"]
        checks = {check["id"]: check for check in server.result("diagnostics/run")["checks"]}
        assert checks["programs"]["detail"] == "opencode is not installed"
        server.claim("status/changed")
        assert server.close() == 0


def test_it_is_listed_as_installed_without_being_started(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path) as server:
        provider = listed(server, "opencode-local")
        assert (provider["installed"], provider["credential"]["source"]) == (True, "notRequired")
        assert "installed" not in listed(server, "openai")
        assert "opencode-local" in [
            p["id"] for p in server.result("provider/list", {"configuredOnly": True})["providers"]
        ]
        checks = {check["id"]: check for check in server.result("diagnostics/run")["checks"]}
        assert checks["programs"] == {"id": "programs", "status": "ok", "detail": "opencode serves opencode-local"}
        connection = server.result("provider/connect", {"provider": "opencode-local"})
        assert (connection["verified"], connection["model"]) == (True, "opencode/big-pickle")
        assert fake.started() == []
        assert server.close() == 0


def test_the_list_is_the_programs_with_free_models_marked(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path) as server:
        result = server.result("model/list", {"provider": "opencode-local"})
        assert result["errors"] == []
        prices = {m["id"]: (m["price"]["inputUsdPerMtok"], m["price"]["outputUsdPerMtok"]) for m in result["models"]}
        assert prices == {
            "opencode/big-pickle": (0, 0), "opencode/other-free": (0, 0), "fake/plain": (2, 4), "fake/think": (2, 4),
        }  # fmt: skip
        free = server.result("model/search", {"provider": "opencode-local", "maxInputUsdPerMtok": 0})["models"]
        assert [model["id"] for model in free] == ["opencode/big-pickle", "opencode/other-free"]
        # The second list comes from the cache, also once the program has gone.
        assert server.result("model/list", {"provider": "opencode-local", "cached": True})["models"] == result["models"]
        assert len(fake.started()) == 1
        server.claim("status/changed")
        assert server.close() == 0


def test_a_cancelled_call_ends_its_session(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path) as server:
        request = server.begin("completion/create", {**ASK, "model": "opencode-local/fake/slow", "streamId": "s"})
        text = ""
        while text != ANSWER:
            text += server.notification("completion/update")["update"]["text"]
        server.notify("$/cancelRequest", {"id": request})
        assert server.reply(request)["error"]["code"] == -32800
        assert [note["request"].rpartition("/")[2].partition("_")[0] for note in fake.requests()] == [
            "session", "prompt", "abort", "ses",
        ]  # fmt: skip
        for method in ("status/changed", "usage/updated", "completion/update"):
            server.claim(method)
        assert server.close() == 0


def test_a_failure_behind_it_is_told_as_its_own(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path) as server:
        error = server.error("completion/create", {**ASK, "tools": [{"name": "t"}]})
        assert error["data"]["field"] == "tools"
        error = server.error("completion/create", {**ASK, "model": "opencode-local/fake/refused"})
        assert error["data"]["kind"] == "auth_rejected"
        assert "log in with opencode auth login" in error["message"]
        server.claim("status/changed")
        server.claim("usage/updated")
        assert server.close() == 0


def test_nothing_outlives_a_server_that_is_killed(fake: FakeOpenCode, tmp_path: Path) -> None:
    with started(fake, tmp_path) as server:
        server.result("completion/create", ASK)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    assert all(gone(pid) for note in fake.started() for pid in (note["pid"], note["parent"]))
