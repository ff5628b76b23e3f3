"""Assigns the events of a Responses stream to the output items that they belong to.

An item is known by its index, else by its id, else it is the latest of its type. What came in deltas comes again in the
finished item, and again in the last event, under ids and at positions that need not be the same there.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Any

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.wire.json_values import Needed, decode, fields, json_text
from modelport.domain.completions.call import Answer


class Part(Struct):
    """A part of an item's content."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Item(Struct):
    """An output item."""

    type: Needed[str] = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | dict[str, Any] | None = None
    content: list[Part] | None = None
    summary: list[Part] | None = None


MAX_COMPARED_ITEMS = 64
"""Messages at the end that are looked for in the text that has come; further ones are told by id and number."""
ITEM = msgspec.json.Decoder(Item)
PART = msgspec.json.Decoder(Part)
Key = int | str
"""An item's index, else its id, else its type."""


class StreamedItems:
    """The output items of an answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._keys: dict[str, Key] = {}
        self._latest: dict[str, Key] = {}
        self._calls: dict[Key, int] = {}
        self._call_ids: dict[str, int] = {}
        self._streamed: set[Key] = set()
        self._messages: set[Key] = set()
        self.speaks: int | None = None
        """The index of the message that the latest text belongs to, whose next delta needs nothing but the answer."""
        # The current item of a type that no event has given an id or an index yet.
        self._unnamed: dict[str, str] = {}
        self._numbers = count()

    def text(self, index: int | None, item_id: str | None, delta: str) -> None:
        """More of a message."""
        key = self._key(index, item_id, "message")
        self._streamed.add(key)
        self._messages.add(key)
        self.speaks = index
        self._answer.text(delta)

    def reasoning(self, index: int | None, item_id: str | None, delta: str) -> None:
        """More reasoning."""
        self._streamed.add(self._key(index, item_id, "reasoning"))
        self._answer.reasoning(delta)

    def arguments(self, index: int | None, item_id: str | None, delta: str) -> None:
        """More of the arguments of a call."""
        key = self._key(index, item_id, "function_call")
        self._streamed.add(key)
        self._answer.tool_call(self._calls.setdefault(key, len(self._calls)), arguments=delta)

    def whole_text(self, index: int | None, item_id: str | None, text: str) -> None:
        """A part of a message has ended; its text is new where it did not come in deltas."""
        key = self._key(index, item_id, "message")
        if key not in self._streamed and text:
            self.text(index, item_id, text)

    def whole_reasoning(self, index: int | None, item_id: str | None, text: str) -> None:
        """A part of the reasoning has ended; it is new where it did not come in deltas."""
        if self._key(index, item_id, "reasoning") not in self._streamed and text:
            self.reasoning(index, item_id, text)

    def whole_arguments(self, index: int | None, item_id: str | None, arguments: str) -> None:
        """The arguments of a call have ended; they are new where they did not come in deltas."""
        if self._key(index, item_id, "function_call") not in self._streamed and arguments:
            self.arguments(index, item_id, arguments)

    def begins(self, index: int | None, item: Item) -> None:
        """An item begins."""
        key = self._key(index, item.id or item.call_id, item.type, begins=True)
        if item.call_id:
            self._keys[item.call_id] = key
        if item.type == "function_call":
            self._call(key, item)

    def whole(self, index: int | None, raw: Raw) -> None:
        """An item is finished."""
        item = decode(ITEM, bytes(raw))
        self.speaks = None
        key = self._key(index, self._known_id(item), item.type)
        self._latest.pop(item.type, None)
        self._unnamed.pop(item.type, None)
        if item.type == "reasoning" and item.id:
            self._answer.attach_state({name: value for name, value in fields(raw).items() if value is not None})
        if key not in self._streamed:
            self._streamed.add(key)
            self._give(key, item)

    def end(self, output: list[Raw]) -> None:
        """The items of the whole answer, which are new where nothing of them has come before."""
        if not self._streamed and not self._calls:
            # Positions here are not those of the events.
            for position, raw in enumerate(output):
                self.whole(position, raw)
            return
        items = [decode(ITEM, bytes(raw)) for raw in output]
        if not self._answer.has_reasoning:
            self._answer.reasoning("".join(_thought(item) for item in items if item.type == "reasoning"))
        self._last_messages([item for item in items if item.type == "message"])
        self._last_calls([item for item in items if item.type == "function_call"])

    def _key(self, index: int | None, item_id: str | None, kind: str, *, begins: bool = False) -> Key:
        if index is not None:
            key: Key = index
        elif item_id:
            new = item_id if begins else self._unnamed.get(kind, item_id)
            key = self._keys.get(item_id, new)
        elif begins or kind not in self._latest:
            key = self._unnamed[kind] = f"{kind} {next(self._numbers)}"
        else:
            key = self._latest[kind]
        if item_id:
            self._keys[item_id] = key
        self._latest[kind] = key
        return key

    def _known_id(self, item: Item) -> str | None:
        return item.call_id if item.call_id in self._keys else item.id or item.call_id

    def _call(self, key: Key, item: Item) -> None:
        position = self._calls.setdefault(key, len(self._calls))
        call_id = item.call_id or item.id or ""
        self._call_ids[call_id] = position
        self._answer.tool_call(position, call_id=call_id, name=item.name or "")

    def _give(self, key: Key, item: Item) -> None:
        match item.type:
            case "message":
                self._messages.add(key)
                self._answer.text(_said(item))
            case "reasoning":
                self._answer.reasoning(_thought(item))
            case "function_call":
                self._call(key, item)
                self._answer.tool_call(self._calls[key], arguments=json_text(item.arguments))
            case _:
                pass

    def _last_messages(self, items: list[Item]) -> None:
        """Gives those that did not come in the stream: under their ids, their texts or, for what is left, in number."""
        said, came = self._answer.whole_text(), self._messages.copy()
        left: list[str] = []
        compared = 0
        for item in items:
            text = _said(item)
            key = self._keys.get(item.id or "")
            if key in came:
                came.discard(key)
                continue
            compared += 1
            if came and compared <= MAX_COMPARED_ITEMS and text in said:
                came.pop()
            else:
                left.append(text)
        self._answer.text("".join(left[len(came) :]))

    def _last_calls(self, items: list[Item]) -> None:
        """Gives those that did not come in the stream, and the names and ids of those that came without."""
        named = set(self._call_ids.values())
        unnamed = deque(position for position in self._calls.values() if position not in named)
        for item in items:
            call_id = item.call_id or item.id or ""
            position = self._call_ids.get(call_id)
            if position is None:
                position = unnamed.popleft() if unnamed else self._calls.setdefault(f"last {call_id}", len(self._calls))
            arguments = "" if self._answer.arguments_text(position) else json_text(item.arguments)
            self._answer.tool_call(position, call_id=call_id, name=item.name or "", arguments=arguments)


def _said(item: Item) -> str:
    return "".join(part.text or part.refusal or "" for part in item.content or ())


def _thought(item: Item) -> str:
    return "".join(part.text or "" for part in item.summary or item.content or ())
