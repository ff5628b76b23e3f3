"""Talks to agents on their standard input and output, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from modelport.adapters.agents.handshakes.conversation import GRACE_S, Handshake, Limits
from modelport.domain.agents.observations import HandshakeResult, Launch


class StdioHandshakes:
    """``Handshakes`` with real processes.

    ``folder`` is where the empty folders are made that agents start in; it must not be one that others can write to.
    """

    def __init__(self, folder: Path, *, grace_s: float = GRACE_S) -> None:
        self._folder = folder
        self._grace_s = grace_s

    async def start(
        self, launch: Launch, environment: Mapping[str, str], *, timeout_s: float, session: bool
    ) -> HandshakeResult:
        """Starts an agent, asks it, and ends it; also when this is cancelled, before the cancellation goes on."""
        limits = Limits(answer_s=timeout_s, grace_s=self._grace_s)
        talk = Handshake(launch, environment, self._folder, limits, session=session)
        verdict = HandshakeResult(status="unknown")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_stop_with_us, talk)
            verdict = await anyio.to_thread.run_sync(talk.run)
            tasks.cancel_scope.cancel()
        return verdict


async def _stop_with_us(talk: Handshake) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        talk.stop()
