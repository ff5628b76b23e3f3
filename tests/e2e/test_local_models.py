"""Model files of the user's own through a started server: listed, served on demand, and never left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.builders import CANARY
from support.local_models import config, gguf, running, started
from support.peers import gone
from support.server_process import ServerProcess

pytestmark = pytest.mark.skipif(os.name == "nt", reason="process groups")
ASK = {"model": "llama-cpp/tiny", "prompt": "Hi"}
ANSWER = "Hello from the folder"


class Files:
    """A folder of models, the notes of the servers that were started for it, and a configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.notes, self.gate, self.hold = (folder / n for n in ("models", "notes", "gate", "hold"))
        self.notes.mkdir()
        gguf(self.folder / "tiny.gguf", context=2048, more=500)
        gguf(self.folder / "sub" / "Embedder.gguf", "bert", file_type=7)
        self._home = folder

    def environment(self, *flags: str, **settings: Any) -> dict[str, str]:
        (self._home / "config.toml").write_text(config(self.folder, self.notes, *flags, **settings))
        return {"MODELPORT_CONFIG_DIR": str(self._home)}

    def server(self, *flags: str, env: dict[str, str] | None = None, **settings: Any) -> ServerProcess:
        process = ServerProcess(env=self.environment(*flags, **settings) | (env or {}))
        process.initialize()
        return process

    def until_started(self, process: ServerProcess) -> dict[str, Any]:
        while not (notes := started(self.notes)):
            assert process.alive()
        return notes[0]

    def nothing_left(self) -> bool:
        return all(gone(pid) for pid in running(self.notes))


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    found = Files(tmp_path)
    yield found
    assert found.nothing_left()


def statuses(server: ServerProcess) -> list[tuple[bool, str | None]]:
    """Each change of the status so far, as whether it is busy and the message."""
    return [(status["busy"], status.get("message")) for status in server.claim("status/changed")]


def test_a_completion_starts_a_server_and_the_next_finds_it(files: Files) -> None:
    with files.server(env={"OPENAI_API_KEY": CANARY, "LLAMA_API_KEY": CANARY}) as server:
        completion = server.result("completion/create", {**ASK, "streamId": "s"})
        assert (completion["text"], completion["provider"], completion["usage"]["usdMicros"]) == (
            ANSWER,
            "llama-cpp",
            0,
        )
        assert "".join(u["update"]["text"] for u in server.claim("completion/update")) == ANSWER
        assert server.result("completion/create", {**ASK, "model": "llamacpp/TINY.gguf"})["text"] == ANSWER
        (note,) = started(files.notes)
        assert CANARY not in json.dumps(note)
        asking, loading, over = ((True, f"Asking {ASK['model']}"), (True, "Loading tiny"), (False, None))
        again = (True, "Asking llamacpp/TINY.gguf")
        assert statuses(server) == [asking, loading, asking, over, again, over]
        assert server.close() == 0
        assert CANARY not in server.stderr


def test_a_client_that_waits_gets_progress(files: Files) -> None:
    with files.server("--gate", str(files.gate)) as server:
        request = server.begin("completion/create", {**ASK, "workDoneToken": "w"})
        assert server.notification("$/progress")["value"]["kind"] == "begin"
        assert server.notification("$/progress")["value"]["message"] == "Starting tiny (Q4_K_M, 0.0 GB)"
        assert server.notification("status/changed")["message"] == f"Asking {ASK['model']}"
        assert server.notification("status/changed") == {"kind": "normal", "busy": True, "message": "Loading tiny"}
        assert server.notification("$/progress")["value"]["message"] == "Loading tiny: 1 s"
        files.gate.touch()
        assert server.reply(request)["result"]["text"] == ANSWER
        assert statuses(server) == [(True, f"Asking {ASK['model']}"), (False, None)]
        server.claim("$/progress")
        assert server.close() == 0


