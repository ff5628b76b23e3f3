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
    arguments_in,
    count,
    decode,
    is_error,
    json_text,
    refuse,
    text_at,
)
from modelport.domain.completions.call import Answer
from modelport.domain.completions.reported_usage import OtherModel, TokenCounts
from modelport.protocol.shapes import is_list, is_object


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
    model: str | None = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: Raw = ABSENT


class _Start(Struct):
    """The message that a stream begins with; only proxies send its content with it."""

    model: str | None = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
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
        self._first = _Start()
        """The first event, as far as it has content that no later one has begun again."""

    def event(self, name: bytes, data: bytes) -> None:
        """One event."""
        if data.startswith(b"[DONE]"):
            # Some gateways end so, also what broke off.
            self.over = True
            return
        event = decode(_EVENT, data)
        match event.type or name.decode("utf-8", "replace"):
            case "content_block_delta" if event.delta:
                self._delta(event.index, event.delta)
            case "content_block_start" if event.content_block:
                self._begin(event.index, event.content_block)
            case "content_block_stop":
                self._thinking.end()
            case "message_start" if event.message:
                self._first = event.message
                self._answer.served_as(event.message.model)
                self._answer.add_usage(bytes(event.message.usage), read_counts)
            case "message_delta":
                self._give_first()
                self._answer.add_usage(bytes(event.usage), read_counts)
                self._stop(event.delta.stop_reason if event.delta else None)
            case "message_stop":
                self._end()
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
        self._whole_blocks(message.content)
        self._answer.served_as(message.model)
        self._answer.add_usage(bytes(message.usage), read_counts)
        self._finish(message.stop_reason)
        self.over = True

    def _give_first(self) -> None:
        """Gives the content of the first event, once nothing can begin it again."""
        if self._first.content:
            self._whole_blocks(self._first.content)
            self._first.content = None

    def _whole_blocks(self, blocks: list[_Block]) -> None:
        for index, block in enumerate(blocks):
            self._block(index, block)
            self._thinking.end()

    def _begin(self, index: int | None, block: _Block) -> None:
        if self._first.content and (index or 0) < len(self._first.content):
            self._first.content = None
        self._give_first()
        self._block(index, block)

    def _end(self) -> None:
        self._give_first()
        if not self.complete:
            self._stop(self._first.stop_reason)
        self.complete = self.over = True

    def _delta(self, index: int | None, delta: _Block) -> None:
        if self._first.content:
            self._give_first()
        if delta.text:
            self._text(delta.text)
        elif delta.thinking and not self.complete:
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
            arguments = arguments_in(block.input)
            if arguments:
                self._whole_calls.add(position)
            self._answer.tool_call(position, call_id=block.id or "", name=block.name or "", arguments=arguments)
            return
        self._calls.begin_other()
        if block.type == "text":
            self._text(block.text or "")
        elif block.type == "thinking" and not self.complete:
            self._thinking.begin(block.thinking or "", block.signature or "")
        elif block.type == "redacted_thinking":
            self._thinking.redacted(block.data or "")

    def _text(self, text: str) -> None:
        if not self.complete:
            self._answer.text(text)

    def _stop(self, reason: str | None) -> None:
        """A reason in a stream; some send an empty one before."""
        if reason and finish_reasons.ends(reason):
            self._finish(reason)

    def _finish(self, reason: str | None) -> None:
        self.complete = True
        finish_reasons.finish(self._answer, reason)


def read_counts(usage: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of a ``usage`` object: Anthropic's input leaves both kinds of cached tokens out.

    Each ``iteration`` is one sampling. Those of the answering model are in the other counts; what an advisor used, or
    a compaction of the conversation, is not.
    """
    counts = _read(usage)
    iterations = usage.get("iterations")
    samplings = [one for one in iterations if is_object(one)] if is_list(iterations) else []
    if counts is None or not samplings:
        return counts
    own = [one for sampling in samplings if _is_own(sampling) and (one := _read(sampling))]
    return msgspec.structs.replace(
        counts,
        longest_input=max((one.input for one in own), default=None),
        of_others=tuple(
            OtherModel(str(sampling.get("model") or ""), one)
            for sampling in samplings
            if not _is_own(sampling) and (one := _read(sampling))
        ),
    )


def _is_own(sampling: Mapping[str, Any]) -> bool:
    return sampling.get("type", "message") == "message"


def _read(usage: Mapping[str, Any]) -> TokenCounts | None:
    unread, output = count(usage, "input_tokens"), count(usage, "output_tokens")
    if unread is None and output is None:
        return None
    read, written = count(usage, "cache_read_input_tokens"), count(usage, "cache_creation_input_tokens")
    return TokenCounts(
        input=(unread or 0) + (read or 0) + (written or 0),
        output=output or 0,
        cache_read=read,
        cache_write=written,
        reasoning=count(usage, "output_tokens_details.thinking_tokens"),
        cache_write_1h=count(usage, "cache_creation.ephemeral_1h_input_tokens") or 0,
        web_searches=count(usage, "server_tool_use.web_search_requests") or 0,
        service_tier=text_at(usage, "service_tier"),
        speed=text_at(usage, "speed"),
        inference_geo=text_at(usage, "inference_geo"),
    )
