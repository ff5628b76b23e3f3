"""Completers: streams as servers really send them. Odd fields, errors in odd places, ends without an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.cohere.chat import CohereChat
from modelport.adapters.dialects.google.generate_content import Gemini
from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.ollama.chat import Ollama
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.dialects.openai.completions import OpenAICompletions
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS
from modelport.domain.completions.call import Answer
from modelport.domain.errors import RequestFailed
from support.builders import answer, call, endpoint, row, stub_exchange
from support.event_stream import event as aws_event

FORMATS: dict[str, Any] = {
    "openai_chat": OpenAIChat(),
    "openai_completions": OpenAICompletions(),
    "openai_responses": OpenAIResponses(),
    "anthropic_messages": AnthropicMessages(),
    "gemini": Gemini(),
    "cohere_chat": CohereChat(),
    "ollama": Ollama(),
    "bedrock_converse": BedrockConverse(),
}
EVENTS = [name for name in FORMATS if name not in ("ollama", "bedrock_converse")]
"""The formats of server-sent events."""


def test_every_wire_format_of_this_build_is_here() -> None:
    assert FORMATS.keys() | OWN_COMPLETERS == set(MODULES)


def sse(*values: Any) -> list[bytes]:
    return [b"data: " + json.dumps(value).encode() + b"\n\n" for value in values]


def framed(dialect: str, *values: Any) -> list[bytes]:
    """Events, each a JSON value; for Bedrock a value under its event's name."""
    if dialect == "ollama":
        return [json.dumps(value).encode() + b"\n" for value in values]
    if dialect == "bedrock_converse":
        return [aws_event(name, value) for name, value in values]
    return sse(*values)


async def complete(dialect: str, *chunks: bytes) -> Answer:
    built = answer()
    place = endpoint(row(dialect=dialect), base_url="https://acme.example")
    await HttpCompleter(FORMATS[dialect], stub_exchange(*chunks)).complete(call(endpoint=place), built)
    return built


async def failure(dialect: str, *chunks: bytes) -> RequestFailed:
    with pytest.raises(RequestFailed) as failed:
        await complete(dialect, *chunks)
    return failed.value


