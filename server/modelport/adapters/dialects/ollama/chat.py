"""Ollama's native chat: newline-delimited JSON, tool arguments as objects, images as base64.

Source: Ollama API documentation, /api/chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.content import arguments_object, image_by_value, plain_text
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import ABSENT, Needed, count, decode, is_error, json_text, refuse
from modelport.adapters.wire.request import WireRequest, tool_choice
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import ImagePart, Message

OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "max_tokens": "num_predict",
    "context_length": "num_ctx",
    "stop": "stop",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "repetition_penalty": "repeat_penalty",
}
EFFORTS = {"none": False, "minimal": "low", "xhigh": "max"}


class Ollama:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "json_lines"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        row, given = call.endpoint.provider, call.parameters
        accepted = (OPTIONS.keys() | {"reasoning_effort", "keep_alive"}) - set(row.wire.refused_parameters)
        refuse_others(given, accepted, provider=row.id, model=call.model)
        body: dict[str, Any] = {"model": call.model, "messages": _messages(call), "stream": True}
        if options := {OPTIONS[name]: value for name, value in given.items() if name in OPTIONS}:
            body["options"] = options
        if "keep_alive" in given:
            body["keep_alive"] = given["keep_alive"]
        if (effort := given.get("reasoning_effort")) is not None:
            body["think"] = EFFORTS.get(effort, effort)
        if tool_choice(call, takes=()) != "none" and call.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description or "",
                        "parameters": tool.parameters or {"type": "object", "properties": {}},
                    },
                }
                for tool in call.tools
            ]
        if call.answer_format is not None:
            body["format"] = call.answer_format.schema or "json"
        body |= row.wire.extra_body
        return WireRequest(call.endpoint.chat_path or "/api/chat", body)

    def decoder(self, call: ModelCall, answer: Answer) -> OllamaDecoder:
        """A fresh decoder."""
        return OllamaDecoder(answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return "/api/tags" if row.wire.models_path is None else row.wire.models_path


def _messages(call: ModelCall) -> list[dict[str, Any]]:
    row = call.endpoint.provider
    names: dict[str, str] = {}
    result: list[dict[str, Any]] = []
    for message in call.messages:
        names |= {made.id: made.name for made in message.tool_calls or ()}
        result.append(_message(message, names, row, call.state_of(message)))
    return result


def _message(message: Message, names: dict[str, str], row: Provider, kept: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"role": message.role, "content": plain_text(message)}
    if not isinstance(message.content, str | None):
        images = [image_by_value(part, row)[1] for part in message.content if isinstance(part, ImagePart)]
        if images:
            result["images"] = images
    if message.tool_calls:
        result["tool_calls"] = [
            {"function": {"name": call.name, "arguments": arguments_object(call)}} for call in message.tool_calls
        ]
    if isinstance(thinking := kept.get("thinking"), str):
        result["thinking"] = thinking
    if message.role == "tool" and (name := names.get(message.tool_call_id or "")):
        result["tool_name"] = name
    return result


class _Function(Struct):
    name: str = ""
    arguments: dict[str, Any] | str | None = None


class _Call(Struct):
    function: _Function
    id: str | None = None


class _Message(Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_Call] | None = None


class _Line(Struct):
    message: Needed[_Message | None] = None
    response: str | None = None
    done: bool = False
    done_reason: str | None = None
    error: Raw = ABSENT


_LINE = msgspec.json.Decoder(_Line)


class OllamaDecoder:
    """Decodes lines; a whole reply is one line that is done."""

    def __init__(self, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._count = 0

    def event(self, name: bytes, data: bytes) -> None:
        """One line."""
        line = decode(_LINE, data)
        if line.error is not ABSENT and is_error(line.error):
            raise ProviderRefused(data)
        message = line.message
        if message is not None:
            if message.thinking:
                self._answer.reasoning(message.thinking)
            if message.content:
                self._answer.text(message.content)
            for call in message.tool_calls or ():
                self._tool_call(call)
        elif line.response:
            self._answer.text(line.response)
        elif not line.done:
            refuse(data)
        if line.done:
            self._end(line, data)

    def whole(self, body: bytes) -> None:
        """Not used: in this format a whole reply is a single line."""
        self.event(b"", body)

    def _tool_call(self, call: _Call) -> None:
        text = json_text(call.function.arguments) or "{}"
        self._answer.tool_call(self._count, call_id=call.id or "", name=call.function.name, arguments=text)
        self._count += 1

    def _end(self, line: _Line, data: bytes) -> None:
        self._answer.add_usage(data, read_counts)
        self.complete = self.over = True
        self._answer.make_state = self._state
        # Older versions give no reason; they had only one.
        finish_reasons.finish(self._answer, line.done_reason or "stop")

    def _state(self) -> dict[str, Any]:
        """The thinking that led to tool calls, with which a loop of them goes on better."""
        thinking = self._answer.whole_reasoning() if self._answer.has_tool_calls() else ""
        return {"thinking": thinking} if thinking else {}


def read_counts(line: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of the last line, which has them beside everything else."""
    read, written = count(line, "prompt_eval_count"), count(line, "eval_count")
    return None if read is None and written is None else TokenCounts(input=read or 0, output=written or 0)
