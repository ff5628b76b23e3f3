"""Servers that break HTTP: they hang, send for ever, send garbage or disconnect."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

PAUSE_S = 0.02
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

Script = Callable[["OddServer", socket.socket], None]


class OddServer:
    """Accepts connections and runs the script on each, until closed."""

    def __init__(self, script: Script, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.closed = threading.Event()
        self.sent_bytes = 0
        self.connections = 0
        self._script = script
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def send(self, connection: socket.socket, data: bytes) -> None:
        connection.sendall(data)
        self.sent_bytes += len(data)

    def close(self) -> None:
        self.closed.set()
        for end in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._sockets.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._script(self, connection)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


def hangs(server: OddServer, connection: socket.socket) -> None:
    """Reads the request and never answers."""
    while connection.recv(65536):
        pass


def drips(server: OddServer, connection: socket.socket) -> None:
    """Answers a byte at a time without an end."""
    connection.recv(65536)
    server.send(connection, HEAD)
    while not server.closed.wait(PAUSE_S):
        server.send(connection, b"1\r\n \r\n")


def drips_its_head(server: OddServer, connection: socket.socket) -> None:
    """Sends headers without an end."""
    connection.recv(65536)
    server.send(connection, b"HTTP/1.1 200 OK\r\n")
    while not server.closed.wait(PAUSE_S):
        server.send(connection, b"X-More: yes\r\n")


def floods(server: OddServer, connection: socket.socket) -> None:
    """Answers as fast as it can without an end."""
    connection.recv(65536)
    server.send(connection, HEAD + b'8\r\n{"data":\r\n')
    while not server.closed.is_set():
        server.send(connection, b"4000\r\n" + b"[" * 0x4000 + b"\r\n")


def hangs_up(server: OddServer, connection: socket.socket) -> None:
    """Reads the request and disconnects."""
    connection.recv(65536)


def sends(data: bytes) -> Script:
    """Answers the same bytes to everything."""

    def script(server: OddServer, connection: socket.socket) -> None:
        connection.recv(65536)
        server.send(connection, data)

    return script


def greets(data: bytes) -> Script:
    """Sends a greeting first, as other services do, and then reads."""

    def script(server: OddServer, connection: socket.socket) -> None:
        server.send(connection, data)
        hangs(server, connection)

    return script