def chat(finish: Any = None, **delta: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


ROLE = b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
DONE = b"data: [DONE]\n\n"

# What a stream is, in each format: its text, its end, and how it ends a call of a tool with a plain stop.

TEXT: dict[str, list[Any]] = {
    "openai_chat": [chat(content="Hello")],
    "openai_completions": [{"choices": [{"index": 0, "text": "Hello"}]}],
    "openai_responses": [{"type": "response.output_text.delta", "output_index": 0, "delta": "Hello"}],
    "anthropic_messages": [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}],
    "gemini": [{"candidates": [{"content": {"parts": [{"text": "Hello"}]}}]}],
    "cohere_chat": [{"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hello"}}}}],
    "ollama": [{"message": {"content": "Hello"}, "done": False}],
    "bedrock_converse": [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hello"}})],
}  # fmt: skip
END: dict[str, list[Any]] = {
    "openai_chat": [chat("stop")],
    "openai_completions": [{"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}],
    "openai_responses": [{"type": "response.completed", "response": {"status": "completed"}}],
    "anthropic_messages": [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}],
    "gemini": [{"candidates": [{"finishReason": "STOP"}]}],
    "cohere_chat": [{"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}],
    "ollama": [{"message": {"content": ""}, "done": True, "done_reason": "stop"}],
    "bedrock_converse": [("messageStop", {"stopReason": "end_turn"}), ("metadata", {"usage": {}})],
}
CALL: dict[str, list[Any]] = {
    "openai_chat": [chat(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}])],
    "openai_responses": [{"type": "response.output_item.done", "output_index": 0, "item": {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}}],
    "anthropic_messages": [{"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {}}}],
    "gemini": [{"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": {}}}]}}]}],
    "cohere_chat": [{"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": {"id": "a", "function": {"name": "f", "arguments": ""}}}}}],
    "ollama": [{"message": {"tool_calls": [{"function": {"name": "f", "arguments": {}}}]}, "done": False}],
    "bedrock_converse": [("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}})],
}  # fmt: skip
CALLS_WITHOUT_A_CALL: dict[str, list[Any]] = {
    "openai_chat": [chat("tool_calls")],
    "openai_completions": [{"choices": [{"index": 0, "text": "", "finish_reason": "tool_calls"}]}],
    "anthropic_messages": [{"type": "message_delta", "delta": {"stop_reason": "tool_use"}}, {"type": "message_stop"}],
    "gemini": [{"candidates": [{"finishReason": "UNEXPECTED_TOOL_CALL"}]}],
    "cohere_chat": [{"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}],
    "ollama": [{"message": {"content": ""}, "done": True, "done_reason": "tool_calls"}],
    "bedrock_converse": [("messageStop", {"stopReason": "tool_use"}), ("metadata", {"usage": {}})],
}


def test_the_tables_name_every_format() -> None:
    assert TEXT.keys() == END.keys() == FORMATS.keys()
    assert CALL.keys() | {"openai_completions"} == FORMATS.keys()
    # Responses end without a word for calls.
    assert CALLS_WITHOUT_A_CALL.keys() | {"openai_responses"} == FORMATS.keys()


# The finish reason.


@pytest.mark.parametrize("dialect", CALL)
async def test_an_answer_with_calls_ends_with_them_whatever_reason_it_gives(dialect: str) -> None:
    built = await complete(dialect, *framed(dialect, *CALL[dialect], *END[dialect]))
    assert built.finish_reason == "toolCalls"


@pytest.mark.parametrize("dialect", CALLS_WITHOUT_A_CALL)
async def test_an_answer_without_calls_never_ends_with_them(dialect: str) -> None:
    built = await complete(dialect, *framed(dialect, *TEXT[dialect], *CALLS_WITHOUT_A_CALL[dialect]))
    assert built.finish_reason == "other"
    error = await failure(dialect, *framed(dialect, *CALLS_WITHOUT_A_CALL[dialect]))
    assert (error.kind, error.retryable) == ("provider_unavailable", True)


# Fields of another type than documented.

ODD: list[tuple[str, Any]] = [
    ("openai_chat", chat(content="Hello") | {"model": 5, "usage": "none", "id": 7, "x_groq": "x", "base_resp": 5}),
    ("openai_chat", {"choices": [{"index": "0", "delta": {"content": "Hello"}}]}),
    ("openai_chat", {"choices": [{"index": 0.0, "delta": {"content": "Hello"}, "finish_reason": False}]}),
    ("openai_chat", {"choices": [{"index": {}, "delta": {"content": "Hello"}, "finish_reason": {}}]}),
    ("openai_chat", {"choices": [{"delta": {"content": "Hello"}, "message": "x", "text": 5}]}),
    ("openai_chat", {"choices": {"index": 0, "delta": {"content": "Hello"}}}),
    ("openai_chat", {"choices": [{"delta": {"content": "Hello"}, "logprobs": 5, "error": 0, "usage": 1}], "error": {"code": None, "message": ""}}),
    ("openai_chat", chat(content="Hello", role=5, name={}, annotations="x")),
    ("openai_chat", chat(content="Hello", tool_calls={})),
    ("openai_chat", chat(content="Hello", tool_calls="none")),
    ("openai_chat", chat(content="Hello", tool_calls=[None, "x"])),
    ("openai_chat", chat(content="Hello", reasoning=False, refusal={}, reasoning_content=[])),
    ("openai_chat", chat(content="Hello", reasoning_details="x", reasoning_opaque=True, reasoning_text={})),
    ("openai_chat", chat(content={"type": "text", "text": "Hello"})),
    ("openai_chat", chat(content=[{"type": "text", "text": "Hel"}, {"type": "output_text", "text": "lo"}])),
    ("openai_completions", {"choices": [{"index": "0", "text": "Hello", "finish_reason": False, "logprobs": 1}], "usage": [], "error": 0}),
    ("openai_responses", {"type": "response.output_text.delta", "output_index": "zero", "item_id": 5, "delta": "Hello", "item": 1, "response": "x", "error": None}),
    ("openai_responses", {"type": "response.output_text.delta", "output_index": None, "delta": "Hello"}),
    ("anthropic_messages", {"type": "content_block_delta", "index": "a", "delta": {"type": 5, "text": "Hello", "stop_reason": {}}, "usage": 5}),
    ("anthropic_messages", {"type": "content_block_delta", "delta": {"text": "Hello", "thinking": [], "id": 5}, "message": "x", "content_block": 1}),
    ("gemini", {"candidates": [{"index": "a", "content": {"role": 5, "parts": [{"text": "Hello", "thought": "x", "thoughtSignature": 5}]}, "finishReason": [], "finishMessage": {}}]}),
    ("gemini", {"candidates": {"content": {"parts": {"text": "Hello", "functionCall": "x"}}}, "promptFeedback": "x", "usageMetadata": 5, "responseId": 5, "error": ""}),
    ("cohere_chat", {"type": "content-delta", "index": [], "delta": {"message": {"content": {"text": "Hello", "thinking": 0.5}, "tool_plan": [], "tool_calls": 5}, "usage": 5, "finish_reason": {}}}),
    ("ollama", {"message": {"content": "Hello", "thinking": {}, "tool_calls": "x", "role": 5}, "done": "false", "done_reason": 5, "error": ""}),
    ("ollama", {"message": {"content": "Hello", "tool_calls": {}}, "done": 0, "eval_count": "x", "response": []}),
    ("bedrock_converse", ("contentBlockDelta", {"contentBlockIndex": "a", "delta": {"text": "Hello", "toolUse": "x", "reasoningContent": 5}, "stopReason": {}, "usage": 1})),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "odd"), ODD)
async def test_a_field_of_another_type_ends_no_answer(dialect: str, odd: Any) -> None:
    built = await complete(dialect, *framed(dialect, odd, *END[dialect]))
    assert built.whole_text() == "Hello"
    assert built.finish_reason == "stop"


USAGE: list[tuple[str, Any]] = [
    ("openai_chat", {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": [], "completion_tokens_details": {"reasoning_tokens": {}}}}),
    ("openai_completions", {"choices": [], "usage": {"prompt_tokens": "10", "completion_tokens": 5.0, "total_tokens": {}}}),
    ("openai_responses", {"type": "response.completed", "response": {"status": "completed", "usage": {"input_tokens": 10, "output_tokens": 5, "input_tokens_details": "x"}}}),
    ("anthropic_messages", {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": "x"}}),
    ("gemini", {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": "10", "candidatesTokenCount": 5, "thoughtsTokenCount": "x"}}),
    ("cohere_chat", {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 10, "output_tokens": 5, "image_tokens": "x"}, "cached_tokens": []}}}),
    ("ollama", {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 10, "eval_count": 5, "total_duration": "x", "prompt_eval_duration": {}}),
    ("bedrock_converse", ("metadata", {"usage": {"inputTokens": 10, "outputTokens": 5, "cacheReadInputTokens": "x"}})),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "counted"), USAGE)
async def test_an_odd_detail_of_the_usage_loses_itself_only(dialect: str, counted: Any) -> None:
    end = END[dialect][:1] if dialect in ("openai_chat", "openai_completions", "bedrock_converse") else []
    built = await complete(dialect, *framed(dialect, *TEXT[dialect], *end, counted))
    assert built.counts is not None
    assert (built.counts.input, built.counts.output) == (10, 5)
    assert built.finish_reason == "stop"


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        ("openai_responses", {"type": "response.output_item.done", "item": {"type": "message", "content": "Hello"}}),
        ("openai_chat", chat(content={"text": "Hello"})),
        ("ollama", {"message": {"content": [{"type": "text", "text": "Hello"}]}, "done": False}),
        ("anthropic_messages", {"type": "content_block_delta", "index": 0, "delta": {"text": {"value": "Hello"}}}),
        ("gemini", {"candidates": [{"content": {"parts": "Hello"}}]}),
        ("cohere_chat", {"type": "content-delta", "delta": {"message": {"content": "Hello"}}}),
    ],
)
async def test_a_text_in_another_form_is_one(dialect: str, said: Any) -> None:
    assert (await complete(dialect, *framed(dialect, said, *END[dialect]))).whole_text() == "Hello"


ARGUMENTS: list[tuple[str, list[Any]]] = [
    ("openai_chat", [chat(tool_calls=[{"index": 0, "id": 5, "function": {"name": "f", "arguments": {"x": 1}}}])]),
    ("openai_responses", [{"type": "response.output_item.done", "item": {"type": "function_call", "name": "f", "arguments": {"x": 1}}}]),
    ("anthropic_messages", [*CALL["anthropic_messages"], {"type": "content_block_delta", "delta": {"partial_json": {"x": 1}}}]),
    ("cohere_chat", [*CALL["cohere_chat"], {"type": "tool-call-delta", "delta": {"message": {"tool_calls": {"function": {"arguments": {"x": 1}}}}}}]),
    ("ollama", [{"message": {"tool_calls": {"function": {"name": "f", "arguments": '{"x":1}'}}}, "done": False}]),
    ("bedrock_converse", [*CALL["bedrock_converse"], ("contentBlockDelta", {"delta": {"toolUse": {"input": {"x": 1}}}})]),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "events"), ARGUMENTS)
async def test_arguments_may_be_an_object_or_its_text(dialect: str, events: list[Any]) -> None:
    (made,) = (await complete(dialect, *framed(dialect, *events, *END[dialect]))).tool_calls()
    assert (made.name, made.arguments) == ("f", {"x": 1})


# Errors wherever they stand.

WORDS = b'{"error":{"code":400,"message":"context exceeded","type":"x"}}'
PLACES: dict[str, list[bytes]] = {
    "a field of the event stream": [b'error: {"code":400,"message":"context exceeded","type":"x"}\n\n', DONE],
    "a field, and an end without a blank line": [b"error: " + WORDS + b"\n", DONE],
    "an event that is called one": [b"event: error\ndata: " + WORDS + b"\n\n", DONE],
    "bare JSON": [WORDS + b"\n\n", DONE],
    "bare JSON without a blank line": [WORDS + b"\n", DONE],
    "bare JSON at the end": [WORDS],
    "bare JSON over several lines": [b'{\n  "error": {\n    "message": "context exceeded"\n  }\n}\n\n', DONE],
    "data": [b"data: " + WORDS + b"\n\n", DONE],
    "a list": [b"data: [" + WORDS + b"]\n\n", DONE],
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("cut", [list, lambda chunks: [bytes([byte]) for chunk in chunks for byte in chunk], lambda chunks: [b"".join(chunks)]])  # fmt: skip
@pytest.mark.parametrize("dialect", EVENTS)
async def test_an_error_of_a_stream_is_one_wherever_it_stands(dialect: str, place: str, cut: Any) -> None:
    for before in ([], [b": hello\n\n"], sse(*TEXT[dialect])):
        error = await failure(dialect, *cut([*before, *PLACES[place]]))
        assert error.kind == "context_too_long"
        assert "context exceeded" in error.message


@pytest.mark.parametrize("place", PLACES)
async def test_an_error_behind_a_chunk_with_a_role_lets_a_fallback_answer(place: str) -> None:
    built = answer()
    with pytest.raises(RequestFailed, match="context exceeded") as failed:
        await HttpCompleter(OpenAIChat(), stub_exchange(ROLE, *PLACES[place])).complete(call(), built)
    assert failed.value.kind == "context_too_long"
    assert not built.begun


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "context exceeded"}, "context_too_long"),
        ({"message": "Context size has been exceeded."}, "context_too_long"),
        ({"message": "Requested tokens (9000) exceed context window of 4096"}, "context_too_long"),
        ({"message": "prompt is longer than the context"}, "context_too_long"),
        ({"message": "The number of tokens to keep is greater than the context length"}, "context_too_long"),
        ({"code": 429, "message": "slow down", "type": "x"}, "rate_limited"),
        ({"code": "429", "message": "slow down", "status": "x"}, "rate_limited"),
        ({"message": "Error code: 429 - slow down"}, "rate_limited"),
        ({"message": "litellm.RateLimitError: slow down"}, "rate_limited"),
        ({"code": 401, "message": "no", "type": "x"}, "auth_rejected"),
        ({"message": "Unauthorized"}, "auth_rejected"),
        ({"message": "AuthenticationError: no"}, "auth_rejected"),
        ({"code": 402, "message": "no", "type": "x"}, "quota_exhausted"),
        ({"message": "You have run out of credits"}, "quota_exhausted"),
        ({"code": 404, "message": "The model x is gone", "type": "x"}, "model_not_found"),
        ("overloaded", "provider_unavailable"),
        ({"message": '{"error": {"message": "prompt is too long", "type": "invalid_request_error"}}'}, "context_too_long"),
        (True, "provider_unavailable"),
        ({"code": 500, "message": "Value is not callable: null at row 1"}, "unsupported"),
        ({"message": "Conversation roles must alternate user/assistant/user/assistant/..."}, "unsupported"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dialect", ["openai_chat", "gemini", "ollama"])
async def test_the_kind_of_an_error_inside_an_answer(dialect: str, error: Any, kind: str) -> None:
    failed = await failure(dialect, *framed(dialect, {"error": error}))
    assert failed.kind == kind
    words = error["message"] if isinstance(error, dict) else error
    assert (
        isinstance(words, bool) or words[:20].lstrip("{").strip()[:5] in failed.message or "too long" in failed.message
    )


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [{"index": 0, "delta": {"error": {"message": "overloaded"}}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "error", "native_error": {"error": "overloaded"}}]},
        {"detail": "overloaded"},
        {"message": "overloaded", "code": 5},
        {"code": 5, "msg": "overloaded", "data": None},
        {"error": True, "message": "overloaded"},
        {"type": "error", "message": "overloaded"},
        {"errors": [{"message": "overloaded"}]},
    ],
)
async def test_an_error_in_another_form_reaches_the_user(event: Any) -> None:
    for chunks in ([ROLE, *sse(event), DONE], [ROLE, *sse(event)], sse(event)):
        error = await failure("openai_chat", *chunks)
        assert error.kind == "provider_unavailable"
        assert "overloaded" in error.message


