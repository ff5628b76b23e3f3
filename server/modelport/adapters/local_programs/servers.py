"""Runs a server per program: started for the first call, shared by all, stopped when idle and with this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from modelport.adapters.local_programs.server import ProgramServer
from modelport.adapters.system.programs import Programs
from modelport.domain.local.model_files import OnProgress, Served
from modelport.domain.ports import LocalProber
from modelport.domain.providers.rows import ServerProgram

IDLE_S = 300.0
"""How long a server may be unused before it is stopped."""
CLOSE_TIMEOUT_S = 1.0
"""How long the end of this process waits for its servers; their supervisors see to the rest."""


class LocalProgramServers:
    """A ``ProgramServers``."""

    def __init__(self, prober: LocalProber, programs: Programs | None = None, idle_s: float = IDLE_S) -> None:
        self._prober = prober
        self._programs = programs or Programs()
        self._idle_s = idle_s
        self._servers: dict[tuple[str, ...], ProgramServer] = {}

    @asynccontextmanager
    async def serving(
        self, program: ServerProgram, secret_env_vars: frozenset[str], on_progress: OnProgress
    ) -> AsyncGenerator[Served]:
        """A server of the program, started and waited for where none runs, and kept for as long as the block lasts.

        Raises:
            RequestFailed: it does not start.
        """
        server = self._servers.get(program.command)
        if server is None or server.over:
            server = self._servers[program.command] = ProgramServer(program, self._prober, self._programs)
        server.take()
        try:
            yield await server.ready(secret_env_vars, on_progress)
        finally:
            server.release()
            if not server.users and not server.over:
                server.timer = asyncio.get_running_loop().call_later(self._idle_s, server.stop)

    def runs(self, program: ServerProgram) -> bool:
        """Whether a server of the program runs."""
        server = self._servers.get(program.command)
        return server is not None and server.served is not None and not server.over

    async def aclose(self) -> None:
        """Ends all servers."""
        servers = list(self._servers.values())
        for server in servers:
            server.stop()
        with anyio.move_on_after(CLOSE_TIMEOUT_S):
            for server in servers:
                await server.gone(CLOSE_TIMEOUT_S)
