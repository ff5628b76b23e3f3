"""``modelport models`` and ``modelport pull``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received
from support.peers import free_port
from support.sse import JSON


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """An Ollama with one model; what is pulled from it comes in two steps."""

    def behave(request: Received) -> Answer:
        match request.path:
            case "/api/tags":
                return Answer(headers=JSON, chunks=[b'{"models":[{"name":"qwen3:8b"}]}'])
            case "/api/show":
                return Answer(
                    headers=JSON, chunks=[b'{"capabilities":["tools"],"model_info":{"q.context_length":40960}}']
                )
            case _:
                if b"nobodys" in request.body:
                    return Answer(chunks=[b'{"error":"pull model manifest: file does not exist"}\n'])
                half = b'{"status":"pulling aa","digest":"aa","total":4000,"completed":%d}\n'
                return Answer(
                    chunks=[b'{"status":"pulling manifest"}\n', half % 2000, half % 2001, b'{"status":"success"}\n']
                )

    with LocalServer(behave) as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


def test_a_table_for_people(run: Any, ollama: LocalServer) -> None:
    result = run("models", "--provider", "ollama")
    assert result.exit_code == 0
    heading, line = result.stdout.splitlines()
    assert heading.split() == ["MODEL", "CONTEXT", "OUTPUT", "IN", "$/M", "OUT", "$/M", "CAN"]
    assert line.split() == ["ollama/qwen3:8b", "40.96k", "free", "free", "tools"]


def test_search_in_the_catalog(run: Any) -> None:
    result = run("models", "deepseek-chat", "--provider", "deepseek")
    assert "retired, use deepseek-v4-flash" in result.stdout
    assert "DEEPSEEK_API_KEY" in result.stderr
    found = json.loads(
        run("models", "sonnet", "--requires", "vision", "--max-price", "3", "--limit", "2", "--json").stdout
    )
    assert len(found["models"]) == 2
    assert all("image" in model["inputModalities"] for model in found["models"])


def test_sorted(run: Any) -> None:
    models = json.loads(run("models", "--provider", "xai", "--sort", "price", "--json").stdout)["models"]
    prices = [m["price"]["inputUsdPerMtok"] for m in models if not m.get("retired")]
    assert prices == sorted(prices)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 1, "No provider is set up"),
        (("zzzqqq",), 1, "No model matches"),
        (("--provider", "olama"), 2, "did you mean"),
        (("--requires", "telepathy"), 2, "telepathy"),
        (("--limit", "0"), 2, "0"),
        (("--provider", "vllm"), 1, "cannot be reached"),
    ],
)
def test_what_went_wrong(
    run: Any, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.setenv("VLLM_BASE_URL", "http://127.0.0.1:1/v1")
    result = run("models", *arguments)
    assert result.exit_code == code
    assert words in result.stderr


def test_refresh_asks_again(run: Any, ollama: LocalServer) -> None:
    run("models", "qwen", "--provider", "ollama", "--refresh")
    assert [request.path for request in ollama.requests].count("/api/tags") == 2


def test_pull_in_lines_where_there_is_no_terminal(run: Any, ollama: LocalServer) -> None:
    result = run("pull", "ollama/llama3.2:3b")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "pulling manifest",
        "pulling aa: 2.0 kB of 4.0 kB (50 %)",
        "success: 2.0 kB of 4.0 kB (50 %)",
        "ollama/llama3.2:3b is ready.",
    ]
    assert json.loads(ollama.requests[-1].body)["model"] == "llama3.2:3b"
    assert run("pull", "llama3.2:3b", "--provider", "ollama").exit_code == 0


def test_pull_with_a_bar_on_a_terminal(run: Any, ollama: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelport.frontends.cli.pull._on_a_terminal", lambda: True)
    result = run("pull", "ollama/llama3.2:3b")
    assert result.exit_code == 0
    assert "2.0/4.0 kB" in result.stdout
    assert "ollama/llama3.2:3b is ready." in result.stdout


@pytest.mark.parametrize("terminal", [True, False])
def test_pull_from_a_server_that_is_not_there_draws_no_bar(
    run: Any, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr("modelport.frontends.cli.pull._on_a_terminal", lambda: terminal)
    result = run("pull", "ollama/llama3.2:3b")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1


def test_pull_of_an_unknown_model(run: Any, ollama: LocalServer) -> None:
    result = run("pull", "ollama/nobodys")
    assert result.exit_code == 1
    assert "file does not exist" in result.stderr
    assert "ready" not in result.stdout


def test_pull_where_nothing_is_pulled(run: Any) -> None:
    result = run("pull", "openai/gpt-4o")
    assert result.exit_code == 2
    assert "does not download models" in result.stderr


def test_a_stopped_download_says_how_to_go_on(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("modelport.frontends.cli.pull.with_app", stop)
    result = run("pull", "llama3.2:3b", "--provider", "ollama")
    assert "Stopped. To resume: modelport pull llama3.2:3b --provider ollama" in result.stderr


def test_a_vendors_models_of_all_providers(run: Any) -> None:
    found = json.loads(run("models", "--vendor", "anthropic", "--json").stdout)["models"]
    assert len({model["provider"] for model in found}) > 3
    assert all("claude" in model["id"] for model in found)


def test_words_that_match_nothing_have_suggestions(run: Any) -> None:
    result = run("models", "claude-sonet-4-5")
    assert result.exit_code == 1
    assert "No model matches; the nearest are " in result.stderr
    # Which models are near changes with the days on which they retire.
    assert "anthropic/claude-sonnet-" in result.stderr
