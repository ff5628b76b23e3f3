"""Reads the JSON of a body, whatever is odd in it: its message is answered under its id all the same."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn, Self

import msgspec

from modelport.borders import MAX_DEPTH, NOT_JSON, is_too_deep, readable_values
from modelport.protocol.shapes import is_list, is_object

MAX_DIGITS = 4300
"""Digits of a whole number; a longer one is out of range. Source: Python, ``sys.int_info``."""
LARGEST = float.fromhex("0x1.fffffffffffffp+1023")
TOO_DEEP: Final = object()
"""Stands for a member of a message that is nested deeper than ``MAX_DEPTH``."""
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]')
_CLOSING = {"[": "]", "{": "}"}


class OutOfRange(float):
    """The nearest double to a number that none holds, and the number as it was written."""

    def __new__(cls, text: str) -> Self:
        """Makes one of the number's text."""
        self = super().__new__(cls, -LARGEST if text.startswith("-") else LARGEST)
        self.text = text
        return self

    text: str


def parse(body: bytes) -> Any:
    """The value of a body. The id is as it was written; in the rest, text is readable and every number a double.

    A member of the top level that is nested too deeply is ``TOO_DEEP``.

    Raises:
        ValueError: it is not JSON in UTF-8.
    """
    try:
        value = msgspec.json.decode(body)
    except NOT_JSON:
        return _repaired(body)
    # Counting brackets costs next to nothing, and leaves out nearly every message.
    return _limited(value) if body.count(b"[") + body.count(b"{") > MAX_DEPTH else value


def _repaired(body: bytes) -> Any:
    text = body.decode("utf-8-sig", "replace")
    try:
        value = _read(text, _refuse_constant)
    except RecursionError:
        value = _read(_cut(text), _too_deep)
    value = _limited(value)
    if not is_object(value):
        return value
    return {name: part if name == "id" else _plain(readable_values(part)) for name, part in value.items()}


def _read(text: str, constant: Any) -> Any:
    return json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _too_deep(_name: str) -> object:
    return TOO_DEEP


def _whole(text: str) -> int | OutOfRange:
    return int(text) if len(text) <= MAX_DIGITS else OutOfRange(text)


def _fraction(text: str) -> float:
    number = float(text)
    return number if abs(number) <= LARGEST else OutOfRange(text)


def _plain(value: Any) -> Any:
    """The value with each number a double of no other type."""
    if isinstance(value, OutOfRange):
        return float(value)
    if is_object(value):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if is_list(value) else value


def _limited(value: Any) -> Any:
    if is_object(value):
        return {name: TOO_DEEP if is_too_deep(part) else part for name, part in value.items()}
    return [] if is_list(value) else value


def _cut(text: str) -> str:
    """JSON with each member of its top level that is nested too deeply replaced by ``NaN``.

    Raises:
        ValueError: its brackets do not match, or a text has no end.
    """
    closings: list[str] = []
    kept: list[str] = []
    begin = end = deepest = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in _CLOSING:
            closings.append(_CLOSING[mark])
            deepest = max(deepest, len(closings))
            if len(closings) == 2:
                begin, deepest = token.start(), 2
        elif mark in "]}":
            if not closings or closings.pop() != mark:
                raise ValueError(mark)
            if len(closings) == 1 and deepest > MAX_DEPTH:
                kept += [text[end:begin], "NaN"]
                end = token.end()
        elif mark == '"':
            raise ValueError(mark)
    if closings:
        raise ValueError(closings[-1])
    return "".join([*kept, text[end:]])
