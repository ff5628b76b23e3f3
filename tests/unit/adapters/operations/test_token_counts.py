"""Counting tokens: what is kept of a dialect's body, and where the count stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.operations.token_counts import decode, prompt, request
from modelport.adapters.wire.errors import NotUnderstood
from modelport.domain.providers.wire.operations import TokenCountWire
from support.builders import call, endpoint, row

GEMINI = row("google", dialect="gemini", wire={"chat_path": "/v1/p/models/{model}:streamGenerateContent?alt=sse"})
CLAUDE = row("claude", dialect="anthropic_messages")


def wire(form: Any, **flags: Any) -> TokenCountWire:
    return TokenCountWire(form=form, **flags)


@pytest.mark.parametrize(
    ("form", "provider", "written", "path", "sent"),
    [
        (
            "anthropic",
            CLAUDE,
            {"model": "m", "messages": [], "max_tokens": 9, "stream": True, "system": "s", "metadata": {}},
            "/v1/messages/count_tokens",
            {"model": "m", "messages": [], "system": "s"},
        ),
        (
            "gemini",
            GEMINI,
            {"contents": [], "generationConfig": {}},
            "/v1/p/models/some-model:countTokens",
            {"generateContentRequest": {"model": "models/some-model", "contents": [], "generationConfig": {}}},
        ),
        (
            "vertex",
            GEMINI,
            {"contents": [], "toolConfig": {}, "tools": []},
            "/v1/p/models/some-model:countTokens",
            {"contents": [], "tools": []},
        ),
        (
            "responses",
            None,
            {"model": "m", "input": [], "stream": True, "instructions": "i", "temperature": 1},
            "/responses/input_tokens",
            {"model": "m", "input": [], "instructions": "i"},
        ),
        (
            "vllm",
            None,
            {"model": "m", "messages": [], "stream": True, "stream_options": {}},
            "/../tokenize",
            {"model": "m", "messages": []},
        ),
        (
            "moonshot",
            None,
            {"model": "m", "messages": [], "stream": True},
            "/tokenizers/estimate-token-count",
            {"model": "m", "messages": []},
        ),
    ],
)
def test_requests(form: str, provider: Any, written: dict[str, Any], path: str, sent: dict[str, Any]) -> None:
    asked = call(provider=provider) if provider else call()
    wanted = request(wire(form), asked, written)
    assert (wanted.path, wanted.body) == (path, sent)


def test_a_row_may_name_the_path() -> None:
    assert request(wire("vllm", path="/tokens"), call(), {}).path == "/tokens"


def test_the_place_beside_a_path_of_the_rows_own() -> None:
    asked = call(endpoint=endpoint(CLAUDE, chat_path="/v2/messages?beta=true"))
    assert request(wire("anthropic"), asked, {}).path == "/v2/messages/count_tokens"


@pytest.mark.parametrize(
    ("form", "reply", "count"),
    [
        ("anthropic", {"input_tokens": 14}, 14),
        ("gemini", {"totalTokens": 12, "promptTokensDetails": []}, 12),
        ("vertex", {"totalTokens": 13.0}, 13),
        ("responses", {"object": "response.input_tokens", "input_tokens": 11}, 11),
        ("llama_cpp", {"tokens": [1, 2, 3]}, 3),
        ("llama_cpp", {"tokens": []}, 0),
        ("vllm", {"count": 5, "max_model_len": 4096, "tokens": [1]}, 5),
        ("moonshot", {"data": {"total_tokens": 80}}, 80),
    ],
)
def test_replies(form: str, reply: dict[str, Any], count: int) -> None:
    assert decode(wire(form), json.dumps(reply).encode()) == count


@pytest.mark.parametrize("reply", [{}, {"input_tokens": "14"}, {"input_tokens": True}, {"input_tokens": -1}, [1]])
def test_replies_without_a_count(reply: Any) -> None:
    with pytest.raises(NotUnderstood):
        decode(wire("anthropic"), json.dumps(reply).encode())


def test_llama_cpp_counts_what_its_template_makes() -> None:
    assert prompt(b'{"prompt": "<|user|>Hi"}') == {"content": "<|user|>Hi", "add_special": True, "parse_special": True}
    with pytest.raises(NotUnderstood):
        prompt(b'{"prompt": null}')
