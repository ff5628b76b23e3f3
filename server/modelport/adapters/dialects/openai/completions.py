"""OpenAI's legacy text completions, for the servers and base models that have nothing else.

A conversation is one prompt there. What a prompt cannot carry, tools and images among it, is refused.
Source: OpenAI API reference, Completions (legacy).
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.openai.prompt import body
from modelport.adapters.dialects.openai.usage import read_counts
from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import ABSENT, Needed, decode, is_error, is_set, refuse
from modelport.adapters.wire.request import WireRequest
from modelport.adapters.wire.think_tags import ThinkTags
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.providers.rows import Provider


class OpenAICompletions:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        return WireRequest(call.endpoint.chat_path or "/completions", body(call))

    def decoder(self, call: ModelCall, answer: Answer) -> CompletionsDecoder:
        """A fresh decoder."""
        return CompletionsDecoder(call.endpoint.provider, answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return "/models" if row.wire.models_path is None else row.wire.models_path


class _Choice(Struct):
    index: int | None = 0
    text: str | None = None
    finish_reason: str | None = None


class _Chunk(Struct):
    model: str | None = None
    service_tier: str | None = None
    choices: Needed[list[_Choice] | None] = None
    usage: Raw = ABSENT
    error: Raw = ABSENT


_CHUNK = msgspec.json.Decoder(_Chunk)


class CompletionsDecoder:
    """Decodes chunks; a whole reply is one of them."""

    def __init__(self, row: Provider, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._tags = ThinkTags(answer) if row.wire.think_tags else None
        self._text = self._tags.text if self._tags else answer.text

    def event(self, name: bytes, data: bytes) -> None:
        """One chunk, the end mark, or an error."""
        if data.startswith(b"[DONE]"):
            self._finish(None)
            self.over = True
            return
        chunk = decode(_CHUNK, data)
        if chunk.choices is None and not (is_set(chunk.usage) or is_set(chunk.error)):
            refuse(data)
        self._chunk(chunk, data)

    def whole(self, body: bytes) -> None:
        """A whole reply, not streamed."""
        chunk = decode(_CHUNK, body)
        if not chunk.choices and not is_error(chunk.error):
            refuse(body)
        self._chunk(chunk, body)
        self._finish(None)

    def _chunk(self, chunk: _Chunk, data: bytes) -> None:
        if chunk.error is not ABSENT and is_error(chunk.error):
            raise ProviderRefused(data)
        if is_set(chunk.usage):
            self._answer.served_as(chunk.model, chunk.service_tier)
            self._answer.add_usage(bytes(chunk.usage), read_counts)
        for choice in chunk.choices or ():
            if choice.index:
                continue
            # Old servers repeat a reason in every chunk; what follows the last one without any is no answer.
            if choice.text and (choice.finish_reason or not self.complete):
                self._text(choice.text)
            if choice.finish_reason and finish_reasons.ends(choice.finish_reason):
                self._finish(choice.finish_reason)

    def _finish(self, reason: str | None) -> None:
        self.complete = True
        if self._tags:
            self._tags.close()
        if reason is not None:
            finish_reasons.finish(self._answer, reason)
        elif self._answer.finish_reason is None:
            self._answer.finish("other")
