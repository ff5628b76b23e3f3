"""The JSON-RPC server on stdio that the floor and the peers stand on: only the messages of a measurement.

It knows ``initialize``, ``provider/connect`` with a ``baseUrl``, ``completion/create`` and
``$/cancelRequest``, and answers anything else with an error, from the event loop.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

Cancel = Callable[[], None]
Complete = Callable[["StdioServer", int, dict[str, Any]], Cancel]


class StdioServer:
    """Serves until stdin ends. ``complete`` begins a completion and returns its cancel function."""

    def __init__(self, complete: Complete) -> None:
        self.base_url = ""
        self._complete = complete
        self._received = b""
        self._running: dict[int, Cancel] = {}
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Serves."""
        asyncio.get_running_loop().add_reader(0, self._read)
        await self._ended.wait()

    def write(self, frames: bytes) -> None:
        """Writes frames, waiting where the client is behind."""
        rest = memoryview(frames)
        while rest:
            rest = rest[os.write(1, rest) :]

    def reply(self, number: int, result: Any) -> None:
        """Answers a request."""
        self._running.pop(number, None)
        self._send({"jsonrpc": "2.0", "id": number, "result": result})

    def fail(self, number: int, code: int, message: str) -> None:
        """Answers a request with an error."""
        self._running.pop(number, None)
        self._send({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message, separators=(",", ":")).encode()
        self.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _read(self) -> None:
        data = os.read(0, 1 << 18)
        if not data:
            self._ended.set()
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            stop = end + 4 + int(self._received[len(b"Content-Length:") : end])
            if stop > len(self._received):
                break
            body, self._received = self._received[end + 4 : stop], self._received[stop:]
            self._take(json.loads(body))

    def _take(self, message: dict[str, Any]) -> None:
        method, number, params = message["method"], message.get("id"), message.get("params") or {}
        if method == "completion/create":
            self._running[number] = self._complete(self, number, params)
        elif method == "$/cancelRequest":
            if cancel := self._running.get(params["id"]):
                cancel()
        elif method == "provider/connect":
            self.base_url = params["baseUrl"]
            self.reply(number, {})
        elif method == "initialize":
            self.reply(number, {"capabilities": {}, "serverInfo": {"name": "bench"}})
        elif number is not None:
            self.fail(number, -32601, "There is no such method.")
