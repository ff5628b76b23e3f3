"""Reads reply bodies up to a limit."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import anyio

from modelport.adapters.http.causes import NotHttp
from modelport.adapters.http.idle_timeout import IdleTimeout

if TYPE_CHECKING:
    import httpx2

MAX_REFUSAL_BYTES = 64 * 1024
"""How much of a refusal's body is read."""
MAX_CODING_CHARS = 40


def coding(response: httpx2.Response) -> str:
    """The coding that a body is compressed with; empty for none. No request of ours allows any."""
    codings = response.headers.get("content-encoding", "").lower().split(",")
    return ", ".join(name for one in codings if (name := one.strip()) not in ("", "identity"))[:MAX_CODING_CHARS]


async def refuse_coding(response: httpx2.Response) -> None:
    """Refuses a compressed answer before it is read: decompressed, a few kilobytes may be gigabytes.

    A refusal is told by its status alone, see ``read_capped``.

    Raises:
        httpx2.RemoteProtocolError: it is compressed.
    """
    import httpx2

    if response.is_success and (name := coding(response)):
        why = NotHttp(f"the answer is compressed with {name}, which was not requested")
        raise httpx2.RemoteProtocolError(str(why)) from why


@asynccontextmanager
async def chunks_of(response: httpx2.Response) -> AsyncGenerator[AsyncGenerator[bytes]]:
    """The chunks of a body, as they come. Their generators are closed at the end of the block, read to the end or not.

    Those that are left half read would be closed by the garbage collection, which may run on another thread while the
    event loop closes them too: the interpreter reports that on standard error.
    """
    chunks = response.aiter_bytes()
    try:
        yield chunks
    finally:
        with anyio.CancelScope(shield=True):
            await chunks.aclose()


async def read_capped(
    response: httpx2.Response, limit: int, *, cut: bool = False, idle: IdleTimeout | None = None
) -> bytes:
    """The body up to ``limit`` bytes; each chunk restarts the idle timeout. A compressed one is not read.

    Raises:
        OverflowError: the body is longer and ``cut`` is false.
    """
    if coding(response):
        return b""
    # Unlike bytes, it does not show what it holds: of the tokens of a log-in a part may have come when it breaks off.
    body = BytesIO()
    async with chunks_of(response) as chunks:
        async for chunk in chunks:
            if idle is not None:
                idle.touch()
            body.write(chunk)
            del chunk
            if body.tell() > limit:
                if cut:
                    break
                raise OverflowError(f"more than {limit} bytes")
    return body.getvalue()[:limit]