@pytest.mark.parametrize(
    ("dialect", "events"),
    [
        ("openai_chat", [chat("error")]),
        ("openai_chat", [chat("insufficient_system_resource", content="Hel")]),
        ("openai_completions", [{"choices": [{"text": "", "finish_reason": "abort"}]}]),
        ("openai_responses", [{"type": "response.failed"}]),
        ("openai_responses", [{"type": "response.failed", "response": None}]),
        ("openai_responses", [{"type": "response.cancelled"}]),
        ("openai_responses", [{"type": "response.completed", "response": {"status": "failed"}}]),
        ("gemini", [{"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "Malformed: f("}]}]),
        ("gemini", [{"candidates": [{"finishReason": "UNEXPECTED_TOOL_CALL", "finishMessage": "no tool f"}]}]),
        ("gemini", [{"candidates": [{"finishReason": "OTHER"}], "usageMetadata": {"candidatesTokenCount": 5}}]),
        ("ollama", [{"message": {"content": ""}, "done": True, "done_reason": "load"}]),
        ("gemini", [{"candidates": [{"finishReason": "TOO_MANY_TOOL_CALLS", "content": {"parts": [{"text": "x"}]}}]}]),
        ("cohere_chat", [{"type": "message-end", "delta": {"finish_reason": "ERROR"}}]),
        ("cohere_chat", [{"type": "message-end", "delta": {"finish_reason": "TIMEOUT", "error": {"message": "late"}}}]),
        ("bedrock_converse", [("messageStop", {"stopReason": "malformed_tool_use"}), ("metadata", {"usage": {}})]),
        ("bedrock_converse", [("throttlingException", {"message": "slow down"})]),
        ("anthropic_messages", [{"type": "message_delta", "delta": {"stop_reason": "error"}}, {"type": "message_stop"}]),
        ("anthropic_messages", [{"type": "overloaded_error", "message": "late"}]),
        ("ollama", [{"message": {"content": ""}, "done": True, "done_reason": "error"}]),
    ],
)  # fmt: skip
async def test_a_reason_that_means_a_failure_fails(dialect: str, events: list[Any]) -> None:
    error = await failure(dialect, *framed(dialect, *events))
    assert error.kind in ("provider_unavailable", "rate_limited")
    assert error.retryable


@pytest.mark.parametrize(
    ("dialect", "chunks"),
    [
        ("openai_chat", [ROLE, DONE]),
        ("openai_chat", [DONE]),
        ("openai_chat", [*sse(chat(content="")), DONE]),
        ("openai_chat", [b'{"choices":[{"message":{"content":""},"finish_reason":null}]}']),
        ("openai_completions", [*sse({"choices": [{"text": ""}]}), DONE]),
        ("gemini", [*sse({"candidates": [{"content": {"parts": [{"text": ""}]}}]}), DONE]),
        ("anthropic_messages", sse({"type": "message_start", "message": {}}, {"type": "message_stop"})),
        ("cohere_chat", sse({"type": "message-end", "delta": {}})),
    ],
)
async def test_an_end_without_an_answer_or_a_reason_is_none(dialect: str, chunks: list[bytes]) -> None:
    error = await failure(dialect, *chunks)
    assert (error.kind, error.retryable) == ("provider_unavailable", True)
    assert "without" in error.message


async def test_lines_of_json_may_come_as_events() -> None:
    assert (await complete("ollama", *sse(*TEXT["ollama"], *END["ollama"]))).whole_text() == "Hello"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"Rate limit exceeded, please slow down", "rate_limited"),
        (b"Unauthorized", "auth_rejected"),
        (b"upstream connect error or disconnect/reset before headers", "invalid_response"),
        (b"<html><head><title>Sign in</title></head><body>Sign in</body></html>", "invalid_response"),
    ],
)
@pytest.mark.parametrize("dialect", FORMATS)
async def test_a_text_or_a_page_in_place_of_an_answer_is_quoted(dialect: str, text: bytes, kind: str) -> None:
    error = await failure(dialect, text)
    assert error.kind == kind
    assert text.decode()[:12] in error.message or "Sign in" in error.message


@pytest.mark.parametrize("text", [b"Internal Server Error", b"<html><body>Bad Gateway</body></html>"])
async def test_a_text_or_a_page_in_the_middle_of_an_answer_is_quoted(text: bytes) -> None:
    error = await failure("openai_chat", *sse(chat(content="Hel")), text)
    assert error.kind == "invalid_response"
    assert "Internal Server Error" in error.message or "Bad Gateway" in error.message


# What comes after the end.

TAILS = [
    WORDS + b"\n\n",
    b"data: " + WORDS + b"\n\n",
    b"error: " + WORDS + b"\n\n",
    b"event: error\ndata: " + WORDS + b"\n\n",
    b"data: not JSON\n\n",
    b"<html>",
]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("dialect", EVENTS)
async def test_what_comes_after_the_end_is_ignored(dialect: str, tail: bytes) -> None:
    end = [*sse(*END[dialect]), *([DONE] if dialect not in ("openai_responses", "anthropic_messages") else [])]
    for chunks in ([*sse(*TEXT[dialect]), *end, tail], [b"".join([*sse(*TEXT[dialect]), *end, tail])]):
        built = await complete(dialect, *chunks)
        assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("dialect", EVENTS)
async def test_an_error_between_the_reason_to_finish_and_the_end_mark_is_ignored(dialect: str, tail: bytes) -> None:
    chunks = [*sse(*TEXT[dialect], END[dialect][0]), tail]
    built = await complete(dialect, *chunks)
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")
    error = await failure(dialect, *sse(*TEXT[dialect]), tail)
    assert error.kind in ("context_too_long", "invalid_response")


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [{"delta": {}, "finish_reason": "stop", "error": {"message": "overloaded"}}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "error": {"message": "overloaded"}},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "x_groq": {"error": "overloaded"}},
    ],
)
async def test_an_error_in_the_event_with_the_reason_to_finish_counts(event: Any) -> None:
    assert "overloaded" in (await failure("openai_chat", *sse(*TEXT["openai_chat"], event), DONE)).message


