"""Cuts AWS's binary event stream into events, wherever the network cut it.

A frame is its length, the length of its headers and a checksum of both, then headers, payload and a checksum of
everything. What Bedrock passes through from a model unread is a ``chunk`` whose payload holds the model's own event.
Source: Smithy, "Amazon Event Stream Specification"; Amazon Bedrock API reference, ConverseStream and ResponseStream.
"""

from __future__ import annotations

from binascii import crc32
from collections.abc import Callable, Mapping
from struct import Struct as Layout

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.wire.errors import MAX_EVENT_BYTES, EventTooLong, NotUnderstood, ProviderRefused
from modelport.adapters.wire.json_values import decode, fields

STATUSES: Mapping[str, int] = {
    "validationException": 400,
    "modelTimeoutException": 408,
    "modelStreamErrorException": 424,
    "throttlingException": 429,
    "internalServerException": 500,
    "serviceUnavailableException": 503,
}
"""The HTTP status that an exception has where it comes instead of a stream."""
_PRELUDE = Layout(">III")
_CHECKSUM = 4
_FIXED_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Types of header values to their bytes; the others, byte arrays and texts, begin with their length."""
_COUNTED = frozenset({6, 7})
_MAX_CACHED_HEADERS = 64
"""How many different headers are remembered; a stream has a handful."""


class _Kind(Struct, frozen=True):
    """The meaning of a frame's headers: an event's name, or the exception it is instead."""

    event: bytes = b""
    exception: str = ""
    message: str = ""


class _Chunk(Struct):
    payload: bytes = msgspec.field(name="bytes")


_CHUNK = msgspec.json.Decoder(_Chunk)


class EventStreamFramer:
    """Frames of the event stream. ``on_event`` gets an event's type and its payload, a chunk's content without a type.

    Raises:
        EventTooLong: from ``feed``.
        NotUnderstood: from ``feed``, for bytes that are no frame or were damaged.
        ProviderRefused: from ``feed``, for an exception in the stream.
        ConnectionError: from ``close``, inside a frame.
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
        self._kept = bytearray()
        self._wanted = _PRELUDE.size
        # Headers come again and again, byte for byte.
        self._kinds: dict[bytes, _Kind] = {}
        self.strays = b""

    def feed(self, chunk: bytes) -> None:
        """Takes a chunk cut anywhere."""
        if self._kept:
            self._kept += chunk
            if len(self._kept) < self._wanted:
                return
            chunk = bytes(self._kept)
            self._kept.clear()
        start, end = 0, len(chunk)
        self._wanted = _PRELUDE.size
        while end - start >= self._wanted:
            length, headers, checksum = _PRELUDE.unpack_from(chunk, start)
            if crc32(chunk[start : start + 8]) != checksum:
                raise NotUnderstood(chunk[start:], "not an event stream")
            if length > self._limit:
                raise EventTooLong(f"more than {self._limit} bytes")
            self._wanted = length
            if end - start >= length:
                if start and self._is_over():
                    return
                self._frame(chunk[start : start + length], headers)
                start += length
                self._wanted = _PRELUDE.size
        self._kept += chunk[start:]

    def close(self) -> None:
        """The stream has ended."""
        if self._kept:
            raise ConnectionError("the stream ended inside an event")

    def _frame(self, frame: bytes, headers: int) -> None:
        start = _PRELUDE.size + headers
        if start + _CHECKSUM > len(frame) or crc32(frame[:-_CHECKSUM]) != int.from_bytes(frame[-_CHECKSUM:]):
            raise NotUnderstood(b"", "a damaged event")
        head, payload = frame[_PRELUDE.size : start], frame[start:-_CHECKSUM]
        kind = self._kinds.get(head)
        if kind is None:
            kind = _kind(read_headers(head))
            if len(self._kinds) < _MAX_CACHED_HEADERS:
                self._kinds[head] = kind
        if kind.exception:
            raise _refused(kind, payload)
        if kind.event == b"chunk":
            self._on_event(b"", decode(_CHUNK, payload).payload)
        else:
            self._on_event(kind.event, payload)


def read_headers(data: bytes) -> dict[str, bytes]:
    """The headers of a frame, their values as bytes.

    Raises:
        NotUnderstood: they do not fit their lengths.
    """
    found: dict[str, bytes] = {}
    position = 0
    while position < len(data):
        name_end = position + 1 + data[position]
        kind = data[name_end] if name_end < len(data) else None
        start = name_end + 1
        if kind in _COUNTED:
            size = int.from_bytes(data[start : start + 2])
            start += 2
        else:
            size = _FIXED_SIZES.get(-1 if kind is None else kind, len(data))
        if start + size > len(data):
            raise NotUnderstood(b"", "broken headers of an event")
        found[data[position + 1 : name_end].decode("utf-8", "replace")] = data[start : start + size]
        position = start + size
    return found


def _kind(headers: Mapping[str, bytes]) -> _Kind:
    def text(name: str) -> str:
        return headers.get(name, b"").decode("utf-8", "replace")

    match text(":message-type"):
        case "exception":
            return _Kind(exception=text(":exception-type") or "exception")
        case "error":
            return _Kind(exception=text(":error-code") or "error", message=text(":error-message"))
        case _:
            return _Kind(event=headers.get(":event-type", b""))


def _refused(kind: _Kind, payload: bytes) -> ProviderRefused:
    error = fields(Raw(payload))
    words = error.get("message") or error.get("Message") or error.get("originalMessage")
    message = kind.message or words or payload.decode("utf-8", "replace") or kind.exception
    return ProviderRefused({"code": STATUSES.get(kind.exception, kind.exception), "message": message})
