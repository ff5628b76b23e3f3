"""Answers ``initialize`` before anything else is loaded, with the standard library alone.

Importing the event loop takes more than twice as long as all of this. A first message that is not a
plain ``initialize`` is left, byte for byte, to the server proper.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from modelport.frontends.rpc.frames import FrameParser
from modelport.frontends.rpc.parent_watch import ParentWatch
from modelport.frontends.rpc.stdio import Stdio
from modelport.protocol.initialize import INITIALIZE_RESULT
from modelport.protocol.shapes import is_id, is_object


class Greeting:
    """The outcome of the first read: the params if ``initialize`` was answered, and the bytes not used yet."""

    def __init__(self, params: dict[str, Any] | None, unread: bytes) -> None:
        self.params = params
        self.unread = unread


def greet(stdio: Stdio, watch: ParentWatch) -> Greeting | None:
    """Reads the first frame, and answers it if it is a plain ``initialize``; None where the client is gone first.

    Raises:
        OSError: the reply cannot be written.
    """
    received = bytearray()
    parser = FrameParser()
    while True:
        if not watch.wait_readable(stdio.source):
            return None
        chunk = stdio.read(65536)
        received += chunk
        bodies = parser.feed(chunk)
        if not chunk or bodies or received.startswith((b"{", b"[")):
            break
    first = bodies[0] if bodies else None
    request = _initialize(first) if isinstance(first, bytes) else None
    if request is None:
        return Greeting(None, bytes(received))
    # The bytes after the first frame are left to the server.
    used = bytes(received).find(first) + len(first) if isinstance(first, bytes) else 0
    reply = initialize_reply(json.dumps(request["id"]).encode())
    _write_all(stdio, b"Content-Length: %d\r\n\r\n%b" % (len(reply), reply))
    return Greeting(request.get("params") or {}, bytes(received[used:]))


def initialize_reply(request_id: bytes) -> bytes:
    """The body of the reply; ``request_id`` is JSON."""
    return b'{"jsonrpc":"2.0","id":' + request_id + b',"result":' + INITIALIZE_RESULT + b"}"


def _initialize(body: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not is_object(message) or message.get("method") != "initialize" or message.get("jsonrpc") != "2.0":
        return None
    params = message.get("params")
    return message if is_id(message.get("id")) and (params is None or is_object(params)) else None


def _refuse(constant: str) -> NoReturn:
    """NaN and the infinities, which Python reads, are not JSON."""
    raise ValueError(constant)


def _write_all(stdio: Stdio, data: bytes) -> None:
    """Writes all data, blocking; the reply is far smaller than a pipe's buffer, so in practice at once."""
    view = memoryview(data)
    while view:
        view = view[stdio.write(view) :]