async def test_the_better_words_of_a_failure_may_come_behind_its_reason() -> None:
    error = await failure("openai_chat", *sse(chat(content="Hel"), chat("error"), {"error": {"message": "overloaded"}}))
    assert "overloaded" in error.message


@pytest.mark.parametrize("dialect", ["ollama", "bedrock_converse"])
async def test_more_text_after_the_end_is_ignored(dialect: str) -> None:
    whole = framed(dialect, *TEXT[dialect], *END[dialect], *TEXT[dialect])
    for chunks in (whole, [b"".join(whole)]):
        assert (await complete(dialect, *chunks)).whole_text() == "Hello"


@pytest.mark.parametrize("dialect", EVENTS)
async def test_text_behind_the_reason_to_finish_is_ignored(dialect: str) -> None:
    built = await complete(dialect, *sse(*TEXT[dialect], END[dialect][0], *TEXT[dialect], *END[dialect]))
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")


async def test_a_reason_in_every_chunk_ends_nothing_before_the_last() -> None:
    chunks = sse(*({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]} for text in ("Hel", "lo")))
    assert (await complete("openai_chat", *chunks, DONE)).whole_text() == "Hello"


@pytest.mark.parametrize("whole", [True, False])
async def test_a_call_in_the_form_before_there_were_several(whole: bool) -> None:
    deltas = [{"name": "get_weather", "arguments": ""}, {"arguments": '{"city": '}, {"arguments": '"Rome"}'}]
    if whole:
        deltas = [{"name": "get_weather", "arguments": '{"city": "Rome"}'}]
    events = [{"choices": [{"delta": {"content": None, "function_call": delta}}]} for delta in deltas]
    built = await complete("openai_chat", *sse(*events, chat("function_call")), DONE)
    (made,) = built.tool_calls()
    assert (made.name, made.arguments, built.finish_reason) == ("get_weather", {"city": "Rome"}, "toolCalls")