def test_the_list_is_the_folders(files: Files) -> None:
    with files.server() as server:
        for params in ({"provider": "llama-cpp"}, {}):
            listed = server.result("model/list", params)
            assert listed["errors"] == []
            found = {model["id"]: model for model in listed["models"] if model["provider"] == "llama-cpp"}
            assert list(found) == ["Embedder", "tiny"]
            assert found["tiny"].items() >= {
                "displayName": "Model tiny", "contextWindow": 2048, "quantization": "Q4_K_M", "parameterSize": "1B",
                "sizeBytes": (files.folder / "tiny.gguf").stat().st_size, "source": "live",
            }.items()  # fmt: skip
            assert found["Embedder"]["capabilities"] == ["embeddings"]
        gguf(files.folder / "new.gguf")
        assert len(server.result("model/list", {"provider": "llama-cpp"})["models"]) == 3
        assert started(files.notes) == []
        assert server.close() == 0


def test_a_missing_model(files: Files) -> None:
    (files.folder / "page.gguf").write_text("<html>")
    with files.server() as server:
        for name, said in (("tini", "did you mean tiny"), ("zzz", "there are Embedder, tiny"), ("page", "is no model: it does not begin as a GGUF file")):  # fmt: skip
            error = server.error("completion/create", {"model": f"llama-cpp/{name}", "prompt": "x"})
            assert (error["data"]["kind"], error["data"]["provider"]) == ("model_not_found", "llama-cpp")
            assert said in error["message"]
            assert str(files.folder) not in error["message"]
        assert started(files.notes) == []
        assert server.close() == 0


def test_a_server_that_dies_at_start_fails_the_request_and_a_fallback_answers(files: Files) -> None:
    with files.server("--say", "ggml: out of memory", "--die", "1") as server:
        error = server.error("completion/create", ASK)
        assert (error["data"]["kind"], error["data"]["model"]) == ("provider_unavailable", "tiny")
        assert "ended with code 1 and said: ggml: out of memory" in error["message"]
        assert server.result("completion/create", {**ASK, "fallbacks": ["mock/mock"]})["provider"] == "mock"
        asking, loading, over = ((True, f"Asking {ASK['model']}"), (True, "Loading tiny"), (False, None))
        # The second time it rests, so that the fallback answers at once.
        assert statuses(server) == [asking, loading, asking, over, asking, over]
        assert server.close() == 0


def test_vectors_and_counts(files: Files) -> None:
    with files.server() as server:
        count = {"model": "llama-cpp/tiny", "text": "one two"}
        assert server.result("token/count", count)["estimated"]
        assert started(files.notes) == [], "an estimate needs no server"
        assert server.result("embedding/create", {"input": "x", "model": "llama-cpp/embedder"})["embeddings"] == [
            [0.5, 0.25]
        ]
        assert "--embeddings" in started(files.notes, "Embedder")[0]["arguments"]
        server.result("completion/create", ASK)
        assert server.result("token/count", count) == {"inputTokens": 3, "estimated": False}
        assert server.close() == 0


def test_connecting_starts_nothing(files: Files) -> None:
    with files.server() as server:
        connection = server.result("provider/connect", {"model": "llama-cpp/tiny"})
        assert (connection["verified"], connection["model"], connection.get("baseUrl")) == (True, "tiny", None)
        assert server.error("provider/connect", {"model": "llama-cpp/none"})["data"]["kind"] == "model_not_found"
        assert started(files.notes) == []
        assert server.result("completion/create", {"prompt": "x"})["text"] == ANSWER
        assert server.close() == 0


def test_an_address_of_the_users_own_comes_first(files: Files) -> None:
    with files.server() as server:
        error = server.error("provider/connect", {"model": "llama-cpp/tiny", "baseUrl": "http://127.0.0.1:9/v1"})
        assert error["data"]["kind"] == "network"
        assert started(files.notes) == []
        assert server.close() == 0
    with ServerProcess(env=files.environment() | {"LLAMACPP_BASE_URL": "http://127.0.0.1:9/v1"}) as server:
        server.initialize()
        assert server.error("completion/create", ASK)["data"]["kind"] == "network"
        assert started(files.notes) == []
        assert server.close() == 0


def test_idle_servers_end(files: Files) -> None:
    with files.server(idle_s=0.05) as server:
        server.result("completion/create", ASK)
        assert files.nothing_left()
        assert len(started(files.notes)) == 1
        assert server.close() == 0


