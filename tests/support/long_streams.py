"""Streams of any length in every format, each of events of one kind, to see what an event costs in a long one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from support.event_stream import event as aws_event

PIECE = "one two three four five. " * 8
CHUNK_SIZE = 16 * 1024
TOOL = "get_weather"

Event = Any
"""The JSON value of an event; for Bedrock the event's name and its value."""
Kind = Callable[[int], Event | list[Event]]
"""The event or the events at a position in the stream."""


def _chat(finish: str | None = None, **delta: Any) -> Event:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _chat_call(index: int | None, call_id: str | None, arguments: str, name: str | None = TOOL) -> Event:
    function = {"name": name, "arguments": arguments}
    return _chat(tool_calls=[{"index": index, "id": call_id, "function": function}])


def _with_message(event: Event) -> Event:
    """The event with a message as well, as some servers end an answer."""
    event["choices"][0]["message"] = {"content": PIECE, "reasoning_content": PIECE}
    return event


def _item(kind: str, position: int, **item: Any) -> Event:
    return {"type": f"response.output_item.{kind}", "output_index": position, "item": item}


def _block(position: int, **block: Any) -> Event:
    return {"type": "content_block_start", "index": position, "content_block": block}


def _delta(position: int, **delta: Any) -> Event:
    return {"type": "content_block_delta", "index": position, "delta": delta}


def _parts(*parts: Any, **candidate: Any) -> Event:
    return {"candidates": [{"content": {"parts": list(parts)}, **candidate}]}


def _cohere(kind: str, position: int, **message: Any) -> Event:
    return {"type": kind, "index": position, "delta": {"message": message}}


def _aws(name: str, position: int, **value: Any) -> Event:
    return (f"contentBlock{name}", {"contentBlockIndex": position, name.lower(): value})


