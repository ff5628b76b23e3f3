"""Real model servers, all running at once, are found and identified, and each record can be used."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from editors import tiny_model
from servers import installed
from support import odd_servers, programs
from support.odd_servers import OddServer
from support.peers import Aimock, MlxServer, Program, answers
from support.server_process import ServerProcess

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120, func_only=True)]
READY_S = 240.0
FIRST_PORT = 21_200
"""Below those that systems give to clients: a server here takes its time before it listens."""
AMPLE_MS = 30_000
KEY = "sk-local-1234567890"
FIXTURES = Path(__file__).parents[1] / "peers" / "aimock_fixtures.json"
LITELLM = {"model_name": "mock-chat", "litellm_params": {"model": "openai/mock", "api_key": "none", "mock_response": "Hello there."}}  # fmt: skip


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


class Running:
    """The running servers: by a name of ours, the port and the provider to identify."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.ports: dict[str, int] = {}
        self.providers: dict[str, str] = {}
        self.programs: dict[str, Program] = {}
        self.tiny = folder / "tiny"
        self._folder = folder
        self._stack = stack
        self._free = filter(is_free, itertools.count(FIRST_PORT))
        self._waiting: list[tuple[Program, str]] = []
        # Installing takes longest and may end the test, so it comes first.
        self._llama = installed.environment("llama-cpp-python", "llama-cpp-python[server]", "gguf", "numpy")
        self._litellm = installed.environment("litellm", "litellm[proxy]")
        self._transformers = installed.environment("transformers", "torch", "transformers[serving]")
        self._mlx = programs.environment_program("mlx_lm.server", "mlx-lm 'mlx[cpu]'")

    def start(self) -> None:
        """Starts them all, then waits for each."""
        self._start_litellm("litellm", {"general_settings": {"dangerously_permit_weak_or_unset_master_key": True}})
        self._start_litellm("litellm with a key", {"general_settings": {"master_key": KEY}})
        self._start_llama("llama-cpp-python", [])
        self._start_llama("llama-cpp-python with a key", ["--api_key", KEY])
        cache = self._folder / "hf"
        (cache / "hub").mkdir(parents=True)
        command = [self._transformers / "transformers", "serve"]
        self._start("transformers", "transformers", command, "/health", HF_HOME=str(cache), HF_HUB_OFFLINE="1")
        tiny_model.make(self.tiny)
        mlx = self._stack.enter_context(MlxServer(self._mlx, self.tiny, self._folder / "mlx"))
        self._add("mlx", "mlx", mlx.port)
        aimock = self._stack.enter_context(Aimock(FIXTURES))
        self._add("aimock", "openai-compatible", urlsplit(aimock.url).port or 0)
        for program, url in self._waiting:
            program.until(answers(url), READY_S)

    def _start_litellm(self, name: str, settings: dict[str, Any]) -> None:
        config = self._folder / f"{name}.yaml"
        config.write_text(json.dumps({"model_list": [LITELLM], **settings}))
        command = [self._litellm / "litellm", "--config", config, "--telemetry", "False"]
        self._start(name, "litellm", command, "/health/liveliness", LITELLM_LOCAL_MODEL_COST_MAP="True")

    def _start_llama(self, name: str, more: list[str]) -> None:
        python, model = self._llama / "python", self._folder / "tiny.gguf"
        if not model.exists():
            subprocess.run([python, Path(__file__).with_name("tiny_gguf.py"), model], check=True, timeout=60)
        command = [python, "-m", "llama_cpp.server", "--model", model, "--chat_format", "chatml", *more]
        self._start(name, "llama-cpp-python", command, "/openapi.json")

    def _start(self, name: str, provider: str, command: list[Any], ready: str, **env: str) -> None:
        port = next(self._free)
        program = Program([*command, "--host", "127.0.0.1", "--port", str(port)], env={**os.environ, **env})
        self.programs[name] = self._stack.enter_context(program)
        self._waiting.append((program, f"http://127.0.0.1:{port}{ready}"))
        self._add(name, provider, port)

    def _add(self, name: str, provider: str, port: int) -> None:
        self.ports[name] = port
        self.providers[name] = provider


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with contextlib.ExitStack() as stack:
        servers = Running(tmp_path_factory.mktemp("servers"), stack)
        servers.start()
        yield servers


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        process.initialize()
        yield process
        assert process.close() == 0


