"""Reads reply bodies up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelport.adapters.http.idle_timeout import IdleTimeout

if TYPE_CHECKING:
    import httpx2

MAX_REFUSAL_BYTES = 64 * 1024
"""How much of a refusal's body is read."""


async def read_capped(
    response: httpx2.Response, limit: int, *, cut: bool = False, idle: IdleTimeout | None = None
) -> bytes:
    """The body up to ``limit`` bytes; each chunk restarts the idle timeout.

    Raises:
        OverflowError: the body is longer and ``cut`` is false.
    """
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        if idle is not None:
            idle.touch()
        parts.append(part)
        size += len(part)
        if size > limit:
            if cut:
                break
            raise OverflowError(f"more than {limit} bytes")
    return b"".join(parts)[:limit]
