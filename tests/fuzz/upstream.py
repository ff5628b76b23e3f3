"""A server that sends bytes as they are given, by the path of the request: no library keeps it from breaking HTTP."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

IDLE_S = 20.0
MAX_PAUSES = 200


@dataclass(frozen=True)
class Reply:
    """What is sent to a request."""

    pieces: tuple[bytes, ...]
    pause_s: float = 0.0
    """Between two pieces."""
    then: str = "close"
    """The end: close, keep (the connection serves on), reset, or hang."""


NOT_FOUND = Reply((b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",))
"""To others who look at what listens on this machine."""


class Upstream:
    """Answers every request with ``reply(name)``, where a name is the first part of the path; keeps the bodies."""

    def __init__(self, reply: Callable[[str], Reply]) -> None:
        self.bodies: list[bytes] = []
        self._reply = reply
        self._closed = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        for end in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(IDLE_S)
                self._sockets.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            for path, body in self._requests(connection):
                name = path.split("/")[1]
                self.bodies.append(body)
                if not self._answer(connection, self._reply(name)):
                    break
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        self._sockets.remove(connection)

    def _answer(self, connection: socket.socket, reply: Reply) -> bool:
        """Sends a reply; whether the connection serves on."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index, piece in enumerate(reply.pieces):
            connection.sendall(piece)
            if reply.pause_s and index < MAX_PAUSES:
                time.sleep(reply.pause_s)
        if reply.then == "hang":
            while connection.recv(65536):
                pass
        if reply.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return reply.then == "keep"

    @staticmethod
    def _requests(connection: socket.socket) -> Iterator[tuple[str, bytes]]:
        """The paths and bodies of the requests of a connection; their bodies have a length, as this server's clients send it."""
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            head, _, data = data.partition(b"\r\n\r\n")
            lengths = [
                line.partition(b":")[2] for line in head.lower().splitlines() if line.startswith(b"content-length:")
            ]
            length = int(lengths[0]) if lengths else 0
            while len(data) < length:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            body, data = data[:length], data[length:]
            yield head.split(b" ")[1].decode(), body
