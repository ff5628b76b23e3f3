"""OpenAI Chat Completions, as OpenAI and the many compatible servers speak it.

Source: OpenAI API reference, Chat Completions; the servers' differences are flags of their rows.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.openai import usage as openai_usage
from modelport.adapters.dialects.openai.request import parameters
from modelport.adapters.dialects.openai.turns import ChatState, chat_messages, chat_tool
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import ABSENT, decode, fields, is_set, refuse
from modelport.adapters.wire.request import WireRequest, answer_format, tool_choice
from modelport.adapters.wire.think_tags import ThinkTags
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.providers.rows import Provider
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import FinishReason

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "toolCalls",
    "function_call": "toolCalls",
    "tool_use": "toolCalls",
    "content_filter": "contentFilter",
    "safety": "contentFilter",
}


class OpenAIChat:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        wire = call.endpoint.provider.wire
        body: dict[str, Any] = {
            "model": call.model,
            "messages": chat_messages(call.messages, call),
            "stream": True,
        }
        if wire.stream_usage == "ask":
            body["stream_options"] = {"include_usage": True}
        choice = tool_choice(call)
        if call.tools and choice != "none":
            body["tools"] = [chat_tool(tool) for tool in call.tools]
            if choice is not None:
                body["tool_choice"] = choice
        if (form := answer_format(call)) is not None:
            body["response_format"] = form
        body |= parameters(call) | wire.extra_body
        return WireRequest(call.endpoint.chat_path or "/chat/completions", body)

    def decoder(self, call: ModelCall, answer: Answer) -> ChatDecoder:
        """A fresh decoder."""
        return ChatDecoder(call.endpoint.provider, answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return "/models" if row.wire.models_path is None else row.wire.models_path


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


class _Choice(Struct):
    index: int | None = 0
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None
    text: str | None = None
    usage: Raw = ABSENT
    error: Raw = ABSENT


class _Chunk(Struct):
    choices: list[_Choice] | None = None
    model: str | None = None
    usage: Raw = ABSENT
    x_groq: Raw = ABSENT
    error: Raw = ABSENT
    base_resp: Raw = ABSENT


_CHUNK = msgspec.json.Decoder(_Chunk)
_REPLY: msgspec.json.Decoder[_Chunk | list[_Chunk]] = msgspec.json.Decoder(_Chunk | list[_Chunk])


class _Begun(Struct):
    """A tool call that has begun; id and name are empty until they arrive."""

    position: int
    id: str = ""
    name: str = ""


class ChatDecoder:
    """Decodes chunks; a whole reply is one chunk with ``message`` where the others have ``delta``."""

    def __init__(self, row: Provider, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._row = row
        self._state = ChatState()
        self._tags = ThinkTags(answer) if row.wire.think_tags else None
        self._text = self._tags.text if self._tags else answer.text
        self._calls_begun = 0
        # The most recent tool call per wire index; under None the most recent overall.
        self._latest: dict[int | None, _Begun] = {}

    def event(self, name: bytes, data: bytes) -> None:
        """One chunk, the end mark, or an error."""
        if data.startswith(b"[DONE]"):
            self._finish(None)
            self.over = True
            return
        if name == b"error":
            raise ProviderRefused(data)
        self._chunk(decode(_CHUNK, data), data)

    def whole(self, body: bytes) -> None:
        """A whole reply, not streamed; some servers put it in a list."""
        reply = decode(_REPLY, body)
        chunk = reply if isinstance(reply, _Chunk) else next(iter(reply), _Chunk())
        if not chunk.choices and not is_set(chunk.error):
            refuse(body)
        for choice in chunk.choices or ():
            # Some servers put an empty delta beside the message.
            choice.delta = choice.message or choice.delta
        self._chunk(chunk, body)
        self._finish(None)

    def _chunk(self, chunk: _Chunk, data: bytes) -> None:
        if is_set(chunk.error):
            raise ProviderRefused(bytes(chunk.error))
        choices = chunk.choices
        if not choices:
            self._without_choices(chunk, data)
        for choice in choices or ():
            if not choice.index:
                self._choice(choice)
        if chunk.usage is not ABSENT or chunk.x_groq is not ABSENT or (choices and choices[0].usage is not ABSENT):
            self._count(chunk)
        if choices and is_set(choices[0].error):
            raise ProviderRefused(bytes(choices[0].error))

    def _without_choices(self, chunk: _Chunk, data: bytes) -> None:
        """Finds the errors that some servers send in a form of their own."""
        if chunk.choices is None and b'"object":"error"' in data.replace(b" ", b""):
            raise ProviderRefused(data)
        if chunk.base_resp is not ABSENT and fields(chunk.base_resp).get("status_code"):
            raise ProviderRefused(bytes(chunk.base_resp))

    def _count(self, chunk: _Chunk) -> None:
        """Reads the usage from its own field, from Groq's, or from the choice as Moonshot has it."""
        usage = chunk.usage
        if is_set(chunk.x_groq):
            inner = fields(chunk.x_groq)
            if inner.get("error"):
                raise ProviderRefused(inner["error"])
            usage = usage if is_set(usage) else Raw(msgspec.json.encode(inner.get("usage")))
        elif not is_set(usage) and chunk.choices:
            usage = chunk.choices[0].usage
        if is_set(usage):
            self._answer.counts = openai_usage.counts(bytes(usage))

    def _choice(self, choice: _Choice) -> None:
        delta = choice.delta or choice.message
        if delta is not None:
            self._delta(delta)
        elif choice.text:
            self._text(choice.text)
        if choice.finish_reason:
            self._finish(choice.finish_reason)

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
        if delta.tool_calls:
            for call in delta.tool_calls:
                self._tool_call(call)
        if delta.reasoning_details is not ABSENT:
            self._state.details(delta.reasoning_details)
        if delta.reasoning_opaque:
            self._state.opaque += delta.reasoning_opaque

    def _reasoning(self, thought: str, delta: _Delta) -> None:
        if not self._state.field:
            self._state.field = (
                "reasoning_content" if delta.reasoning_content else "reasoning" if delta.reasoning else "reasoning_text"
            )
        self._answer.reasoning(thought)

    def _parts(self, parts: list[Any]) -> None:
        """Content as a list: Mistral's thinking chunks, Databricks' reasoning summaries, plain text parts."""
        for part in parts:
            if not is_object(part):
                continue
            kind = part.get("type")
            if kind == "text":
                self._text(part.get("text") or "")
            elif kind in ("thinking", "reasoning"):
                inner = part.get(kind) or part.get("summary") or part.get("text") or ""
                texts = inner if is_list(inner) else [{"text": inner}]
                self._answer.reasoning("".join(str(text.get("text") or "") for text in texts if is_object(text)))

    def _tool_call(self, call: _Call) -> None:
        function = call.function or _Function()
        name, arguments = function.name or "", function.arguments or ""
        if isinstance(arguments, dict):
            arguments = msgspec.json.encode(arguments).decode()
        begun = self._latest.get(call.index)
        if begun is None or not self._goes_on(begun, call.id, name, arguments):
            begun = _Begun(self._calls_begun)
            self._calls_begun += 1
        begun.id, begun.name = begun.id or call.id or "", begun.name or name
        self._latest[call.index] = self._latest[None] = begun
        self._answer.tool_call(begun.position, call_id=begun.id, name=name, arguments=arguments)
        if call.extra_content is not ABSENT:
            self._state.call(begun.position, call.extra_content)

    def _goes_on(self, begun: _Begun, call_id: str | None, name: str, arguments: str) -> bool:
        """Whether a delta continues the call that has begun under its index.

        Some servers give every call index 0 or none. Then another id, another name, or arguments that begin anew
        after complete ones mark the next call.
        """
        if call_id and begun.id:
            return call_id == begun.id
        if name and begun.name:
            return name == begun.name and not (arguments and self._answer.tool_calls()[begun.position].arguments)
        return True

    def _finish(self, reason: str | None) -> None:
        self.complete = True
        answer = self._answer
        if self._tags:
            self._tags.close()
        mapped = FINISH_REASONS.get(reason.lower(), "other") if reason else answer.finish_reason
        if answer.has_tool_calls() and mapped in (None, "stop"):
            mapped = "toolCalls"
        answer.state = self._state.value(answer, plain=self._row.wire.echo_reasoning)
        answer.finish(mapped or "other")
