"""The conversion of arguments of Python programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from modelport.domain.completions.turns import as_message
from modelport.domain.errors import InvalidParams
from modelport.frontends.python.inputs import format_of, messages_of, moment_of, secret_of, tools_of
from modelport.protocol.secret import Secret
from modelport.protocol.types import (
    Completion,
    ImagePart,
    Message,
    NestedSchema,
    ResponseFormat,
    TextPart,
    Tool,
    ToolCall,
    Usage,
)

USAGE = Usage(input_tokens=1, output_tokens=1, latency_ms=1, usd_micros=0, estimated=False)


def completion(**changes: Any) -> Completion:
    values: dict[str, Any] = {
        "text": "Hi", "reasoning": "", "tool_calls": (), "finish_reason": "stop", "provider": "acme",
        "model": "m", "usage": USAGE, "attempts": (),
    }  # fmt: skip
    return Completion(**(values | changes))


def test_a_text_is_one_user_message() -> None:
    assert messages_of("Hi") == (Message(role="user", content="Hi"),)


def test_messages_and_dicts_may_be_mixed() -> None:
    said = Message(role="user", content="Hi")
    image = {"type": "image", "url": "https://example.com/a.png"}
    given: list[Any] = [
        said,
        {"role": "user", "content": [{"type": "text", "text": "Look"}, image]},
        {"role": "tool", "tool_call_id": "c1", "content": "12"},
        {"role": "tool", "toolCallId": "c2", "content": "13"},
    ]
    parts = (TextPart(text="Look"), ImagePart(url="https://example.com/a.png"))
    assert messages_of(given) == (
        said,
        Message(role="user", content=parts),
        Message(role="tool", tool_call_id="c1", content="12"),
        Message(role="tool", tool_call_id="c2", content="13"),
    )


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"role": "user", "contents": "Hi"}, "no field contents"),
        ({"role": "stranger", "content": "Hi"}, "Invalid enum value 'stranger'"),
        ({"content": "Hi"}, "missing required field `role`"),
        ("Hi", "must be a Message or a dict"),
    ],
)
def test_what_is_no_message(item: Any, words: str) -> None:
    with pytest.raises(InvalidParams, match=words) as raised:
        messages_of([Message(role="user", content="x"), item])
    assert raised.value.field == "messages[1]"


def test_tools() -> None:
    add = Tool(name="add", parameters={"type": "object"})
    assert tools_of(None) is None
    assert tools_of([add, {"name": "add", "parameters": {"type": "object"}}]) == (add, add)
    with pytest.raises(InvalidParams, match="no field function"):
        tools_of([{"type": "function", "function": {"name": "add"}}])


def test_an_answer_as_the_next_turns_message() -> None:
    call = ToolCall(id="c1", name="add", arguments={"a": 1})
    state = {"provider": "acme", "dialect": "gemini", "state": {"x": 1}}
    assert as_message(completion()) == Message(role="assistant", content="Hi")
    assert as_message(completion(text="", tool_calls=(call,), provider_state=state)) == Message(
        role="assistant", tool_calls=(call,), provider_state=state
    )
    # An answer without a word is still a turn.
    assert as_message(completion(text="")).content == ""


def test_keys_and_times() -> None:
    assert secret_of("k") == secret_of(Secret("k")) == Secret("k")
    assert moment_of(None) is None
    assert moment_of("2026-11-20") == "2026-11-20"
    assert moment_of(datetime(2026, 11, 20, 9, tzinfo=UTC)) == "2026-11-20T09:00:00+00:00"


def test_the_form_of_an_answer_may_be_a_dict() -> None:
    assert format_of({"type": "json_schema", "json_schema": {"name": "x"}}) == ResponseFormat(
        type="json_schema", json_schema=NestedSchema(name="x")
    )
    assert format_of(ResponseFormat(type="json")) == ResponseFormat(type="json")
    assert format_of(None) is None
    with pytest.raises(InvalidParams, match="response_format has no field kind"):
        format_of({"kind": "json"})
