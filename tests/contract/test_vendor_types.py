"""The bodies we build fit the vendors' own types, which we did not write; a field they do not know is an error."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
import msgspec
import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.dialects.openai.completions import OpenAICompletions
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, Tool, ToolCall
from support.builders import call, endpoint, json_form, tool, user
from support.shipped import shipped_registry

PNG = "iVBORw0KGgo="
CALLS = (
    ToolCall(id="c1", name="get_weather", arguments={"city": "Paris"}),
    ToolCall(id="c2", name="get_weather", arguments_text='{"city"'),
)
CONVERSATION = (
    Message(role="system", content="Be brief."),
    user([TextPart(text="Weather here?"), ImagePart(url="https://i.example/x.png"), ImagePart(data=PNG, mime_type="image/png")]),
    Message(role="assistant", content="Let me see.", tool_calls=CALLS),
    Message(role="tool", tool_call_id="c1", content="18"),
    Message(role="tool", tool_call_id="c2", content=(TextPart(text="no"), TextPart(text="idea"))),
    Message(role="assistant", content="It is 18 degrees."),
    user("Thanks."),
)  # fmt: skip
WEATHER = (tool(), Tool(name="now"))
ASKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "conversation": {"messages": CONVERSATION, "tools": WEATHER},
    "tools": {"tools": WEATHER},
    "auto": {"tools": WEATHER, "tool_choice": "auto"},
    "none": {"tools": WEATHER, "tool_choice": "none"},
    "required": {"tools": WEATHER, "tool_choice": "required"},
    "named": {"tools": WEATHER, "tool_choice": "named", "named_tool": "get_weather"},
    "one at a time": {"tools": WEATHER, "parameters": {"parallel_tool_calls": False}},
    "json": {"answer_format": json_form(schema=None)},
    "schema": {"answer_format": json_form()},
    "loose schema": {"answer_format": json_form(strict=False)},
    "temperature": {"parameters": {"temperature": 0.5}},
    "top_p": {"parameters": {"top_p": 0.5}},
    "top_k": {"parameters": {"top_k": 5}},
    "max_tokens": {"parameters": {"max_tokens": 9}},
    "stop": {"parameters": {"stop": ["END", "STOP"]}},
    "seed": {"parameters": {"seed": 7}},
    "penalties": {"parameters": {"presence_penalty": 1, "frequency_penalty": -1}},
    "user": {"parameters": {"user": "me"}},
    **{f"effort {e}": {"parameters": {"reasoning_effort": e}} for e in ("none", "minimal", "low", "medium", "high", "xhigh", "max")},
    "budget": {"parameters": {"reasoning_budget": 2048}},
    "no budget": {"parameters": {"reasoning_budget": 0}},
    "everything": {
        "messages": CONVERSATION,
        "tools": WEATHER,
        "tool_choice": "required",
        "answer_format": json_form(),
        "parameters": {"temperature": 1, "max_tokens": 9, "user": "me", "parallel_tool_calls": False},
    },
}  # fmt: skip
WIRES: dict[str, Any] = {
    "openai_chat": (OpenAIChat(), "openai"),
    "openai_responses": (OpenAIResponses(), "openai"),
    "openai_completions": (OpenAICompletions(), "openai"),
    "anthropic_messages": (AnthropicMessages(), "anthropic"),
}


@cache
def validator(dialect: str) -> Any:
    """A JSON schema made from the SDK's own request type, closed to unknown fields."""
    from anthropic.types.message_create_params import MessageCreateParamsStreaming
    from openai.types import completion_create_params as completions
    from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
    from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
    from pydantic import TypeAdapter

    types = {
        "openai_chat": CompletionCreateParamsStreaming,
        "openai_responses": ResponseCreateParamsStreaming,
        "openai_completions": completions.CompletionCreateParamsStreaming,
        "anthropic_messages": MessageCreateParamsStreaming,
    }
    schema = TypeAdapter(types[dialect]).json_schema()
    close(schema)
    if dialect == "anthropic_messages":
        # The SDK's types are those of a newer version of the API than the one we pin.
        schema["properties"] |= {
            "temperature": {"type": "number"},
            "top_p": {"type": "number"},
            "top_k": {"type": "integer"},
        }
    return jsonschema.Draft202012Validator(schema)


