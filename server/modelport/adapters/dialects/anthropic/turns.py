"""A conversation as the turns of Anthropic Messages: content blocks, with signed thinking where it stood.

Source: Anthropic API reference, Messages; Anthropic documentation, extended thinking with tool use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelport.adapters.wire.content import arguments_object, has_images, plain_text
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.images import image_data
from modelport.domain.completions.turn_state import in_order
from modelport.protocol.types import ImagePart, Message

KEPT_TYPES = ("thinking", "redacted_thinking")


class Thinking:
    """The thinking blocks of an answer: one that is signed has to come back as it is, where it stood."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._said: list[str] = []
        self._signature: list[str] = []

    def begin(self, text: str, signature: str) -> None:
        """A block begins; a whole one comes with its signature."""
        self._said, self._signature = [text], [signature] if signature else []
        self._answer.reasoning(text)

    def more(self, text: str) -> None:
        """More of the block."""
        self._said.append(text)
        self._answer.reasoning(text)

    def sign(self, signature: str) -> None:
        """The signature of the block, or a part of it."""
        self._signature.append(signature)

    def end(self) -> None:
        """A block of any kind has ended."""
        if self._signature:
            self._answer.attach_state(
                {"type": "thinking", "thinking": "".join(self._said), "signature": "".join(self._signature)}
            )
            self._said, self._signature = [], []

    def redacted(self, data: str) -> None:
        """A block that only the vendor can read."""
        self._answer.attach_state({"type": "redacted_thinking", "data": data})


def turns(call: ModelCall) -> list[dict[str, Any]]:
    """Messages as turns of content blocks; neighbours of one role become one turn, as the API requires."""
    found: list[dict[str, Any]] = []
    for message in call.messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        state = call.state_of(message)
        blocks = list(_signed(message, state)) if state else _blocks(message)
        if found and found[-1]["role"] == role:
            found[-1]["content"] += blocks
        elif blocks:
            found.append({"role": role, "content": blocks})
    return found


def _signed(message: Message, state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The blocks of a turn of the model's own, in the order of its answer."""
    calls = {block["id"]: block for block in _calls(message)}
    for kept, text, call_id in in_order(state, plain_text(message), list(calls)):
        if kept is not None:
            if kept.get("type") in KEPT_TYPES:
                yield kept
        else:
            yield {"type": "text", "text": text} if text else calls[call_id]


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        content = _parts(message) if has_images(message) else plain_text(message)
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": content}]
    return _parts(message) + _calls(message)


def _parts(message: Message) -> list[dict[str, Any]]:
    if isinstance(message.content, str | None):
        return [{"type": "text", "text": message.content}] if message.content else []
    return [_image(p) if isinstance(p, ImagePart) else {"type": "text", "text": p.text} for p in message.content]


def _calls(message: Message) -> list[dict[str, Any]]:
    return [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments_object(call)}
        for call in message.tool_calls or ()
    ]


def _image(part: ImagePart) -> dict[str, Any]:
    found = image_data(part)
    if found is None:
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": found[0], "data": found[1]}}
