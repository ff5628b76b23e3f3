"""OpenAI Responses: typed input items in, typed events out.

Source: OpenAI API reference, Responses.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.openai import usage as openai_usage
from modelport.adapters.dialects.openai.input_items import instructions, items
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import ABSENT, decode, fields, is_set, refuse
from modelport.adapters.wire.prompt_cache import cache_key
from modelport.adapters.wire.request import WireRequest, answer_format, tool_choice
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import FinishReason

INCOMPLETE: dict[str, FinishReason] = {"max_output_tokens": "length", "content_filter": "contentFilter"}
PARAMETERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_output_tokens",
    "parallel_tool_calls": "parallel_tool_calls",
    "user": "user",
}


class OpenAIResponses:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        row = call.endpoint.provider
        accepted = (set(PARAMETERS) | {"reasoning_effort"}) - set(row.wire.refused_parameters)
        refuse_others(call.parameters, accepted, provider=row.id, model=call.model)
        body: dict[str, Any] = {
            "model": call.model,
            "input": [item for message in call.messages for item in items(message, call)],
            "stream": True,
        }
        if system := instructions(call.messages):
            body["instructions"] = system
        body |= {PARAMETERS[name]: value for name, value in call.parameters.items() if name in PARAMETERS}
        if effort := call.parameters.get("reasoning_effort"):
            body["reasoning"] = {"effort": effort} | ({} if effort == "none" else {"summary": "auto"})
            if effort != "none" and row.wire.echo_reasoning:
                # Where the vendor does not store the answers, the reasoning itself comes, encrypted.
                body["include"] = ["reasoning.encrypted_content"]
        body |= self._tools(call) | self._form(call) | cache_key(call) | row.wire.extra_body
        return WireRequest(call.endpoint.chat_path or "/responses", body)

    def decoder(self, call: ModelCall, answer: Answer) -> ResponsesDecoder:
        """A fresh decoder."""
        return ResponsesDecoder(answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return "/models" if row.wire.models_path is None else row.wire.models_path

    def _tools(self, call: ModelCall) -> dict[str, Any]:
        choice = tool_choice(call)
        if not call.tools or choice == "none":
            return {}
        tools = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description or "",
                "parameters": tool.parameters or {"type": "object", "properties": {}},
                "strict": False,
            }
            for tool in call.tools
        ]
        if isinstance(choice, dict):
            choice = {"type": "function", "name": call.named_tool}
        return {"tools": tools} | ({"tool_choice": choice} if choice is not None else {})

    def _form(self, call: ModelCall) -> dict[str, Any]:
        form = answer_format(call)
        if form is None:
            return {}
        return {"text": {"format": {"type": form["type"], **form.get("json_schema", {})}}}


class _Part(Struct):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class _Item(Struct):
    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    content: list[_Part] | None = None
    summary: list[_Part] | None = None


class _Reason(Struct):
    reason: str | None = None


class _Response(Struct):
    status: str | None = None
    output: list[Raw] | None = None
    usage: Raw = ABSENT
    error: Raw = ABSENT
    incomplete_details: _Reason | None = None


class _Event(Struct):
    type: str = ""
    delta: str | None = None
    text: str | None = None
    output_index: int = 0
    item: Raw = ABSENT
    response: _Response | None = None


_EVENT = msgspec.json.Decoder(_Event)
_ITEM = msgspec.json.Decoder(_Item)
_RESPONSE = msgspec.json.Decoder(_Response)


class ResponsesDecoder:
    """Decodes events by their type; what never came in deltas is taken from the finished item."""

    def __init__(self, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._calls: dict[int, int] = {}
        self._streamed: set[int] = set()

    def event(self, name: bytes, data: bytes) -> None:
        """One event."""
        if data.startswith(b"[DONE]"):
            self.over = True
            return
        event = decode(_EVENT, data)
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                self._streamed.add(event.output_index)
                self._answer.text(event.delta or "")
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._streamed.add(event.output_index)
                self._answer.reasoning(event.delta or "")
            case "response.function_call_arguments.delta":
                self._streamed.add(event.output_index)
                index = self._calls.setdefault(event.output_index, len(self._calls))
                self._answer.tool_call(index, arguments=event.delta or "")
            case "response.output_item.added" if is_set(event.item):
                self._item_begins(event.output_index, decode(_ITEM, bytes(event.item)))
            case "response.output_item.done" if is_set(event.item):
                self._item(event.output_index, event.item)
            case "response.completed" | "response.incomplete" | "response.done" | "response.failed":
                self._end(event.response or _Response())
            case "error":
                raise ProviderRefused(data)
            case _:
                if not event.type and name != b"ping":
                    refuse(data)

    def whole(self, body: bytes) -> None:
        """A whole reply, not streamed."""
        response = decode(_RESPONSE, body)
        if response.output is None and response.status is None:
            refuse(body)
        self._end(response)

    def _item_begins(self, position: int, item: _Item) -> None:
        if item.type == "function_call":
            index = self._calls.setdefault(position, len(self._calls))
            self._answer.tool_call(index, call_id=item.call_id or item.id or "", name=item.name or "")

    def _item(self, position: int, raw: Raw) -> None:
        item = decode(_ITEM, bytes(raw))
        if item.type == "reasoning" and item.id:
            self._answer.attach_state({name: value for name, value in fields(raw).items() if value is not None})
        if position in self._streamed:
            return
        self._streamed.add(position)
        match item.type:
            case "message":
                for part in item.content or ():
                    self._answer.text(part.text or part.refusal or "")
            case "reasoning":
                thoughts = [part.text or "" for part in item.summary or item.content or ()]
                self._answer.reasoning("".join(thoughts))
            case "function_call":
                self._item_begins(position, item)
                self._answer.tool_call(self._calls[position], arguments=item.arguments or "")
            case _:
                pass

    def _end(self, response: _Response) -> None:
        if is_set(response.error):
            raise ProviderRefused(bytes(response.error))
        if response.status in ("failed", "cancelled"):
            raise ProviderRefused({"message": f"the response ended as {response.status}"})
        if not self._streamed:
            # Positions here are not those of the events, so this is for replies without events only.
            for position, item in enumerate(response.output or ()):
                self._item(position, item)
        if is_set(response.usage):
            self._answer.counts = openai_usage.counts(bytes(response.usage))
        self.complete = self.over = True
        reason = response.incomplete_details.reason if response.incomplete_details else None
        if response.status == "incomplete":
            self._answer.finish(INCOMPLETE.get(reason or "", "other"))
        elif response.status in ("queued", "in_progress"):
            self._answer.finish("other")
        else:
            self._answer.finish("toolCalls" if self._answer.has_tool_calls() else "stop")
