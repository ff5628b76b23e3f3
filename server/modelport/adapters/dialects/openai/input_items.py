"""A conversation as the input items of OpenAI Responses, with the reasoning items where they stood.

Source: OpenAI API reference, Responses; OpenAI documentation, reasoning models with function calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.adapters.wire.content import arguments_text, has_images, image_url, plain_text
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.turn_state import in_order
from modelport.protocol.types import ImagePart, Message, TextPart


def instructions(messages: tuple[Message, ...]) -> str:
    """The system messages, which travel apart from the input."""
    return "\n\n".join(plain_text(message) for message in messages if message.role == "system")


def items(message: Message, call: ModelCall) -> list[dict[str, Any]]:
    """The input items of a message; system messages travel as instructions instead."""
    if kept := call.state_of(message):
        return _with_reasoning(message, kept)
    if message.role == "system":
        return []
    if message.role == "tool":
        output = _parts(message) if has_images(message) else plain_text(message)
        return [{"type": "function_call_output", "call_id": message.tool_call_id, "output": output}]
    # The model's own words are a plain text: as a part they would need the id they once had.
    plain = message.role == "assistant" and not has_images(message)
    content = plain_text(message) if plain else _parts(message)
    found: list[dict[str, Any]] = [{"role": message.role, "content": content}] if content else []
    return found + _calls(message)


def _calls(message: Message) -> list[dict[str, Any]]:
    return [
        {"type": "function_call", "call_id": made.id, "name": made.name, "arguments": arguments_text(made)}
        for made in message.tool_calls or ()
    ]


def _with_reasoning(message: Message, kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a turn of the model's own; a reasoning item stands before what followed from it."""
    calls = {item["call_id"]: item for item in _calls(message)}
    found: list[dict[str, Any]] = []
    for reasoning, text, call_id in in_order(kept, plain_text(message), list(calls)):
        if reasoning is not None:
            found += [reasoning] if reasoning.get("type") == "reasoning" else []
        else:
            found.append({"role": "assistant", "content": text} if text else calls[call_id])
    return found


def _parts(message: Message) -> list[dict[str, Any]]:
    parts = (TextPart(text=message.content),) if isinstance(message.content, str) else message.content or ()
    return [
        {"type": "input_image", "image_url": image_url(part), "detail": "auto"}
        if isinstance(part, ImagePart)
        else {"type": "input_text", "text": part.text}
        for part in parts
        if isinstance(part, ImagePart) or part.text
    ]
