"""Requests from the server to the client, each with one response, a time limit and an id of its own."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Protocol

import anyio
from msgspec import Struct

from modelport.borders import json_bytes
from modelport.protocol.shapes import is_object

ID_PREFIX = "modelport-"
"""In front of the ids, which are texts, so that no client mistakes one for an id of its own."""


class Outgoing(Protocol):
    """The outgoing side of a connection."""

    def send(self, body: bytes) -> None:
        """Queues one message."""
        ...


class NoAnswer(Exception):
    """The client gave no result: an error, or nothing in time. The text says which; it is the client's, so cut it."""


class _Waiting:
    def __init__(self) -> None:
        self.arrived = anyio.Event()
        self.response: dict[str, Any] = {}


class ClientRequests:
    """Sends requests to one client and hands out its responses."""

    def __init__(self, outbox: Outgoing) -> None:
        self._outbox = outbox
        self._numbers = count(1)
        self._waiting: dict[str, _Waiting] = {}

    async def send(self, method: str, params: Struct | Mapping[str, Any], timeout_s: float) -> Any:
        """The result of a request, as JSON values. A request that is given up is cancelled at the client too.

        Raises:
            NoAnswer: the client answered with an error, or not within ``timeout_s``.
        """
        request_id = f"{ID_PREFIX}{next(self._numbers)}"
        waiting = self._waiting[request_id] = _Waiting()
        self._outbox.send(
            b'{"jsonrpc":"2.0","id":%b,"method":%b,"params":%b}'
            % (json_bytes(request_id), json_bytes(method), json_bytes(params))
        )
        try:
            with anyio.move_on_after(timeout_s):
                await waiting.arrived.wait()
        finally:
            del self._waiting[request_id]
            if not waiting.arrived.is_set():
                self._cancel(request_id)
        if not waiting.arrived.is_set():
            raise NoAnswer(f"there was no answer to {method} within {timeout_s:g} s")
        error = waiting.response.get("error")
        if error is not None:
            message = error.get("message") if is_object(error) else None
            raise NoAnswer(message if isinstance(message, str) else f"{method} failed")
        return waiting.response.get("result")

    def receive(self, response: dict[str, Any]) -> bool:
        """Takes a response; returns whether a request waits for it."""
        request_id = response.get("id")
        waiting = self._waiting.get(request_id) if isinstance(request_id, str) else None
        if waiting is None or waiting.arrived.is_set():
            return False
        waiting.response = response
        waiting.arrived.set()
        return True

    def _cancel(self, request_id: str) -> None:
        body = b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":%b}}' % json_bytes(request_id)
        self._outbox.send(body)