def _opens(first: Event, more: Event) -> Kind:
    """A kind whose stream begins with another event."""
    return lambda at: more if at else [first, more]


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "openai_chat": {
        "text": lambda _: _chat(content=PIECE),
        "reasoning": lambda _: _chat(reasoning_content=PIECE),
        "reasoning details": lambda _: _chat(reasoning_details=[{"type": "reasoning.text", "index": 0, "text": PIECE}]),
        "opaque reasoning": lambda _: _chat(reasoning_opaque=PIECE),
        "tool calls": lambda at: _chat_call(at, f"call_{at}", "{}"),
        "tool calls under one id": lambda at: _chat_call(at, "call", "{}"),
        "tool calls without an id": lambda at: _chat_call(at, None, "{}"),
        "arguments": _opens(_chat_call(0, "a", "{"), _chat_call(0, None, PIECE, None)),
        "repeated names": _opens(_chat_call(0, "a", '{"text": "'), _chat_call(0, "a", PIECE)),
        "repeated names, other ids": lambda at: _chat_call(0, f"call_{at}", "" if at % 2 else '{"a":'),
        "repeated names, closed arguments": lambda at: _chat_call(None, f"call_{at // 2}", '"}{"'),
        "repeated reasons": lambda at: [_chat_call(at, f"call_{at}", "{}"), _chat("stop", reasoning_content=PIECE)],
        "repeated names, openings": _opens(_chat_call(0, "a", '{"text": "'), _chat_call(0, "a", "{ " + PIECE)),
        "whole messages": lambda _: _with_message(_chat("stop", content=PIECE, reasoning_content=PIECE)),
        "usage": lambda at: _chat(content="a") | {"usage": {"prompt_tokens": 5, "completion_tokens": at + 1}},
    },
    "openai_completions": {
        "text": lambda _: {"choices": [{"index": 0, "text": PIECE}]},
        "repeated reasons": lambda _: {"choices": [{"index": 0, "text": PIECE, "finish_reason": "stop"}]},
    },
    "openai_responses": {
        "text": lambda _: {"type": "response.output_text.delta", "output_index": 0, "delta": PIECE},
        "reasoning": lambda _: {"type": "response.reasoning_text.delta", "output_index": 0, "delta": PIECE},
        "whole reasoning": lambda at: _item("done", at, type="reasoning", id=f"r{at}", encrypted_content=PIECE),
        "messages": lambda at: _item("done", at, type="message", id=f"m{at}", content=[{"text": PIECE}]),
        "tool calls": lambda at: _item("done", at, type="function_call", call_id=f"c{at}", name=TOOL, arguments="{}"),
        "tool calls under one id": lambda at: _item(
            "done", at, type="function_call", call_id="c", name=TOOL, arguments="{}"
        ),
        "arguments": _opens(
            _item("added", 0, type="function_call", call_id="a", name=TOOL),
            {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": PIECE},
        ),
        "repeated names": lambda _: _item("added", 0, type="function_call", call_id="a", name=TOOL),
    },
    "anthropic_messages": {
        "text": lambda _: _delta(0, type="text_delta", text=PIECE),
        "reasoning": lambda _: _delta(0, type="thinking_delta", thinking=PIECE),
        "signatures": lambda _: _delta(0, type="signature_delta", signature=PIECE),
        "signed reasoning": lambda at: [
            _block(at, type="thinking", thinking=PIECE, signature="abc"),
            {"type": "content_block_stop", "index": at},
        ],
        "tool calls": lambda at: _block(at, type="tool_use", id=f"call_{at}", name=TOOL, input={"a": 1}),
        "tool calls under one id": lambda at: _block(at, type="tool_use", id="call", name=TOOL, input={"a": 1}),
        "arguments": _opens(
            _block(0, type="tool_use", id="a", name=TOOL, input={}),
            _delta(0, type="input_json_delta", partial_json=PIECE),
        ),
        "repeated names": lambda _: _block(0, type="tool_use", id="a", name=TOOL, input={}),
        "repeated reasons": lambda at: [
            _block(at, type="tool_use", id=f"call_{at}", name=TOOL, input={}),
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": at + 1}},
        ],
    },
    "gemini": {
        "text": lambda _: _parts({"text": PIECE}),
        "reasoning": lambda _: _parts({"text": PIECE, "thought": True}),
        "signed text": lambda _: _parts({"text": PIECE, "thoughtSignature": "abc"}),
        "tool calls": lambda at: _parts({"functionCall": {"name": TOOL, "args": {}, "id": f"call_{at}"}}),
        "tool calls under one id": lambda _: _parts({"functionCall": {"name": TOOL, "args": {}, "id": "call"}}),
        "tool calls without an id": lambda _: _parts({"functionCall": {"name": TOOL, "args": {}}}),
        "text and tool calls": lambda _: _parts({"text": PIECE}, {"functionCall": {"name": TOOL, "args": {}}}),
        "repeated reasons": lambda _: _parts({"text": PIECE}, finishReason="STOP"),
    },
    "cohere_chat": {
        "text": lambda _: _cohere("content-delta", 0, content={"text": PIECE}),
        "reasoning": lambda _: _cohere("content-delta", 0, content={"thinking": PIECE}),
        "plan": lambda _: _cohere("tool-plan-delta", 0, tool_plan=PIECE),
        "tool calls": lambda at: _cohere(
            "tool-call-start", at, tool_calls={"id": f"call_{at}", "function": {"name": TOOL, "arguments": "{}"}}
        ),
        "arguments": _opens(
            _cohere("tool-call-start", 0, tool_calls={"id": "a", "function": {"name": TOOL, "arguments": ""}}),
            _cohere("tool-call-delta", 0, tool_calls={"function": {"arguments": PIECE}}),
        ),
        "repeated names": lambda _: _cohere(
            "tool-call-start", 0, tool_calls={"id": "a", "function": {"name": TOOL, "arguments": PIECE}}
        ),
    },
    "ollama": {
        "text": lambda _: {"message": {"content": PIECE}, "done": False},
        "reasoning": lambda _: {"message": {"thinking": PIECE}, "done": False},
        "tool calls": lambda _: {"message": {"tool_calls": [{"function": {"name": TOOL, "arguments": {}}}]}},
        "text and tool calls": lambda _: {
            "message": {"content": PIECE, "tool_calls": [{"id": "a", "function": {"name": TOOL, "arguments": {}}}]}
        },
    },
    "bedrock_converse": {
        "text": lambda _: _aws("Delta", 0, text=PIECE),
        "reasoning": lambda _: _aws("Delta", 0, reasoningContent={"text": PIECE}),
        "signatures": lambda _: _aws("Delta", 0, reasoningContent={"signature": PIECE}),
        "redacted reasoning": lambda _: _aws("Delta", 0, reasoningContent={"redactedContent": "QUJD" * 50}),
        "signed reasoning": lambda at: [
            _aws("Delta", at, reasoningContent={"text": PIECE, "signature": "abc"}),
            ("contentBlockStop", {"contentBlockIndex": at}),
        ],
        "tool calls": lambda at: _aws("Start", at, toolUse={"toolUseId": f"call_{at}", "name": TOOL, "input": {"a": 1}}),
        "arguments": _opens(
            _aws("Start", 0, toolUse={"toolUseId": "a", "name": TOOL}), _aws("Delta", 0, toolUse={"input": PIECE})
        ),
        "repeated names": lambda _: _aws("Start", 0, toolUse={"toolUseId": "a", "name": TOOL}),
    },
}  # fmt: skip
"""Kinds of events by format. ``mixed`` adds one to each that has both text and tool calls."""
MIXED = "text, then tool calls"
ENDS: Mapping[str, list[Event]] = {
    "openai_chat": [_chat("stop")],
    "openai_completions": [{"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}],
    "openai_responses": [{"type": "response.completed", "response": {"status": "completed"}}],
    "anthropic_messages": [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}],
    "gemini": [_parts({"text": "."}, finishReason="STOP")],
    "cohere_chat": [{"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}],
    "ollama": [{"message": {"content": ""}, "done": True, "done_reason": "stop"}],
    "bedrock_converse": [("messageStop", {"stopReason": "end_turn"}), ("metadata", {"usage": {}})],
}
CASES = [(dialect, kind) for dialect, kinds in KINDS.items() for kind in kinds] + [
    (dialect, MIXED) for dialect, kinds in KINDS.items() if "tool calls" in kinds
]


def chunks(dialect: str, kind: str, length: int) -> list[bytes]:
    """A whole reply with so many events of a kind, in chunks as they come from the network."""
    ends = b"".join(_framed(dialect, event) for event in ENDS[dialect])
    body = section(dialect, kind, 0, length, length) + ends
    return [body[start : start + CHUNK_SIZE] for start in range(0, len(body), CHUNK_SIZE)]


def section(dialect: str, kind: str, start: int, end: int, length: int) -> bytes:
    """The events from one position to another in a stream of so many."""
    return b"".join(_framed(dialect, event) for at in range(start, end) for event in _events(dialect, kind, at, length))


def _events(dialect: str, kind: str, position: int, length: int) -> Iterator[Event]:
    if kind == MIXED:
        kind = "text" if position < length / 2 else "tool calls"
    made = KINDS[dialect][kind](position)
    yield from made if isinstance(made, list) else [made]


def _framed(dialect: str, event: Event) -> bytes:
    if dialect == "bedrock_converse":
        return aws_event(*event)
    data = json.dumps(event).encode()
    return data + b"\n" if dialect == "ollama" else b"data: " + data + b"\n\n"
