"""Builds requests to Converse: messages as turns of blocks, with signed reasoning where it stood, and tools.

Source: Amazon Bedrock API reference, Converse and ContentBlock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.adapters.dialects.bedrock.models import family_of
from modelport.adapters.wire.content import arguments_object, image_by_value, plain_text
from modelport.adapters.wire.request import answer_format, tool_choice
from modelport.borders import json_bytes
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.turn_state import in_order
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_object
from modelport.protocol.types import ImagePart, Message, Tool, ToolCall

JSON_ONLY = "Answer with one JSON object and nothing else."
IMAGE_FORMATS = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "gif": "gif", "webp": "webp"}
REASONING = frozenset({"reasoningText", "redactedContent"})

Block = dict[str, Any]


def system(call: ModelCall) -> list[Block]:
    """The system messages as blocks."""
    blocks = [block for message in call.messages if message.role == "system" for block in _text(plain_text(message))]
    form = answer_format(call)
    return [*blocks, *(_text(JSON_ONLY) if form is not None and form["type"] == "json_object" else [])]


def turns(call: ModelCall) -> list[dict[str, Any]]:
    """The conversation without its system messages; neighbours of one role become one turn, as the API requires.

    Raises:
        InvalidParams: an image that the API does not take.
    """
    result: list[dict[str, Any]] = []
    for message in call.messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(call, message)
        if result and result[-1]["role"] == role:
            result[-1]["content"] += blocks
        elif blocks:
            result.append({"role": role, "content": blocks})
    return result


def tools(call: ModelCall) -> dict[str, Any]:
    """The tools and the tool choice.

    Raises:
        InvalidParams: the provider does not take this choice.
    """
    wanted = tool_choice(call)
    called = any(message.tool_calls for message in call.messages)
    if not call.tools or (wanted == "none" and not called):
        return {}
    config: dict[str, Any] = {"tools": [_specification(tool) for tool in call.tools]}
    kind, named = "auto" if wanted is None else str(wanted), {}
    if call.named_tool:
        kind, named = "tool", {"name": call.named_tool}
    elif wanted == "required":
        kind = "any"
    if own := _own_choice(call, {"type": kind, **named}):
        return {"toolConfig": config, "additionalModelRequestFields": {"tool_choice": own}}
    if kind in ("any", "tool"):
        config["toolChoice"] = {kind: named}
    return {"toolConfig": config}


def output(call: ModelCall) -> dict[str, Any]:
    """The form of the answer, where it has to fit a schema.

    Raises:
        InvalidParams: the provider does not take this form.
    """
    form = answer_format(call)
    if form is None or form["type"] != "json_schema":
        return {}
    schema = json_bytes(form["json_schema"]["schema"]).decode()
    wanted = {"jsonSchema": {"name": form["json_schema"]["name"], "schema": schema}}
    return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": wanted}}}


def _own_choice(call: ModelCall, choice: dict[str, Any]) -> dict[str, Any] | None:
    """The choice in the model's own field, where Converse's has no value for it."""
    if not family_of(call.model).own_tool_choice:
        return None
    if choice["type"] == "none":
        return choice
    one_by_one = call.parameters.get("parallel_tool_calls") is False
    return choice | {"disable_parallel_tool_use": True} if one_by_one else None


def _specification(tool: Tool) -> Block:
    schema = tool.parameters or {"type": "object", "properties": {}}
    described = {"description": tool.description} if (tool.description or "").strip() else {}
    return {"toolSpec": {"name": tool.name, **described, "inputSchema": {"json": schema}}}


def _blocks(call: ModelCall, message: Message) -> list[Block]:
    if message.role == "assistant":
        return _assistant(call, message)
    blocks = _parts(call, message)
    if message.role == "tool":
        result = {"toolUseId": message.tool_call_id, "content": blocks}
        return [{"toolResult": result}]
    return blocks


def _assistant(call: ModelCall, message: Message) -> list[Block]:
    """An assistant message, in the order of the answer where its state holds that order."""
    made = message.tool_calls or ()
    state = call.state_of(message)
    if not state:
        return [*_parts(call, message), *map(_tool_use, made)]
    calls = {one.id: _tool_use(one) for one in made}
    blocks: list[Block] = []
    for kept, text, call_id in in_order(state, plain_text(message), list(calls)):
        if kept is not None:
            blocks += _reasoning(call, kept)
        else:
            blocks += [calls[call_id]] if call_id else _text(text)
    return blocks


def _tool_use(made: ToolCall) -> Block:
    return {"toolUse": {"toolUseId": made.id, "name": made.name, "input": arguments_object(made)}}


def _reasoning(call: ModelCall, kept: Mapping[str, Any]) -> list[Block]:
    """A block of reasoning, for the model that made it: another refuses it."""
    block = kept.get("reasoningContent")
    mine = kept.get("model") == call.model and is_object(block) and block.keys() <= REASONING
    return [{"reasoningContent": block}] if mine else []


def _text(text: str) -> list[Block]:
    """A block of text; none for blank text, which the service refuses."""
    return [{"text": text}] if text.strip() else []


def _parts(call: ModelCall, message: Message) -> list[Block]:
    content = message.content
    if isinstance(content, str | None):
        return _text(content or "")
    return [b for part in content for b in ([_image(call, part)] if isinstance(part, ImagePart) else _text(part.text))]


def _image(call: ModelCall, part: ImagePart) -> Block:
    found = image_by_value(part, call.endpoint.provider)
    if (kind := IMAGE_FORMATS.get(found[0].casefold().removeprefix("image/"))) is None:
        raise _unsuitable(call, f"takes PNG, JPEG, GIF and WebP images, not {found[0]}", "convert the image")
    return {"image": {"format": kind, "source": {"bytes": found[1]}}}


def _unsuitable(call: ModelCall, why: str, action: str) -> InvalidParams:
    row = call.endpoint.provider
    return InvalidParams(
        f"{row.display_name} {why}.", kind="unsupported", field="messages", provider=row.id, action=action
    )
