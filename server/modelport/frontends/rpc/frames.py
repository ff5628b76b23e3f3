"""Cuts a byte stream into message bodies. Imports nothing.

Source: Language Server Protocol 3.18, base protocol.
"""

from __future__ import annotations

MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_HEADER_BYTES = 16 * 1024
_NAME = b"content-length:"


class BadFrame:
    """Bytes in the stream that are not a frame; ``reason`` describes them."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class FrameParser:
    """Takes bytes cut anywhere and returns the bodies they complete.

    Header names are in any case, and lines may end in LF alone. After garbage, reading goes on at
    the next ``Content-Length``; the body of a frame over the cap is skipped. Each returned item is
    a body or a ``BadFrame``.
    """

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._wanted = -1
        self._skipping = 0
        self._lost = False

    def feed(self, chunk: bytes) -> list[bytes | BadFrame]:
        """The items completed by a chunk."""
        items: list[bytes | BadFrame] = []
        if self._skipping:
            skipped = min(self._skipping, len(chunk))
            self._skipping -= skipped
            chunk = chunk[skipped:]
        self._buffer += chunk
        while not self._skipping:
            if self._wanted < 0 and not self._header(items):
                break
            if 0 <= self._wanted <= len(self._buffer):
                items.append(bytes(self._buffer[: self._wanted]))
                del self._buffer[: self._wanted]
                self._wanted = -1
            elif self._wanted > 0:
                break
        return items

    def remainder(self) -> bytes:
        """The bytes received that are not part of a complete frame yet."""
        return bytes(self._buffer)

    def _header(self, items: list[bytes | BadFrame]) -> bool:
        """Reads one header; returns whether the loop can go on."""
        if self._lost and not self._find_next():
            return False
        end, gap = _end_of_header(self._buffer)
        if end < 0:
            if len(self._buffer) > MAX_HEADER_BYTES:
                self._lose(items, "a header without an end")
                return True
            return False
        length = _content_length(bytes(self._buffer[:end]))
        if length is None:
            self._lose(items, "a header without a valid Content-Length")
            return True
        del self._buffer[: end + gap]
        if length > self._max_body_bytes:
            items.append(BadFrame(f"a message of {length} bytes; the limit is {self._max_body_bytes}"))
            self._skipping = max(0, length - len(self._buffer))
            del self._buffer[:length]
            return not self._skipping
        self._wanted = length
        return True

    def _lose(self, items: list[bytes | BadFrame], reason: str) -> None:
        items.append(BadFrame(reason))
        # A valid header may follow the garbage directly: go on at the next byte.
        del self._buffer[:1]
        self._lost = True

    def _find_next(self) -> bool:
        start = bytes(self._buffer).lower().find(_NAME)
        if start < 0:
            del self._buffer[: max(0, len(self._buffer) - len(_NAME))]
            return False
        del self._buffer[:start]
        self._lost = False
        return True


def _end_of_header(buffer: bytearray) -> tuple[int, int]:
    """The offset of the blank line that ends the header, and its length; offset -1 while it is missing."""
    strict, loose = buffer.find(b"\r\n\r\n"), buffer.find(b"\n\n")
    if strict >= 0 and (loose < 0 or strict < loose):
        return strict, 4
    return loose, 2


def _content_length(header: bytes) -> int | None:
    for line in header.split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() == b"content-length":
            text = value.strip()
            return int(text) if text.isdigit() and len(text) < 19 else None
    return None
