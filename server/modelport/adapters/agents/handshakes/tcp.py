"""Probes a listening port of this machine for an agent that speaks in lines.

Source: https://agentclientprotocol.com/protocol/v1/transports, with a connection for standard input and output, as
``copilot --acp --port`` does it.
"""

from __future__ import annotations

import time
from typing import Any

import anyio
import msgspec
from anyio.abc import ByteStream

from modelport.adapters.agents.handshakes.stdout_lines import Output
from modelport.adapters.local_servers.prober import connect, is_loopback
from modelport.adapters.system.timestamps import now
from modelport.borders import json_bytes
from modelport.domain.agents import handshake
from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress
from modelport.protocol.initialize import VERSION

MAX_ANSWER_BYTES = 64 * 1024
CHUNK_SIZE = 16 * 1024
HTTP_PROBE = b"GET /acp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
Failures = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class LineHandshakes:
    """``TcpHandshakes`` with real connections."""

    async def may_listen(self, address: ServerAddress, *, wait_s: float) -> bool:
        """Whether the peer answers an HTTP request with a JSON-RPC message, or with nothing for ``wait_s``.

        Databases, mail servers and the like send an error or hang up, or have sent first: they get nothing more.
        """
        connected = False
        with anyio.move_on_after(wait_s):
            try:
                async with await _open(address) as stream:
                    connected = True
                    await stream.send(HTTP_PROBE)
                    return bool(Output().feed(await stream.receive(CHUNK_SIZE)))
            except Failures:
                return False
        return connected

    async def ask(self, address: ServerAddress, *, timeout_s: float) -> HandshakeResult | None:
        """The result of ``initialize``; None if the peer did not answer in time."""
        started = time.monotonic()
        with anyio.move_on_after(timeout_s):
            try:
                async with await _open(address) as stream:
                    await stream.send(json_bytes(handshake.initialize(VERSION)) + b"\n")
                    answer = await _answer(stream)
            except Failures:
                return None
            result = handshake.initialized(answer, Censor())
            latency_ms = round((time.monotonic() - started) * 1000, 1)
            return msgspec.structs.replace(result, verified_at=now(), latency_ms=latency_ms)
        return None


async def _open(address: ServerAddress) -> ByteStream:
    if not is_loopback(address.host):
        raise ConnectionRefusedError(f"{address.host} is not this machine")
    return await connect(address)


async def _answer(stream: ByteStream) -> dict[str, Any]:
    """The answer to the first request; messages before it are skipped.

    Raises:
        EndOfStream: the peer hung up, or sent more than ``MAX_ANSWER_BYTES``.
    """
    output, left = Output(), MAX_ANSWER_BYTES
    while left > 0:
        chunk = await stream.receive(CHUNK_SIZE)
        left -= len(chunk)
        for message in output.feed(chunk):
            if handshake.is_answer(message, handshake.INITIALIZE):
                return message
    raise anyio.EndOfStream
