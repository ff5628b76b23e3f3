"""Decodes the typed events of the Responses API.

Source: OpenAI API reference, Responses, streaming events.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.openai.own_tools import OwnToolCalls
from modelport.adapters.dialects.openai.streamed_items import ITEM, PART, StreamedItems
from modelport.adapters.dialects.openai.usage import read_counts
from modelport.adapters.wire import finish_reasons
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import ABSENT, Needed, decode, decode_or_none, is_error, is_set, refuse
from modelport.domain.completions.call import Answer

FAILED = ("failed", "cancelled", "expired")
"""What a response can end as besides an answer."""


class _Reason(Struct):
    reason: str | None = None


class _Response(Struct):
    model: str | None = None
    service_tier: str | None = None
    status: str | None = None
    output: list[Raw] | None = None
    usage: Raw = ABSENT
    error: Raw = ABSENT
    incomplete_details: _Reason | str | None = None


class _Event(Struct):
    type: Needed[str] = ""
    delta: str | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    output_index: int | None = None
    item_id: Raw = ABSENT
    item: Raw = ABSENT
    part: Raw = ABSENT
    response: _Response | None = None
    error: Raw = ABSENT


_EVENT = msgspec.json.Decoder(_Event)
_ID = msgspec.json.Decoder()
_RESPONSE = msgspec.json.Decoder(_Response)


def _item_id(event: _Event) -> str | None:
    """The id of an event's item, which is needed where there is no index."""
    if event.output_index is not None or event.item_id is ABSENT:
        return None
    item_id = decode_or_none(_ID, event.item_id)
    return item_id if isinstance(item_id, str) else None


def _words(part: Raw) -> str:
    """The text of a part of a message, or its refusal."""
    found = decode_or_none(PART, part)
    return (found.text or found.refusal or "") if found else ""


class ResponsesDecoder:
    """Decodes events by their type; what never came in deltas is taken from the finished item, or from the end."""

    def __init__(self, answer: Answer) -> None:
        self.complete = False
        self.over = False
        self._answer = answer
        self._items = StreamedItems(answer)
        self._own_tools = OwnToolCalls()

    def event(self, name: bytes, data: bytes) -> None:
        """One event."""
        if data.startswith(b"[DONE]"):
            self.over = True
            return
        event = decode(_EVENT, data)
        if not event.type and name.startswith(b"response."):
            event.type = name.decode("utf-8", "replace")
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                if event.output_index is not None and event.output_index == self._items.speaks:
                    self._answer.text(event.delta or "")
                    return
                self._items.text(event.output_index, _item_id(event), event.delta or "")
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._items.reasoning(event.output_index, _item_id(event), event.delta or "")
            case "response.function_call_arguments.delta":
                self._items.arguments(event.output_index, _item_id(event), event.delta or "")
            case _:
                self._other(event, name, data)

    def whole(self, body: bytes) -> None:
        """A whole reply, not streamed."""
        response = decode(_RESPONSE, body)
        if response.output is None and response.status is None:
            refuse(body)
        self._end(response, body)

    def _other(self, event: _Event, name: bytes, data: bytes) -> None:
        match event.type:
            case "response.output_item.added" if is_set(event.item):
                self._items.begins(event.output_index, decode(ITEM, bytes(event.item)))
            case "response.output_item.done" if is_set(event.item):
                self._items.whole(event.output_index, event.item)
                self._own_tools.item(event.item)
            case "response.content_part.done" if is_set(event.part):
                self._items.whole_text(event.output_index, _item_id(event), _words(event.part))
            case "response.reasoning_summary_text.done" | "response.reasoning_text.done":
                self._items.whole_reasoning(event.output_index, _item_id(event), event.text or "")
            case "response.output_text.done" | "response.refusal.done":
                self._items.whole_text(event.output_index, _item_id(event), event.text or event.refusal or "")
            case "response.function_call_arguments.done":
                self._items.whole_arguments(event.output_index, _item_id(event), event.arguments or "")
            case (
                "response.completed"
                | "response.done"
                | "response.incomplete"
                | "response.failed"
                | "response.cancelled"
            ):
                self._last(event, data)
            case "error":
                raise ProviderRefused(data)
            case _:
                if is_error(event.error) or (not event.type and name != b"ping"):
                    refuse(data)

    def _last(self, event: _Event, data: bytes) -> None:
        """The event with the whole response, which ends it."""
        status = event.type.removeprefix("response.")
        self._end(event.response or _Response(status=status), data)
        if status in FAILED:
            refuse(data)

    def _end(self, response: _Response, data: bytes) -> None:
        if is_error(response.error):
            raise ProviderRefused(bytes(response.error))
        if response.status in FAILED:
            raise ProviderRefused({"message": f"the response ended as {response.status}"})
        self._items.end(response.output or [])
        if is_set(response.usage):
            self._answer.served_as(response.model, response.service_tier)
            self._answer.add_usage(bytes(response.usage), read_counts)
            if response.output:
                self._own_tools.output(response.output)
            self._answer.add_usage(self._own_tools.usage(), read_counts)
        self.complete = self.over = True
        details = response.incomplete_details
        if response.status == "incomplete":
            finish_reasons.finish(self._answer, details.reason if isinstance(details, _Reason) else details)
        elif response.status in ("queued", "in_progress"):
            self._answer.accepted = True
            self._answer.finish("other")
        else:
            self._answer.finish("stop")
