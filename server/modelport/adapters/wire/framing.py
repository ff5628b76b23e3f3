"""Cuts a byte stream into server-sent events or JSON lines, wherever the network cut it, and chooses how to cut.

Source: WHATWG HTML, server-sent events; ndjson.org.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Literal, Protocol

from modelport.adapters.wire.errors import MAX_EVENT_BYTES, EventTooLong, NotUnderstood, ProviderRefused
from modelport.adapters.wire.event_stream import EventStreamFramer

MAX_STRAY_BYTES = 4096
LINE_COST = 64
"""What keeping a line costs besides its bytes, so that an event of empty lines has an end too."""
SIGNS_OF_LIFE = frozenset({b"null", b'""', b"ping", b'"ping"', b"[ping]", b"keep-alive", b"keepalive", b"heartbeat"})
"""What some gateways send as an event while they wait, in place of a comment."""
MAX_SIGN_OF_LIFE = max(map(len, SIGNS_OF_LIFE))
_IGNORED_FIELDS = (b":", b"id:", b"retry:")


class Framer(Protocol):
    """Takes bytes as they come; ``close`` flushes what was left without its end."""

    @property
    def strays(self) -> bytes:
        """The beginning of what came and was no event."""
        ...

    def feed(self, chunk: bytes) -> None:
        """Takes a chunk cut anywhere."""
        ...

    def close(self) -> None:
        """The stream has ended."""
        ...


def framer_for(
    framing: Literal["sse", "json_lines", "event_stream"],
    start: bytes,
    on_event: Callable[[bytes, bytes], None],
    is_over: Callable[[], bool] = bool,
) -> Framer | None:
    """The framer for a reply by its first bytes, since content types lie; None for a whole reply.

    A JSON value where events are expected, or one that goes on over several lines, is a whole reply. The length of
    a frame begins with a zero byte, and no text does. ``is_over`` says whether the rest of a chunk is left out.
    """
    json = start[:1] in (b"{", b"[")
    if framing == "json_lines" and start[:2] in (b"da", b"ev", b": "):
        # A gateway that frames everything as events.
        return SseFramer(on_event, is_over=is_over)
    if start[:1] == b"\0" or (framing == "event_stream" and not json):
        return EventStreamFramer(on_event, is_over=is_over)
    if framing != "sse" and start[1:2] not in (b"\r", b"\n"):
        return JsonLinesFramer(on_event, is_over=is_over)
    return None if json else SseFramer(on_event, is_over=is_over)


class _Lines:
    """Joins chunks into lines and holds back what has no line end yet; too much of that is an error."""

    __slots__ = ("_limit", "_parts", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def split(self, chunk: bytes) -> list[bytes]:
        lines = chunk.split(b"\n")
        if len(lines) == 1:
            self._hold(chunk)
            return []
        rest = lines.pop()
        if self._parts:
            self._parts.append(lines[0])
            lines[0] = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
        if rest:
            self._hold(rest)
        return lines

    def remainder(self) -> bytes:
        rest = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return rest

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise EventTooLong(f"more than {self._limit} bytes")
        self._parts.append(part)


class SseFramer:
    """Server-sent events: LF, CRLF or CR, comments, data of several lines, no blank line at the end.

    ``on_event`` gets the event's name (empty when it has none) and its data. Events that are one
    ``data`` line and arrive whole, as nearly all do, are cut out without looking at lines.

    Servers that fail in the middle leave the format: a field ``error`` is an error as an event of that name is, and
    JSON that stands in no field is an event.

    Raises:
        EventTooLong: from ``feed``.
        ProviderRefused: from ``feed`` and ``close``, for an event or a field that is called an error.
    """

    def __init__(
        self,
        on_event: Callable[[bytes, bytes], None],
        limit: int = MAX_EVENT_BYTES,
        is_over: Callable[[], bool] = bool,
    ) -> None:
        self._on_event = on_event
        self._is_over = is_over
        self._limit = limit
        self._lines = _Lines(limit)
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0
        self._begun = False
        self._after_cr = False
        self._bare: list[bytes] = []
        self.strays = b""

    def feed(self, chunk: bytes) -> None:
        """Takes a chunk cut anywhere."""
        if b"\r" in chunk or self._after_cr:
            chunk = self._only_newlines(chunk)
        several = self._begun
        if self._begun:
            end = chunk.find(b"\n\n")
            if end < 0:
                self._by_line(chunk)
                return
            self._by_line(chunk[: end + 2])
            chunk = chunk[end + 2 :]
        *blocks, rest = chunk.split(b"\n\n")
        several = several or len(blocks) > 1
        for block in blocks:
            if several and self._is_over():
                return
            if block.startswith(b"data: ") and b"\n" not in block:
                self._give(b"", block[6:])
            else:
                self._by_line(block + b"\n\n")
        if rest:
            self._begun = True
            self._by_line(rest)

    def close(self) -> None:
        """The stream has ended; an event without its blank line still counts."""
        if rest := self._lines.remainder():
            self._line(rest)
        self._line(b"")

    def _by_line(self, chunk: bytes) -> None:
        for line in self._lines.split(chunk):
            self._line(line)

    def _line(self, line: bytes) -> None:
        if self._bare and (not line or line[:5] == b"data:" or line[:6] == b"event:"):
            self._end_bare()
        if line[:5] == b"data:":
            data = line[6:] if line[5:6] == b" " else line[5:]
            if self._data and self._data[-1][-1:] == b"}" and data[:1] in (b"{", b"["):
                # A server that leaves the blank lines out: no JSON goes on like this.
                self._dispatch()
            self._data.append(data)
            self._size += len(data) + LINE_COST * (len(self._data) > 1)
            if self._size > self._limit:
                raise EventTooLong(f"more than {self._limit} bytes")
        elif not line:
            self._dispatch()
            self._name = b""
            self._begun = False
        elif line[:6] == b"event:":
            self._name = line[6:].strip()
        elif line[:6] == b"error:":
            self._refuse(line[6:].strip())
        elif not line.startswith(_IGNORED_FIELDS):
            self._outside(line)

    def _outside(self, line: bytes) -> None:
        """A line that belongs to no field: JSON over one line or several, or a text."""
        if line[:1] in (b"{", b"[") and self._bare and self._bare[-1].rstrip()[-1:] in (b"}", b"]"):
            self._end_bare()
        if self._bare or line[:1] in (b"{", b"["):
            self._bare.append(line)
            self._size += len(line) + LINE_COST * (len(self._bare) > 1)
            if self._size > self._limit:
                raise EventTooLong(f"more than {self._limit} bytes")
        elif len(self.strays) < MAX_STRAY_BYTES:
            self.strays = (self.strays + line + b"\n")[:MAX_STRAY_BYTES]

    def _end_bare(self) -> None:
        data = b"\n".join(self._bare)
        self._bare, self._size = [], 0
        if not self._is_over():
            # What is no event here is of no interest, unless it is an error.
            with suppress(NotUnderstood):
                self._give(b"", data)

    def _refuse(self, data: bytes) -> None:
        if data and not self._is_over():
            raise ProviderRefused(data)

    def _dispatch(self) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            self._data, self._size = [], 0
            if self._name == b"error":
                self._refuse(data)
            self._give(self._name, data)

    def _give(self, name: bytes, data: bytes) -> None:
        if data and not data.isspace() and not (len(data) <= MAX_SIGN_OF_LIFE and data.lower() in SIGNS_OF_LIFE):
            self._on_event(name, data)

    def _only_newlines(self, chunk: bytes) -> bytes:
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk[-1:] == b"\r"
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


class JsonLinesFramer:
    """One JSON value per line.

    Raises:
        EventTooLong: from ``feed``.
    """

    def __init__(
        self,
        on_event: Callable[[bytes, bytes], None],
        limit: int = MAX_EVENT_BYTES,
        is_over: Callable[[], bool] = bool,
    ) -> None:
        self._on_event = on_event
        self._is_over = is_over
        self._lines = _Lines(limit)
        self.strays = b""

    def feed(self, chunk: bytes) -> None:
        """Takes a chunk cut anywhere."""
        for line in self._lines.split(chunk):
            if line.strip() and not self._is_over():
                self._on_event(b"", line)

    def close(self) -> None:
        """The stream has ended; a last line without its newline still counts."""
        if (rest := self._lines.remainder()).strip():
            self._on_event(b"", rest)
