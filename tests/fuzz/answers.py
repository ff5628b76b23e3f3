"""Answers of providers as lists of events, in each dialect: those of the tests, and the recorded ones where they are."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from contract.test_odd_streams import CALL, CALLS_WITHOUT_A_CALL, END, TEXT
from support import event_stream
from support.recordings import find
from support.vendors import FORMATS

LARGEST_RECORDING = 40_000
LINES = "ollama"
FRAMES = "bedrock_converse"
"""The dialects of JSON lines and of AWS's event stream; the others have server-sent events."""


@dataclass(frozen=True)
class Event:
    """An event; ``value`` is JSON, or the data itself where it is a text that is none."""

    name: str | None
    value: Any
    is_json: bool = True

    @property
    def data(self) -> str:
        """The value as it is sent."""
        return json.dumps(self.value) if self.is_json else str(self.value)


@cache
def known(recorded: bool) -> Mapping[str, list[tuple[Event, ...]]]:
    """The answers by dialect."""
    found = {dialect: list(_made(dialect)) for dialect in FORMATS}
    for recording in find() if recorded else ():
        if len(recording.body) <= LARGEST_RECORDING and recording.status == 200:
            found[recording.dialect].append(tuple(events(recording.dialect, recording.body)))
    return {dialect: [answer for answer in answers if answer] for dialect, answers in found.items()}


def _made(dialect: str) -> Iterator[tuple[Event, ...]]:
    yield tuple(events(dialect, b"".join(FORMATS[dialect].answer)))
    text, end = _of(dialect, TEXT), _of(dialect, END)
    yield (*text, *text, *text, *end)
    yield (*text, *_of(dialect, CALL), *text, *_of(dialect, CALL), *end)
    yield (*text, *_of(dialect, CALLS_WITHOUT_A_CALL))


def _of(dialect: str, table: Mapping[str, list[Any]]) -> list[Event]:
    values = table.get(dialect, [])
    if dialect == FRAMES:
        return [Event(name, value) for name, value in values]
    return [Event(value.get("type") if "type" in value else None, value) for value in values]


def events(dialect: str, body: bytes) -> Iterator[Event]:
    """The events in a recorded body; a body of JSON is one."""
    if body[:1] in b"{[" and dialect != LINES:
        yield _event(None, body)
    elif dialect == LINES:
        yield from (_event(None, line) for line in body.splitlines() if line.strip())
    elif dialect == FRAMES:
        yield from _frames(body)
    else:
        for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
            fields = [line.partition(b":") for line in block.splitlines()]
            data = b"\n".join(value.strip() for name, _, value in fields if name == b"data")
            names = [value.strip().decode("utf-8", "replace") for name, _, value in fields if name == b"event"]
            if data:
                yield _event(names[0] if names else None, data)


def _event(name: str | None, data: bytes) -> Event:
    try:
        return Event(name, json.loads(data))
    except ValueError:
        return Event(name, data.decode("utf-8", "replace"), is_json=False)


def _frames(body: bytes) -> Iterator[Event]:
    """Source: AWS, "Event stream encoding"."""
    while len(body) >= 16:
        total, size = struct.unpack(">II", body[:8])
        headers, payload = body[12 : 12 + size], body[12 + size : total - 4]
        mark = headers.find(b":event-type\x07")
        if mark >= 0:
            start = mark + len(b":event-type\x07")
            length = int.from_bytes(headers[start : start + 2], "big")
            yield _event(headers[start + 2 : start + 2 + length].decode(), payload)
        body = body[total:]


def encoded(dialect: str, played: tuple[Event, ...], chance: Random, style: str = "plain") -> bytes:
    """Events as they are sent; ``style`` is one of the ways in which lines of server-sent events may be written."""
    if dialect == FRAMES:
        return b"".join(_frame(event, chance, style) for event in played)
    if dialect == LINES:
        return b"".join(
            event.data.encode("utf-8", "surrogatepass") + (b"\r\n" if style == "crlf" else b"\n") for event in played
        )
    text = "".join(_sent(event, style) for event in played)
    if style == "bom":
        text = f"\ufeff{text}"
    if style in ("crlf", "cr"):
        text = text.replace("\n", "\r\n" if style == "crlf" else "\r")
    return text.encode("utf-8", "surrogatepass")


def _sent(event: Event, style: str) -> str:
    name = f"event: {event.name}\n" if event.name else ""
    data = event.data
    if style == "lines" and event.is_json:
        data = json.dumps(event.value, indent=1)
    colon = "data:" if style == "tight" else "data: "
    comment = ": a comment\n\nid: 5\nretry: x\n" if style == "comments" else ""
    lines = "".join(f"{colon}{line}\n" for line in data.splitlines() or [""])
    return f"{comment}{name}{lines}\n"


def _frame(event: Event, chance: Random, style: str) -> bytes:
    data = event_stream.event(event.name or "chunk", event.value)
    if style == "bom" and chance.random() < 0.3:
        # A checksum that is wrong.
        return data[:-1] + bytes([data[-1] ^ 1])
    return data
