"""Decodes the block events of Amazon Bedrock's Converse.

Source: Amazon Bedrock API reference, ConverseStreamOutput.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.block_calls import BlockCalls
from modelport.adapters.wire.json_values import (
    ABSENT,
    Needed,
    arguments_in,
    count,
    decode,
    json_text,
    refuse,
    text_at,
)
from modelport.borders import json_bytes
from modelport.domain.completions.call import Answer
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.protocol.shapes import is_list, is_object

EVENTS = frozenset(
    {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}
)


LATENCY = "performanceLatency"
"""Our own field beside those of the usage: the latency, which stands beside it."""


class _ReasoningText(Struct):
    text: str = ""
    signature: str | None = None


class _Reasoning(Struct, rename="camel"):
    text: str | None = None
    signature: str | None = None
    redacted_content: bytes | None = None
    reasoning_text: _ReasoningText | None = None


class _ToolUse(Struct, rename="camel"):
    tool_use_id: str = ""
    name: str = ""
    type: str | None = None
    input: Raw = ABSENT


class _ToolUseDelta(Struct):
    input: str | dict[str, Any] | None = None


class _Delta(Struct, rename="camel"):
    text: str | None = None
    tool_use: _ToolUseDelta | None = None
    reasoning_content: _Reasoning | None = None


class _Text(Struct):
    text: str | None = None


class _Citations(Struct):
    content: list[_Text] | None = None


class _Block(Struct, rename="camel"):
    text: str | None = None
    tool_use: _ToolUse | None = None
    reasoning_content: _Reasoning | None = None
    citations_content: _Citations | None = None


class _Message(Struct):
    content: Needed[list[_Block]] = []


class _Output(Struct):
    message: Needed[_Message | None] = None


class _ServiceTier(Struct):
    type: str | None = None


class _Performance(Struct):
    latency: str | None = None


class _Event(Struct, rename="camel"):
    content_block_index: int | None = None
    delta: Needed[_Delta | None] = None
    start: _Block | None = None
    stop_reason: str | None = None
    usage: Raw = ABSENT
    output: _Output | None = None
    service_tier: _ServiceTier | None = None
    performance_config: _Performance | None = None


_EVENT = msgspec.json.Decoder(_Event)
_NAMED: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_LISTING: msgspec.json.Decoder[dict[str, Any] | list[Any]] = msgspec.json.Decoder(dict[str, Any] | list[Any])


class _Thought(Struct):
    """A block of reasoning as it builds up."""

    text: list[str] = []
    signature: list[str] = []
    redacted: list[bytes] = []


class ConverseDecoder:
    """Decodes block events; a whole message is its blocks at once."""

    def __init__(self, answer: Answer, model: str) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._model = model
        self._calls = BlockCalls()
        self._thoughts: dict[int | None, _Thought] = {}

    def event(self, name: bytes, data: bytes) -> None:
        """One event; without a name it is a whole message, or an event under its name as in Amazon's own models."""
        event = decode(_EVENT, data)
        if event.delta is not None:
            self._delta(event.content_block_index, event.delta)
        elif event.start is not None:
            self._block(event.content_block_index, event.start)
        elif event.output is not None:
            self._message(event.output.message, event)
        elif name == b"contentBlockStop":
            self._end(event.content_block_index)
        elif event.stop_reason is not None:
            self._finish(event.stop_reason)
        elif name == b"metadata":
            self._count(event)
            self.over = self.complete
        elif name.endswith((b"Exception", b"error")):
            refuse(data)
        elif not name:
            self._named(data)

    def whole(self, body: bytes) -> None:
        """A whole message, not streamed."""
        self.event(b"", body)

    def _named(self, data: bytes) -> None:
        named = [(name, raw) for name, raw in decode(_NAMED, data).items() if name in EVENTS]
        if not named:
            refuse(data)
        for name, raw in named:
            self.event(name.encode(), bytes(raw))

    def _message(self, message: _Message | None, event: _Event) -> None:
        for index, block in enumerate(message.content if message else ()):
            self._block(index, block)
            self._end(index)
        self._count(event)
        self._finish(event.stop_reason)
        self.over = True

    def _count(self, event: _Event) -> None:
        self._answer.add_usage(bytes(event.usage), read_counts)
        if event.service_tier is not None:
            self._answer.served_as(None, event.service_tier.type)
        if event.performance_config is not None:
            self._answer.add_usage(json_bytes({LATENCY: event.performance_config.latency}), read_counts)

    def _delta(self, index: int | None, delta: _Delta) -> None:
        if delta.text:
            self._answer.text(delta.text)
        elif delta.tool_use is not None:
            if (position := self._calls.at(index)) is not None:
                self._answer.tool_call(position, arguments=json_text(delta.tool_use.input))
        elif delta.reasoning_content is not None:
            self._reason(index, delta.reasoning_content)

    def _block(self, index: int | None, block: _Block) -> None:
        call = block.tool_use
        # The service answers the calls of its own tools itself.
        if call is not None and call.type != "server_tool_use":
            position = self._calls.begin(index, call.tool_use_id)
            arguments = arguments_in(call.input)
            self._answer.tool_call(position, call_id=call.tool_use_id, name=call.name, arguments=arguments)
            return
        self._calls.begin_other()
        if block.reasoning_content is not None:
            self._reason(index, block.reasoning_content)
        elif block.citations_content is not None:
            for part in block.citations_content.content or ():
                self._answer.text(part.text or "")
        else:
            self._answer.text(block.text or "")

    def _reason(self, index: int | None, delta: _Reasoning) -> None:
        thought = self._thoughts.setdefault(index, _Thought())
        whole = delta.reasoning_text
        text, signature = (delta.text, delta.signature) if whole is None else (whole.text, whole.signature)
        if text:
            thought.text.append(text)
            self._answer.reasoning(text)
        if signature:
            thought.signature.append(signature)
        if delta.redacted_content:
            thought.redacted.append(delta.redacted_content)

    def _end(self, index: int | None) -> None:
        """Ends a block; reasoning that is signed or encrypted is kept as it is, since the model wants it back."""
        thought = self._thoughts.pop(index, None)
        if thought is None or not (thought.signature or thought.redacted):
            return
        block: dict[str, Any] = {
            "reasoningText": {"text": "".join(thought.text), "signature": "".join(thought.signature)}
        }
        if thought.redacted:
            block = {"redactedContent": base64.b64encode(b"".join(thought.redacted)).decode()}
        self._answer.attach_state({"model": self._model, "reasoningContent": block})

    def _finish(self, reason: str | None) -> None:
        self.complete = True
        finish_reasons.finish(self._answer, reason)


def read_counts(usage: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of a ``usage`` object: Converse's input leaves both kinds of cached tokens out."""
    unread, output = count(usage, "inputTokens"), count(usage, "outputTokens")
    if unread is None and output is None:
        return None
    # Amazon's own models call the cached ones a little differently.
    read, written = (
        count(usage, f"cache{kind}InputTokens", f"cache{kind}InputTokenCount") for kind in ("Read", "Write")
    )
    return TokenCounts(
        input=(unread or 0) + (read or 0) + (written or 0),
        output=output or 0,
        cache_read=read,
        cache_write=written,
        cache_write_1h=_kept_for_an_hour(usage),
        speed=text_at(usage, LATENCY),
    )


def _kept_for_an_hour(usage: Mapping[str, Any]) -> int:
    """The tokens that were written to the cache for an hour, of all that were written."""
    details = usage.get("cacheDetails")
    ones = [one for one in details if is_object(one) and one.get("ttl") == "1h"] if is_list(details) else []
    return sum(count(one, "inputTokens") or 0 for one in ones)
