"""Reads one reply of a provider into a decoder, chunk by chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal

import anyio
import anyio.lowlevel

from modelport.adapters.dialects.wire_format import Decoder
from modelport.adapters.http.bodies import chunks_of
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.adapters.wire.errors import MAX_EVENT_BYTES, EventTooLong, NotUnderstood, ProviderRefused
from modelport.adapters.wire.framing import Framer, SseFramer, framer_for
from modelport.domain.completions.call import Answer

if TYPE_CHECKING:
    import httpx2

Framing = Literal["sse", "json_lines", "event_stream"]
LINGER_S = 0.1
"""How long the end of a body is waited for, once the answer is complete."""
MAX_HEAD_BYTES = 64 * 1024
"""How much of a reply is kept until its answer begins, to look for an error in it."""
SLICE_BYTES = 8 * 1024
"""How much of a chunk is decoded at once, some milliseconds at the worst, before other tasks have their turn."""
LARGE_EVENT_BYTES = 256 * 1024
MAX_COMMAS = 200_000
"""In a large event. An image or a long text has fewer; a list of so many values would hold up everything else."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before an answer: a byte order mark and white space."""


async def read_reply(
    response: httpx2.Response,
    idle: IdleTimeout,
    framing: Framing,
    decoder: Decoder,
    answer: Answer,
) -> bytes:
    """Feeds the decoder until the answer is over or the body ends, as events or, where it is one value, whole.

    Returns the beginning of the body: what came before the answer began.

    Raises:
        NotUnderstood: it is a web page, or an event is not what the format promises.
        ProviderRefused: it is an error.
        EventTooLong: an event, or a whole reply, exceeds ``MAX_EVENT_BYTES``.
    """
    async with chunks_of(response) as chunks:
        return await _read(chunks, idle, framing, decoder, answer)


async def _read(
    chunks: AsyncIterator[bytes], idle: IdleTimeout, framing: Framing, decoder: Decoder, answer: Answer
) -> bytes:
    start = b""
    async for chunk in chunks:
        idle.touch()
        start = (start + chunk).lstrip(_BLANK)
        if len(start) > 1:
            break
    if start[:1] == b"<":
        raise NotUnderstood(await _whole_body(start, chunks, idle), "a web page")

    def is_over() -> bool:
        return decoder.over

    def event(name: bytes, data: bytes) -> None:
        if len(data) > LARGE_EVENT_BYTES:
            _check_values(data)
        decoder.event(name, data)

    framer = framer_for(framing, start, event, is_over)
    if framer is not None:
        return await _stream(start, chunks, framer, idle, decoder, answer)
    body = await _whole_body(start, chunks, idle)
    if b"\ndata:" in body:
        # Events, behind a value that is in none: no line break stands in JSON's texts.
        return await _stream(body, chunks, SseFramer(event, is_over=is_over), idle, decoder, answer)
    _check_values(body)
    decoder.whole(body)
    return body


def _check_values(data: bytes) -> None:
    if data.count(b",") > MAX_COMMAS:
        raise NotUnderstood(data[:200], f"an event of more than {MAX_COMMAS} values")


async def _whole_body(start: bytes, chunks: AsyncIterator[bytes], idle: IdleTimeout) -> bytes:
    body = bytearray(start)
    async for chunk in chunks:
        idle.touch()
        body += chunk
        if len(body) > MAX_EVENT_BYTES:
            raise EventTooLong(f"more than {MAX_EVENT_BYTES} bytes")
    return bytes(body)


async def _stream(
    start: bytes, chunks: AsyncIterator[bytes], framer: Framer, idle: IdleTimeout, decoder: Decoder, answer: Answer
) -> bytes:
    head = start
    try:
        head = await _feed(start, chunks, framer, idle, decoder, answer)
    except (ProviderRefused, NotUnderstood, EventTooLong):
        # Of no interest behind the end.
        if not decoder.over:
            raise
    if decoder.over:
        # The end of the body lets the connection be used again; a server that lingers is not waited for.
        with anyio.move_on_after(LINGER_S):
            async for _ in chunks:
                pass
    elif framer.strays and not decoder.complete:
        raise NotUnderstood(framer.strays, "no event")
    return head


async def _feed(
    chunk: bytes, chunks: AsyncIterator[bytes], framer: Framer, idle: IdleTimeout, decoder: Decoder, answer: Answer
) -> bytes:
    """Feeds chunks until the answer is over or they end; returns those that came before it began."""
    head = bytearray(chunk)
    await _feed_chunk(chunk, framer, idle, decoder, answer)
    while not decoder.over:
        begun = answer.begun
        if answer.has_text:
            idle.allow(idle.gap_s)
        following = await anext(chunks, None)
        if following is None:
            framer.close()
            break
        idle.touch()
        if not begun and len(head) < MAX_HEAD_BYTES:
            head += following
        await _feed_chunk(following, framer, idle, decoder, answer)
    return bytes(head)


async def _feed_chunk(chunk: bytes, framer: Framer, idle: IdleTimeout, decoder: Decoder, answer: Answer) -> None:
    """Feeds a chunk in slices, between which other tasks run and a listener that is behind is waited for."""
    listener = answer.listener
    for start in range(0, len(chunk), SLICE_BYTES):
        if start:
            if decoder.over:
                return
            await anyio.lowlevel.checkpoint()
        framer.feed(chunk[start : start + SLICE_BYTES] if len(chunk) > SLICE_BYTES else chunk)
        if listener.congested and not decoder.over:
            idle.pause()
            await listener.drained()
            idle.resume()
