"""Reading the params of ``completion/create``: what is accepted, and what is wrong with the rest."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.call import AnswerFormat
from modelport.domain.completions.request import CompletionRequest, read_request
from modelport.domain.errors import InvalidParams
from modelport.frontends.rpc.messages import convert
from modelport.protocol.types import CreateCompletionParams, Message
from support.builders import SCHEMA

WEATHER = {"name": "weather", "parameters": SCHEMA}
CALL = {"id": "c1", "name": "weather", "arguments": {"city": "Paris"}}


def read(**params: Any) -> CompletionRequest:
    return read_request(convert(params, CreateCompletionParams))


def refusal(**params: Any) -> InvalidParams:
    with pytest.raises(InvalidParams) as refused:
        read(**params)
    return refused.value


def test_a_prompt_is_one_message_of_the_user() -> None:
    assert read(prompt="hi").messages == (Message(role="user", content="hi"),)


def test_the_system_text_comes_first() -> None:
    messages = read(prompt="hi", system="Be brief.").messages
    assert [(m.role, m.content) for m in messages] == [("system", "Be brief."), ("user", "hi")]


def test_an_empty_system_text_is_none() -> None:
    assert len(read(prompt="hi", system="").messages) == 1


def test_a_whole_conversation_passes_as_it_is() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}, {"type": "image", "url": "https://i"}]},
        {"role": "assistant", "toolCalls": [CALL]},
        {"role": "tool", "toolCallId": "c1", "content": "18"},
        {"role": "assistant", "content": ""},
    ]
    read_messages = read(messages=messages, tools=[WEATHER]).messages
    assert [m.role for m in read_messages] == [m["role"] for m in messages]
    assert read_messages[3].tool_call_id == "c1"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "hi"}], "prompt": "hi"}, "prompt"),
        ({"messages": [{"role": "system", "content": "only"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]}, "messages[1].toolCallId"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant", "toolCalls": []}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "toolCallId": "x"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "hi", "toolCalls": [CALL]}]}, "messages[0].toolCalls"),
    ],
)
def test_a_wrong_conversation_is_named_by_its_path(params: dict[str, Any], field: str) -> None:
    error = refusal(**params)
    assert error.field == field
    assert field in error.message


@pytest.mark.parametrize(
    ("choice", "read_as"),
    [
        (None, (None, None)),
        ("auto", ("auto", None)),
        ("none", ("none", None)),
        ("required", ("required", None)),
        ({"name": "weather"}, ("named", "weather")),
    ],
)
def test_tool_choices(choice: Any, read_as: tuple[str | None, str | None]) -> None:
    request = read(prompt="hi", tools=[WEATHER], toolChoice=choice)
    assert (request.tool_choice, request.named_tool) == read_as


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"toolChoice": "sometimes", "tools": [WEATHER]}, "toolChoice"),
        ({"toolChoice": "named", "tools": [WEATHER]}, "toolChoice"),
        ({"toolChoice": "required"}, "toolChoice"),
        ({"toolChoice": {"name": "other"}, "tools": [WEATHER]}, "toolChoice"),
        ({"toolChoice": {"name": "weather"}}, "toolChoice"),
        ({"tools": [WEATHER, WEATHER]}, "tools"),
    ],
)
def test_wrong_tools(params: dict[str, Any], field: str) -> None:
    assert refusal(prompt="hi", **params).field == field


@pytest.mark.parametrize(
    ("form", "read_as"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json"}, AnswerFormat()),
        ({"type": "json_object"}, AnswerFormat()),
        ({"type": "jsonSchema", "schema": SCHEMA}, AnswerFormat(SCHEMA)),
        ({"type": "jsonSchema", "schema": SCHEMA, "name": "n", "strict": False}, AnswerFormat(SCHEMA, "n", strict=False)),
        # The form OpenAI's clients send.
        (
            {"type": "json_schema", "jsonSchema": {"name": "n", "schema": SCHEMA, "strict": False}},
            AnswerFormat(SCHEMA, "n", strict=False),
        ),
    ],
)  # fmt: skip
def test_response_formats(form: Any, read_as: AnswerFormat | None) -> None:
    assert read(prompt="hi", responseFormat=form).answer_format == read_as


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"type": "yaml"}, "responseFormat.type"),
        ({"type": "jsonSchema"}, "responseFormat.schema"),
        ({"type": "jsonSchema", "jsonSchema": {"schema": "no"}}, "responseFormat.jsonSchema.schema"),
    ],
)
def test_wrong_response_formats(form: Any, field: str) -> None:
    assert refusal(prompt="hi", responseFormat=form).field == field


def test_parameters_are_checked_and_renamed() -> None:
    assert read(prompt="hi", parameters={"temp": 1}).parameters == {"temperature": 1}
    assert refusal(prompt="hi", parameters={"temp": 9}).field == "parameters.temp"
