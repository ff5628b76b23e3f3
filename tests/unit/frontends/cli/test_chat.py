"""``modelport chat``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.frontends.cli.chat import usage_line
from modelport.protocol.types import Usage
from support.http_server import Answer, LocalServer
from support.sse import SSE, delta, end, refused, streamed


def test_the_answer_goes_to_stdout_and_the_usage_to_stderr(run: Any) -> None:
    result = run("chat", "-m", "mock/mock", "say naïve 東京")
    assert result.exit_code == 0
    assert result.stdout == "You said: say naïve 東京\n"
    assert result.stderr.startswith("mock/mock · 3 tokens in, 5 out · ")
    assert result.stderr.rstrip().endswith("$0")


def test_the_prompt_may_come_from_standard_input(run: Any) -> None:
    assert run("chat", "-m", "mock/mock", input="piped in\n").stdout == "You said: piped in\n"


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_no_prompt_is_wrong_usage(run: Any, prompt: str) -> None:
    for result in (run("chat", "-m", "mock/mock", prompt), run("chat", "-m", "mock/mock", input=prompt)):
        assert result.exit_code == 2
        assert "The prompt is empty" in result.stderr
        assert result.stdout == ""


def test_json_is_the_whole_completion_and_nothing_else(run: Any) -> None:
    result = run("chat", "-m", "mock/mock:think", "--json", "hi")
    completion = json.loads(result.stdout)
    assert (completion["text"], completion["provider"], completion["finishReason"]) == ("You said: hi", "mock", "stop")
    assert completion["reasoning"]
    assert result.stderr == ""


def test_the_system_text_is_sent(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: streamed("ok")) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        assert run("chat", "-m", "openai-compatible/m", "--system", "Be brief.", "hi").exit_code == 0
        sent = json.loads(upstream.requests[0].body)
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]
    assert sent["model"] == "m"


@pytest.mark.parametrize(
    ("reason", "words"), [("length", "output limit"), ("content_filter", "filter ended it"), ("stop", "")]
)
def test_an_answer_that_was_cut_says_so(run: Any, monkeypatch: pytest.MonkeyPatch, reason: str, words: str) -> None:
    with LocalServer(lambda _: Answer(headers=SSE, chunks=[delta("Hel"), end(reason)])) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        result = run("chat", "-m", "openai-compatible/m", "hi")
    assert (result.exit_code, result.stdout) == (0, "Hel\n")
    assert words in result.stderr
    assert ("The answer is cut" in result.stderr) is bool(words)


@pytest.mark.parametrize(("status", "words"), [(401, "refused"), (500, "failed on its side")])
def test_a_provider_that_fails_is_1_and_says_why(
    run: Any, monkeypatch: pytest.MonkeyPatch, status: int, words: str
) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "canary-0123456789abcdef")
    with LocalServer(lambda _: refused(status, {"error": {"message": "no canary-0123456789abcdef"}})) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        result = run("chat", "-m", "openai-compatible/m", "hi")
    assert result.exit_code == 1
    assert result.stderr.startswith("modelport: ")
    assert words in result.stderr
    assert "canary" not in result.output
    assert "Traceback" not in result.output


def test_an_answer_that_breaks_off_keeps_what_came(run: Any) -> None:
    result = run("chat", "-m", "mock/mock:cut=2", "one two")
    assert result.exit_code == 1
    assert "You said:" in result.stdout
    assert "broke off" in result.stderr


@pytest.mark.parametrize("model", ["unlisted-model", "unknown/m", "mock/unknown"])
def test_an_unknown_model_is_wrong_usage(run: Any, model: str) -> None:
    result = run("chat", "-m", model, "hi")
    assert result.exit_code == 2
    assert result.stderr.startswith("modelport: ")


def test_without_a_model_the_first_provider_with_a_key_is_asked(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: streamed("from groq")) as upstream:
        monkeypatch.setenv("GROQ_API_KEY", "gsk_0123456789abcdef")
        monkeypatch.setenv("GROQ_BASE_URL", upstream.url)
        monkeypatch.setenv("GROQ_API_BASE", upstream.url)
        result = run("chat", "hi")
    assert result.stdout == "from groq\n"
    assert "groq/" in result.stderr


def test_without_any_key_the_mock_answers_and_says_so(run: Any) -> None:
    result = run("chat", "hi")
    assert result.stdout == "You said: hi\n"
    assert "No provider is set up" in result.stderr


def test_every_chat_is_recorded(run: Any) -> None:
    run("chat", "-m", "mock/mock", "hi")
    (call,) = json.loads(run("usage", "--history", "5", "--json").stdout)["calls"]
    assert (call["client"], call["provider"]) == ("modelport chat", "mock")


def test_a_failing_upstream_answers_nothing_on_stdout(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: Answer(404)) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        assert run("chat", "-m", "openai-compatible/m", "--json", "hi").stdout == ""


@pytest.mark.parametrize(
    ("usage", "line"),
    [
        ({}, "10 tokens in, 5 out · 1.2 s · price unknown"),
        ({"estimated": True}, "about 10 tokens in, 5 out · 1.2 s · price unknown"),
        ({"cache_read_tokens": 4}, "10 tokens in (4 cached), 5 out · 1.2 s · price unknown"),
        ({"usd_micros": 0}, "10 tokens in, 5 out · 1.2 s · $0"),
        ({"usd_micros": 1_500_000}, "10 tokens in, 5 out · 1.2 s · $1.5"),
        ({"usd_micros": 3}, "10 tokens in, 5 out · 1.2 s · $0.000003"),
        ({"usd_micros": 10_000_000}, "10 tokens in, 5 out · 1.2 s · $10"),
    ],
)
def test_the_usage_of_a_call_in_one_line(usage: dict[str, Any], line: str) -> None:
    values = {"input_tokens": 10, "output_tokens": 5, "latency_ms": 1234.0, "usd_micros": None, "estimated": False}
    assert usage_line(Usage(**(values | usage))) == line
