"""Google's generateContent, as the Gemini API, the Agent Platform (Vertex AI) and gateways speak it.

Source: Gemini API reference, models.streamGenerateContent; Agent Platform REST reference, v1.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.google.field_names import in_camel_case
from modelport.adapters.dialects.google.request import Mark, body
from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import (
    ABSENT,
    Needed,
    arguments_in,
    count,
    decode,
    fields,
    is_error,
    refuse,
    text_at,
)
from modelport.adapters.wire.request import WireRequest
from modelport.borders import json_bytes
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.providers.rows import Provider
from modelport.protocol.shapes import is_list, is_object

CHAT_PATH = "/v1beta/models/{model}:streamGenerateContent?alt=sse"
MODELS_PATH = "/v1beta/models?pageSize=1000"
"""Without a size a page has 50 models, and there are more. Source: Gemini API reference, models.list."""


class Gemini:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "x-goog-api-key"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        model = quote(call.model.removeprefix("models/"), safe="")
        return WireRequest((call.endpoint.chat_path or CHAT_PATH).replace("{model}", model), body(call))

    def decoder(self, call: ModelCall, answer: Answer) -> GeminiDecoder:
        """A fresh decoder."""
        return GeminiDecoder(answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return MODELS_PATH if row.wire.models_path is None else row.wire.models_path


class _FunctionCall(Struct):
    name: str = ""
    args: Raw = ABSENT
    id: str | None = None


class _Part(Struct, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: _FunctionCall | None = None


class _Content(Struct):
    parts: list[_Part] | None = None


class _Candidate(Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | int | None = None
    finish_message: str | None = None
    index: int | None = None
    grounding_metadata: Raw = ABSENT


class _Feedback(Struct, rename="camel"):
    block_reason: str | int | None = None
    block_reason_message: str | None = None


class _Chunk(Struct, rename="camel"):
    candidates: Needed[list[_Candidate] | None] = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Raw = ABSENT
    model_version: str | None = None
    response_id: str | None = None
    error: Raw = ABSENT


SEARCHES = "webSearchCount"
"""Our own field beside those of the usage: the queries, which stand with a candidate."""
_CHUNK = msgspec.json.Decoder(_Chunk)
_REPLY: msgspec.json.Decoder[_Chunk | list[_Chunk]] = msgspec.json.Decoder(_Chunk | list[_Chunk])


class GeminiDecoder:
    """Decodes chunks; a whole reply is one of them, a stream without events a list of them."""

    def __init__(self, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._calls = 0
        self._ids: set[str] = set()
        self._ended = False
        """Whether a reason to finish has come."""
        self._marks: list[dict[str, Any]] = []
        self._queries: set[str] = set()
        """What Google Search was asked."""

    def event(self, name: bytes, data: bytes) -> None:
        """One chunk; some gateways send an end mark after the last."""
        if data.startswith(b"[DONE]"):
            self._end()
            return
        self._chunk(decode(_CHUNK, in_camel_case(data)), data)

    def whole(self, body: bytes) -> None:
        """A whole reply, or all chunks of a stream in a list."""
        reply = decode(_REPLY, in_camel_case(body))
        chunks = [reply] if isinstance(reply, _Chunk) else reply
        if not chunks:
            refuse(body)
        for chunk in chunks:
            self._chunk(chunk, body)
        if isinstance(reply, _Chunk):
            self._end()

    def _chunk(self, chunk: _Chunk, data: bytes) -> None:
        if chunk.error is not ABSENT and is_error(chunk.error):
            raise _refused(chunk.error)
        if chunk.usage_metadata is not ABSENT:
            self._answer.served_as(chunk.model_version)
            self._answer.add_usage(bytes(chunk.usage_metadata), read_counts)
        for candidate in chunk.candidates or ():
            if not candidate.index:
                self._candidate(candidate)
        if not chunk.candidates:
            self._without_candidates(chunk, data)

    def _without_candidates(self, chunk: _Chunk, data: bytes) -> None:
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason:
            words = feedback.block_reason_message or f"the prompt was blocked: {feedback.block_reason}"
            raise ProviderRefused({"code": "content_filter", "message": words})
        if chunk.response_id is None and chunk.usage_metadata is ABSENT:
            refuse(data)

    def _candidate(self, candidate: _Candidate) -> None:
        if candidate.grounding_metadata is not ABSENT:
            self._count_searches(candidate.grounding_metadata)
        content = candidate.content
        # Old services repeat a reason in every chunk; text that follows the last one without any is no answer.
        late = self._ended and not candidate.finish_reason
        if content is not None and content.parts:
            for part in content.parts:
                if part.function_call is not None:
                    self._call(part.function_call, part.thought_signature)
                elif part.text and not late:
                    (self._answer.reasoning if part.thought else self._answer.text)(part.text)
                if part.thought_signature and part.function_call is None:
                    self._sign(part)
        if candidate.finish_reason and finish_reasons.ends(candidate.finish_reason):
            self._ended = True
            self._finish(candidate.finish_reason, candidate.finish_message)

    def _count_searches(self, grounding: Raw) -> None:
        """The queries of an answer that used Google Search; later chunks may repeat them."""
        queries = fields(grounding).get("webSearchQueries")
        asked = {query for query in queries if isinstance(query, str) and query} if is_list(queries) else set[str]()
        if asked - self._queries:
            self._queries |= asked
            self._answer.add_usage(json_bytes({SEARCHES: len(self._queries)}), read_counts)

    def _call(self, call: _FunctionCall, signature: str | None) -> None:
        # Without an id of its own a call gets one that no other call of the conversation can have.
        own_id = call.id if call.id not in self._ids else None
        call_id = own_id or f"call_{os.urandom(8).hex()}"
        self._ids.add(call_id)
        arguments = arguments_in(call.args)
        self._answer.tool_call(self._calls, call_id=call_id, name=call.name, arguments=arguments)
        self._calls += 1
        mark = Mark(self._answer.text_length, call=call_id, named=bool(own_id), signature=signature)
        self._mark(mark, wanted_back=bool(own_id or signature))
        # Calls come whole, and some streams end behind them without a reason.
        self._finish("STOP")

    def _sign(self, part: _Part) -> None:
        text = part.text or ""
        end = self._answer.text_length
        if part.thought:
            self._mark(Mark(end, thought=text, signature=part.thought_signature))
        else:
            self._mark(Mark(end - len(text), len(text), signature=part.thought_signature))

    def _mark(self, mark: Mark, *, wanted_back: bool = True) -> None:
        self._marks.append(msgspec.to_builtins(mark))
        if wanted_back:
            self._answer.make_state = lambda: {"parts": self._marks}

    def _finish(self, reason: str | int | None, words: str | None = None) -> None:
        self.complete = True
        finish_reasons.finish(self._answer, reason, words)

    def _end(self) -> None:
        if not self.complete:
            self._finish(None)
        self.over = True


def read_counts(usage: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of a ``usageMetadata`` object.

    Gemini's input includes cached tokens, but not what its own tools read; its output excludes thoughts.
    """
    prompt, total = count(usage, "promptTokenCount"), count(usage, "totalTokenCount")
    if prompt is None and total is None:
        return None
    answered, thought = count(usage, "candidatesTokenCount") or 0, count(usage, "thoughtsTokenCount")
    total = total or 0
    read = (prompt or 0) + (count(usage, "toolUsePromptTokenCount") or 0)
    if prompt is None:
        # For some media only the total has it.
        read = max(total - answered - (thought or 0), 0)
    return TokenCounts(
        input=read,
        # Where the total leaves no room for the thoughts, they are among the answer's tokens already.
        output=answered if read + answered == total else answered + (thought or 0),
        cache_read=count(usage, "cachedContentTokenCount"),
        reasoning=thought,
        input_audio=_of(usage, "promptTokensDetails", "AUDIO"),
        cached_audio=_of(usage, "cacheTokensDetails", "AUDIO"),
        input_image=_of(usage, "promptTokensDetails", "IMAGE"),
        output_audio=_of(usage, "candidatesTokensDetails", "AUDIO"),
        output_image=_of(usage, "candidatesTokensDetails", "IMAGE"),
        web_searches=count(usage, SEARCHES) or 0,
        service_tier=text_at(usage, "trafficType") or text_at(usage, "serviceTier"),
    )


def _of(usage: Mapping[str, Any], details: str, modality: str) -> int:
    """The tokens of a modality."""
    ones = usage.get(details)
    found = [one for one in ones if is_object(one) and one.get("modality") == modality] if is_list(ones) else []
    return sum(count(one, "tokenCount") or 0 for one in found)


def _refused(error: Raw) -> ProviderRefused:
    """The error with the HTTP status it would have had, which is more exact than the words beside it."""
    named = fields(error)
    if named.get("code") and named.get("message"):
        return ProviderRefused({"code": named["code"], "message": named["message"]})
    return ProviderRefused(bytes(error))