@pytest.mark.parametrize("flags", [(), ("--deaf", "--child")], ids=["plain", "deaf"])
@pytest.mark.parametrize("end", ["shutdown", "end of input", "SIGTERM", "SIGKILL"])
def test_nothing_outlives_the_server(files: Files, end: str, flags: tuple[str, ...]) -> None:
    with files.server("--hold", str(files.hold), *flags) as server:
        server.begin("completion/create", {**ASK, "streamId": "s"})
        server.notification("completion/update")
        assert len(running(files.notes)) == (3 if flags else 2)
        match end:
            case "shutdown":
                server.begin("shutdown")
                server.notify("exit")
            case "end of input":
                # The requests before it are answered; then the server ends by itself.
                server.close_input()
                files.hold.touch()
            case "SIGTERM":
                server.process.terminate()
            case _:
                server.process.kill()
        server.process.wait(10)
        assert files.nothing_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_it_while_a_model_loads(files: Files, number: signal.Signals) -> None:
    with files.server("--gate", str(files.gate)) as server:
        server.begin("completion/create", ASK)
        files.until_started(server)
        server.process.send_signal(number)
        server.process.wait(10)
        assert files.nothing_left()


def test_two_editors_use_one_server_and_the_second_goes_on_alone(files: Files) -> None:
    with files.server() as first, files.server() as second:
        for server in (first, second):
            assert server.result("completion/create", ASK)["text"] == ANSWER
        (note,) = started(files.notes)
        first.process.kill()
        first.process.wait(10)
        assert second.result("completion/create", ASK)["text"] == ANSWER
        assert len(started(files.notes)) == 2
        assert gone(note["pid"])
        second.claim("status/changed")
        assert second.close() == 0
    assert files.nothing_left()


def test_the_end_of_the_other_editor_during_an_answer_is_reported_and_can_be_tried_again(files: Files) -> None:
    with files.server("--hold", str(files.hold)) as first, files.server("--hold", str(files.hold)) as second:
        second.begin("completion/create", {**ASK, "streamId": "s"})
        second.notification("completion/update")
        other = first.begin("completion/create", {**ASK, "streamId": "s"})
        first.notification("completion/update")
        assert len(started(files.notes)) == 1
        second.process.kill()
        second.process.wait(10)
        error = first.reply(other)["error"]
        assert error["data"]["kind"] == "stream_interrupted"
        assert error["data"]["retryable"]
        files.hold.touch()
        assert first.result("completion/create", ASK)["text"] == ANSWER
        assert len(started(files.notes)) == 2
        first.claim("status/changed")
        first.claim("completion/update")
        assert first.close() == 0


def test_the_configuration_may_change_meanwhile(files: Files) -> None:
    with files.server() as server:
        server.result("completion/create", ASK)
        files.environment("--jinja")
        # The file is looked at a few times a second, so that requests in between have the settings of before.
        while len(notes := started(files.notes)) == 1:
            server.result("completion/create", ASK)
        first, second = notes
        assert "--jinja" in second["arguments"]
        assert gone(first["pid"])
        server.claim("status/changed")
        server.claim("window/logMessage")
        assert server.close() == 0


def modelport(files: Files, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **files.environment(**settings)}
    command = [sys.executable, "-m", "modelport", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=False)


def test_commands(files: Files) -> None:
    chat = modelport(files, "chat", "-m", "llama-cpp/tiny", "Hi")
    assert (chat.returncode, chat.stdout) == (0, f"{ANSWER}\n")
    assert files.nothing_left()
    models = modelport(files, "models", "--provider", "llama-cpp")
    assert "llama-cpp/tiny" in models.stdout
    (check,) = [
        c for c in json.loads(modelport(files, "doctor", "--json").stdout)["checks"] if c["id"] == "localModels"
    ]
    assert (check["status"], check["detail"]) == ("ok", f"{files.folder}, models: 2")


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"folder": "/no/such/folder"}, "fail", "No such file"),
        ({"command": ["no-such-server", "{model}", "{port}"]}, "fail", "no program no-such-server"),
    ],
)
def test_the_doctor_reports_the_problems(files: Files, settings: dict[str, Any], status: str, said: str) -> None:
    (check,) = [c for c in json.loads(modelport(files, "doctor", "--json", **settings).stdout)["checks"] if c["id"] == "localModels"]  # fmt: skip
    assert check["status"] == status
    assert said in check["detail"]
