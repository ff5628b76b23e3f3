"""The errors behind an error, and those of a response that breaks the rules of HTTP."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import cast


class NotHttp(Exception):
    """The bytes are not an HTTP/1.1 response; ``start`` is what they begin with, where that is not HTTP at all."""

    def __init__(self, why: str, start: bytes = b"") -> None:
        super().__init__(why)
        self.start = start


class BrokenOff(NotHttp):
    """The connection ended inside a response, or before one."""


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything that led to it, exception groups included."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += cast("tuple[BaseException, ...]", current.exceptions)


def is_passing(causes: Sequence[BaseException]) -> bool:
    """Whether the next try may find a connection: after a name that was not found, a reset, a broken handshake.

    A port that is closed stays so, and so does a certificate that is refused.
    """
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
    return any(isinstance(cause, ConnectionResetError | BrokenPipeError | socket.gaierror) for cause in causes)
