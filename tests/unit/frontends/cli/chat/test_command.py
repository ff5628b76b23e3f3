"""``modelport chat``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.data.providers import load_registry
from modelport.frontends.cli.chat.terminal import usage_line
from modelport.protocol.types import Usage
from support.http_server import Answer, LocalServer, Received
from support.sse import JSON, SSE, delta, end, held, refused, streamed


def test_the_answer_goes_to_stdout_and_the_usage_to_stderr(run: Any) -> None:
    result = run("chat", "-m", "mock/mock", "say naïve 東京")
    assert result.exit_code == 0
    assert result.stdout == "You said: say naïve 東京\n"
    assert result.stderr.startswith("mock/mock · 3 tokens in, 5 out · ")
    assert result.stderr.rstrip().endswith("$0")


def test_the_prompt_may_come_from_standard_input(run: Any) -> None:
    assert run("chat", "-m", "mock/mock", input="piped in\n").stdout == "You said: piped in\n"


@pytest.mark.parametrize(
    ("arguments", "input", "prompt"),
    [
        (["two", "words"], None, "two words"),
        (["two", "-m", "mock/mock", "words"], None, "two words"),
        (["--", "what", "is", "-5"], None, "what is -5"),
        (["-"], "piped in\n", "piped in"),
        ([], "piped in\n", "piped in"),
        (["a", "-"], "not read", "a -"),
        (["as  it is"], None, "as  it is"),
        (["-a", "-", "beside", "it"], "piped in", "piped in"),
    ],
)
def test_words_are_one_prompt_and_a_dash_is_standard_input(
    run: Any, arguments: list[str], input: str | None, prompt: str
) -> None:
    result = run("chat", "-m", "mock/mock", *arguments, input=input)
    assert result.exit_code == 0, result.stderr
    assert prompt in result.stdout


def test_standard_input_is_read_once(run: Any) -> None:
    result = run("chat", "-m", "mock/mock", "-a", "-", "-", input="x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Standard input is the prompt or an attachment" in result.stderr


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


def test_an_answer_that_a_budget_ended_says_so(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "[providers.openai-compatible.prices.m]\ninput = 1.0\noutput = 1.0\n"
        "[budgets.daily]\nperiod = 'day'\nusd = 0.0021\ncut = true\n"
    )
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    released = threading.Event()
    with LocalServer(lambda _: held([delta("abcd" * 3000)], released)) as upstream:
        monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", upstream.url)
        result = run("chat", "-m", "openai-compatible/m", "hi")
        released.set()
    assert (result.exit_code, result.stdout) == (0, "abcd" * 3000 + "\n")
    assert "The answer is cut: it cost more than a budget has left" in result.stderr


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


def test_the_options_reach_the_provider(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:1")
    (tmp_path / "a.txt").write_text("from a file", encoding="utf-8")
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    with LocalServer(lambda _: streamed('{"n": 1}')) as upstream:
        result = run(
            *("chat", "--provider", "openai-compatible", "-m", "m", "--api-base", upstream.url, "--temperature", "0.5"),
            *("--stop", "END", "-o", "max_length", "9", "--json-schema", json.dumps(schema)),
            *("-a", f"{tmp_path}/a.txt", "-a", "image=https://a.example/x.png", "how many?"),
        )
        sent = json.loads(upstream.requests[0].body)
    assert (result.exit_code, result.stdout) == (0, '{"n": 1}\n')
    assert (sent["model"], sent["temperature"], sent["stop"]) == ("m", 0.5, ["END"])
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) == 9
    assert sent["response_format"]["json_schema"]["schema"]["required"] == ["n"]
    (message,) = sent["messages"]
    assert "from a file" in message["content"][0]["text"]
    assert message["content"][1]["image_url"]["url"] == "https://a.example/x.png"
    assert message["content"][2]["text"] == "how many?"


def test_a_provider_alone_means_its_default_model(run: Any) -> None:
    assert run("chat", "--provider", "mock", "hi").stdout == "You said: hi\n"


def test_an_attachment_from_standard_input_needs_no_prompt(run: Any) -> None:
    assert run("chat", "-m", "mock/mock", "-a", "-", input="piped").stdout == "You said: piped\n"
    assert "piped why" in run("chat", "-m", "mock/mock", "-a", "-", "why", input="piped").stdout.replace("\n", " ")


def test_an_address_needs_a_provider(run: Any) -> None:
    result = run("chat", "--api-base", "http://127.0.0.1:1", "hi")
    assert result.exit_code == 2
    assert "--api-base needs a provider" in result.stderr
    assert run("chat", "-m", "ollama/x", "--api-base", "ftp://a.example", "hi").exit_code == 2


def ollama(*pulled: str) -> Callable[[Received], Answer]:
    """A server of Ollama with these models."""

    def answer(request: Received) -> Answer:
        if request.path == "/api/tags":
            models = [{"name": name, "model": name} for name in pulled]
            return Answer(headers=JSON, chunks=[json.dumps({"models": models}).encode()])
        model = json.loads(request.body)["model"]
        if model not in pulled:
            return refused(404, {"error": f'model "{model}" not found'})
        line = {"model": model, "message": {"role": "assistant", "content": f"I am {model}."}, "done": True}
        done = {"done_reason": "stop", "prompt_eval_count": 1, "eval_count": 2}
        return Answer(headers={"Content-Type": "application/x-ndjson"}, chunks=[json.dumps(line | done).encode()])

    return answer


@pytest.mark.parametrize("variable", ["OLLAMA_HOST", "LLM_API_BASE", "--api-base"])
@pytest.mark.parametrize("how", [["-m", "ollama"], ["--provider", "ollama"]])
def test_a_local_server_is_asked_with_a_model_that_it_has(
    run: Any, monkeypatch: pytest.MonkeyPatch, variable: str, how: list[str]
) -> None:
    with LocalServer(ollama("qwen2.5:0.5b", "llama3:8b")) as upstream:
        options = [variable, upstream.url] if variable.startswith("-") else []
        if not options:
            monkeypatch.setenv(variable, upstream.url)
        result = run("chat", *how, *options, "hi")
    assert result.stdout == "I am qwen2.5:0.5b.\n"
    assert "ollama/qwen2.5:0.5b" in result.stderr


def test_the_default_of_a_local_server_counts_where_it_is_there(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(ollama("llama3:8b", "qwen3:8b")) as upstream:
        monkeypatch.setenv("OLLAMA_HOST", upstream.url)
        assert run("chat", "-m", "ollama", "hi").stdout == "I am qwen3:8b.\n"


@pytest.mark.parametrize("name", ["lmstudio", "llama-cpp", "vllm", "gpt4all", "text-generation-webui"])
def test_the_name_of_a_server_without_a_default_means_the_model_that_it_has(
    run: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def answer(request: Received) -> Answer:
        if request.path.endswith("/models"):
            return Answer(headers=JSON, chunks=[b'{"data": [{"id": "loaded"}, {"id": "other"}]}'])
        return streamed(json.loads(request.body)["model"])

    row = load_registry().get(name)
    with LocalServer(answer) as upstream:
        monkeypatch.setenv(row.base_url_env_vars[0], f"{upstream.url}/v1")
        assert run("chat", "-m", name, "hi").stdout == "loaded\n"


def test_a_server_without_a_default_that_does_not_answer_says_so(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMSTUDIO_BASE_URL", "http://127.0.0.1:9/v1")
    result = run("chat", "-m", "lmstudio", "hi")
    assert result.exit_code == 1
    assert "LM Studio cannot be reached at http://127.0.0.1:9/v1: is it running?" in result.stderr


def test_a_parameter_that_no_call_can_have_says_where_it_is_set(run: Any) -> None:
    result = run("chat", "-m", "mock/mock", "-o", "special_flags", "[]", "hi")
    assert result.exit_code == 2
    assert "[local_models]" in result.stderr


def test_a_model_that_is_not_pulled_names_the_command_and_those_that_are(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalServer(ollama("qwen2.5:0.5b", "llama3:8b")) as upstream:
        monkeypatch.setenv("OLLAMA_HOST", upstream.url)
        result = run("chat", "-m", "ollama/qwen3:8b", "hi")
    assert result.exit_code == 1
    assert "download this one with modelport pull ollama/qwen3:8b, or use " in result.stderr
    assert result.stderr.endswith("or use qwen2.5:0.5b.\n")


def test_the_common_address_is_the_gateways_for_the_gateway(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: streamed("from the gateway")) as upstream:
        monkeypatch.setenv("LLM_API_BASE", upstream.url)
        assert run("chat", "-m", "litellm/m", "hi").stdout == "from the gateway\n"


@pytest.mark.parametrize(("options", "marked"), [([], True), (["--no-cache"], False)])
def test_the_cache_can_be_left_alone(
    run: Any, monkeypatch: pytest.MonkeyPatch, options: list[str], *, marked: bool
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-0123456789abcdef")
    with LocalServer(lambda _: Answer(404)) as upstream:
        run("chat", "-m", "anthropic/claude-sonnet-4-6", "--api-base", upstream.url, "-s", "x" * 9000, *options, "hi")
        assert (b"cache_control" in upstream.requests[0].body) is marked


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


@pytest.fixture
def chains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain whose first model breaks off, and answers that begin again."""
    text = '[chains]\nnight = ["mock/mock:cut=1", "mock/mock"]\n[failover]\nafter_commit = "restart"\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))