def found(server: ServerProcess, running: Running, **params: Any) -> dict[str, dict[str, Any]]:
    """The servers found among those that run, by our names."""
    names = {f"http://127.0.0.1:{port}/v1": name for name, port in running.ports.items()}
    servers = server.result("provider/discover", {"timeoutMs": AMPLE_MS, **params})["servers"]
    return {names[one["baseUrl"]]: one for one in servers if one["baseUrl"] in names}


def test_each_is_identified(server: ServerProcess, running: Running) -> None:
    servers = found(server, running, ports=list(running.ports.values()))
    assert {name: one["provider"] for name, one in servers.items()} == running.providers
    assert servers["mlx"]["models"][0].endswith("/tiny")
    assert servers["litellm"]["models"] == ["mock-chat"]
    assert servers["llama-cpp-python"]["models"][0].endswith("tiny.gguf")
    assert servers["llama-cpp-python"]["version"]
    assert "needs a key" in servers["llama-cpp-python with a key"]["evidence"]
    assert 'owned_by "aimock"' in servers["aimock"]["evidence"]


def test_they_are_found_on_their_unusual_ports(server: ServerProcess, running: Running) -> None:
    servers = found(server, running)
    assert {name: one["provider"] for name, one in servers.items()} == running.providers


def test_beside_a_server_that_hangs(server: ServerProcess, running: Running) -> None:
    with OddServer(odd_servers.hangs) as odd:
        servers = found(server, running, ports=[odd.port, *running.ports.values()], timeoutMs=4000)
    assert {name: one["provider"] for name, one in servers.items()} == running.providers


@pytest.mark.parametrize("name", ["litellm", "litellm with a key"])
def test_the_proxy_is_not_made_to_call_its_models(running: Running, server: ServerProcess, name: str) -> None:
    """Nor to call OpenAI, nor to describe itself in two megabytes."""
    found(server, running, ports=[running.ports[name]])
    log = running.programs[name].wait_for(r'"GET /v1/models HTTP').string
    assert '"GET / HTTP' in log
    assert not {path for path in ("/health HTTP", "/openai/", "/openapi.json") if f'"GET {path}' in log}


@pytest.mark.parametrize("name", ["litellm", "llama-cpp-python", "transformers", "mlx", "aimock"])
def test_what_is_found_can_be_connected(server: ServerProcess, running: Running, name: str) -> None:
    (one,) = found(server, running, ports=[running.ports[name]]).values()
    params = {"provider": one["provider"], "baseUrl": one["baseUrl"]}
    assert server.result("provider/connect", params)["verified"]


@pytest.mark.parametrize("name", ["litellm with a key", "llama-cpp-python with a key"])
def test_a_server_that_requires_a_key_can_be_connected_with_one(
    server: ServerProcess, running: Running, name: str
) -> None:
    (one,) = found(server, running, ports=[running.ports[name]]).values()
    params = {"provider": one["provider"], "baseUrl": one["baseUrl"], "apiKey": KEY}
    assert server.result("provider/connect", params)["verified"]


@pytest.mark.parametrize("name", ["litellm", "llama-cpp-python", "mlx", "transformers"])
def test_what_is_found_answers(server: ServerProcess, running: Running, name: str) -> None:
    (one,) = found(server, running, ports=[running.ports[name]]).values()
    # transformers lists what it has downloaded, and takes the path of anything else.
    model = one["models"][0] if one["models"] else str(running.tiny)
    server.result("provider/connect", {"provider": one["provider"], "baseUrl": one["baseUrl"], "model": model})
    completion = server.result("completion/create", {"prompt": "Hello", "parameters": {"max_tokens": 8}})
    assert completion["text"]
    assert completion["provider"] == running.providers[name]


def test_the_command_prints_how_to_chat_with_each(running: Running) -> None:
    ports = [argument for port in running.ports.values() for argument in ("--port", str(port))]
    command = [sys.executable, "-m", "modelport", "discover", "--timeout", "30", *ports]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert len(lines) == 2 * len(running.ports)
    assert all("modelport chat -m " in line for line in lines[1::2])
