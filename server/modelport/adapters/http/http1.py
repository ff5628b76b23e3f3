"""Reads HTTP/1.1 responses from bytes as they come. No input or output of its own.

llhttp reads the lines of heads and the chunks of bodies; where a head ends, what it says of the body, and how much may
come is decided here. Chunks of one read are handed out together: a provider sends an event per chunk, and a chunk at a
time would cost more than everything else on the way to the client.

Source: RFC 9112.
"""

from __future__ import annotations

import re
from typing import Literal

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from modelport.adapters.http.causes import BrokenOff, NotHttp

MAX_HEAD_BYTES = 64 * 1024
MAX_LINE_BYTES = 8 * 1024
MAX_START_BYTES = 64
"""How much is kept of a response that is not HTTP."""
MAX_LENGTH_DIGITS = 18
HTTP_1_PREFIX = b"HTTP/1."
_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: |\r?\n)")
"""llhttp also reads HTTP/0.9 and 2.0, and any three digits."""
_LENGTH = re.compile(rb"\r\nContent-Length:([^\r]*)", re.IGNORECASE)
_CLEAN_END = re.compile(rb"[^\r\n]\r\n\r\n\Z")
_CLEAN_END_BYTES = 5
_CHUNKS_FOLLOW = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
"""The head for the parser of chunks. llhttp reads ``chunked`` with a tab beside it as no coding; the two must agree."""


class ResponseReader:
    """One response. ``feed`` takes bytes cut anywhere; ``take`` gives the body that has come.

    ``status`` is 0 until the whole head is there. ``complete`` is set once the response has ended,
    ``reusable`` when the connection may carry another one. ``waiting_bytes`` counts what has come
    with a body since the last ``take``, the framing included.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.reusable = False
        self.waiting_bytes = 0
        self._head = b""
        self._room = MAX_HEAD_BYTES
        """Bytes that may still come in heads, interim ones included, and in trailers."""
        self._framing: Literal["chunks", "length", "end"] = "end"
        self._left = 0
        self._body = _Body()
        self._chunks: HttpResponseParser | None = None
        self._idle_bytes = 0
        """Bytes of framing since the last of the body or of a trailer."""
        self._tail = b""

    def feed(self, data: bytes) -> None:
        """More bytes from the connection.

        Raises:
            NotHttp: they are not what HTTP/1.1 promises.
        """
        if not self.status:
            data = self._read_heads(self._head + data)
        if not data:
            return
        if self.complete:
            # Bytes behind the response belong to no request of ours.
            self.reusable = False
        elif self._chunks is not None:
            self._read_chunks(self._chunks, data)
        elif self._framing == "length":
            self._keep(data[: self._left])
            self._left -= len(data)
            if self._left <= 0:
                self.complete = True
                self.reusable = self.reusable and not self._left
        else:
            self._keep(data)

    def end(self) -> None:
        """The connection has ended.

        Raises:
            NotHttp: in the middle of the response.
        """
        self.reusable = False
        if self.status and self._framing == "end":
            self.complete = True
        elif not self.complete:
            raise BrokenOff("the connection ended in the middle of the response")

    def take(self) -> bytes:
        """The body that has come since the last call."""
        parts = self._body.parts
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self.waiting_bytes = 0
        return body

    def _keep(self, part: bytes) -> None:
        self._body.parts.append(part)
        self.waiting_bytes += len(part)

    def _read_heads(self, data: bytes) -> bytes:
        """Reads interim heads and the real one, and returns what is behind it; nothing while that one is not there."""
        position, searched = 0, max(len(self._head) - 2, 0)
        while position < len(data) and not self.status:
            if not HTTP_1_PREFIX.startswith(data[position : position + len(HTTP_1_PREFIX)]):
                # Not HTTP: fail now, such a peer may never send the blank line that ends the headers.
                raise _no_http(data, position)
            found = _HEAD_END.search(data, max(position, searched), position + self._room + 4)
            if found is None:
                if len(data) - position > self._room:
                    raise NotHttp("the head of the response is too long")
                break
            start = _STATUS_LINE.match(data, position)
            if start is None:
                raise _no_http(data, position)
            head = data[position : found.end()]
            self._room -= len(head)
            position = found.end()
            self._read_head(head, int(start[2]), keeps_open=start[1] == b"1")
        self._head = b"" if self.status else data[position:]
        return data[position:] if self.status else b""

    def _read_head(self, head: bytes, status: int, *, keeps_open: bool) -> None:
        # The lines of a head may end without a carriage return, which llhttp refuses. Source: RFC 9112, section 2.2.
        head = head.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        try:
            headers = _headers(head)
        except HttpParserError:
            try:
                headers = _headers(_with_one_length(head))
            except HttpParserError as error:
                raise NotHttp("a line of the head is not a header") from error
        if status < 200 and status != 101:
            # An interim response; the real one follows.
            return
        self.headers = headers
        self._choose_body(status, keeps_open=keeps_open)
        self.status = status

    def _choose_body(self, status: int, *, keeps_open: bool) -> None:
        def tokens(name: bytes) -> list[bytes]:
            values = [value for key, value in self.headers if key.lower() == name]
            return [token.strip().lower() for token in b",".join(values).split(b",") if token.strip()]

        connection, lengths, codings = tokens(b"connection"), tokens(b"content-length"), tokens(b"transfer-encoding")
        self.reusable = b"close" not in connection and (keeps_open or b"keep-alive" in connection)
        if status in (101, 204, 304):
            self.complete = True
        elif codings:
            if codings != [b"chunked"]:
                raise NotHttp("the response has a coding that was not requested")
            self.reusable = self.reusable and not lengths
            self._framing = "chunks"
            self._chunks = HttpResponseParser(self._body)
            self._chunks.feed_data(_CHUNKS_FOLLOW)
            self._body.room = self._room
        elif lengths:
            self._framing, self._left = "length", int(lengths[0])
            self.complete = not self._left
        else:
            self.reusable = False

    def _read_chunks(self, parser: HttpResponseParser, data: bytes) -> None:
        body = self._body
        count, room = len(body.parts), body.room
        broken: HttpParserError | None = None
        try:
            parser.feed_data(data)
        except HttpParserError as error:
            # Behind the end llhttp would go on with a response that no request of ours has.
            broken = None if body.complete else error
        if len(body.parts) > count:
            self.waiting_bytes += len(data)
            self._idle_bytes = 0
        elif body.room < room:
            self._idle_bytes = 0
        else:
            self._idle_bytes += len(data)
        if broken is not None:
            raise body.failure or _broken_chunk(broken) from broken
        self._tail = (self._tail + data if len(data) < _CLEAN_END_BYTES else data)[-_CLEAN_END_BYTES:]
        if body.complete:
            self.complete = True
            # llhttp passes over empty lines behind a response.
            self.reusable = self.reusable and _CLEAN_END.search(self._tail) is not None
        elif self._idle_bytes > MAX_LINE_BYTES:
            raise NotHttp("the line of a chunk or of a trailer is too long")


class _Head:
    """What llhttp calls for a head."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        self.complete = True


