"""The arguments of a tool call: as they arrive piece by piece, and as the object that they are at the end."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from modelport.borders import NOT_JSON, is_too_deep
from modelport.protocol.shapes import is_object
from modelport.protocol.types import ToolCall

_FIRST = json.JSONDecoder()
_MARK_OUTSIDE = re.compile(r'["{}\[\]]')
_MARK_INSIDE = re.compile(r'["\\]')


def parse_arguments(text: str) -> dict[str, Any] | None:
    """A model's argument text as a JSON object; a blank text counts as no arguments.

    Returns None where it is not a JSON object, or one that is nested too deeply.
    """
    if not text.strip():
        return {}
    try:
        value = msgspec.json.decode(text)
    except NOT_JSON:
        return None
    return value if is_object(value) and not is_too_deep(value) else None


def read_arguments(text: str) -> dict[str, Any] | None:
    """A model's argument text as a JSON object, also where a server has spoiled it; None where it is none.

    Known are an object that is written twice, one behind an empty one, and one as the text of a text.
    """
    if (found := parse_arguments(text)) is not None:
        return found
    try:
        value, end = _FIRST.raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return None
    first, rest = text.lstrip()[:end], text.lstrip()[end:].strip()
    if isinstance(value, str) and not rest:
        return parse_arguments(value) if value.strip() else None
    if is_object(value) and (not value or rest == first):
        return parse_arguments(rest) if rest else None
    return None


class StreamedArguments:
    """The arguments of one call. Each character is looked at once, however often ``whole`` is read."""

    __slots__ = ("_blank", "_broken", "_checked", "_depth", "_escaped", "_in_text", "_object", "_parts", "length")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.length = 0
        """In characters."""
        self._checked = 0
        """How many parts have been looked at."""
        self._blank = True
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._object: bool | None = None
        """Whether the first value is an object, once it has ended."""
        self._broken = False
        """Whether more has come behind the first value."""

    def append(self, text: str) -> None:
        """Adds a piece."""
        self._parts.append(text)
        self.length += len(text)

    def text(self) -> str:
        """All of them."""
        return "".join(self._parts)

    def equal(self, text: str) -> bool:
        """Whether they are this text, at no more than the cost of its length."""
        return self.length == len(text) and self.text() == text

    @property
    def whole(self) -> bool:
        """Whether ``parse_arguments`` understands them."""
        while self._checked < len(self._parts):
            part = self._parts[self._checked]
            self._checked += 1
            if self._broken or not part.strip():
                continue
            self._blank = False
            if self._object is None:
                self._check(part)
            else:
                self._broken = True
        return self._blank or (self._object is True and not self._broken)

    def _check(self, part: str) -> None:
        """Looks for the end of the first value in a part."""
        position = 0
        if self._escaped:
            position, self._escaped = 1, False
        while match := (_MARK_INSIDE if self._in_text else _MARK_OUTSIDE).search(part, position):
            position = match.end()
            mark = match[0]
            if mark == "\\":
                self._escaped = position == len(part)
                position += 1
            elif mark == '"':
                self._in_text = not self._in_text
            else:
                self._depth += 1 if mark in "{[" else -1
                if self._depth <= 0:
                    self._end(part, position)
                    return

    def _end(self, part: str, position: int) -> None:
        so_far = "".join(self._parts[: self._checked])
        rest = len(part) - position
        self._object = parse_arguments(so_far[: len(so_far) - rest]) is not None
        self._broken = bool(part[position:].strip())


class ToolCallParts:
    """One tool call as its deltas arrive."""

    __slots__ = ("arguments", "id", "id_sent", "name", "name_sent", "own_id", "sent")

    def __init__(self, own_id: str) -> None:
        self.id = ""
        self.own_id = own_id
        """For a call that the provider gives no id."""
        self.name = ""
        self.arguments = StreamedArguments()
        self.id_sent = False
        self.name_sent = False
        self.sent = False
        """Whether the listener has received any of it."""

    def tool_call(self) -> ToolCall:
        """The call so far; one without an id gets one that no other conversation has."""
        text = self.arguments.text()
        call_id = self.id or self.own_id
        arguments = read_arguments(text)
        if arguments is None:
            return ToolCall(id=call_id, name=self.name, arguments_text=text)
        return ToolCall(id=call_id, name=self.name, arguments=arguments)
