"""Builds requests to Cohere: messages, tools and parameters of its Chat API.

A turn with tool calls has no text there, only the plan behind the calls or the thinking before them, and both are
wanted back. Thinking goes back to the model that thought it as long as it may think; any other has it as a plan.
Source: Cohere API reference, Chat (v2); Cohere documentation, "Reasoning" and "Tool use".
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from modelport.adapters.wire.content import arguments_text, has_images, image_url, plain_text
from modelport.adapters.wire.request import answer_format, tool_choice
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message

PARAMETERS = {
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "max_tokens": "max_tokens",
    "stop": "stop_sequences",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
TOOL_CHOICES = {"none": "NONE", "required": "REQUIRED"}


class State(Struct, frozen=True, omit_defaults=True):
    """What has to come back: the model's thinking and its plan for the tools."""

    model: str = ""
    thinking: str = ""
    tool_plan: str = ""


def body(call: ModelCall) -> dict[str, Any]:
    """The body of a request.

    Raises:
        InvalidParams: the format cannot carry something in the call.
    """
    row, given = call.endpoint.provider, call.parameters
    accepted = (PARAMETERS.keys() | {"reasoning_effort", "reasoning_budget"}) - set(row.wire.refused_parameters)
    if given.get("reasoning_effort") == "none":
        accepted -= {"reasoning_budget"}
    refuse_others(given, accepted, provider=row.id, model=call.model)
    thinking = _thinking(call)
    thinks = thinking.get("type") != "disabled"
    body: dict[str, Any] = {
        "model": call.model,
        "messages": [_message(call, message, thinks=thinks) for message in call.messages],
        "stream": True,
    }
    body |= {PARAMETERS[name]: value for name, value in given.items() if name in PARAMETERS}
    if thinking:
        body["thinking"] = thinking
    body |= _tools(call)
    body |= _response_format(call, with_tools="tools" in body)
    return body | row.wire.extra_body


def _thinking(call: ModelCall) -> dict[str, Any]:
    """There are no levels: any effort is the model's own measure."""
    effort, budget = call.parameters.get("reasoning_effort"), call.parameters.get("reasoning_budget")
    if effort == "none" or budget == 0:
        return {"type": "disabled"}
    if budget:
        return {"type": "enabled", "token_budget": budget}
    return {"type": "enabled"} if effort is not None else {}


def _tools(call: ModelCall) -> dict[str, Any]:
    choice = tool_choice(call, takes=TOOL_CHOICES)
    if not call.tools:
        return {}
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description or "",
                "parameters": tool.parameters or {"type": "object", "properties": {}},
            },
        }
        for tool in call.tools
    ]
    return {"tools": tools} | ({"tool_choice": TOOL_CHOICES[choice]} if choice else {})


def _response_format(call: ModelCall, *, with_tools: bool) -> dict[str, Any]:
    form = answer_format(call)
    if form is None:
        return {}
    if with_tools:
        row = call.endpoint.provider
        raise InvalidParams(
            f"{row.display_name} does not take a response format together with tools: leave one of them out.",
            kind="unsupported",
            field="responseFormat",
            provider=row.id,
            model=call.model,
            action="leave responseFormat or tools out",
        )
    schema = {"json_schema": form["json_schema"]["schema"]} if form["type"] == "json_schema" else {}
    return {"response_format": {"type": "json_object"} | schema}


def _message(call: ModelCall, message: Message, *, thinks: bool) -> dict[str, Any]:
    if message.role == "user":
        return {"role": "user", "content": _content(message)}
    if message.role == "assistant":
        return _assistant(call, message, thinks=thinks)
    result = {"role": message.role, "content": plain_text(message)}
    return result | {"tool_call_id": message.tool_call_id} if message.role == "tool" else result


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not has_images(message) or isinstance(message.content, str | None):
        return plain_text(message)
    return [
        {"type": "image_url", "image_url": {"url": image_url(part)}}
        if isinstance(part, ImagePart)
        else {"type": "text", "text": part.text}
        for part in message.content
    ]


def _assistant(call: ModelCall, message: Message, *, thinks: bool) -> dict[str, Any]:
    """An assistant message, with the thinking or the plan that has to come back."""
    kept, text = _state(call, message), plain_text(message)
    mine = kept.thinking if thinks and kept.model == call.model else ""
    content = [{"type": "thinking", "thinking": mine}] if mine else []
    result: dict[str, Any] = {"role": "assistant"}
    if not message.tool_calls:
        content += [{"type": "text", "text": text}] if text else []
        return result | {"content": content if mine else text}
    if content:
        result["content"] = content
    if plan := "\n\n".join(part for part in ("" if mine else kept.thinking, kept.tool_plan, text) if part):
        result["tool_plan"] = plan
    result["tool_calls"] = [
        {"id": made.id, "type": "function", "function": {"name": made.name, "arguments": arguments_text(made)}}
        for made in message.tool_calls
    ]
    return result


def _state(call: ModelCall, message: Message) -> State:
    """The state of a turn; an empty one where it is not ours, since it comes back through the client."""
    try:
        return msgspec.convert(dict(call.state_of(message)), State)
    except msgspec.ValidationError:
        return State()
