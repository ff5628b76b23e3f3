"""Asks whoever listens on a port of this machine whether it is an agent: a line out, a line in.

Source: https://agentclientprotocol.com/protocol/v1/transports, with a connection for standard input and output, as
``copilot --acp --port`` has it.
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
from modelport.domain.agents import handshake
from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress
from modelport.protocol.initialize import VERSION

MOST_BYTES = 64 * 1024
PIECE = 16 * 1024
QUESTION = b"GET /acp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
Failures = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class LineHandshakes:
    """``TcpHandshakes`` with real connections."""

    async def may_listen(self, place: ServerAddress, *, wait_s: float) -> bool:
        """Whether somebody is silent for so long after an HTTP request, or answers it with a message of JSON-RPC.

        Databases, mail servers and the like complain or hang up, or have spoken first: nothing more is sent to them.
        """
        connected = False
        with anyio.move_on_after(wait_s):
            try:
                async with await _open(place) as stream:
                    connected = True
                    await stream.send(QUESTION)
                    return bool(Output().feed(await stream.receive(PIECE)))
            except Failures:
                return False
        return connected

    async def ask(self, place: ServerAddress, *, timeout_s: float) -> HandshakeResult | None:
        """What the answer to the first request proves; None where there was none in time."""
        started = time.monotonic()
        with anyio.move_on_after(timeout_s):
            try:
                async with await _open(place) as stream:
                    await stream.send(msgspec.json.encode(handshake.initialize(VERSION)) + b"\n")
                    answer = await _answer(stream)
            except Failures:
                return None
            verdict = handshake.initialized(answer, Censor())
            latency_ms = round((time.monotonic() - started) * 1000, 1)
            return msgspec.structs.replace(verdict, verified_at=now(), latency_ms=latency_ms)
        return None


async def _open(place: ServerAddress) -> ByteStream:
    if not is_loopback(place.host):
        raise ConnectionRefusedError(f"{place.host} is not this machine")
    return await connect(place)


async def _answer(stream: ByteStream) -> dict[str, Any]:
    """The answer to the first request, whatever else is said before.

    Raises:
        EndOfStream: it hung up, or said more than anybody has to say.
    """
    output, left = Output(), MOST_BYTES
    while left > 0:
        piece = await stream.receive(PIECE)
        left -= len(piece)
        for message in output.feed(piece):
            if handshake.is_answer(message, handshake.INITIALIZE):
                return message
    raise anyio.EndOfStream
