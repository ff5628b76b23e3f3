"""A model file served on demand by a real llama.cpp, as it is built for Python."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import installed
from support.peers import alive, gone
from support.server_process import ServerProcess

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180, func_only=True)]
READY_S = 120.0
ASK = {"model": "llama-cpp/tiny", "prompt": "Hello", "parameters": {"max_tokens": 8}}


@pytest.fixture(scope="module")
def python() -> Path:
    return installed.environment("llama-cpp-python", "llama-cpp-python[server]", "gguf", "numpy") / "python"


@pytest.fixture(scope="module")
def models(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).with_name("tiny_gguf.py")
    subprocess.run([python, script, folder / "tiny.gguf"], check=True, timeout=60)
    return folder


@pytest.fixture
def server(python: Path, models: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    values: dict[str, Any] = {
        "folder": str(models),
        "command": [
            str(python),
            "-m",
            "llama_cpp.server",
            "--model",
            "{model}",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
        ],
        "flags": ["--chat_format", "chatml"],
    }
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    (tmp_path / "config.toml").write_text(f"[local_models]\n{lines}")
    with ServerProcess(env={"MODELPORT_CONFIG_DIR": str(tmp_path)}) as process:
        process.initialize()
        yield process


def children(pid: int) -> list[int]:
    """The processes below one, all of them."""
    found = [int(word) for path in Path(f"/proc/{pid}/task").glob("*/children") for word in path.read_text().split()]
    return [*found, *(below for child in found for below in children(child))]


def test_it_is_listed_loaded_called_and_ended(server: ServerProcess) -> None:
    (model,) = [m for m in server.result("model/list", {"provider": "llama-cpp"})["models"] if m["id"] == "tiny"]
    assert model["contextWindow"] == 512
    assert children(server.process.pid) == []
    request = server.begin("completion/create", {**ASK, "streamId": "s", "workDoneToken": "w"})
    reply = server.reply(request, READY_S)
    assert "result" in reply, reply
    assert reply["result"]["text"]
    assert reply["result"]["usage"]["outputTokens"] > 0
    assert any("Starting tiny" in p["value"].get("message", "") for p in server.claim("$/progress"))
    started = children(server.process.pid)
    assert server.result("completion/create", ASK)["text"]
    assert children(server.process.pid) == started
    server.claim("completion/update")
    assert server.close() == 0
    assert all(gone(pid) for pid in started)


def test_a_file_it_cannot_load_says_so(server: ServerProcess, models: Path) -> None:
    whole = (models / "tiny.gguf").read_bytes()
    (models / "odd.gguf").write_bytes(whole.replace(b"llama", b"lxxxx"))
    request = server.begin("completion/create", {"model": "llama-cpp/odd", "prompt": "x"})
    error = server.reply(request, READY_S)["error"]
    assert error["data"]["kind"] == "provider_unavailable"
    assert "ended with code 1 and said" in error["message"]
    assert str(models) not in error["message"]


def test_a_file_that_was_not_downloaded_to_the_end_is_not_tried(server: ServerProcess, models: Path) -> None:
    whole = (models / "tiny.gguf").read_bytes()
    (models / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    error = server.error("completion/create", {"model": "llama-cpp/cut", "prompt": "x"})
    assert "cut is not whole: download it again" in error["message"]


def test_it_dies_with_a_server_that_is_killed(server: ServerProcess) -> None:
    request = server.begin("completion/create", ASK)
    assert "result" in server.reply(request, READY_S)
    started = children(server.process.pid)
    assert len([pid for pid in started if alive(pid)]) >= 2
    server.process.kill()
    server.process.wait(10)
    assert all(gone(pid) for pid in started)