LATE_THOUGHTS: dict[str, list[Any]] = {
    "openai_chat": [{"choices": [{"delta": {"reasoning_content": "Late."}}]}],
    "anthropic_messages": [
        {"type": "content_block_start", "index": 7, "content_block": {"type": "thinking", "thinking": "Late."}},
        {"type": "content_block_delta", "index": 7, "delta": {"type": "thinking_delta", "thinking": "Late."}},
    ],
    "gemini": [{"candidates": [{"content": {"parts": [{"text": "Late.", "thought": True}]}}]}],
}


@pytest.mark.parametrize("dialect", LATE_THOUGHTS)
async def test_reasoning_behind_the_reason_to_finish_is_ignored(dialect: str) -> None:
    built = await complete(dialect, *sse(*TEXT[dialect], END[dialect][0], *LATE_THOUGHTS[dialect], *END[dialect]))
    assert (built.whole_text(), built.whole_reasoning()) == ("Hello", "")


# What some servers send beside the deltas, or in place of them.


def spoken(text: str, **more: Any) -> dict[str, Any]:
    return {"index": 0, "message": {"role": "assistant", "content": text} | more}


MADE = [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}]


@pytest.mark.parametrize(
    ("events", "text", "calls"),
    [
        # The whole message behind its deltas, with and without calls that came only there.
        ([chat(content="Hel"), chat(content="lo"), {"choices": [spoken("Hello") | {"finish_reason": "stop"}]}], "Hello", 0),
        ([chat(content="Hello"), {"choices": [spoken("Hello", tool_calls=MADE) | {"finish_reason": "tool_calls"}]}], "Hello", 1),
        ([chat(content="Hello"), {"choices": [spoken("Hello", tool_calls=MADE) | {"delta": {}, "finish_reason": "tool_calls"}]}], "Hello", 1),
        ([chat(tool_calls=[MADE[0] | {"index": 0}]), {"choices": [spoken("", tool_calls=MADE) | {"finish_reason": "tool_calls"}]}], "", 1),
        # More of the text than the deltas had, and another text, which is none of this answer.
        ([chat(content="Hel"), {"choices": [spoken("Hello") | {"finish_reason": "stop"}]}], "Hello", 0),
        ([chat(content="Hello"), {"choices": [spoken("HELLO") | {"finish_reason": "stop"}]}], "Hello", 0),
        # All that came until then in each chunk; and deltas under the name of messages.
        ([{"choices": [spoken("Hel") | {"delta": {"content": "Hel"}}]}, {"choices": [spoken("Hello") | {"delta": {"content": "lo"}, "finish_reason": "stop"}]}], "Hello", 0),
        ([{"choices": [spoken("Hel")]}, {"choices": [spoken("lo") | {"finish_reason": "stop"}]}], "Hello", 0),
        # The only choice has another number than the first.
        ([{"choices": [{"index": 1, "delta": {"content": "Hello"}, "finish_reason": "stop"}]}], "Hello", 0),
    ],
)  # fmt: skip
async def test_a_message_beside_deltas_adds_what_they_lack(events: list[Any], text: str, calls: int) -> None:
    built = await complete("openai_chat", *sse(*events), DONE)
    assert (built.whole_text(), len(built.tool_calls())) == (text, calls)
    assert all(made.arguments == {"x": 1} for made in built.tool_calls())
    assert built.finish_reason == ("toolCalls" if calls else "stop")


