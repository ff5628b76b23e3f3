"""Cohere's own Chat API, version 2: typed events out, with thinking, plans for tools, and usage in two measures.

Source: Cohere API reference, Chat with Streaming (v2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.cohere.request import State, body
from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.block_calls import BlockCalls
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import ABSENT, Needed, count, decode, json_text, refuse
from modelport.adapters.wire.request import WireRequest
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.providers.rows import Provider

MODELS_PATH = "/v1/models?endpoint=chat&page_size=1000"
"""Without a size a page has 20 models. Source: Cohere API reference, List Models."""


class CohereChat:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        return WireRequest(call.endpoint.chat_path or "/v2/chat", body(call))

    def decoder(self, call: ModelCall, answer: Answer) -> CohereDecoder:
        """A fresh decoder."""
        return CohereDecoder(call.model, answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models; a row's own path belongs to the row's own dialect."""
        path = row.wire.models_path if row.dialect == "cohere_chat" else None
        return MODELS_PATH if path is None else path


class _Function(Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _Call(Struct):
    id: str | None = None
    function: _Function | None = None


class _Block(Struct):
    text: str | None = None
    thinking: str | None = None


class _Message(Struct):
    content: _Block | list[_Block] | str | None = None
    tool_plan: str | None = None
    tool_calls: _Call | list[_Call] | None = None


class _Reply(Struct):
    """A whole reply; ``message`` is a text in an error. The delta of an event has the same fields."""

    message: Needed[_Message | str | None] = None
    finish_reason: str | None = None
    usage: Raw = ABSENT
    error: str | dict[str, Any] | None = None


class _Event(Struct):
    type: Needed[str] = ""
    index: int | None = None
    delta: _Reply | None = None


_EVENT = msgspec.json.Decoder(_Event)
_REPLY = msgspec.json.Decoder(_Reply)


TYPES = frozenset(
    {
        b"message-start",
        b"message-end",
        b"content-start",
        b"content-delta",
        b"content-end",
        b"tool-plan-delta",
        b"tool-call-start",
        b"tool-call-delta",
        b"tool-call-end",
        b"citation-start",
        b"citation-end",
    }
)
"""The types of events, for one whose type is only its name."""


class CohereDecoder:
    """Decodes events; a whole reply is their deltas in one."""

    def __init__(self, model: str, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._model = model
        self._answer = answer
        self._thinking: list[str] = []
        self._plan: list[str] = []
        self._calls = BlockCalls()

    def event(self, name: bytes, data: bytes) -> None:
        """One event."""
        if data.startswith(b"[DONE]"):
            self.over = True
            return
        event = decode(_EVENT, data)
        if not event.type and name in TYPES:
            event.type = name.decode()
        if not event.type or event.type.endswith("error"):
            refuse(data)
        delta = event.delta
        if delta is None:
            return
        if isinstance(delta.message, _Message):
            self._message(delta.message, event.index, begins=event.type == "tool-call-start")
        if event.type == "message-end":
            self._end(delta)

    def whole(self, body: bytes) -> None:
        """A whole reply, not streamed."""
        reply = decode(_REPLY, body)
        if not isinstance(reply.message, _Message):
            refuse(body)
        self._message(reply.message, None, begins=True)
        self._end(reply)

    def _message(self, message: _Message, index: int | None, *, begins: bool) -> None:
        content = message.content
        for block in content if isinstance(content, list) else (content,):
            if isinstance(block, _Block):
                self._block(block)
            elif block:
                self._answer.text(block)
        if message.tool_plan:
            self._plan.append(message.tool_plan)
            self._answer.reasoning(message.tool_plan)
        if calls := message.tool_calls:
            for call in calls if isinstance(calls, list) else (calls,):
                self._call(call, index, begins=begins)

    def _block(self, block: _Block) -> None:
        if block.text:
            self._answer.text(block.text)
        elif block.thinking:
            self._thinking.append(block.thinking)
            self._answer.reasoning(block.thinking)

    def _call(self, call: _Call, index: int | None, *, begins: bool) -> None:
        position = self._calls.begin(index, call.id or "") if begins else self._calls.at(index)
        function = call.function or _Function()
        if position is not None:
            name, arguments = function.name or "", json_text(function.arguments)
            self._answer.tool_call(position, call_id=call.id or "", name=name, arguments=arguments)

    def _end(self, end: _Reply) -> None:
        self._answer.add_usage(bytes(end.usage), read_counts)
        if end.error:
            raise ProviderRefused(end.error)
        self._answer.make_state = self._state
        finish_reasons.finish(self._answer, end.finish_reason)
        self.complete = self.over = True

    def _state(self) -> dict[str, Any]:
        if not (self._thinking or self._plan):
            return {}
        return msgspec.to_builtins(State(self._model, "".join(self._thinking), "".join(self._plan)))


def read_counts(usage: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of a ``usage`` object: all tokens, or where there are none, those that are billed.

    Images are not among the input's tokens.
    """
    kind = next((kind for kind in ("tokens", "billed_units") if usage.get(kind)), "tokens")
    read, written = count(usage, f"{kind}.input_tokens"), count(usage, f"{kind}.output_tokens")
    if read is None and written is None:
        return None
    return TokenCounts(
        input=(read or 0) + (count(usage, f"{kind}.image_tokens") or 0),
        output=written or 0,
        cache_read=count(usage, "cached_tokens"),
        reasoning=count(usage, f"{kind}.reasoning_tokens"),
        billed_input=count(usage, "billed_units.input_tokens"),
        billed_output=count(usage, "billed_units.output_tokens"),
    )
