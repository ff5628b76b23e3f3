"""One server of a provider's program: started with a password of its own, polled until it answers."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from pathlib import Path

import anyio
import anyio.to_thread

from modelport.adapters.server_processes.process import ServerProcess
from modelport.adapters.server_processes.starting import LOOPBACK, StartedServer, child_environment
from modelport.adapters.system.programs import Programs
from modelport.domain.errors import RequestFailed
from modelport.domain.local.model_files import OnProgress, Served
from modelport.domain.ports import LocalProber
from modelport.domain.providers.rows import ServerProgram
from modelport.domain.redaction import redact
from modelport.protocol.secret import Secret

START_TIMEOUT_S = 60.0
"""How long a server may take until it answers; its first start on a machine takes the longest."""
READY = (200, 401)
PORT = "{port}"


class ProgramServer:
    """A server and the number of its users. It is over once it was stopped or has ended, and is then replaced."""

    def __init__(self, program: ServerProgram, prober: LocalProber, programs: Programs) -> None:
        self.served: Served | None = None
        self.users = 0
        self.timer: asyncio.TimerHandle | None = None
        self._program = program
        self._programs = programs
        self._own = StartedServer(prober)
        # One of those who wait does the work; when it is cancelled, the next goes on from there.
        self._lock = anyio.Lock()

    @property
    def over(self) -> bool:
        """Whether it is of no more use."""
        return self._own.over

    def take(self) -> None:
        """Adds a user."""
        self.users += 1
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def release(self) -> None:
        """Removes a user."""
        self.users -= 1

    def stop(self) -> None:
        """Ends it; returns at once."""
        self._own.stop()

    async def gone(self, timeout_s: float) -> None:
        """Waits until it is gone, but not for longer than that."""
        await self._own.gone(timeout_s)

    async def ready(self, secret_env_vars: frozenset[str], tell: OnProgress) -> Served:
        """Its address and the header to send there, once it answers.

        Raises:
            RequestFailed: it is not installed, does not start, or has ended.
        """
        with self._own.heard_by(tell):
            try:
                async with self._lock:
                    if self.served is None:
                        self.served = await self._start(secret_env_vars)
                    return self.served
            except RequestFailed:
                self.stop()
                raise

    async def _start(self, secret_env_vars: frozenset[str]) -> Served:
        dead = await self._own.start(
            lambda: self._launch(secret_env_vars),
            self._answers,
            doing=f"Starting {self._program.command[0]}",
            limit_s=START_TIMEOUT_S,
            late=self._late,
        )
        if dead is not None:
            raise self._died(dead)
        return self._starting

    async def _launch(self, secret_env_vars: frozenset[str]) -> None:
        program = self._program
        name = program.command[0]
        path = await anyio.to_thread.run_sync(self._programs.find, name, program.folders)
        if path is None:
            raise _failed(f"The program {name} is not installed: {program.install}.", program.install)
        self._own.tell(f"Starting {name}")
        self._password = Secret(secrets.token_urlsafe(24))
        key = Secret(_basic(program.user, self._password))
        self._starting = Served(base_url=f"http://{LOOPBACK}:{self._own.port}", key=key)
        command = [path, *(part.replace(PORT, str(self._own.port)) for part in program.command[1:])]
        environment = child_environment(secret_env_vars, self._programs) | program.variables
        environment[program.password_env_var] = self._password.reveal()
        try:
            await self._own.spawn(command, environment)
        except (OSError, ValueError) as error:
            raise _failed(f"{name} cannot be run: {program.install} again.", f"{program.install} again") from error

    async def _answers(self) -> bool:
        return await self._own.status(self._program.ready_path) in READY

    def _late(self) -> RequestFailed:
        name = self._program.command[0]
        return RequestFailed(
            "timeout",
            f"{name} did not answer {START_TIMEOUT_S:g} s after its start: try again, or run {name} once to "
            "see what it waits for.",
            action="try again",
        )

    def _died(self, process: ServerProcess) -> RequestFailed:
        name = self._program.command[0]
        lines = process.last_lines({str(Path.home()): "~"})
        output = redact(lines, [self._password.reveal(), self._starting.key.reveal()])
        said = f" and said: {output}" if output else ""
        return _failed(
            f"{name} ended with code {process.code} instead of serving{said}. Run {name} once to see why, or "
            f"{self._program.install} again.",
            f"run {name} to see why",
        )


def _basic(user: str, password: Secret) -> str:
    return f"Basic {b64encode(f'{user}:{password.reveal()}'.encode()).decode()}"


def _failed(message: str, action: str) -> RequestFailed:
    return RequestFailed("provider_unavailable", message, action=action, retryable=False)