@pytest.mark.parametrize("sign", [b"null", b'""', b"ping", b'"ping"', b"[PING]", b"keep-alive", b"Heartbeat"])
@pytest.mark.parametrize("dialect", EVENTS)
async def test_a_sign_of_life_is_no_event(dialect: str, sign: bytes) -> None:
    alive = b"data: " + sign + b"\n\n"
    built = await complete(dialect, alive, *framed(dialect, *TEXT[dialect]), alive, *framed(dialect, *END[dialect]))
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")


ONE_TYPE = ("openai_responses", "anthropic_messages", "cohere_chat")
"""The formats whose events have a type."""


@pytest.mark.parametrize("dialect", ONE_TYPE)
async def test_the_type_of_an_event_may_be_its_name_alone(dialect: str) -> None:
    chunks: list[bytes] = []
    for event in (*TEXT[dialect], *END[dialect]):
        rest = {name: value for name, value in event.items() if name != "type"}
        chunks.append(f"event: {event['type']}\ndata: {json.dumps(rest)}\n\n".encode())
    built = await complete(dialect, *chunks)
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")


@pytest.mark.parametrize("dialect", ONE_TYPE)
async def test_a_name_that_is_no_type_hides_no_error(dialect: str) -> None:
    error = await failure(dialect, b'event: message\ndata: {"message": "overloaded", "code": 5}\n\n')
    assert "overloaded" in error.message