def test_a_chain_is_named_as_a_model_and_json_holds_the_last_answer_only(run: Any, chains: None) -> None:
    completion = json.loads(run("chat", "-m", "chain/night", "--json", "hi there").stdout)
    assert completion["text"] == "You said: hi there"
    assert [attempt["model"] for attempt in completion["attempts"]] == ["mock:cut=1", "mock:cut=1", "mock"]


def test_an_answer_does_not_begin_again_in_a_file_that_has_a_part_of_it(run: Any, chains: None) -> None:
    result = run("chat", "-m", "chain/night", "hi there")
    assert result.exit_code == 1
    assert "You said" not in result.stdout
    assert result.stdout.strip() == "You"


def test_a_failed_attempt_is_reported_once_another_one_answers(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = '"mock/mock:fail=rate_limited", "mock/mock"'
    (tmp_path / "config.toml").write_text(f"[chains]\nnight = [{models}]\n", encoding="utf-8")
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    result = run("chat", "-m", "chain/night", "hi")
    first = "mock/mock:fail=rate_limited failed (rate_limited), so another attempt was made."
    assert (result.exit_code, result.stderr.splitlines()[0]) == (0, first)


def test_a_chain_of_the_configuration_answers_where_nothing_is_named(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('[chains]\ndefault = ["mock/mock:words=2"]\n', encoding="utf-8")
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    result = run("chat", "hi")
    assert (result.exit_code, result.stdout) == (0, "The quick\n")
    assert "No provider is set up" not in result.stderr
