"""Reads HTTP/1.1 responses from bytes as they come. No input or output of its own.

Chunks of one read are handed out together: a provider sends an event per chunk, and a chunk at a
time would cost more than everything else on the way to the client.

Source: RFC 9112.
"""

from __future__ import annotations

import re

MAX_HEAD_BYTES = 64 * 1024
MAX_LINE_BYTES = 8 * 1024
MAX_START_BYTES = 64
"""How much is kept of a response that is not HTTP."""
HTTP_1_PREFIX = b"HTTP/1."
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: .*)?", re.DOTALL)
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")


class NotHttp(Exception):
    """The bytes are not an HTTP/1.1 response; ``start`` is what they begin with, where that is not HTTP at all."""

    def __init__(self, why: str, start: bytes = b"") -> None:
        super().__init__(why)
        self.start = start


class BrokenOff(NotHttp):
    """The connection ended inside a response, or before one."""


class ResponseReader:
    """One response. ``feed`` takes bytes cut anywhere; ``take`` gives the body that has come.

    ``status`` is 0 until the whole head is there. ``complete`` is set once the response has ended,
    ``reusable`` when the connection may carry another one.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.reusable = False
        self.waiting_bytes = 0
        self._parts: list[bytes] = []
        self._rest = b""
        self._read = self._head
        self._left = 0
        self._room = MAX_HEAD_BYTES
        """Bytes that may still come in heads, interim ones included, and in trailers."""

    def feed(self, data: bytes) -> None:
        """More bytes from the connection.

        Raises:
            NotHttp: they are not what HTTP/1.1 promises.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position = 0
        while position < len(data):
            if self.complete:
                # Bytes behind the response belong to no request of ours.
                self.reusable = False
                return
            after = self._read(data, position)
            if after < 0:
                self._rest = data[position:]
                return
            position = after

    def end(self) -> None:
        """The connection has ended.

        Raises:
            NotHttp: in the middle of the response.
        """
        self.reusable = False
        if self.status and self._read == self._until_the_end:
            self.complete = True
        elif not self.complete:
            raise BrokenOff("the connection ended in the middle of the response")

    def take(self) -> bytes:
        """The body that has come since the last call."""
        parts, self._parts = self._parts, []
        self.waiting_bytes = 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    # Each of the following reads one thing at a position: it returns the position behind it, or -1
    # when there is not enough yet, and sets ``_read`` to what comes next.

    def _head(self, data: bytes, position: int) -> int:
        end, gap = data.find(b"\r\n\r\n", position, position + self._room + 4), 4
        loose = data.find(b"\n\n", position, end if end >= 0 else position + self._room + 2)
        if loose >= 0:
            end, gap = loose, 2
        if not HTTP_1_PREFIX.startswith(data[position : position + len(HTTP_1_PREFIX)]):
            # Not HTTP: fail now, such a peer may never send the blank line that ends the headers.
            raise _no_http(data, position)
        if end < 0:
            if len(data) - position > self._room:
                raise NotHttp("the head of the response is too long")
            return -1
        self._room -= end + gap - position
        first, *lines = data[position:end].replace(b"\r\n", b"\n").split(b"\n")
        match = _STATUS.fullmatch(first)
        if match is None:
            raise _no_http(data, position)
        status = int(match[2])
        headers = [_header(line) for line in lines]
        if status < 200 and status != 101:
            # An interim response; the real one follows.
            return end + gap
        self.headers = headers
        self._choose_body(status, keeps_open=match[1] == b"1")
        self.status = status
        return end + gap

    def _choose_body(self, status: int, *, keeps_open: bool) -> None:
        def tokens(name: bytes) -> list[bytes]:
            values = [value for key, value in self.headers if key.lower() == name]
            return [token.strip().lower() for token in b",".join(values).split(b",") if token.strip()]

        connection, lengths, codings = tokens(b"connection"), tokens(b"content-length"), tokens(b"transfer-encoding")
        self.reusable = b"close" not in connection and (keeps_open or b"keep-alive" in connection)
        if status in (101, 204, 304):
            self._finish()
        elif codings:
            if codings != [b"chunked"]:
                raise NotHttp("the response has a coding that was not requested")
            self.reusable = self.reusable and not lengths
            self._read = self._chunk_size
        elif lengths:
            if len(set(lengths)) > 1:
                raise NotHttp("the response has two different lengths")
            if not lengths[0].isdigit() or len(lengths[0]) > 18:
                raise NotHttp("the length of the response is not a number")
            self._left = int(lengths[0])
            self._read = self._counted
            if not self._left:
                self._finish()
        else:
            self.reusable = False
            self._read = self._until_the_end

    def _counted(self, data: bytes, position: int) -> int:
        end = self._body(data, position)
        if not self._left:
            self._finish()
        return end

    def _until_the_end(self, data: bytes, position: int) -> int:
        self._left = len(data) - position
        return self._body(data, position)

    def _chunk_size(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position)
        if end < 0:
            if len(data) - position > MAX_LINE_BYTES:
                raise NotHttp("the line of a chunk is too long")
            return -1
        line = data[position:end].rstrip(b"\r")
        if b";" in line:
            line = line.partition(b";")[0].rstrip()
        if _SIZE.fullmatch(line) is None:
            raise NotHttp("a chunk without a size")
        self._left = int(line, 16)
        self._read = self._chunk if self._left else self._trailer
        return end + 1

    def _chunk(self, data: bytes, position: int) -> int:
        end = self._body(data, position)
        if not self._left:
            self._read = self._chunk_end
        return end

    def _chunk_end(self, data: bytes, position: int) -> int:
        after = position + 2 if data[position : position + 2] == b"\r\n" else position + 1
        if data[after - 1 : after] != b"\n":
            if data[position:] == b"\r":
                return -1
            raise NotHttp("a chunk without its end")
        self._read = self._chunk_size
        return after

    def _trailer(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position)
        if end < 0:
            if len(data) - position > MAX_LINE_BYTES:
                raise NotHttp("a trailer is too long")
            return -1
        if not data[position:end].rstrip(b"\r"):
            self._finish()
        self._room -= end + 1 - position
        if self._room < 0:
            raise NotHttp("the trailers are too long")
        return end + 1

    def _body(self, data: bytes, position: int) -> int:
        part = data[position : position + self._left]
        self._parts.append(part)
        self.waiting_bytes += len(part)
        self._left -= len(part)
        return position + len(part)

    def _finish(self) -> None:
        self.complete = True


def _no_http(data: bytes, position: int) -> NotHttp:
    start = data[position : position + MAX_START_BYTES]
    return NotHttp("the response does not begin as HTTP/1.1 does", start)


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or _NAME.fullmatch(name) is None:
        raise NotHttp("a line of the head is not a header")
    return name, value.strip(b" \t")


def request_head(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The head of a request.

    Raises:
        ValueError: a part of it holds a line break, and would become a header of its own.
    """
    lines = [b"%b %b HTTP/1.1" % (method, target), *(b"%b: %b" % header for header in headers)]
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
        raise ValueError("a line break in a header")
    return b"\r\n".join(lines) + b"\r\n\r\n"
