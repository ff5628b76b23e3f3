"""Reads one reply of a provider into a decoder, chunk by chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal

import anyio

from modelport.adapters.dialects.wire_format import Decoder
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.adapters.wire.errors import MAX_EVENT_BYTES, EventTooLong, NotUnderstood
from modelport.adapters.wire.framing import Framer, framer_for
from modelport.domain.completions.call import Answer

if TYPE_CHECKING:
    import httpx2

LINGER_S = 0.1
"""How long the end of a body is waited for, once the answer is complete."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before an answer: a byte order mark and white space."""


async def read_reply(
    response: httpx2.Response,
    idle: IdleTimeout,
    framing: Literal["sse", "json_lines", "event_stream"],
    decoder: Decoder,
    answer: Answer,
) -> None:
    """Feeds the decoder until the answer is over or the body ends, as events or, where it is one value, whole.

    Raises:
        NotUnderstood: it is a web page, or an event is not what the format promises.
        ProviderRefused: it is an error.
        EventTooLong: an event, or a whole reply, exceeds ``MAX_EVENT_BYTES``.
    """
    chunks = response.aiter_bytes()
    start = b""
    async for chunk in chunks:
        idle.touch()
        start = (start + chunk).lstrip(_BLANK)
        if len(start) > 1:
            break
    if start[:1] == b"<":
        raise NotUnderstood(await _whole_body(start, chunks, idle), "a web page")
    framer = framer_for(framing, start, decoder.event)
    if framer is None:
        decoder.whole(await _whole_body(start, chunks, idle))
    else:
        framer.feed(start)
        await _stream(chunks, framer, idle, decoder, answer)


async def _whole_body(start: bytes, chunks: AsyncIterator[bytes], idle: IdleTimeout) -> bytes:
    body = bytearray(start)
    async for chunk in chunks:
        idle.touch()
        body += chunk
        if len(body) > MAX_EVENT_BYTES:
            raise EventTooLong(f"more than {MAX_EVENT_BYTES} bytes")
    return bytes(body)


async def _stream(
    chunks: AsyncIterator[bytes], framer: Framer, idle: IdleTimeout, decoder: Decoder, answer: Answer
) -> None:
    listener = answer.listener
    while not decoder.over:
        if answer.begun:
            idle.begun()
        if listener.congested:
            idle.pause()
            await listener.drained()
            idle.resume()
        chunk = await anext(chunks, None)
        if chunk is None:
            framer.close()
            return
        idle.touch()
        framer.feed(chunk)
    # The end of the body lets the connection be used again; a server that lingers is not waited for.
    with anyio.move_on_after(LINGER_S):
        async for _ in chunks:
            pass
