"""Reports whether anything runs, as ``status/changed``: overlapping calls are one busy period."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from modelport.protocol.types import StatusChangedParams

MAX_MESSAGE_CHARS = 200


class Activity:
    """Counts what runs. ``send`` is called when the first begins, when the last ends, and when the message changes.

    The message is that of whatever has begun last and still runs. Nothing here is awaited, so that no call is slowed
    down by it.
    """

    def __init__(self, send: Callable[[StatusChangedParams], None]) -> None:
        self._send = send
        self._running: dict[object, str] = {}
        self._shown: str | None = None

    @contextmanager
    def during(self, message: str) -> Generator[None]:
        """Is busy for the block, with a message for the user."""
        key = object()
        self._running[key] = message[:MAX_MESSAGE_CHARS]
        self._report()
        try:
            yield
        finally:
            del self._running[key]
            self._report()

    def _report(self) -> None:
        message = next(reversed(self._running.values()), None)
        if message != self._shown:
            self._shown = message
            self._send(StatusChangedParams(kind="normal", busy=message is not None, message=message))
