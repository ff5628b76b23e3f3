"""Builds replies of an OpenAI-compatible server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from support.http_server import Answer

SSE = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}


def event(value: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def delta(text: str) -> bytes:
    """A chunk that carries text."""
    return event({"choices": [{"index": 0, "delta": {"content": text}}]})


def end(reason: str = "stop", usage: dict[str, Any] | None = None) -> bytes:
    """The chunks that end a stream."""
    counts = event({"choices": [], "usage": usage}) if usage else b""
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}) + counts + b"data: [DONE]\n\n"


def streamed(*texts: str, usage: dict[str, Any] | None = None) -> Answer:
    """A whole streamed answer."""
    return Answer(headers=SSE, chunks=[*map(delta, texts), end(usage=usage)])


def held(pieces: Iterable[bytes], released: threading.Event, then: Iterable[bytes] = ()) -> Answer:
    """An answer that stops after ``pieces`` until it is released, but notices when the client leaves.

    While it waits it sends comments, so that a closed connection shows.
    """

    def parts() -> Iterator[bytes]:
        yield from pieces
        while not released.wait(0.01):
            yield b": waiting\n"
        yield from then

    return Answer(headers=SSE, chunks=parts())


def refused(status: int, error: Any, **headers: str) -> Answer:
    """An error reply in JSON."""
    return Answer(status, {**JSON, **headers}, [json.dumps(error).encode()])
