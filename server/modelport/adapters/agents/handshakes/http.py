"""Sends ``initialize`` to an agent that serves the protocol over HTTP, and ends the protocol connection again.

Each of the two requests has its own TCP connection, as probes do: no proxy, no redirect, no credential.

Source: the transport of https://agentclientprotocol.com/rfds/streamable-http-websocket-transport.
"""

from __future__ import annotations

import time
from typing import Any

import anyio
import msgspec

from modelport.adapters.http.causes import NotHttp
from modelport.adapters.http.http1 import ResponseReader, request_head
from modelport.adapters.local_servers.prober import connect, is_loopback, read_response
from modelport.adapters.system.timestamps import now
from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.agents import handshake
from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress
from modelport.protocol.initialize import VERSION
from modelport.protocol.shapes import is_object

MAX_BODY_BYTES = 64 * 1024
GOODBYE_S = 1.0
CONNECTION = b"acp-connection-id"
MAX_ID_BYTES = 200
REFUSALS = (401, 403)
Failures = (OSError, NotHttp, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class PostHandshakes:
    """``HttpHandshakes`` with real connections."""

    async def ask(self, address: ServerAddress, path: str, *, timeout_s: float) -> HandshakeResult:
        """The result of ``initialize``. The protocol connection that it opens at the agent is closed again."""
        if not is_loopback(address.host):
            return HandshakeResult(status="unknown", detail="Not probed: it is on another machine.")
        started = time.monotonic()
        body = json_bytes(handshake.initialize(VERSION))
        reader: ResponseReader | None = None
        try:
            with anyio.move_on_after(timeout_s):
                reader, answer, is_complete = await _send(address, b"POST", path, body)
                latency_ms = round((time.monotonic() - started) * 1000, 1)
                result = _result(reader.status, answer if is_complete else b"")
                answered = result.status in ("ready", "auth_required")
                return msgspec.structs.replace(
                    result, verified_at=now() if answered else None, latency_ms=latency_ms if answered else None
                )
        except NotHttp as error:
            return HandshakeResult(status="broken", detail=f"Its answer is not HTTP: {error}.")
        except Failures:
            return HandshakeResult(
                status="broken", detail="It closed the connection before it answered the first request."
            )
        finally:
            if reader is not None:
                await _hang_up(address, path, reader)
        return HandshakeResult(status="hung", detail=f"It did not answer the first request within {timeout_s:g} s.")


def _result(status: int, body: bytes) -> HandshakeResult:
    if status in REFUSALS:
        return HandshakeResult(status="auth_required", auth="required", detail="It requires a token.")
    try:
        answer: Any = msgspec.json.decode(body)
    except NOT_JSON:
        answer = None
    if is_object(answer) and handshake.is_answer(answer, handshake.INITIALIZE):
        return handshake.initialized(answer, Censor())
    return HandshakeResult(
        status="broken", detail=f"It answered the first request with HTTP {status}, and not in the protocol."
    )


async def _send(
    address: ServerAddress, method: bytes, path: str, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> tuple[ResponseReader, bytes, bool]:
    host = f"[{address.host}]" if ":" in address.host else address.host
    head = [
        (b"Host", f"{host}:{address.port}".encode("ascii")),
        (b"Accept", b"application/json, text/event-stream"),
        (b"Accept-Encoding", b"identity"),
        (b"User-Agent", b"modelport"),
        (b"Connection", b"close"),
        (b"Content-Length", str(len(body)).encode("ascii")),
        *headers,
    ]
    if body:
        head.append((b"Content-Type", b"application/json"))
    async with await connect(address) as stream:
        await stream.send(request_head(method, (address.prefix + path).encode("ascii"), head) + body)
        return await read_response(stream, MAX_BODY_BYTES)


async def _hang_up(address: ServerAddress, path: str, reader: ResponseReader) -> None:
    """Ends the protocol connection that the first request has opened, also when the caller is cancelled."""
    value = next((value for name, value in reader.headers if name.lower() == CONNECTION), b"")
    if not 0 < len(value) <= MAX_ID_BYTES:
        return
    with anyio.CancelScope(shield=True), anyio.move_on_after(GOODBYE_S):
        try:
            await _send(address, b"DELETE", path, headers=((b"Acp-Connection-Id", value),))
        except (*Failures, ValueError):
            # The agent has gone, or the id cannot be sent; no caller depends on it.
            return
