"""Decodes the block events of Anthropic Messages.

Source: Anthropic API reference, Messages, streaming; version 2023-06-01.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.anthropic.turns import Thinking
from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.block_calls import BlockCalls
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import (
    ABSENT,
    Needed,
    count,
    decode,
    is_error,
    is_set,
    json_text,
    refuse,
)
from modelport.domain.completions.call import Answer
from modelport.domain.completions.reported_usage import TokenCounts


class _Block(Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = ABSENT
    partial_json: str | dict[str, Any] | None = None
    signature: str | None = None
    data: str | None = None
    stop_reason: str | None = None


class _MessageBody(Struct):
    type: str = ""
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: Raw = ABSENT


class _Start(Struct):
    """The message that a stream begins with, which has no content yet."""

    usage: Raw = ABSENT


class _Event(Struct):
    type: Needed[str] = ""
    index: int | None = None
    message: _Start | None = None
    content_block: _Block | None = None
    delta: _Block | None = None
    usage: Raw = ABSENT
    error: Raw = ABSENT


_EVENT = msgspec.json.Decoder(_Event)
_MESSAGE = msgspec.json.Decoder(_MessageBody)


class MessagesDecoder:
    """Decodes block events; a whole message is its blocks at once."""

    def __init__(self, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._calls = BlockCalls()
        # Calls whose arguments came whole, with the beginning of their block.
        self._whole_calls: set[int] = set()
        self._thinking = Thinking(answer)

    def event(self, name: bytes, data: bytes) -> None:
        """One event."""
        event = decode(_EVENT, data)
        match event.type:
            case "content_block_delta" if event.delta:
                self._delta(event.index, event.delta)
            case "content_block_start" if event.content_block:
                self._block(event.index, event.content_block)
            case "content_block_stop":
                self._thinking.end()
            case "message_start" if event.message:
                self._answer.add_usage(bytes(event.message.usage), read_counts)
            case "message_delta":
                self._answer.add_usage(bytes(event.usage), read_counts)
                if event.delta and event.delta.stop_reason and finish_reasons.ends(event.delta.stop_reason):
                    self._finish(event.delta.stop_reason)
            case "message_stop":
                self.complete = self.over = True
            case "error":
                raise ProviderRefused(data)
            case _:
                if is_error(event.error) or event.type.endswith("error") or (not event.type and name != b"ping"):
                    refuse(data)

    def whole(self, body: bytes) -> None:
        """A whole message, not streamed."""
        message = decode(_MESSAGE, body)
        if message.type == "error" or message.content is None:
            refuse(body)
        for index, block in enumerate(message.content):
            self._block(index, block)
            self._thinking.end()
        self._answer.add_usage(bytes(message.usage), read_counts)
        self._finish(message.stop_reason)
        self.over = True

    def _delta(self, index: int | None, delta: _Block) -> None:
        if delta.text:
            self._answer.text(delta.text)
        elif delta.thinking:
            self._thinking.more(delta.thinking)
        elif delta.signature:
            self._thinking.sign(delta.signature)
        elif delta.partial_json:
            position = self._calls.at(index)
            if position is not None and position not in self._whole_calls:
                self._answer.tool_call(position, arguments=json_text(delta.partial_json))

    def _block(self, index: int | None, block: _Block) -> None:
        if block.type == "tool_use":
            position = self._calls.begin(index, block.id or "")
            # In a stream the block begins with an empty input and the arguments follow in deltas.
            arguments = bytes(block.input).decode() if is_set(block.input) else ""
            if arguments:
                self._whole_calls.add(position)
            self._answer.tool_call(position, call_id=block.id or "", name=block.name or "", arguments=arguments)
            return
        self._calls.begin_other()
        if block.type == "text":
            self._answer.text(block.text or "")
        elif block.type == "thinking":
            self._thinking.begin(block.thinking or "", block.signature or "")
        elif block.type == "redacted_thinking":
            self._thinking.redacted(block.data or "")

    def _finish(self, reason: str | None) -> None:
        self.complete = True
        finish_reasons.finish(self._answer, reason)


def read_counts(usage: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of a ``usage`` object: Anthropic's input leaves both kinds of cached tokens out."""
    unread, output = count(usage, "input_tokens"), count(usage, "output_tokens")
    if unread is None and output is None:
        return None
    read, written = count(usage, "cache_read_input_tokens"), count(usage, "cache_creation_input_tokens")
    return TokenCounts(
        input=(unread or 0) + (read or 0) + (written or 0),
        output=output or 0,
        cache_read=read,
        cache_write=written,
    )
