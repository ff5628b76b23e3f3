"""Reads one reply of a provider into a decoder, chunk by chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal

import anyio

from modelport.adapters.dialects.wire_format import Decoder
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
    chunks = response.aiter_bytes()
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

    framer = framer_for(framing, start, decoder.event, is_over)
    if framer is not None:
        return await _stream(start, chunks, framer, idle, decoder, answer)
    body = await _whole_body(start, chunks, idle)
    if b"\ndata:" in body:
        # Events, behind a value that is in none: no line break stands in JSON's texts.
        return await _stream(body, chunks, SseFramer(decoder.event, is_over=is_over), idle, decoder, answer)
    decoder.whole(body)
    return body


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
    listener, head = answer.listener, chunk
    framer.feed(chunk)
    while not decoder.over:
        begun = answer.begun
        if answer.has_text:
            idle.allow(idle.gap_s)
        if listener.congested:
            idle.pause()
            await listener.drained()
            idle.resume()
        following = await anext(chunks, None)
        if following is None:
            framer.close()
            break
        idle.touch()
        if not begun and len(head) < MAX_HEAD_BYTES:
            head += following
        framer.feed(following)
    return head
