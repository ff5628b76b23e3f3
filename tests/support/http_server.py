"""A real HTTP/1.1 server on loopback for tests: a function answers each request, in chunks of its choice."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass
class Received:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What to answer; ``chunks`` are sent one by one, each in a chunk and a segment of its own."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] = ()
    cut: bool = False
    """End the connection without the last chunk."""


Behaviour = Callable[[Received], Answer]


class LocalServer:
    """Serves until closed; ``requests`` holds all received requests, ``open_streams`` counts the answers under way."""

    def __init__(
        self, behaviour: Behaviour, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Received] = []
        self.closed_by_client = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.command, self.path, headers, self.rfile.read(length))
                server.requests.append(received)
                self._send(behaviour(received))

            do_GET = do_POST
            do_DELETE = do_POST

            def _send(self, answer: Answer) -> None:
                try:
                    self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    if answer.status in (204, 304):
                        # Such an answer has no body, and not even the end of one.
                        self.end_headers()
                        return
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    for piece in filter(None, answer.chunks):
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    if answer.cut:
                        self.close_connection = True
                        return
                    self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    server.closed_by_client.set()
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._host = f"[{host}]" if ":" in host else host
        self._server = Server((host, port), Handler)
        self._scheme = _secured(self._server, tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self._host}:{self.port}"

    @property
    def port(self) -> int:
        return self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _secured(server: ThreadingHTTPServer, tls: ssl.SSLContext | None) -> str:
    """Puts TLS in front of a server, if there is any; returns the scheme of its address."""
    if tls is None:
        return "http"
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    return "https"
