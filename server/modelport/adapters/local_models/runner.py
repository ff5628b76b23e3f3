"""Runs servers for model files: which, for how long, and how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread

from modelport.adapters.local_models.server import WINDOWS, LocalServer
from modelport.adapters.local_models.sharing import slot
from modelport.adapters.system.programs import Programs
from modelport.domain.local.model_files import OnProgress, Plan, Served, command_line
from modelport.domain.ports import ListeningPorts, LocalProber

STOP_TIMEOUT_S = 5.0
"""How long another server may take to be gone; by then it has been killed."""
CLOSE_TIMEOUT_S = 1.0
"""How long the end of this process waits for its servers; their supervisors see to the rest."""

LENT_INTERVAL_S = 1.0
"""The interval of the check whether another process still uses a server."""

_Key = tuple[str, ...]


class LocalRunner:
    """A ``ModelRunner``: a server per model and settings, shared by all requests for it."""

    def __init__(
        self,
        prober: LocalProber,
        listening: ListeningPorts,
        variables: Callable[[], Mapping[str, str]],
        programs: Programs | None = None,
    ) -> None:
        self._prober = prober
        self._listening = listening
        self._variables = variables
        self._programs = programs or Programs()
        self._servers: dict[_Key, LocalServer] = {}
        # Only one request at a time decides which server has to go for another.
        self._turn = anyio.Lock()
        self._freed = anyio.Event()

    @asynccontextmanager
    async def serving(self, plan: Plan, on_progress: OnProgress) -> AsyncGenerator[Served]:
        """A server for a model: started and waited for where none runs, and kept for as long as the block lasts.

        Raises:
            RequestFailed: it does not start.
        """
        server = await self._take(plan, on_progress)
        try:
            yield await server.ready(on_progress)
        finally:
            self._release(server)

    def runs(self, plan: Plan) -> bool:
        """Whether the model is served at this moment."""
        server = self._servers.get(_key(plan))
        return server is not None and server.served is not None and not server.over

    async def aclose(self) -> None:
        """Ends every server; one that takes its time is ended by its supervisor."""
        servers, self._servers = list(self._servers.values()), {}
        for server in servers:
            server.stop()
        with anyio.move_on_after(CLOSE_TIMEOUT_S):
            for server in servers:
                await server.gone(CLOSE_TIMEOUT_S)

    async def _take(self, plan: Plan, tell: OnProgress) -> LocalServer:
        key = _key(plan)
        server = self._servers.get(key)
        if server is None or server.over:
            async with self._turn:
                server = self._servers.get(key)
                if server is None or server.over:
                    await self._make_room(plan.entry.max_running, tell)
                    place = await anyio.to_thread.run_sync(slot, self._variables(), key)
                    server = self._servers[key] = LocalServer(
                        plan, self._prober, self._listening, self._programs, place
                    )
                server.take(plan)
        else:
            server.take(plan)
        return server

    async def _make_room(self, max_running: int, tell: OnProgress) -> None:
        """Returns when there are fewer servers than may be; the one not used for longest has to go."""
        while True:
            self._servers = {key: server for key, server in self._servers.items() if not server.ended}
            if len(self._servers) < max_running:
                return
            idle = [server for server in self._servers.values() if not server.users]
            if idle:
                # One that has been stopped already only needs its time.
                for oldest in sorted(idle, key=lambda server: (not server.over, server.used_at)):
                    if oldest.over or oldest.retire():
                        await self._remove(oldest, tell)
                        break
                else:
                    tell(f"Waiting until {idle[0].name} is free, which another editor uses")
                    await anyio.sleep(LENT_INTERVAL_S)
            else:
                tell(f"Waiting until {next(iter(self._servers.values())).name} is free")
                await self._freed.wait()

    async def _remove(self, server: LocalServer, tell: OnProgress) -> None:
        tell(f"Stopping {server.name}")
        await server.gone(STOP_TIMEOUT_S)
        self._servers = {key: other for key, other in self._servers.items() if other is not server}

    def _release(self, server: LocalServer) -> None:
        server.release()
        if not server.users:
            if not server.over:
                self._stop_when_idle(server, server.plan.entry.idle_s)
            freed, self._freed = self._freed, anyio.Event()
            freed.set()

    def _stop_when_idle(self, server: LocalServer, idle_s: float) -> None:
        """Stops it after that time without use, by this process or by another."""

        def stop() -> None:
            left_s = server.plan.entry.idle_s - server.unused_elsewhere_s()
            if left_s > 0 or not server.retire():
                self._stop_when_idle(server, max(left_s, LENT_INTERVAL_S))

        server.timer = asyncio.get_running_loop().call_later(idle_s, stop)


def _key(plan: Plan) -> _Key:
    """The identity of a server: another file or other settings need another server."""
    return (str(plan.model.size_bytes), *command_line(plan, 0, windows=WINDOWS))
