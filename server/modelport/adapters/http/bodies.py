"""Reads reply bodies up to a limit, and gives the exceptions of the HTTP layer their meaning in the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelport.adapters.http import failures
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.domain.providers.connection import Endpoint

if TYPE_CHECKING:
    import httpx2

MAX_REFUSAL_BYTES = 64 * 1024
"""How much of a refusal's body is read."""


async def read_capped(
    response: httpx2.Response, limit: int, *, cut: bool = False, watch: IdleTimeout | None = None
) -> bytes:
    """The body up to ``limit`` bytes, each part of it told to the watch.

    Raises:
        OverflowError: the body is longer and ``cut`` is false.
    """
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        if watch is not None:
            watch.touch()
        parts.append(part)
        size += len(part)
        if size > limit:
            if cut:
                break
            raise OverflowError(f"more than {limit} bytes")
    return b"".join(parts)[:limit]


def translate(endpoint: Endpoint, model: str, error: Exception, *, begun: bool | None = None) -> Exception:
    """The contract's failure for an exception of the HTTP layer; our own failures pass through.

    ``begun`` is None before the reply, then says whether the answer had begun.
    """
    import httpx2

    if isinstance(error, httpx2.TransportError | OSError):
        if begun is not None:
            return failures.interrupted(endpoint, model, begun=begun)
        if isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError):
            return failures.hung_up(endpoint, model)
        return failures.unreachable(endpoint, model, error)
    if isinstance(
        error, httpx2.InvalidURL | httpx2.UnsupportedProtocol | UnicodeError | OverflowError | httpx2.DecodingError
    ):
        return failures.not_understood(endpoint, model, b"", str(error))
    return error
