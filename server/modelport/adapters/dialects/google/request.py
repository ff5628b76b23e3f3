"""Builds requests to Gemini: messages as contents of parts, tools as function declarations.

What Gemini wants back with the next turn is its thought signatures, each in the part it came with, and the ids
of the calls it named itself. A ``Mark`` says where such a part stood in the answer.
Source: Gemini API reference, Content, and "Thought signatures".
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct

from modelport.adapters.dialects.google.thinking import accepted_parameters, thinking_config
from modelport.adapters.wire.content import NO_SIGNATURE, arguments_object, plain_text
from modelport.adapters.wire.request import answer_format, tool_choice
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.rules import history_rules
from modelport.domain.completions.images import image_data
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, Tool, ToolCall

IMAGE_TYPES = {"jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "heic": "image/heic", "png": "image/png"}
PARAMETERS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "stop": "stopSequences",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}

Part = dict[str, Any]


class Mark(Struct, omit_defaults=True):
    """A part of an answer that is not plain text: a call, or a text with a signature."""

    at: int = 0
    """How many characters of the answer's text stand before it."""
    length: int = 0
    """How many characters of the answer's text are in it."""
    thought: str | None = None
    """The reasoning in it."""
    call: str | None = None
    """The id of the call in it."""
    named: bool = False
    """Whether Gemini gave the call its id, and not we."""
    signature: str | None = None


class State(Struct):
    """The state of an answer, in the order of its parts."""

    parts: list[Mark] = []


def body(call: ModelCall) -> dict[str, Any]:
    """The body of a request.

    Raises:
        InvalidParams: the format cannot carry something in the call.
    """
    row = call.endpoint.provider
    accepted = (PARAMETERS.keys() | accepted_parameters(call)) - set(row.wire.refused_parameters)
    refuse_others(call.parameters, accepted, provider=row.id, model=call.model)
    body: dict[str, Any] = {"contents": _contents(call)}
    if system := "\n\n".join(plain_text(message) for message in call.messages if message.role == "system"):
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if config := _generation_config(call):
        body["generationConfig"] = config
    return body | _tools(call) | row.wire.extra_body


def _generation_config(call: ModelCall) -> dict[str, Any]:
    config = {PARAMETERS[name]: value for name, value in call.parameters.items() if name in PARAMETERS}
    if thinking := thinking_config(call):
        config["thinkingConfig"] = thinking
    if (form := answer_format(call)) is not None:
        # There is a newer ``responseFormat``, but Google's two services disagree on its shape.
        config["responseMimeType"] = "application/json"
        if form["type"] == "json_schema":
            config["responseJsonSchema"] = form["json_schema"]["schema"]
    return config


def _contents(call: ModelCall) -> list[dict[str, Any]]:
    """The conversation without its system messages; neighbours of one role become one turn."""
    turns: list[dict[str, Any]] = []
    calls: dict[str, _Call] = {}
    for results, messages in groupby(call.messages, key=lambda message: message.role == "tool"):
        if results:
            _add(turns, "user", _results(list(messages), calls))
            continue
        for message in messages:
            if message.role == "user":
                _add(turns, "user", _parts(message))
            elif message.role == "assistant":
                _add(turns, "model", _assistant(call, message, calls))
    return turns


def _add(turns: list[dict[str, Any]], role: str, parts: list[Part]) -> None:
    if turns and turns[-1]["role"] == role:
        turns[-1]["parts"] += parts
    elif parts:
        turns.append({"role": role, "parts": parts})


def _tools(call: ModelCall) -> dict[str, Any]:
    """The tools and the tool choice."""
    wanted = tool_choice(call)
    if not call.tools or (wanted == "none" and "none" not in call.endpoint.provider.wire.tool_choice):
        return {}
    declarations = [_declaration(tool) for tool in call.tools]
    body: dict[str, Any] = {"tools": [{"functionDeclarations": declarations}]}
    if wanted is not None:
        config: dict[str, Any] = {"mode": MODES.get(call.tool_choice or "", "ANY")}
        if call.named_tool:
            config["allowedFunctionNames"] = [call.named_tool]
        body["toolConfig"] = {"functionCallingConfig": config}
    return body


def _declaration(tool: Tool) -> dict[str, Any]:
    """A tool; an object with nothing in it is refused as a schema, so that only its description is sent."""
    schema: Mapping[str, Any] = tool.parameters or {}
    description = tool.description or ""
    if any(value for name, value in schema.items() if name not in ("type", "title", "description")):
        return {"name": tool.name, "description": description, "parametersJsonSchema": schema}
    return {"name": tool.name, "description": "\n\n".join(filter(None, (description, schema.get("description"))))}