@pytest.mark.parametrize("dialect", ONE_TYPE)
async def test_an_end_mark_of_another_format_ends_what_broke_off(dialect: str) -> None:
    error = await failure(dialect, *framed(dialect, *TEXT[dialect]), DONE)
    assert (error.kind, error.retryable) == ("stream_interrupted", True)
    whole = await complete(dialect, *framed(dialect, *TEXT[dialect], *END[dialect]), DONE)
    assert whole.finish_reason == "stop"


@pytest.mark.parametrize(
    ("events", "reasoning", "text"),
    [
        ([{"type": "response.content_part.done", "output_index": 0, "part": {"type": "output_text", "text": "Hello"}}], "", "Hello"),
        ([{"type": "response.content_part.done", "output_index": 0, "part": {"type": "refusal", "refusal": "No."}}], "", "No."),
        ([*TEXT["openai_responses"], {"type": "response.content_part.done", "output_index": 0, "part": {"type": "output_text", "text": "Hello"}}], "", "Hello"),
        ([{"type": "response.reasoning_summary_text.done", "output_index": 0, "text": "Hm."}], "Hm.", ""),
        ([{"type": "response.reasoning_text.done", "output_index": 0, "text": "Hm."}], "Hm.", ""),
        ([{"type": "response.reasoning_text.delta", "output_index": 0, "delta": "Hm."}, {"type": "response.reasoning_text.done", "output_index": 0, "text": "Hm."}], "Hm.", ""),
        ([{"type": "response.content_part.done", "part": "odd"}, {"type": "response.reasoning_text.done", "text": 5}], "5", ""),
    ],
)  # fmt: skip
async def test_a_part_may_come_only_when_it_is_done(events: list[Any], reasoning: str, text: str) -> None:
    built = await complete("openai_responses", *sse(*events, *END["openai_responses"]))
    assert (built.whole_reasoning(), built.whole_text()) == (reasoning, text)
