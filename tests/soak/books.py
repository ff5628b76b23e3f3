"""Providers with books of their own: each notes what it was asked, how it answered and what it charged for it.

One listener serves them all as a proxy, so that their addresses look like those of companies, and answers by the host.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self

from soak.faults import FAULTS, KEY_FAULTS, Ask, Reply, weights

PROVIDERS = ("alpha", "beta", "gamma", "delta")
RESET_FORMS = {"beta": "milliseconds", "gamma": "epoch_ms"}
"""The form in which a provider sends the end of a limit; the others send a duration."""
BAD_KEYS = {"beta-one": "401", "gamma-one": "402", "delta-one": "403"}
"""The keys that a provider refuses, with the name of the fault."""
HANG_S = 20.0
_TAG = re.compile(r"TAG ([\w.-]+)")


@dataclass(frozen=True)
class Entry:
    """A request, as the provider has noted it."""

    provider: str
    model: str
    key: str
    tag: str
    """The request of the client that it belongs to."""
    fault: str
    at_s: float
    """On the monotonic clock."""
    rest_s: float | None
    """How long the provider has asked to be left alone."""
    charged: tuple[int, int] | None
    """Input and output tokens that were charged; None where nothing was."""


class Books:
    """Serves until closed. ``chance`` draws the outcomes, ``faults`` is the part of them that are none of success."""

    def __init__(self, seed: int, faults: float) -> None:
        self.entries: list[Entry] = []
        self._lock = threading.Lock()
        self._chance = Random(seed)
        self._names, self._weights = weights(faults)
        self._closed = threading.Event()
        self._server = _listener(self._answer, self._closed)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, host: str, key: str, body: Any) -> Reply:
        provider = host.partition(".")[0]
        # A continued answer has its beginning behind the request.
        messages = body["messages"]
        tag = next(found[1] for one in messages if (found := _TAG.search(str(one["content"]))))
        begun = str(messages[-1]["content"]) if messages[-1]["role"] == "assistant" else ""
        ask = Ask(tag=tag, begun=begun, tools=bool(body.get("tools")), reset=RESET_FORMS.get(provider, "duration"))
        with self._lock:
            fault = BAD_KEYS.get(key) or self._drawn(ask)
            reply = ({**FAULTS, **KEY_FAULTS}[fault])(ask)
            entry = Entry(provider, body["model"], key, tag, fault, time.monotonic(), reply.rest_s, reply.charged)
            self.entries.append(entry)
        return reply

    def _drawn(self, ask: Ask) -> str:
        while True:
            name = self._chance.choices(self._names, self._weights)[0]
            if ask.tools or "call" not in name:
                return name


def _listener(answer: Callable[[str, str, Any], Reply], closed: threading.Event) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            # Behind a proxy the whole address is the path.
            host = self.headers.get("Host", "")
            key = self.headers.get("Authorization", "").removeprefix("Bearer ").removesuffix("-0123456789")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = answer(host, key, body)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError):
                _send(self.connection, reply, closed)
            self.close_connection = reply.then != "keep"

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 512

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    return Server(("127.0.0.1", 0), Handler)


def _send(connection: socket.socket, reply: Reply, closed: threading.Event) -> None:
    for piece in reply.pieces:
        connection.sendall(piece)
        if reply.pause_s:
            time.sleep(reply.pause_s)
    if reply.then == "hang":
        _hang(connection, closed)
    if reply.then == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        os.close(connection.detach())


def _hang(connection: socket.socket, closed: threading.Event) -> None:
    """Sends nothing more until the client has gone."""
    connection.settimeout(0.2)
    end_s = time.monotonic() + HANG_S
    while not closed.is_set() and time.monotonic() < end_s:
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                return
