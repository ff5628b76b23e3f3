"""Completers: the deltas of tool calls belong to the calls that they name, in every format that has deltas of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.cohere.chat import CohereChat
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.adapters.dialects.table import load_wire_format
from modelport.domain.completions.call import Answer
from support.builders import answer, call

Index = int | str | None
"""An index; None for null, "" for none at all."""


def placed(name: str, index: Index) -> dict[str, Any]:
    return {} if index == "" else {name: index}


class Chat:
    format = OpenAIChat()

    def begin(self, index: Index, call_id: str, name: str, arguments: str = "") -> tuple[bytes, Any]:
        return self._event(index, id=call_id, function={"name": name, "arguments": arguments})

    def more(self, index: Index, arguments: str) -> tuple[bytes, Any]:
        return self._event(index, function={"arguments": arguments})

    def text(self, text: str) -> tuple[bytes, Any]:
        return b"", {"choices": [{"delta": {"content": text}}]}

    def _event(self, index: Index, **fields: Any) -> tuple[bytes, Any]:
        return b"", {"choices": [{"delta": {"tool_calls": [placed("index", index) | fields]}}]}


class Responses:
    format = OpenAIResponses()

    def begin(self, index: Index, call_id: str, name: str, arguments: str = "") -> tuple[bytes, Any]:
        item = {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        kind = "done" if arguments else "added"
        return b"", {"type": f"response.output_item.{kind}", "item": item} | placed("output_index", index)

    def more(self, index: Index, arguments: str) -> tuple[bytes, Any]:
        event = {"type": "response.function_call_arguments.delta", "delta": arguments}
        return b"", event | placed("output_index", index)

    def text(self, text: str) -> tuple[bytes, Any]:
        return b"", {"type": "response.output_text.delta", "output_index": 9, "delta": text}


class Anthropic:
    format = AnthropicMessages()

    def begin(self, index: Index, call_id: str, name: str, arguments: str = "") -> tuple[bytes, Any]:
        block = {"type": "tool_use", "id": call_id, "name": name, "input": json.loads(arguments or "{}")}
        return b"", {"type": "content_block_start", "content_block": block} | placed("index", index)

    def more(self, index: Index, arguments: str) -> tuple[bytes, Any]:
        delta = {"type": "input_json_delta", "partial_json": arguments}
        return b"", {"type": "content_block_delta", "delta": delta} | placed("index", index)

    def text(self, text: str) -> tuple[bytes, Any]:
        return b"", {"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": text}}


class Bedrock:
    format = BedrockConverse()

    def begin(self, index: Index, call_id: str, name: str, arguments: str = "") -> tuple[bytes, Any]:
        use: dict[str, Any] = {"toolUseId": call_id, "name": name} | (
            {"input": json.loads(arguments)} if arguments else {}
        )
        return b"contentBlockStart", {"start": {"toolUse": use}} | placed("contentBlockIndex", index)

    def more(self, index: Index, arguments: str) -> tuple[bytes, Any]:
        return b"contentBlockDelta", {"delta": {"toolUse": {"input": arguments}}} | placed("contentBlockIndex", index)

    def text(self, text: str) -> tuple[bytes, Any]:
        return b"contentBlockDelta", {"contentBlockIndex": 9, "delta": {"text": text}}


class Cohere:
    format = CohereChat()

    def begin(self, index: Index, call_id: str, name: str, arguments: str = "") -> tuple[bytes, Any]:
        return self._event("start", index, id=call_id, function={"name": name, "arguments": arguments})

    def more(self, index: Index, arguments: str) -> tuple[bytes, Any]:
        return self._event("delta", index, function={"arguments": arguments})

    def text(self, text: str) -> tuple[bytes, Any]:
        return b"", {"type": "content-delta", "index": 9, "delta": {"message": {"content": {"text": text}}}}

    def _event(self, kind: str, index: Index, **fields: Any) -> tuple[bytes, Any]:
        return b"", {"type": f"tool-call-{kind}", "delta": {"message": {"tool_calls": fields}}} | placed("index", index)


WIRES = [Chat(), Responses(), Anthropic(), Bedrock(), Cohere()]
every_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: type(wire).__name__)
A, B = ("a", "f", {"x": 1}), ("b", "g", {"y": 2})


def decoded(wire: Any, *events: tuple[bytes, Any]) -> Answer:
    built = answer()
    decoder = wire.format.decoder(call(), built)
    for name, event in events:
        decoder.event(name, json.dumps(event).encode())
    return built


def calls(wire: Any, *events: tuple[bytes, Any]) -> list[tuple[str, str, Any]]:
    made = decoded(wire, *events).tool_calls()
    return [(c.id, c.name, c.arguments if c.arguments is not None else c.arguments_text) for c in made]


@every_wire
@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 5), (5, 1), ("0", "1"), (0.0, 1.0)])
def test_an_index_that_is_given_counts(wire: Any, first: Index, second: Index) -> None:
    begun = [wire.begin(first, "a", "f"), wire.begin(second, "b", "g")]
    deltas = [wire.more(first, '{"x"'), wire.more(second, '{"y"'), wire.more(first, ":1}"), wire.more(second, ":2}")]
    assert calls(wire, *begun, *deltas) == [A, B]


@every_wire
@pytest.mark.parametrize("index", ["", None, {}, "odd"])
@pytest.mark.parametrize("later", ["", None, {}])
def test_without_an_index_a_delta_belongs_to_the_latest_call(wire: Any, index: Any, later: Any) -> None:
    first = [wire.begin(index, "a", "f"), wire.more(later, '{"x"'), wire.more(later, ":1}")]
    second = [wire.begin(index, "b", "g"), wire.more(later, '{"y":2}')]
    assert calls(wire, *first, wire.text("Hm."), *second) == [A, B]


@every_wire
def test_an_index_may_be_missing_in_the_deltas_only(wire: Any) -> None:
    events = [wire.begin(0, "a", "f"), wire.more("", '{"x":1}'), wire.begin(1, "b", "g"), wire.more("", '{"y":2}')]
    assert calls(wire, *events) == [A, B]


# In the others what has an index of its own is a call of its own.
@pytest.mark.parametrize("wire", [Anthropic(), Bedrock(), Cohere()], ids=lambda wire: type(wire).__name__)
def test_an_index_may_be_missing_where_a_call_begins_only(wire: Any) -> None:
    events = [wire.begin("", "a", "f"), wire.more(0, '{"x":1}'), wire.begin("", "b", "g"), wire.more(1, '{"y":2}')]
    assert calls(wire, *events) == [A, B]


@every_wire
def test_calls_that_come_whole_under_one_index_or_none(wire: Any) -> None:
    for index in (0, "", None) if not isinstance(wire, Responses) else ("", None):
        assert calls(wire, wire.begin(index, "a", "f", '{"x":1}'), wire.begin(index, "b", "g", '{"y":2}')) == [A, B]


@every_wire
def test_a_call_that_begins_twice_is_one(wire: Any) -> None:
    events = [wire.begin(0, "a", "f"), wire.begin(0, "a", "f"), wire.more(0, '{"x":1}')]
    assert calls(wire, *events) == [A]


@every_wire
def test_two_calls_under_one_id_are_told_apart(wire: Any) -> None:
    events = [wire.begin(0, "a", "f"), wire.more(0, '{"x":1}'), wire.begin(1, "a", "g"), wire.more(1, '{"y":2}')]
    assert calls(wire, *events) == [A, ("a_1", "g", {"y": 2})]


def test_arguments_that_come_whole_and_again_in_deltas_come_once() -> None:
    wire = Anthropic()
    assert calls(wire, wire.begin(0, "a", "f", '{"x":1}'), wire.more(0, '{"x":'), wire.more(0, "1}")) == [A]


def test_the_arguments_of_a_service_s_own_tool_belong_to_no_call() -> None:
    wire = Anthropic()
    served = {"type": "content_block_start", "index": 1, "content_block": {"type": "server_tool_use", "id": "s"}}
    assert calls(wire, wire.begin(0, "a", "f"), (b"", served), wire.more(1, "{}"), wire.more(0, '{"x":1}')) == [A]


ENCODED = '"{\\"x\\":1}"'


@pytest.mark.parametrize(
    ("dialect", "reply"),
    [
        ("anthropic_messages", {"type": "message", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": '{"x":1}'}], "stop_reason": "tool_use"}),
        ("bedrock_converse", {"output": {"message": {"content": [{"toolUse": {"toolUseId": "a", "name": "f", "input": '{"x":1}'}}]}}, "stopReason": "tool_use"}),
        ("gemini", {"candidates": [{"content": {"parts": [{"functionCall": {"id": "a", "name": "f", "args": '{"x":1}'}}]}}]}),
        ("openai_chat", {"choices": [{"message": {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": ENCODED}}]}}]}),
        ("openai_responses", {"status": "completed", "output": [{"type": "function_call", "call_id": "a", "name": "f", "arguments": ENCODED}]}),
        ("cohere_chat", {"message": {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": ENCODED}}]}}),
        ("ollama", {"message": {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": '{"x":1}'}}]}, "done": True}),
    ],
)  # fmt: skip
def test_arguments_may_be_the_text_of_an_object(dialect: Any, reply: Any) -> None:
    built = answer()
    load_wire_format(dialect).decoder(call(), built).whole(json.dumps(reply).encode())
    assert [(made.id, made.name, made.arguments) for made in built.tool_calls()] == [A]


@pytest.mark.parametrize(
    ("deltas", "made"),
    [
        # The same id and name for each, and calls that differ in nothing but their arguments.
        ([("a", "f", '{"x":1}'), ("a", "f", '{"x":2}')], [("a", {"x": 1}), ("a_1", {"x": 2})]),
        # All arguments once more at the end, with and without the name.
        ([("a", "f", '{"x"'), (None, None, ":1}"), ("a", "f", '{"x":1}')], [("a", {"x": 1})]),
        ([("a", "f", '{"x":'), (None, None, "1}"), (None, None, '{"x":1}')], [("a", {"x": 1})]),
        # An empty object before the arguments, as of Claude's first event.
        ([("a", "f", "{}"), (None, None, '{"x"'), (None, None, ":1}")], [("a", {"x": 1})]),
        ([("a", "f", "{}"), ("a", "f", '{"x":1}')], [("a", {"x": 1})]),
        ([("a", "f", "{}")], [("a", {})]),
    ],
)
def test_arguments_that_come_twice_or_behind_none(deltas: list[Any], made: list[Any]) -> None:
    wire = Chat()
    events = [wire.more(0, arguments) if name is None else wire.begin(0, call_id, name, arguments) for call_id, name, arguments in deltas]  # fmt: skip
    assert [(one.id, one.arguments) for one in decoded(wire, *events).tool_calls()] == made


def test_arguments_under_another_number_belong_to_the_call_that_has_none() -> None:
    wire = Chat()
    assert calls(wire, wire.begin(3, "a", "f"), wire.more(0, '{"x"'), wire.more(0, ":1}")) == [A]


def test_two_calls_of_one_chunk_under_one_number_are_two() -> None:
    two = [{"index": 0, "id": name, "function": {"name": "f"}} for name in "ab"]
    events = [(b"", {"choices": [{"delta": {"tool_calls": two}}]})]
    assert calls(Chat(), *events) == [("a", "f", {}), ("b", "f", {})]


@pytest.mark.parametrize("wire", [Anthropic(), Bedrock(), Cohere()], ids=lambda wire: type(wire).__name__)
def test_calls_without_ids_under_one_number_are_told_apart_by_their_arguments(wire: Any) -> None:
    events = [wire.begin(0, "", "f"), wire.more(0, '{"x":1}'), wire.begin(0, "", "g"), wire.more(0, '{"y":2}')]
    assert [(name, arguments) for _, name, arguments in calls(wire, *events)] == [A[1:], B[1:]]
    again = [wire.begin(0, "", "f"), wire.begin(0, "", "f"), wire.more(0, '{"x":1}')]
    assert [(name, arguments) for _, name, arguments in calls(wire, *again)] == [A[1:]]


def test_gemini_calls_under_one_id_are_told_apart_with_their_signatures() -> None:
    parts = [{"functionCall": {"id": "a", "name": name}, "thoughtSignature": f"sig-{name}"} for name in "fg"]
    built = answer()
    load_wire_format("gemini").decoder(call(), built).event(
        b"", json.dumps({"candidates": [{"content": {"parts": parts}}]}).encode()
    )
    first, second = built.tool_calls()
    assert first.id == "a" != second.id
    marks = built.whole_state()["parts"]
    assert [(mark["call"], mark["signature"], mark.get("named", False)) for mark in marks] == [
        ("a", "sig-f", True), (second.id, "sig-g", False)
    ]  # fmt: skip