def close(schema: Any) -> None:
    """Forbids fields that an object does not name."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for inner in schema.values():
            close(inner)
    elif isinstance(schema, list):
        for inner in schema:
            close(inner)


def asked(dialect: str, ask: dict[str, Any]) -> ModelCall:
    _, provider = WIRES[dialect]
    row = shipped_registry().get(provider)
    messages = ask.get("messages", (user(),))
    rest = {name: value for name, value in ask.items() if name != "messages"}
    return call(*messages, endpoint=endpoint(row, dialect=dialect), model="a-model", **rest)


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("dialect", WIRES)
def test_a_body_fits_the_vendors_type(dialect: str, ask: dict[str, Any]) -> None:
    body, refused = sent_or_refused(dialect, ask)
    if refused is not None:
        assert (dialect, refused) in REFUSED
        return
    errors = [f"{error.json_path}: {error.message[:200]}" for error in validator(dialect).iter_errors(body)]
    assert errors == []


def sent_or_refused(dialect: str, ask: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The body of a request, or the field that it was refused for."""
    wire, _ = WIRES[dialect]
    try:
        return wire.request(asked(dialect, ask)).body, None
    except InvalidParams as error:
        return {}, error.field


# What a format cannot carry is refused by name, and nothing else is.
REFUSED = {
    ("openai_chat", "parameters.top_k"),
    ("openai_chat", "parameters.reasoning_budget"),
    ("openai_responses", "parameters.top_k"),
    ("openai_responses", "parameters.stop"),
    ("openai_responses", "parameters.seed"),
    ("openai_responses", "parameters.presence_penalty"),
    ("openai_responses", "parameters.reasoning_budget"),
    ("openai_completions", "parameters.top_k"),
    ("openai_completions", "parameters.parallel_tool_calls"),
    ("openai_completions", "parameters.reasoning_effort"),
    ("openai_completions", "parameters.reasoning_budget"),
    ("openai_completions", "tools"),
    ("openai_completions", "responseFormat"),
    ("anthropic_messages", "parameters.seed"),
    ("anthropic_messages", "parameters.presence_penalty"),
}


@pytest.mark.parametrize(
    ("dialect", "wrong"),
    [
        ("openai_chat", {"max_token": 5}),
        ("openai_chat", {"messages": [{"role": "robot", "content": "x"}]}),
        ("openai_responses", {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}),
        ("openai_completions", {"max_token": 5}),
        ("openai_completions", {"prompt": {"text": "x"}}),
        ("anthropic_messages", {"messages": [{"role": "system", "content": "x"}], "max_token": 5}),
    ],
)
def test_the_check_itself_can_fail(dialect: str, wrong: dict[str, Any]) -> None:
    body = WIRES[dialect][0].request(asked(dialect, {})).body
    assert list(validator(dialect).iter_errors(body)) == []
    assert list(validator(dialect).iter_errors(body | wrong)) != []


# Bedrock's own description of its requests is not a schema; botocore checks against it.

BY_VALUE = tuple(
    msgspec.structs.replace(m, content=tuple(p for p in m.content if not getattr(p, "url", None)))
    if isinstance(m.content, tuple)
    else m
    for m in CONVERSATION
)
NOWHERE = {"parameters.seed", "parameters.presence_penalty", "parameters.user"}
BY_CLAUDE = {"parameters.top_k", "parameters.parallel_tool_calls", "parameters.reasoning_budget"}
# What each family of models on Bedrock does not take.
REFUSED_BY = {
    "us.anthropic.claude-sonnet-4-6": NOWHERE,
    "us.amazon.nova-2-lite-v1:0": NOWHERE | BY_CLAUDE - {"parameters.top_k"},
    "openai.gpt-oss-120b-1:0": NOWHERE | BY_CLAUDE | {"parameters.reasoning_effort"},
    "meta.llama4": NOWHERE | BY_CLAUDE | {"parameters.reasoning_effort"},
}


@cache
def bedrock_request() -> Any:
    """The shape of a request; reading the vendor's description takes a third of a second."""
    from botocore.session import get_session

    return get_session().get_service_model("bedrock-runtime").operation_model("ConverseStream").input_shape


def unfit_for_bedrock(body: dict[str, Any], model: str) -> str:
    """What botocore finds wrong with a body; fields it does not know are wrong."""
    from botocore.validate import ParamValidator

    return ParamValidator().validate(body | {"modelId": model}, bedrock_request()).generate_report()


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("model", REFUSED_BY)
def test_a_body_fits_bedrocks_own_description(model: str, ask: dict[str, Any]) -> None:
    place = endpoint(shipped_registry().get("bedrock"))
    messages = BY_VALUE if "messages" in ask else (user(),)
    rest = {name: value for name, value in ask.items() if name != "messages"}
    refused = None
    try:
        body = BedrockConverse().request(call(*messages, endpoint=place, model=model, **rest)).body
    except InvalidParams as error:
        body, refused = {"messages": []}, error.field
    assert refused is None or refused in REFUSED_BY[model]
    assert unfit_for_bedrock(body, model) == ""


def test_bedrocks_check_itself_can_fail() -> None:
    assert "unknown" in unfit_for_bedrock({"messages": [], "max_tokens": 5}, "m").lower()
    assert unfit_for_bedrock({"messages": [{"role": "robot"}]}, "m") != ""
