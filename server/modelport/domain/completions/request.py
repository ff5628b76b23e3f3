"""Checks the params of ``completion/create`` and turns them into a form that every dialect takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from modelport.domain.completions.call import AnswerFormat
from modelport.domain.completions.fitting.pairs import answered_calls
from modelport.domain.completions.images import check_image
from modelport.domain.completions.parameters import normalise
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_object
from modelport.protocol.types import (
    CreateCompletionParams,
    ImagePart,
    Message,
    NamedToolChoice,
    NestedSchema,
    ResponseFormat,
    Tool,
)

FORMATS = {
    "text": "text",
    "json": "json",
    "json_object": "json",
    "jsonObject": "json",
    "jsonSchema": "jsonSchema",
    "json_schema": "jsonSchema",
}


class CompletionRequest(Struct, frozen=True, kw_only=True):
    """A checked request, before a provider is chosen for it."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    tool_choice: str | None
    named_tool: str | None
    answer_format: AnswerFormat | None
    parameters: dict[str, Any]
    cache: bool


def read_request(params: CreateCompletionParams) -> CompletionRequest:
    """The checked request, as far as it can be checked before the provider is chosen.

    Raises:
        InvalidParams: the first thing that is wrong, by its path.
    """
    tools = params.tools or ()
    choice, named = _tool_choice(params.tool_choice, tools)
    return CompletionRequest(
        messages=_messages(params),
        tools=tools,
        tool_choice=choice,
        named_tool=named,
        answer_format=_answer_format(params.response_format),
        parameters=normalise(params.parameters),
        cache=params.cache is not False,
    )


def _messages(params: CreateCompletionParams) -> tuple[Message, ...]:
    if params.messages is not None and params.prompt is not None:
        raise InvalidParams("Give messages or prompt, not both.", field="prompt")
    if params.prompt is not None:
        given: tuple[Message, ...] = (Message(role="user", content=params.prompt),)
    else:
        given = params.messages or ()
    if not given:
        raise InvalidParams("Give messages or a prompt.", field="messages")
    for index, message in enumerate(given):
        _check(message, f"messages[{index}]")
    answered_calls(given)
    if all(message.role == "system" for message in given):
        raise InvalidParams("messages needs a message that is not a system message.", field="messages")
    return (Message(role="system", content=params.system), *given) if params.system else given


def _check(message: Message, path: str) -> None:
    if message.role == "tool" and not message.tool_call_id:
        raise InvalidParams(
            f"{path}.toolCallId must name the call that this tool message answers.", field=f"{path}.toolCallId"
        )
    if message.content is None and not (message.role == "assistant" and message.tool_calls):
        raise InvalidParams(f"{path}.content must be a text or a list of parts.", field=f"{path}.content")
    if message.tool_calls and message.role != "assistant":
        raise InvalidParams(f"{path}.toolCalls belongs to assistant messages only.", field=f"{path}.toolCalls")
    if not isinstance(message.content, str | None):
        for index, part in enumerate(message.content):
            if isinstance(part, ImagePart):
                check_image(part, f"{path}.content[{index}]")


def _tool_choice(choice: str | NamedToolChoice | None, tools: tuple[Tool, ...]) -> tuple[str | None, str | None]:
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise InvalidParams("tools has two tools of the same name.", field="tools")
    if isinstance(choice, NamedToolChoice):
        if choice.name not in names:
            raise InvalidParams(f'toolChoice names "{choice.name}", which is not among tools.', field="toolChoice")
        return "named", choice.name
    if choice not in (None, "auto", "none", "required"):
        raise InvalidParams("toolChoice must be auto, none, required or {name}.", field="toolChoice")
    if choice == "required" and not tools:
        raise InvalidParams("toolChoice is required, but there are no tools.", field="toolChoice")
    return choice, None


def _answer_format(form: ResponseFormat | None) -> AnswerFormat | None:
    kind = FORMATS.get(form.type) if form is not None else "text"
    if form is None or kind == "text":
        return None
    if kind is None:
        raise InvalidParams("responseFormat.type must be text, json or jsonSchema.", field="responseFormat.type")
    if kind == "json":
        return AnswerFormat()
    nested = form.json_schema or NestedSchema()
    schema = form.schema if form.schema is not None else nested.schema
    if not is_object(schema):
        raise InvalidParams("responseFormat.schema must be a JSON schema.", field="responseFormat.schema")
    strict = form.strict if form.strict is not None else nested.strict is not False
    return AnswerFormat(schema, form.name or nested.name or "answer", strict)


def input_characters(messages: Sequence[Message], tools: Sequence[Tool]) -> int:
    """The length of a call's input, for an estimate; an image counts as 3,000 characters."""
    total = sum(len(tool.name) + len(tool.description or "") + len(str(tool.parameters)) for tool in tools)
    for message in messages:
        content = message.content
        if isinstance(content, str):
            total += len(content)
        elif content is not None:
            total += sum(len(getattr(part, "text", "")) or 3000 for part in content)
        total += sum(len(str(call.arguments)) for call in message.tool_calls or ())
    return total
