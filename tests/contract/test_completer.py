"""Completers: every wire format keeps the same promises, whatever its bytes look like."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.cohere.chat import CohereChat
from modelport.adapters.dialects.google.generate_content import Gemini
from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.mock.completer import Mock
from modelport.adapters.dialects.ollama.chat import Ollama
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.dialects.openai.completions import OpenAICompletions
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS, DialectTable
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer
from modelport.domain.completions.listener import NullListener
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Completer
from support.builders import (
    CANARY,
    RecordingListener,
    StubPool,
    answer,
    call,
    credential,
    endpoint,
    reply,
    row,
    tool,
    user,
)
from support.event_stream import events, exception
from support.http_server import Answer as Reply
from support.http_server import LocalServer, Received


def sse(*events: Any, done: bool = False) -> list[bytes]:
    framed = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    return framed + ([b"data: [DONE]\n\n"] if done else [])


@dataclass
class Wire:
    """A wire format and how it says the same things."""

    dialect: str
    format: Any
    text: Any
    """Events for pieces of text."""
    tools: list[bytes]
    """Two parallel tool calls; none in a format that has no tools."""
    end: list[bytes]
    error: list[bytes]
    """An error inside a good status."""
    thought: list[bytes]
    """A piece of reasoning; none in a format that has no place for it."""
    unsupported: str
    """A parameter that the format cannot carry."""

    def __str__(self) -> str:
        return self.dialect


def chat(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


def block(index: int, **content: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": content}


def parts(*values: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": values}, "index": 0}]}


def piece(index: int, **delta: Any) -> tuple[str, dict[str, Any]]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}


def said(kind: str, index: int, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


def lines(*values: Any) -> list[bytes]:
    return [json.dumps(value).encode() + b"\n" for value in values]


ARGUMENTS = ({"x": 1}, {"y": "é"})
WIRES = [
    Wire(
        "openai_chat",
        OpenAIChat(),
        lambda *texts: sse(*(chat(content=text) for text in texts)),
        sse(
            chat(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x"'}}]),
            chat(tool_calls=[{"index": 1, "id": "b", "function": {"name": "g", "arguments": '{"y":"é"}'}}]),
            chat(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
        ),
        sse(
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}},
            done=True,
        ),
        sse({"error": {"message": f"overloaded {CANARY}", "code": 503}}),
        sse(chat(reasoning_content="Hm.")),
        "keep_alive",
    ),
    Wire(
        "openai_responses",
        OpenAIResponses(),
        lambda *texts: sse(*({"type": "response.output_text.delta", "output_index": 9, "delta": t} for t in texts)),
        sse(
            {"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call", "call_id": "a", "name": "f"}},
            {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"x":1}'},
            {"type": "response.output_item.done", "output_index": 1, "item": {"type": "function_call", "call_id": "b", "name": "g", "arguments": '{"y":"é"}'}},
        ),
        sse({"type": "response.completed", "response": {"status": "completed", "usage": {"input_tokens": 10, "output_tokens": 5}}}),
        sse({"type": "error", "code": "overloaded", "message": f"overloaded {CANARY}"}),
        sse({"type": "response.reasoning_summary_text.delta", "output_index": 8, "delta": "Hm."}),
        "seed",
    ),
    Wire(
        "anthropic_messages",
        AnthropicMessages(),
        lambda *texts: sse(*({"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": t}} for t in texts)),
        sse(
            block(0, type="tool_use", id="a", name="f", input={}),
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"x":1}'}},
            block(1, type="tool_use", id="b", name="g", input={}),
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"y":"é"}'}},
        ),
        sse(
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": 10, "output_tokens": 5}},
            {"type": "message_stop"},
        ),
        sse({"type": "error", "error": {"type": "overloaded_error", "message": f"overloaded {CANARY}"}}),
        sse(block(8, type="thinking", thinking="Hm.")),
        "seed",
    ),
    Wire(
        "gemini",
        Gemini(),
        lambda *texts: sse(*(parts({"text": text}) for text in texts)),
        sse(
            parts(
                {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"},
                {"functionCall": {"id": "b", "name": "g", "args": {"y": "é"}}},
            )
        ),
        sse({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5}}),
        sse({"error": {"code": 503, "message": f"overloaded {CANARY}", "status": "UNAVAILABLE"}}),
        sse(parts({"text": "Hm.", "thought": True})),
        "user",
    ),
    Wire(
        "openai_completions",
        OpenAICompletions(),
        lambda *texts: sse(*({"choices": [{"index": 0, "text": text}]} for text in texts)),
        [],
        sse(
            {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}},
            done=True,
        ),
        sse({"error": {"message": f"overloaded {CANARY}", "code": 503}}),
        [],
        "top_k",
    ),
    Wire(
        "cohere_chat",
        CohereChat(),
        lambda *texts: sse(*(said("content-delta", 1, content={"text": text}) for text in texts)),
        sse(
            said("tool-call-start", 0, tool_calls={"id": "a", "function": {"name": "f", "arguments": ""}}),
            said("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"x"'}}),
            said("tool-call-delta", 0, tool_calls={"function": {"arguments": ":1}"}}),
            said("tool-call-start", 1, tool_calls={"id": "b", "function": {"name": "g", "arguments": '{"y":"é"}'}}),
        ),
        sse(
            {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 10, "output_tokens": 5}}}},
            done=True,
        ),
        sse({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": f"overloaded {CANARY}"}}),
        sse(said("content-delta", 0, content={"thinking": "Hm."})),
        "user",
    ),
    Wire(
        "ollama",
        Ollama(),
        lambda *texts: lines(*({"message": {"content": text}, "done": False} for text in texts)),
        lines(
            {"message": {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]}, "done": False},
            {"message": {"tool_calls": [{"id": "b", "function": {"name": "g", "arguments": {"y": "é"}}}]}, "done": False},
        ),
        lines({"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 10, "eval_count": 5}),
        lines({"error": f"overloaded {CANARY}"}),
        lines({"message": {"thinking": "Hm."}, "done": False}),
        "user",
    ),
    Wire(
        "bedrock_converse",
        BedrockConverse(),
        lambda *texts: events(*(piece(9, text=text) for text in texts)),
        events(
            ("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}),
            ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "b", "name": "g"}}}),
            piece(0, toolUse={"input": '{"x"'}),
            piece(1, toolUse={"input": '{"y":"é"}'}),
            piece(0, toolUse={"input": ":1}"}),
        ),
        events(
            ("messageStop", {"stopReason": "end_turn"}),
            ("metadata", {"usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}}),
        ),
        [exception("serviceUnavailableException", f"overloaded {CANARY}")],
        events(piece(8, reasoningContent={"text": "Hm."})),
        "seed",
    ),
]  # fmt: skip
every_wire = pytest.mark.parametrize("wire", WIRES, ids=str)
every_wire_with_tools = pytest.mark.parametrize("wire", [wire for wire in WIRES if wire.tools], ids=str)


def test_every_wire_format_of_this_build_is_here() -> None:
    missing = MODULES.keys() - {wire.dialect for wire in WIRES} - OWN_COMPLETERS
    assert not missing, f"WIRES has no cases for {sorted(missing)}"


def asked(wire: Wire, base_url: str = "https://acme.example", **changes: Any) -> Any:
    place = endpoint(row(dialect=wire.dialect), base_url=base_url, credential=credential(CANARY))
    return call(user("Hello"), endpoint=place, **changes)


async def complete(wire: Wire, *pieces: bytes, status: int = 200) -> Answer:
    built = answer()
    pool = StubPool(lambda _: reply(*pieces, status=status))
    await HttpCompleter(wire.format, ProviderClient(pool)).complete(asked(wire), built)  # type: ignore[arg-type]
    return built


def one_by_one(pieces: Iterable[bytes]) -> list[bytes]:
    return [bytes([byte]) for piece in pieces for byte in piece]


@every_wire
@pytest.mark.parametrize("cut", [list, one_by_one, lambda pieces: [b"".join(pieces)]])
async def test_deltas_come_in_order_and_equal_the_text(wire: Wire, cut: Any) -> None:
    built = await complete(wire, *cut([*wire.thought, *wire.text("naïve ", "東京", " 😀"), *wire.end]))
    heard = built.listener
    assert isinstance(heard, RecordingListener)
    assert [event for event in heard.events if event[1]] == [
        *([("reasoning", "Hm.")] if wire.thought else []),
        ("text", "naïve "),
        ("text", "東京"),
        ("text", " 😀"),
    ]
    assert built.whole_text() == heard.said("text")
    assert built.finish_reason == "stop"
    assert built.counts is not None
    assert (built.counts.input, built.counts.output) == (10, 5)


@every_wire_with_tools
async def test_parallel_tool_calls_come_apart(wire: Wire) -> None:
    # Anthropic names the reason itself; the others say stop or nothing, and the calls tell.
    end = wire.end
    if wire.dialect == "anthropic_messages":
        end = [piece.replace(b"end_turn", b"tool_use") for piece in end]
    built = await complete(wire, *wire.tools, *end)
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls()] == [
        ("a", "f", ARGUMENTS[0]),
        ("b", "g", ARGUMENTS[1]),
    ]
    heard = built.listener
    assert isinstance(heard, RecordingListener)
    for index, (call_id, name) in enumerate((("a", "f"), ("b", "g"))):
        told = [event for event in heard.events if event[:2] == ("toolCall", index)]
        # Its id and name once, in its first piece, and its arguments whole.
        assert [event[2:4] for event in told if event[2] or event[3]] == [(call_id, name)]
        assert json.loads("".join(event[4] for event in told)) == ARGUMENTS[index]
    assert built.finish_reason == "toolCalls"


@every_wire
async def test_an_error_inside_the_answer_keeps_what_came_and_tells_no_key(wire: Wire) -> None:
    built = answer()
    pool = StubPool(lambda _: reply(*wire.text("half"), *wire.error))
    with pytest.raises(RequestFailed, match="overloaded") as failed:
        await HttpCompleter(wire.format, ProviderClient(pool)).complete(asked(wire), built)  # type: ignore[arg-type]
    assert failed.value.kind == "provider_unavailable"
    assert CANARY not in failed.value.message
    assert built.whole_text() == "half"


@every_wire
@pytest.mark.parametrize("begun", [True, False])
async def test_an_answer_that_breaks_off_is_never_taken_for_whole(wire: Wire, begun: bool) -> None:
    with pytest.raises(RequestFailed) as failed:
        await complete(wire, *(wire.text("half") if begun else []))
    assert failed.value.kind == "stream_interrupted"
    assert failed.value.retryable


@every_wire
@pytest.mark.parametrize(("status", "kind"), [(401, "auth_rejected"), (404, "model_not_found"), (429, "rate_limited"), (500, "provider_unavailable")])  # fmt: skip
async def test_a_refusal_is_told_in_the_contracts_words(wire: Wire, status: int, kind: str) -> None:
    with pytest.raises(RequestFailed) as failed:
        await complete(wire, b'{"error":{"message":"model trouble"}}', status=status)
    assert (failed.value.kind, failed.value.http_status, failed.value.provider) == (kind, status, "acme")


@every_wire
@pytest.mark.parametrize(
    "body", [b"<html><body>Gateway</body></html>", b"not an answer at all\n\n", b"\x00\x01\x02", b"[]"]
)
async def test_what_is_no_answer_is_never_taken_for_one(wire: Wire, body: bytes) -> None:
    with pytest.raises(RequestFailed) as failed:
        await complete(wire, body)
    assert failed.value.kind in ("invalid_response", "stream_interrupted", "provider_unavailable")


@every_wire
async def test_what_the_format_cannot_carry_is_refused_before_anything_is_sent(wire: Wire) -> None:
    pool = StubPool(lambda _: reply(b""))
    completer = HttpCompleter(wire.format, ProviderClient(pool))  # type: ignore[arg-type]
    with pytest.raises(InvalidParams):
        await completer.complete(asked(wire, parameters={wire.unsupported: 1}), answer())
    assert pool.requests == []


@every_wire
async def test_cancelling_closes_the_connection(wire: Wire) -> None:
    closed = anyio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            for piece in wire.text("half"):
                yield piece
            await anyio.sleep_forever()
        finally:
            closed.set()

    built = answer()
    pool = StubPool(lambda _: httpx2.Response(200, content=endless()))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(HttpCompleter(wire.format, ProviderClient(pool)).complete, asked(wire), built)  # type: ignore[arg-type]
        await anyio.wait_all_tasks_blocked()
        assert built.begun
        tasks.cancel_scope.cancel()
    assert closed.is_set()


@every_wire
async def test_a_real_server_is_answered_without_blocking_the_event_loop(wire: Wire) -> None:
    received: list[Received] = []

    def behave(request: Received) -> Reply:
        received.append(request)
        return Reply(chunks=[*wire.text("Hel", "lo"), *wire.end])

    pool = HttpPool()
    with LocalServer(behave) as server:
        call = asked(wire, server.url, tools=(tool(),) if wire.tools else ())
        completer = await DialectTable(lambda: ProviderClient(pool)).get(call.endpoint)
        await pool.client(server.url)
        built = answer()
        with blockbuster_ctx("modelport"):
            await completer.complete(call, built)
        assert built.whole_text() == "Hello"
        # Gemini and Bedrock are asked for a stream by the path.
        by_path = "alt=sse" in received[0].path or received[0].path.endswith("-stream")
        assert json.loads(received[0].body).get("stream", by_path) is True
        # The connection is kept for the next one.
        await completer.complete(asked(wire, server.url), answer())
        await pool.aclose()


async def test_the_mock_keeps_the_same_promises() -> None:
    completer: Completer = Mock()
    built = answer()
    mock = endpoint(row("mock", dialect="mock"))
    await completer.complete(call(user("naïve 東京 😀"), endpoint=mock, model="mock:think"), built)
    heard = built.listener
    assert isinstance(heard, RecordingListener)
    assert built.whole_text() == heard.said("text") == "You said: naïve 東京 😀"
    assert built.finish_reason == "stop"
    assert built.counts is not None


async def test_silence_listens_and_never_holds_up() -> None:
    silence = NullListener()
    for tell in (
        lambda: silence.text("x"),
        lambda: silence.reasoning("x"),
        lambda: silence.tool_call(0, "i", "n", "a"),
        lambda: silence.attempt("p", "m", "tls"),
    ):
        assert tell() is None
    assert not silence.congested
    with anyio.fail_after(1):
        await silence.drained()
