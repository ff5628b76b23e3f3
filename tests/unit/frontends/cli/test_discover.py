"""``modelport discover``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from support.http_server import LocalServer
from support.local_answers import SERVERS
from support.peers import free_port

BY_NAME = {sample.name: sample for sample in SERVERS}
AMPLE = ("--timeout", "10")


@pytest.fixture
def ollama() -> Iterator[LocalServer]:
    with LocalServer(BY_NAME["ollama"].behave) as running:
        yield running


def test_a_server_and_how_to_chat_with_it(run: Any, ollama: LocalServer) -> None:
    result = run("discover", *AMPLE, "--port", str(ollama.port))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f'ollama 0.14.1 at {ollama.url}: qwen3:8b, gemma3:4b (GET / answered "Ollama is running")',
        f"    OLLAMA_HOST={ollama.url} modelport chat -m ollama/qwen3:8b",
    ]


def test_a_server_where_it_is_looked_for_anyway_needs_no_variable(
    run: Any, ollama: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"0.0.0.0:{ollama.port}")
    result = run("discover", *AMPLE, "--port", str(ollama.port))
    assert result.stdout.splitlines()[1] == "    modelport chat -m ollama/qwen3:8b"
    monkeypatch.setenv("OLLAMA_HOST", "ftp://nowhere")
    result = run("discover", *AMPLE, "--port", str(ollama.port))
    assert result.stdout.splitlines()[1].startswith(f"    OLLAMA_HOST={ollama.url} ")


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_on_a_narrow_terminal_no_word_is_broken_and_the_command_stays_whole(
    run: Any, ollama: LocalServer, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelport.frontends.cli.discover.width", lambda _: width)
    *facts, command = run("discover", *AMPLE, "--port", str(ollama.port)).stdout.splitlines()
    assert command == f"    OLLAMA_HOST={ollama.url} modelport chat -m ollama/qwen3:8b"
    assert all(len(line) <= width or len(line.split()) == 1 for line in facts)
    said = f'ollama 0.14.1 at {ollama.url}: qwen3:8b, gemma3:4b (GET / answered "Ollama is running")'
    assert " ".join(facts) == said


def test_servers_that_tell_little_or_much(run: Any) -> None:
    names = ("LiteLLM with a key", "aimock", "llama-cpp-python")
    servers = [LocalServer(BY_NAME[name].behave) for name in names]
    try:
        ports = [argument for server in servers for argument in ("--port", str(server.port))]
        lines = run("discover", *AMPLE, *ports).stdout
    finally:
        for server in servers:
            server.close()
    assert "litellm at " in lines
    assert "no models listed" in lines
    assert "its model list needs a key" in lines
    assert "modelport chat -m litellm/MODEL" in lines
    assert "modelport chat -m openai-compatible/gpt-4" in lines
    assert "modelport chat -m llama-cpp-python//m/tiny.gguf" in lines


def test_only_the_first_names_of_a_long_list(run: Any) -> None:
    from support.local_answers import Sample, models, page

    many = Sample("many", "vllm", {"/v1/models": page(models("a b", "c", "d", "e", "f", owner="vllm"))})
    with LocalServer(many.behave) as server:
        line, command = run("discover", *AMPLE, "--port", str(server.port)).stdout.splitlines()
    assert ": a b, c, d and 2 more (" in line
    assert command.endswith("modelport chat -m 'vllm/a b'")


def test_json_is_the_contracts_result(run: Any, ollama: LocalServer) -> None:
    result = run("discover", "--json", *AMPLE, "--port", str(ollama.port))
    assert result.exit_code == 0
    (server,) = json.loads(result.stdout)["servers"]
    assert (server["provider"], server["baseUrl"]) == ("ollama", ollama.url)


def test_nothing_found_is_1(run: Any) -> None:
    port = str(free_port())
    result = run("discover", "--timeout", "0.2", "--port", port)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "start one" in result.stderr
    result = run("discover", "--json", "--timeout", "0.2", "--port", port)
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"servers": []})


@pytest.mark.parametrize("wrong", [["--timeout", "0"], ["--timeout", "-1"], ["--timeout", "x"], ["--port", "0"], ["--port", "70000"]])  # fmt: skip
def test_wrong_usage_is_2(run: Any, wrong: list[str]) -> None:
    assert run("discover", *wrong).exit_code == 2


def test_as_a_process_without_http_libraries(ollama: LocalServer) -> None:
    """It prints as it goes, and loads nothing that it does not need."""
    command = [sys.executable, "-X", "importtime", "-m", "modelport", "discover", *AMPLE, "--port", str(ollama.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=15, check=True)
    assert done.stdout.startswith("ollama 0.14.1 at ")
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not loaded & {"httpx2", "openai", "anthropic", "keyring", "rich", "pygls", "lsprotocol"}
