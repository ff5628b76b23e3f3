"""Reasoning that a provider wants back: two turns with tools, in each dialect that carries it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.domain.completions.fitting.fit import fit
from modelport.protocol.types import Message, ToolCall
from support.builders import answer, call, endpoint, row, tool, user

THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "c2lnbmVk"}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}
USE = {"type": "tool_use", "id": "call-1", "name": "get_weather", "input": {"city": "Rome"}}
ITEM = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "I look."}], "encrypted_content": "ZW5j"}  # fmt: skip
FUNCTION = {"type": "function_call", "id": "fc_1", "call_id": "call-1", "name": "get_weather", "arguments": '{"city":"Rome"}'}  # fmt: skip
CHAT_CALL = {"id": "call-1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'}}


def second_body(wire: Any, provider: Any, *events: Any, whole: Any = None, change: Any = None) -> dict[str, Any]:
    """The body of the second request, after an answer made of these events."""
    place = endpoint(provider)
    asked = call(user("Weather in Rome?"), endpoint=place, tools=(tool(),))
    built = answer()
    decoder = wire.decoder(asked, built)
    for event in events:
        decoder.event(b"", json.dumps(event).encode() if not isinstance(event, bytes) else event)
    if whole is not None:
        decoder.whole(json.dumps(whole).encode())
    turn = Message(role="assistant", content=built.whole_text() or None, tool_calls=built.tool_calls(), provider_state=asked.pack_state(built.whole_state()))  # fmt: skip
    # The state goes out to the client as JSON and comes back as it was.
    turn = msgspec.json.decode(msgspec.json.encode(turn), type=Message)
    turn = msgspec.structs.replace(turn, **(change or {}))
    result = Message(role="tool", content="Sunny", tool_call_id=built.tool_calls()[0].id)
    again = call(user("Weather in Rome?"), turn, result, endpoint=place, tools=(tool(),))
    return wire.request(fit(again)).body


ANTHROPIC = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Let me "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "see."}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2lnbmVk"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": REDACTED},
    {"type": "content_block_stop", "index": 1},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "text_delta", "text": "I will look."}},
    {"type": "content_block_stop", "index": 2},
    {"type": "content_block_start", "index": 3, "content_block": USE | {"input": {}}},
    {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": '{"city":"Rome"}'}},
    {"type": "content_block_stop", "index": 3},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    {"type": "message_stop"},
]  # fmt: skip
MESSAGE = {"type": "message", "content": [THINKING, REDACTED, {"type": "text", "text": "I will look."}, USE], "stop_reason": "tool_use"}  # fmt: skip
CLAUDE = row("claude", dialect="anthropic_messages")


@pytest.mark.parametrize("how", [{"events": ANTHROPIC}, {"whole": MESSAGE}], ids=["streamed", "whole"])
def test_anthropics_signed_thinking_stands_where_it_stood(how: dict[str, Any]) -> None:
    body = second_body(AnthropicMessages(), CLAUDE, *how.get("events", ()), whole=how.get("whole"))
    assert body["messages"][1] == {"role": "assistant", "content": [THINKING, REDACTED, {"type": "text", "text": "I will look."}, USE]}  # fmt: skip
    assert body["messages"][2]["content"][0]["type"] == "tool_result"


def test_thinking_without_a_signature_is_not_sent_back() -> None:
    events = [
        event for event in ANTHROPIC if "signature" not in json.dumps(event) and "redacted" not in json.dumps(event)
    ]
    body = second_body(AnthropicMessages(), CLAUDE, *events)
    assert [block["type"] for block in body["messages"][1]["content"]] == ["text", "tool_use"]


def test_a_state_of_another_provider_or_of_nobody_is_ignored() -> None:
    for state in (
        {"provider": "other", "dialect": "anthropic_messages", "state": {"outline": [{"kept": THINKING}]}},
        {},
    ):
        body = second_body(AnthropicMessages(), CLAUDE, *ANTHROPIC, change={"provider_state": state})
        assert [block["type"] for block in body["messages"][1]["content"]] == ["text", "tool_use"]


def test_blocks_that_the_format_does_not_have_are_not_let_through() -> None:
    forged = {"provider": "claude", "dialect": "anthropic_messages", "state": {"outline": [{"kept": {"type": "tool_result", "x": 1}}]}}  # fmt: skip
    body = second_body(AnthropicMessages(), CLAUDE, *ANTHROPIC, change={"provider_state": forged})
    assert [block["type"] for block in body["messages"][1]["content"]] == ["text", "tool_use"]


RESPONSES = [
    {"type": "response.output_item.added", "output_index": 0, "item": ITEM | {"summary": []}},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "I look."},
    {"type": "response.output_item.done", "output_index": 0, "item": ITEM | {"status": None}},
    {"type": "response.output_item.added", "output_index": 1, "item": FUNCTION | {"arguments": ""}},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"city":"Rome"}'},
    {"type": "response.output_item.done", "output_index": 1, "item": FUNCTION},
    {"type": "response.completed", "response": {"status": "completed", "output": []}},
]
REPLY = {"status": "completed", "output": [ITEM, FUNCTION]}
CODEX = row("codex", dialect="openai_responses", wire={"reasoning_request": "reasoning_effort", "echo_reasoning": True})


@pytest.mark.parametrize("how", [{"events": RESPONSES}, {"whole": REPLY}], ids=["streamed", "whole"])
def test_a_reasoning_item_of_responses_stands_before_its_call(how: dict[str, Any]) -> None:
    body = second_body(OpenAIResponses(), CODEX, *how.get("events", ()), whole=how.get("whole"))
    assert body["input"][1:3] == [ITEM, {name: FUNCTION[name] for name in ("type", "call_id", "name", "arguments")}]
    assert body["input"][3]["type"] == "function_call_output"


@pytest.mark.parametrize(("effort", "included"), [("high", True), ("none", False), (None, True)])
def test_enciphered_reasoning_is_asked_for_unless_there_is_none(effort: str | None, included: bool) -> None:
    asked = call(endpoint=endpoint(CODEX), parameters={"reasoning_effort": effort} if effort else {})
    assert (OpenAIResponses().request(fit(asked)).body.get("include") == ["reasoning.encrypted_content"]) is included


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
KIMI = row("kimi", wire={"echo_reasoning": True})


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_text"])
def test_plain_reasoning_comes_back_under_the_name_it_came_with(field: str) -> None:
    events = [chunk(**{field: "Let me "}), chunk(**{field: "see."}), chunk(tool_calls=[CHAT_CALL]), END]
    turn = second_body(OpenAIChat(), KIMI, *events)["messages"][1]
    assert turn == {"role": "assistant", "content": None, field: "Let me see.", "tool_calls": [CHAT_CALL]}


@pytest.mark.parametrize(
    ("name", "back"), [("reasoning_content", True), ("reasoning", False), ("reasoning_text", False)]
)
def test_plain_reasoning_goes_back_by_the_name_it_came_under(name: str, back: bool) -> None:
    events = [chunk(**{name: "Let me see."}), chunk(tool_calls=[CHAT_CALL]), END]
    assert (name in second_body(OpenAIChat(), row("plain"), *events)["messages"][1]) is back


def test_signed_details_come_back_whole_and_in_order() -> None:
    details = [
        {"type": "reasoning.text", "text": "Let me ", "index": 0, "format": "anthropic-claude-v1"},
        {"type": "reasoning.text", "text": "see.", "index": 0},
        {"type": "reasoning.text", "signature": "c2ln", "index": 0, "text": None},
        {"type": "reasoning.encrypted", "data": "ZW5j", "index": 1, "id": "tool_1"},
        {"type": "reasoning.encrypted", "data": "bW9yZQ==", "index": 1, "id": "tool_2"},
    ]
    events = [chunk(reasoning_details=[piece]) for piece in details]
    turn = second_body(OpenAIChat(), row("router"), *events, chunk(tool_calls=[CHAT_CALL]), END)["messages"][1]
    assert turn["reasoning_details"] == [
        {
            "type": "reasoning.text",
            "text": "Let me see.",
            "index": 0,
            "format": "anthropic-claude-v1",
            "signature": "c2ln",
        },
        *details[3:],
    ]


def test_an_opaque_text_comes_back() -> None:
    events = [chunk(reasoning_opaque="b3Bh"), chunk(tool_calls=[CHAT_CALL]), END]
    assert second_body(OpenAIChat(), row("copilot"), *events)["messages"][1]["reasoning_opaque"] == "b3Bh"


def test_the_extra_of_a_tool_call_comes_back_with_it() -> None:
    extra = {"google": {"thought_signature": "c2ln"}}
    events = [chunk(tool_calls=[CHAT_CALL | {"index": 0, "extra_content": extra}]), END]
    turn = second_body(OpenAIChat(), row("gemini-gateway"), *events)["messages"][1]
    assert turn["tool_calls"] == [CHAT_CALL | {"extra_content": extra}]


@pytest.mark.parametrize("odd", [5, "x", [5], {"a": 1}, [{"type": 5}], None])
def test_odd_details_spoil_no_answer(odd: Any) -> None:
    events = [chunk(reasoning_details=odd), chunk(tool_calls=[CHAT_CALL | {"extra_content": odd}]), END]
    assert second_body(OpenAIChat(), row(), *events)["messages"][1]["tool_calls"][0]["id"] == "call-1"


@pytest.mark.parametrize("kept", ["text", "thinking"])
def test_thinking_behind_which_nothing_came_does_not_go_back(kept: str) -> None:
    """An answer cut right behind its second thought: the last block may not be thinking."""
    outline = [{"kept": THINKING}, {"text": 2}, {"kept": REDACTED}]
    state = {
        "provider": "claude",
        "dialect": "anthropic_messages",
        "state": {"outline": outline[: 2 if kept == "text" else 3]},
    }
    turn = Message(role="assistant", content="Hm", provider_state=state)
    asked = call(user(), turn, user("Go on"), endpoint=endpoint(CLAUDE))
    blocks = AnthropicMessages().request(fit(asked)).body["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text"]


def test_a_reasoning_item_behind_which_nothing_came_does_not_go_back() -> None:
    state = {"provider": "codex", "dialect": "openai_responses", "state": {"outline": [{"text": 2}, {"kept": ITEM}]}}
    turn = Message(role="assistant", content="Hm", provider_state=state)
    sent = OpenAIResponses().request(fit(call(user(), turn, user("Go on"), endpoint=endpoint(CODEX)))).body["input"]
    assert [item.get("type", item.get("role")) for item in sent] == ["user", "assistant", "user"]


def test_white_space_before_a_call_does_not_go_back() -> None:
    details = [{"type": "reasoning.text", "text": "Hm.", "signature": "c2ln"}]
    events = [chunk(reasoning_details=details), chunk(content="\n\n"), chunk(tool_calls=[CHAT_CALL]), END]
    turn = second_body(OpenAIChat(), row("router"), *events)["messages"][1]
    assert (turn["content"], turn["reasoning_details"]) == (None, details)


STAND_IN = {"google": {"thought_signature": "skip_thought_signature_validator"}}


@pytest.mark.parametrize(
    ("model", "wanted"),
    [("google/gemini-3-pro", True), ("gemini-3.6-flash", True), ("models/gemini-flash-latest", True),
     ("gemini-2.5-pro", False), ("google/gemini-1.5-flash", False), ("gpt-5.2", False)],
)  # fmt: skip
def test_calls_of_other_models_get_what_gemini_takes_for_a_signature(model: str, wanted: bool) -> None:
    calls = tuple(ToolCall(id=f"c{number}", name="get_weather", arguments={}) for number in range(2))
    results = [Message(role="tool", tool_call_id=made.id, content="18") for made in calls]
    asked = call(user(), Message(role="assistant", tool_calls=calls), *results, model=model, tools=(tool(),))
    sent = OpenAIChat().request(fit(asked)).body["messages"][1]["tool_calls"]
    assert [made.get("extra_content") for made in sent] == [STAND_IN if wanted else None, None]


def test_a_signature_that_came_is_not_replaced() -> None:
    extra = {"google": {"thought_signature": "c2ln"}}
    asked = call(user(), endpoint=endpoint(row("gemini-gateway")), model="gemini-3-pro")
    packed = asked.pack_state({"calls": {"c1": extra}})
    turn = Message(role="assistant", tool_calls=(ToolCall(id="c1", name="f", arguments={}),), provider_state=packed)
    result = Message(role="tool", tool_call_id="c1", content="18")
    again = msgspec.structs.replace(asked, messages=(user(), turn, result))
    assert OpenAIChat().request(fit(again)).body["messages"][1]["tool_calls"][0]["extra_content"] == extra
