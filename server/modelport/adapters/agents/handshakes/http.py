"""Asks an agent that serves the protocol over HTTP, and hangs up again.

A connection of our own for each of the two requests, as for the probes: no proxy, no redirect, no credential.

Source: the transport of https://agentclientprotocol.com/rfds/streamable-http-websocket-transport.
"""

from __future__ import annotations

import time
from typing import Any

import anyio
import msgspec

from modelport.adapters.http.http1 import NotHttp, ResponseReader, request_head
from modelport.adapters.local_servers.prober import connect, is_loopback, read_response
from modelport.adapters.system.timestamps import now
from modelport.domain.agents import handshake
from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress
from modelport.protocol.initialize import VERSION
from modelport.protocol.shapes import is_object

LONGEST_BODY = 64 * 1024
GOODBYE_S = 1.0
CONNECTION = b"acp-connection-id"
LONGEST_ID = 200
REFUSALS = (401, 403)
Failures = (OSError, NotHttp, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class PostHandshakes:
    """``HttpHandshakes`` with real connections."""

    async def ask(self, place: ServerAddress, path: str, *, timeout_s: float) -> HandshakeResult:
        """What the answer to the first request proves. The connection that it opens at the agent is closed again."""
        if not is_loopback(place.host):
            return HandshakeResult(status="unknown", detail="Not asked: it is on another machine.")
        started = time.monotonic()
        body = msgspec.json.encode(handshake.initialize(VERSION))
        reader: ResponseReader | None = None
        try:
            with anyio.move_on_after(timeout_s):
                reader, answer, whole = await _send(place, b"POST", path, body)
                latency_ms = round((time.monotonic() - started) * 1000, 1)
                verdict = _judged(reader.status, answer if whole else b"")
                answered = verdict.status in ("ready", "auth_required")
                return msgspec.structs.replace(
                    verdict, verified_at=now() if answered else None, latency_ms=latency_ms if answered else None
                )
        except NotHttp as error:
            return HandshakeResult(status="broken", detail=f"What it answered is not HTTP: {error}.")
        except Failures:
            return HandshakeResult(status="broken", detail="It hung up before it answered the first request.")
        finally:
            if reader is not None:
                await _hang_up(place, path, reader)
        return HandshakeResult(status="hung", detail=f"It did not answer the first request within {timeout_s:g} s.")


def _judged(status: int, body: bytes) -> HandshakeResult:
    if status in REFUSALS:
        return HandshakeResult(status="auth_required", auth="required", detail="It asks for a token before it answers.")
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        answer = None
    if is_object(answer) and handshake.is_answer(answer, handshake.INITIALIZE):
        return handshake.initialized(answer, Censor())
    return HandshakeResult(
        status="broken", detail=f"It answered the first request with HTTP {status} and nothing of the protocol."
    )


async def _send(
    place: ServerAddress, method: bytes, path: str, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> tuple[ResponseReader, bytes, bool]:
    host = f"[{place.host}]" if ":" in place.host else place.host
    given = [
        (b"Host", f"{host}:{place.port}".encode("ascii")),
        (b"Accept", b"application/json, text/event-stream"),
        (b"Accept-Encoding", b"identity"),
        (b"User-Agent", b"modelport"),
        (b"Connection", b"close"),
        (b"Content-Length", str(len(body)).encode("ascii")),
        *headers,
    ]
    if body:
        given.append((b"Content-Type", b"application/json"))
    async with await connect(place) as stream:
        await stream.send(request_head(method, (place.prefix + path).encode("ascii"), given) + body)
        return await read_response(stream, LONGEST_BODY)


async def _hang_up(place: ServerAddress, path: str, reader: ResponseReader) -> None:
    """Ends the connection that the first request has opened, also when whoever asked does not wait for it."""
    value = next((value for name, value in reader.headers if name.lower() == CONNECTION), b"")
    if not 0 < len(value) <= LONGEST_ID:
        return
    with anyio.CancelScope(shield=True), anyio.move_on_after(GOODBYE_S):
        try:
            await _send(place, b"DELETE", path, headers=((b"Acp-Connection-Id", value),))
        except (*Failures, ValueError):
            # It has gone, or its id cannot be written; there is nobody to tell.
            return