class _Body:
    """What llhttp calls for a body in chunks. It knows no parser, so that neither keeps the other alive."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.on_body = self.parts.append
        """Called for each chunk, from C and without a frame of ours."""
        self.room = MAX_HEAD_BYTES
        """Bytes that may still come in trailers."""
        self.complete = False
        self.failure: NotHttp | None = None

    def on_message_begin(self) -> None:
        if self.complete:
            raise NotHttp("there are bytes behind the response")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.room -= len(name) + len(value)
        if self.room < 0:
            self.failure = NotHttp("the trailers are too long")
            raise self.failure

    def on_message_complete(self) -> None:
        self.complete = True


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of a head.

    Raises:
        HttpParserError: it is none.
    """
    events = _Head()
    parser = HttpResponseParser(events)
    # A length beside chunks does not count. Source: RFC 9112, section 6.3.
    parser.set_dangerous_leniencies(lenient_chunked_length=True)
    try:
        parser.feed_data(head)
    except (HttpParserError, HttpParserUpgrade):
        # llhttp reports the end of a head that changes the protocol as an error.
        if not events.complete:
            raise
    return events.headers


def _with_one_length(head: bytes) -> bytes:
    """The head with equal lengths as one, and no empty one: llhttp refuses both. Source: RFC 9110, section 8.6.

    Raises:
        NotHttp: the lengths differ, or one is no number.
    """
    lengths = {token for line in _LENGTH.findall(head) for part in line.split(b",") if (token := part.strip(b" \t"))}
    if len(lengths) > 1:
        raise NotHttp("the response has two different lengths")
    if any(not length.isdigit() or len(length) > MAX_LENGTH_DIGITS for length in lengths):
        raise NotHttp("the length of the response is not a number")
    rest = _LENGTH.sub(b"", head).removesuffix(b"\r\n\r\n")
    return b"\r\n".join([rest, *(b"Content-Length: " + length for length in lengths), b"", b""])


def _no_http(data: bytes, position: int) -> NotHttp:
    start = data[position : position + MAX_START_BYTES]
    return NotHttp("the response does not begin as HTTP/1.1 does", start)


def _broken_chunk(error: HttpParserError) -> NotHttp:
    """The failure in llhttp's words, such as "invalid character in chunk size"; they hold nothing of the response."""
    why = str(error)
    return NotHttp(why[:1].lower() + why[1:])


def request_head(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The head of a request.

    Raises:
        ValueError: a part of it holds a line break, and would become a header of its own.
    """
    lines = [b"%b %b HTTP/1.1" % (method, target), *(b"%b: %b" % header for header in headers)]
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
        raise ValueError("a line break in a header")
    return b"\r\n".join(lines) + b"\r\n\r\n"
