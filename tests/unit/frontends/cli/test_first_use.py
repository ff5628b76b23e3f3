"""What someone meets who has just installed it: each ends in a sentence that says what to do, and in its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from support.http_server import Answer, LocalServer
from support.peers import free_port
from support.sse import JSON, streamed

KEY = "gsk_canary-0123456789abcdef"
REFUSED = Answer(status=401, headers=JSON, chunks=[b'{"error":{"message":"Invalid API Key"}}'])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chat", "-m", "ollama/llama3.2", "hi"], "is it running?"),
        (["pull", "ollama/llama3.2"], "is it running?"),
        (["chat", "-m", "groq/llama", "hi"], "modelport keys set groq"),
        (["models"], "modelport keys set PROVIDER"),
        (["keys", "delete", "groq"], ""),
        (["usage"], ""),
        (["logs"], "modelport chat begins one"),
        (["chat", "-c", "hi"], "leave -c out"),
        (["chat", "--provider", "azure", "-m", "x", "hi"], "or give --api-base"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nothing_is_there_yet(run: Any, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"http://127.0.0.1:{free_port()}")
    result = run(*arguments)
    assert result.exit_code in (0, 1, 2)
    assert words in result.stderr
    assert (result.stdout + result.stderr).count("\n") == 1


@pytest.mark.parametrize("json_", [[], ["--json"]])
def test_a_wrong_key_is_named_with_the_command_that_replaces_it(
    run: Any, json_: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    with LocalServer(lambda _: REFUSED) as server:
        result = run("chat", "--provider", "groq", "--api-base", server.url, "-m", "x", *json_, "hi")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "GROQ_API_KEY" in result.stderr
    assert "modelport keys set groq" in result.stderr
    assert KEY not in result.stderr


def test_a_huge_prompt_goes_through_whole(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: streamed("ok")) as server:
        monkeypatch.setenv("VLLM_BASE_URL", f"{server.url}/v1")
        result = run("chat", "-m", "vllm/x", "--no-log", "-", input="naïve " * 1_500_000)
        assert (result.exit_code, result.stdout) == (0, "ok\n")
        (message,) = json.loads(server.requests[-1].body)["messages"]
    assert message["content"].strip() == ("naïve " * 1_500_000).strip()


def test_two_at_once_are_both_answered_stored_and_counted(run: Any) -> None:
    command = [sys.executable, "-m", "modelport", "chat", "-m", "mock/mock"]
    both = [subprocess.Popen([*command, "prompt", str(n)], stdout=subprocess.PIPE, env=os.environ) for n in range(2)]
    assert [process.communicate(timeout=30)[0] for process in both] == [
        b"You said: prompt 0\n",
        b"You said: prompt 1\n",
    ]
    assert [process.returncode for process in both] == [0, 0]
    assert len(json.loads(run("logs", "--json").stdout)["conversations"]) == 2
    assert json.loads(run("usage", "--json").stdout)["totals"]["totalCalls"] == 2
