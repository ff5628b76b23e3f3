"""Runs handshakes with agents over standard input and output, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from modelport.adapters.agents.handshakes.conversation import GRACE_S, Handshake, Limits
from modelport.domain.agents.observations import HandshakeResult, Launch


class StdioHandshakes:
    """``Handshakes`` with real processes.

    ``folder`` is where the empty folders that agents start in are created; other users must not be able to write to it.
    """

    def __init__(self, folder: Path, *, grace_s: float = GRACE_S) -> None:
        self._folder = folder
        self._grace_s = grace_s

    async def start(
        self, launch: Launch, environment: Mapping[str, str], *, timeout_s: float, session: bool
    ) -> HandshakeResult:
        """Starts an agent, runs the handshake and ends it; on cancellation the agent is ended first."""
        limits = Limits(answer_s=timeout_s, grace_s=self._grace_s)
        handshake = Handshake(launch, environment, self._folder, limits, session=session)
        result = HandshakeResult(status="unknown")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_stop_with_us, handshake)
            result = await anyio.to_thread.run_sync(handshake.run)
            tasks.cancel_scope.cancel()
        return result


async def _stop_with_us(handshake: Handshake) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        handshake.stop()
