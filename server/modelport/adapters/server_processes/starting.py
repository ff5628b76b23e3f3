"""A server of ours on a port of this machine: started, polled until it answers, ended."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

import anyio
import anyio.to_thread

from modelport.adapters.server_processes.process import ServerProcess, free_port
from modelport.adapters.system.programs import Programs
from modelport.domain.errors import RequestFailed
from modelport.domain.local.model_files import OnProgress
from modelport.domain.local.servers import ServerAddress
from modelport.domain.ports import LocalProber
from modelport.protocol.secret import SecretValues

LOOPBACK = "127.0.0.1"
POLL_INTERVAL_S = 0.1
PROBE_TIMEOUT_S = 2.0
MAX_REPLY_BYTES = 64 * 1024
MAX_ATTEMPTS = 2
"""Another program may take the port before the server does."""
PORT_TAKEN = r"address already in use|couldn't bind|failed to bind|EADDRINUSE"
_SECRET = re.compile(r"(^|_)(API_?KEYS?|KEY|KEY_ID|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)


class StartedServer:
    """The process of one server and its port. Whoever waits for it may be cancelled; the next goes on from there."""

    def __init__(self, prober: LocalProber) -> None:
        self.port = 0
        self._prober = prober
        self._process: ServerProcess | None = None
        self._stopped = False
        self._started_at_s = 0.0
        self._listeners: list[OnProgress] = []

    @property
    def begun(self) -> bool:
        """Whether there is a process, or was one."""
        return self._process is not None

    @property
    def ended(self) -> bool:
        """Whether its process has ended; false without one."""
        return self._process is not None and self._process.ended

    @property
    def over(self) -> bool:
        """Whether it was stopped or has ended."""
        return self._stopped or self.ended

    def stop(self) -> None:
        """Ends it; returns at once."""
        self._stopped = True
        if self._process is not None:
            self._process.stop()

    async def gone(self, timeout_s: float) -> None:
        """Waits until it is gone, but not for longer than that."""
        if self._process is not None and not self._process.ended:
            await anyio.to_thread.run_sync(self._process.wait, timeout_s, abandon_on_cancel=True)

    @contextmanager
    def heard_by(self, listener: OnProgress) -> Generator[None]:
        """While the context lasts the listener gets what is told."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def tell(self, message: str) -> None:
        """Tells all who wait how far it is."""
        for listener in tuple(self._listeners):
            listener(message)

    async def start(
        self,
        launch: Callable[[], Awaitable[None]],
        is_ready: Callable[[], Awaitable[bool]],
        *,
        doing: str,
        limit_s: float,
        late: Callable[[], RequestFailed],
    ) -> ServerProcess | None:
        """None once it is ready, else the process that has ended instead.

        ``launch`` has a process spawned that takes ``port``, a new one for each attempt; ``doing`` says what is waited
        for.

        Raises:
            RequestFailed: from ``launch``, or that of ``late`` where it is not ready in time.
        """
        for attempt in range(MAX_ATTEMPTS):
            if self._process is None:
                self.port = free_port()
                await launch()
            process = self._process
            assert process is not None  # noqa: S101  it has just been launched
            if await self._wait(process, is_ready, doing, limit_s, late):
                return None
            if attempt == MAX_ATTEMPTS - 1 or not process.printed(PORT_TAKEN):
                return process
            self._process = None
        raise AssertionError("unreachable: the last attempt returns")

    async def spawn(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts the process.

        Raises:
            OSError: it cannot be started.
            ValueError: the command line is not valid.
        """
        self._started_at_s = anyio.current_time()
        await anyio.to_thread.run_sync(self._spawn, command, environment)

    async def status(self, path: str) -> int | None:
        """The HTTP status of a path, asked without a key: another program may have taken the port."""
        address = ServerAddress(scheme="http", host=LOOPBACK, port=self.port)
        with anyio.move_on_after(PROBE_TIMEOUT_S):
            reply = await self._prober.get(address, path, MAX_REPLY_BYTES)
            return reply.status if reply is not None else None
        return None

    def _spawn(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts the process, in a worker thread; the request for it may be cancelled by then."""
        self._process = ServerProcess(command, environment)
        if self._stopped:
            self._process.stop()

    async def _wait(
        self,
        process: ServerProcess,
        is_ready: Callable[[], Awaitable[bool]],
        doing: str,
        limit_s: float,
        late: Callable[[], RequestFailed],
    ) -> bool:
        """Polls the server until it is ready; returns False when it has ended."""
        told_s = 0
        while not process.ended:
            if await is_ready() and not process.ended:
                return True
            waited_s = anyio.current_time() - self._started_at_s
            if waited_s > limit_s:
                raise late()
            if int(waited_s) > told_s:
                told_s = int(waited_s)
                self.tell(f"{doing}: {told_s} s")
            await anyio.sleep(POLL_INTERVAL_S)
        return False


def child_environment(secret_env_vars: frozenset[str], programs: Programs) -> SecretValues[str]:
    """The environment without secrets: variables named like one, or known to hold one."""
    variables = programs.environment(secret_env_vars)
    return SecretValues({name: value for name, value in variables.items() if not _SECRET.search(name)})