class _Call(Struct):
    """A call of the conversation: its position in its turn, and the name and id under which its result is given."""

    number: int
    name: str
    id: str | None


def _marks(state: Mapping[str, Any]) -> list[Mark]:
    """The marks of an answer; none in a state that is not ours, since it comes back through the client."""
    try:
        return msgspec.convert(state, State).parts
    except msgspec.ValidationError:
        return []


def _parts(message: Message) -> list[Part]:
    content = message.content
    if isinstance(content, str | None):
        return [{"text": content}] if content else []
    return [_image(p) if isinstance(p, ImagePart) else {"text": p.text} for p in content if _has_content(p)]


def _has_content(part: TextPart | ImagePart) -> bool:
    return isinstance(part, ImagePart) or bool(part.text)


def _image(part: ImagePart) -> Part:
    found = image_data(part)
    if found is not None:
        return {"inlineData": {"mimeType": found[0], "data": found[1]}}
    url = part.url or ""
    ending = url.partition("?")[0].rpartition(".")[2].casefold()
    media_type = part.mime_type or IMAGE_TYPES.get(ending, "image/jpeg")
    return {"fileData": {"mimeType": media_type, "fileUri": url}}


def _assistant(call: ModelCall, message: Message, calls: dict[str, _Call]) -> list[Part]:
    """An answer as the parts it came in; its calls are noted in ``calls``."""
    waiting = {tool_call.id: tool_call for tool_call in message.tool_calls or ()}
    # Only an answer that comes back as one text can be taken apart where it was joined.
    text = message.content if isinstance(message.content, str) else ""
    parts: list[Part] = [] if isinstance(message.content, str) else _parts(message)
    # Calls that no mark of the state names stand at the end; one that is named has been taken by then.
    unmarked = [Mark(at=len(text), call=call_id) for call_id in waiting]
    position = 0
    for mark in [*_marks(call.state_of(message)), *unmarked]:
        parts += _text(text[position : mark.at])
        position = max(position, mark.at + mark.length)
        if mark.call is None:
            parts += _signed(mark, text[mark.at : position])
        elif tool_call := waiting.pop(mark.call, None):
            calls[tool_call.id] = _Call(len(parts), tool_call.name, tool_call.id if mark.named else None)
            parts.append(_function_call(tool_call, mark))
    parts += _text(text[position:])
    first = next((part for part in parts if "functionCall" in part), None)
    if first is not None and history_rules(call.endpoint.provider, call.endpoint.dialect, call.model).signed_calls:
        first.setdefault("thoughtSignature", NO_SIGNATURE)
    return parts


def _text(text: str) -> list[Part]:
    return [{"text": text}] if text else []


def _signed(mark: Mark, text: str) -> list[Part]:
    if not mark.signature:
        return _text(text)
    if mark.thought is not None:
        return [{"text": mark.thought, "thought": True, "thoughtSignature": mark.signature}]
    return [{"text": text, "thoughtSignature": mark.signature}]


def _function_call(call: ToolCall, mark: Mark) -> Part:
    function: dict[str, Any] = {"name": call.name, "args": arguments_object(call)}
    if mark.named:
        # Only an id that Gemini gave is sent: older models and servers refuse the field.
        function["id"] = call.id
    return {"functionCall": function} | ({"thoughtSignature": mark.signature} if mark.signature else {})


def _results(messages: list[Message], calls: dict[str, _Call]) -> list[Part]:
    """The results of a turn's calls in the order of the calls, which is what ties those without an id together."""
    results: list[tuple[int, Part]] = []
    images: list[Part] = []
    for message in messages:
        call = calls.get(message.tool_call_id or "")
        if call is None:
            raise InvalidParams(
                f'The tool message for "{message.tool_call_id}" answers no call of the messages before it: '
                "send the assistant message with its toolCalls too.",
                field="messages",
            )
        response: dict[str, Any] = {"name": call.name, "response": {"output": plain_text(message)}}
        if call.id is not None:
            response["id"] = call.id
        results.append((call.number, {"functionResponse": response}))
        images += [part for part in _parts(message) if "text" not in part]
    results.sort(key=lambda result: result[0])
    return [part for _, part in results] + images
