"""The errors behind an error."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import cast


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
