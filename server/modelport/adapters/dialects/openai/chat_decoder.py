"""Decodes the chunks of Chat Completions, as OpenAI and the many compatible servers send them.

Source: OpenAI API reference, Chat Completions, streaming.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.openai.streamed_calls import StreamedCalls
from modelport.adapters.dialects.openai.turns import ChatState
from modelport.adapters.dialects.openai.usage import read_counts, read_counts_by_total
from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import (
    ABSENT,
    Needed,
    decode,
    fields,
    is_error,
    is_set,
    json_text,
    refuse,
    refuse_error,
)
from modelport.adapters.wire.think_tags import ThinkTags
from modelport.borders import json_bytes
from modelport.domain.completions.call import Answer
from modelport.domain.providers.rows import Provider
from modelport.protocol.shapes import is_list, is_object


class _Function(Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _Call(Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None
    extra_content: Raw = ABSENT


class _Delta(Struct):
    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_text: str | None = None
    reasoning_details: Raw = ABSENT
    reasoning_opaque: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None
    """The form of calls before ``tool_calls``."""


class _Choice(Struct):
    index: int | None = 0
    delta: Needed[_Delta | None] = None
    message: _Delta | None = None
    finish_reason: str | None = None
    text: str | None = None
    usage: Raw = ABSENT
    error: Raw = ABSENT


class _Chunk(Struct):
    choices: Needed[list[_Choice] | None] = None
    id: Raw = ABSENT
    model: str | None = None
    service_tier: str | None = None
    usage: Raw = ABSENT
    x_groq: Raw = ABSENT
    error: Raw = ABSENT
    base_resp: Raw = ABSENT


def _calls_of(delta: _Delta) -> _Delta:
    return _Delta(tool_calls=delta.tool_calls, function_call=delta.function_call)


_CHUNK = msgspec.json.Decoder(_Chunk)
_REPLY: msgspec.json.Decoder[_Chunk | list[_Chunk]] = msgspec.json.Decoder(_Chunk | list[_Chunk])


class ChatDecoder:
    """Decodes chunks; a whole reply is one chunk with ``message`` where the others have ``delta``."""

    def __init__(self, row: Provider, answer: Answer, tools: frozenset[str] = frozenset()) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._row = row
        self._has_deltas = False
        self._index: int | None = None
        """The number of the choice that is read: the first that comes."""
        self._state = ChatState()
        self._tags = ThinkTags(answer) if row.wire.think_tags else None
        self._text = self._tags.text if self._tags else answer.text
        self._calls = StreamedCalls(answer, tools)
        self._read_counts = read_counts_by_total if row.wire.output_only_in_total else read_counts

    def event(self, name: bytes, data: bytes) -> None:
        """One chunk, the end mark, or an error."""
        if data.startswith(b"[DONE]"):
            self._finish(None)
            self.over = True
            return
        self._chunk(decode(_CHUNK, data), data)

    def whole(self, body: bytes) -> None:
        """A whole reply, not streamed; some servers put it in a list."""
        reply = decode(_REPLY, body)
        chunk = reply if isinstance(reply, _Chunk) else next(iter(reply), _Chunk())
        if not chunk.choices and not is_error(chunk.error):
            refuse(body)
        for choice in chunk.choices or ():
            # Some servers put an empty delta beside the message.
            choice.delta, choice.message = choice.message or choice.delta, None
            for position, call in enumerate((choice.delta and choice.delta.tool_calls) or ()):
                call.index = position
        self._chunk(chunk, body)
        self._finish(None)

    def _chunk(self, chunk: _Chunk, data: bytes) -> None:
        if chunk.error is not ABSENT and is_error(chunk.error):
            if is_set(chunk.usage):
                # What was written until then is charged.
                self._count(chunk)
            raise ProviderRefused(data)
        choices = chunk.choices
        if not choices:
            self._without_choices(chunk, data)
        reason = None
        for choice in choices or ():
            index = choice.index or 0
            if self._index is None:
                self._index = index
            if index == self._index:
                # Old servers repeat a reason in every chunk; what follows the last one without any is no answer.
                self._choice(choice, late=self.complete and not choice.finish_reason)
                reason = choice.finish_reason
        if chunk.usage is not ABSENT or chunk.x_groq is not ABSENT or (choices and choices[0].usage is not ABSENT):
            self._count(chunk)
        if choices and choices[0].error is not ABSENT and is_error(choices[0].error):
            raise ProviderRefused(bytes(choices[0].error))
        if reason and finish_reasons.ends(reason):
            self._finish(reason)

    def _without_choices(self, chunk: _Chunk, data: bytes) -> None:
        """Finds the errors that some servers send in a form of their own."""
        if chunk.base_resp is not ABSENT and fields(chunk.base_resp).get("status_code"):
            raise ProviderRefused(bytes(chunk.base_resp))
        if chunk.choices is None and (chunk.id is ABSENT or b'"object":"error"' in data.replace(b" ", b"")):
            refuse_error(data)

    def _count(self, chunk: _Chunk) -> None:
        """Reads the usage from its own field, from Groq's, or from the choice as Moonshot has it."""
        usage = chunk.usage
        if is_set(chunk.x_groq):
            inner = fields(chunk.x_groq)
            if inner.get("error"):
                raise ProviderRefused(inner["error"])
            usage = usage if is_set(usage) else Raw(json_bytes(inner.get("usage")))
        elif not is_set(usage) and chunk.choices:
            usage = chunk.choices[0].usage
        if is_set(usage):
            self._answer.served_as(chunk.model, chunk.service_tier)
            self._answer.add_usage(bytes(usage), self._read_counts)

    def _choice(self, choice: _Choice, *, late: bool) -> None:
        delta, whole = choice.delta, choice.message
        self._has_deltas = self._has_deltas or delta is not None
        if not self._has_deltas:
            # A server that calls its deltas messages.
            delta, whole = whole, None
        if delta is not None:
            self._delta(_calls_of(delta) if late else delta)
        elif whole is None and choice.text and not late:
            self._text(choice.text)
        # One server sends all that came until then with each chunk; what counts is the last.
        if whole is not None and (delta is None or choice.finish_reason):
            self._delta(self._left(whole))

    def _left(self, message: _Delta) -> _Delta:
        """What has not come yet of a message that stands whole in a stream, most often behind its deltas."""
        answer = self._answer
        if answer.has_text:
            text, length = message.content, answer.text_length
            # A shorter one, which may stand in every chunk, is not worth putting the text together.
            more = isinstance(text, str) and len(text) > length and text.startswith(answer.whole_text())
            message.content = text[length:] if isinstance(text, str) and more else None
            message.refusal = None
        if answer.has_reasoning:
            message.reasoning_content = message.reasoning = message.reasoning_text = None
        if self._state.has_details:
            message.reasoning_details = ABSENT
        if answer.has_tool_calls():
            message.tool_calls = message.function_call = None
        for position, call in enumerate(message.tool_calls or ()):
            call.index = position
        return message

    def _delta(self, delta: _Delta) -> None:
        if delta.content:
            if isinstance(delta.content, str):
                self._text(delta.content)
            else:
                self._parts(delta.content)
        thought = delta.reasoning_content or delta.reasoning or delta.reasoning_text
        if thought:
            self._reasoning(thought, delta)
        if delta.refusal:
            self._answer.text(delta.refusal)
        if delta.tool_calls or delta.function_call:
            self._tool_calls(delta.tool_calls or [_Call(index=0, function=delta.function_call)])
        if delta.reasoning_details is not ABSENT:
            said = self._state.details(delta.reasoning_details)
            if not thought:
                self._answer.reasoning(said)
        if delta.reasoning_opaque:
            self._state.opaque.append(delta.reasoning_opaque)

    def _reasoning(self, thought: str, delta: _Delta) -> None:
        if not self._state.field:
            self._state.field = (
                "reasoning_content" if delta.reasoning_content else "reasoning" if delta.reasoning else "reasoning_text"
            )
        self._answer.reasoning(thought)

    def _parts(self, parts: list[Any]) -> None:
        """Content as a list: Mistral's thinking chunks, Databricks' reasoning summaries, plain text parts."""
        for part in parts:
            if isinstance(part, str):
                self._text(part)
            if not is_object(part):
                continue
            kind = part.get("type")
            if kind in ("text", "output_text") and isinstance(part.get("text"), str):
                self._text(part["text"])
            elif kind in ("thinking", "reasoning"):
                inner = part.get(kind) or part.get("summary") or part.get("text") or ""
                texts = inner if is_list(inner) else [{"text": inner}]
                self._answer.reasoning("".join(str(text.get("text") or "") for text in texts if is_object(text)))

    def _tool_calls(self, calls: list[_Call]) -> None:
        begun: dict[int | None, str | None] = {}
        for call in calls:
            if call.id and begun.setdefault(call.index, call.id) != call.id:
                # Two calls of one chunk under one number, which then means nothing.
                call.index = None
            self._tool_call(call)

    def _tool_call(self, call: _Call) -> None:
        function = call.function or _Function()
        arguments = json_text(function.arguments)
        position = self._calls.delta(call.index, call.id or "", function.name or "", arguments)
        if position is not None and call.extra_content is not ABSENT:
            self._state.call(position, call.extra_content)

    def _finish(self, reason: str | None) -> None:
        self.complete = True
        answer = self._answer
        if self._tags:
            self._tags.close()
        answer.make_state = lambda: self._state.value(answer, plain=self._row.wire.echo_reasoning)
        if reason is not None:
            finish_reasons.finish(answer, reason)
        elif answer.finish_reason is None:
            answer.finish("other")
