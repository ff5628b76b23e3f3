"""Completers: fields under other names, and content in other places, as proxies send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.google.generate_content import Gemini
from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.domain.completions.call import Answer
from support.builders import answer, call, endpoint, row, stub_exchange

FORMATS: dict[str, Any] = {
    "anthropic_messages": AnthropicMessages(),
    "gemini": Gemini(),
    "openai_responses": OpenAIResponses(),
}


async def complete(dialect: str, *events: Any, whole: bool = False) -> Answer:
    built = answer()
    chunks = [json.dumps(events[0]).encode()] if whole else [f"data: {json.dumps(one)}\n\n".encode() for one in events]
    headers = {"content-type": "application/json" if whole else "text/event-stream"}
    place = endpoint(row(dialect=dialect), base_url="https://acme.example")
    exchange = stub_exchange(*chunks, headers=headers)
    await HttpCompleter(FORMATS[dialect], exchange).complete(call(endpoint=place), built)
    return built


# Gemini's fields in snake case.

SNAKE: list[Any] = [
    {
        "candidates": [{"content": {"parts": [{"text": "Hm.", "thought": True, "thought_signature": "c2ln"}]}}],
        "model_version": "g",
        "response_id": "r",
    },
    {"candidates": [{"content": {"parts": [{"text": 'A "finish_reason": "STOP" says why.'}]}}]},
    {
        "candidates": [
            {
                "content": {"parts": [{"function_call": {"name": "f", "args": {"max_items": {"per_page": 1}}}}]},
                "finish_reason": "MAX_TOKENS",
                "finish_message": "x",
            }
        ],
        "usage_metadata": {"prompt_token_count": 7, "candidates_token_count": 5, "total_token_count": 12},
    },
]


async def test_gemini_in_snake_case() -> None:
    built = await complete("gemini", *SNAKE)
    assert built.whole_text() == 'A "finish_reason": "STOP" says why.'
    assert built.whole_reasoning() == "Hm."
    (made,) = built.tool_calls()
    assert (made.name, made.arguments) == ("f", {"max_items": {"per_page": 1}})
    assert built.counts is not None
    assert (built.counts.input, built.counts.output) == (7, 5)
    assert built.whole_state()["parts"][0]["signature"] == "c2ln"


async def test_a_cut_answer_of_gemini_in_snake_case() -> None:
    end = {"candidates": [{"content": {"parts": [{"text": "It is"}]}, "finish_reason": "MAX_TOKENS"}]}
    assert (await complete("gemini", end)).finish_reason == "length"
    assert (await complete("gemini", end, whole=True)).finish_reason == "length"


# Anthropic's content in the first event.

STOP: list[Any] = [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]
TOOL_USE = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}


def start(*content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "message_start", "message": {"role": "assistant", "content": list(content), **more}}


def block(text: str) -> dict[str, Any]:
    return {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": text}}


def delta(text: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


HELLO = {"type": "text", "text": "Hello"}


@pytest.mark.parametrize(
    "events",
    [
        [start(HELLO), *STOP],
        [start(HELLO, stop_reason="end_turn"), {"type": "message_stop"}],
        [start({"type": "text", "text": "Hel"}), delta("lo"), *STOP],
        [start(HELLO), block(""), delta("Hello"), *STOP],
        [start(), block(""), delta("Hello"), *STOP],
    ],
)
async def test_content_in_the_first_event_is_given_once(events: list[Any]) -> None:
    built = await complete("anthropic_messages", *events)
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")


async def test_a_call_in_the_first_event() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    built = await complete("anthropic_messages", start(thought, HELLO, TOOL_USE), *STOP)
    (made,) = built.tool_calls()
    assert (made.id, made.name, made.arguments, built.finish_reason) == ("a", "f", {"x": 1}, "toolCalls")
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.", "Hello")
