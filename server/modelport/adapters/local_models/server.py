"""One server for one model: started when it is first needed, polled until it is ready, shared while it runs."""

from __future__ import annotations

import asyncio
import math
import os
import secrets
from pathlib import Path, PurePath

import anyio
import anyio.to_thread
from msgspec.structs import replace

from modelport.adapters.local_models.sharing import Lent, Slot, is_there, served_by
from modelport.adapters.local_models.wsl import runs_in_wsl
from modelport.adapters.server_processes.process import ServerProcess
from modelport.adapters.server_processes.starting import LOOPBACK, POLL_INTERVAL_S, StartedServer, child_environment
from modelport.adapters.system.programs import Programs
from modelport.domain.errors import RequestFailed
from modelport.domain.local.model_files import OnProgress, Plan, Served, command_line
from modelport.domain.ports import ListeningPorts, LocalProber
from modelport.domain.redaction import redact
from modelport.protocol.secret import Secret

WINDOWS = os.name == "nt"
OK, UNAUTHORIZED = 200, 401
NO_SUCH_PATH = (404, 405, 501)
KEY_VARIABLE = "LLAMA_API_KEY"
"""The variable that llama-server reads its key from. Source: llama-server --help, --api-key."""


class LocalServer:
    """A server and the number of its users. It is over once it was stopped or has ended, and is then replaced."""

    def __init__(
        self, plan: Plan, prober: LocalProber, listening: ListeningPorts, programs: Programs, slot: Slot | None
    ) -> None:
        self.plan = plan
        self.served: Served | None = None
        self.users = 0
        self.used_at = anyio.current_time()
        self.timer: asyncio.TimerHandle | None = None
        self._own = StartedServer(prober)
        self._programs = programs
        self._listening = listening
        self._slot = slot
        self._lent: Lent | None = None
        """The server of another process, if it is one."""
        self._failure: RequestFailed | None = None
        # One of those who wait does the work; when it is cancelled, the next goes on from there.
        self._lock = anyio.Lock()

    @property
    def name(self) -> str:
        """The model."""
        return self.plan.model.id

    @property
    def over(self) -> bool:
        """Whether it is of no more use."""
        if self._lent is not None and not is_there(self._lent):
            return True
        return self._failure is not None or self._own.over

    @property
    def ended(self) -> bool:
        """Whether it is over and gone."""
        return self.over and (self._own.ended or not self._own.begun)

    def take(self, plan: Plan) -> None:
        """Adds a user."""
        self.plan = plan
        self.users += 1
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def release(self) -> None:
        """Removes a user. That of another process is used for a call only, and found again for the next."""
        self.users -= 1
        self.used_at = anyio.current_time()
        if self._lent is not None and not self.users:
            self.stop()

    def unused_elsewhere_s(self) -> float:
        """For how many seconds no other process has used it; without end where none has."""
        return self._slot.unused_s() if self._slot is not None else math.inf

    def retire(self) -> bool:
        """Ends it, unless another process uses it; returns whether it does."""
        # Small files in the folder for what runs, which is in memory.
        if self._slot is not None and not self._slot.withdraw(unused=True):
            return False
        self.stop()
        return True

    def stop(self) -> None:
        """Ends it; returns at once."""
        if self._slot is not None:
            self._slot.give_back()
            self._slot.withdraw()
            self._slot.started(None)
        self._own.stop()

    async def gone(self, timeout_s: float) -> None:
        """Waits until it is gone, but not for longer than that."""
        await self._own.gone(timeout_s)

    async def ready(self, tell: OnProgress) -> Served:
        """Its address and key, once it is ready.

        Raises:
            RequestFailed: it does not start, or has ended.
        """
        with self._own.heard_by(tell):
            try:
                async with self._lock:
                    if self._failure is not None:
                        raise _again(self._failure)
                    if self.served is None:
                        self.served = await self._borrow() or await self._start()
                    return self.served
            except RequestFailed as failure:
                self._failure = failure
                self.stop()
                raise

    async def _borrow(self) -> Served | None:
        """The server of another process; None where this one is to start its own."""
        if self._slot is None or self._own.begun:
            return None
        limit = anyio.current_time() + self.plan.entry.start_timeout_s
        while anyio.current_time() < limit:
            found = await anyio.to_thread.run_sync(self._slot.enter)
            if isinstance(found, Lent):
                self._own.port = found.port
                # Another user's program may have the port by now, and would get the key.
                if found.port in await self._listening.ports() and await self._is_ready():
                    self._lent = found
                    return served_by(found)
                self._slot.give_back()
                found = await anyio.to_thread.run_sync(self._slot.begin)
            if found:
                return None
            self._own.tell(f"Waiting for {self.name}, which another editor starts or stops")
            await anyio.sleep(POLL_INTERVAL_S)
        return None

    async def _start(self) -> Served:
        limit_s = self.plan.entry.start_timeout_s
        dead = await self._own.start(
            self._launch,
            self._is_ready,
            doing=f"Loading {self.name}",
            limit_s=limit_s,
            late=lambda: self._late(limit_s),
        )
        if dead is not None:
            raise self._died(dead)
        if self._slot is not None:
            await anyio.to_thread.run_sync(self._slot.started, self._served, self._own.port)
        return self._served

    async def _launch(self) -> None:
        model = self.plan.model
        in_wsl, program, environment = await anyio.to_thread.run_sync(self._prepared)
        entry = replace(self.plan.entry, wsl=in_wsl)
        shown = _shown(entry.command[0])
        if program is None:
            raise _failed(
                f"{model.id} cannot be served, because there is no {shown}: install llama.cpp, or name another program "
                "in command of [local_models].",
                "install llama.cpp",
            )
        facts = (model.header.quantization if model.header else None, f"{model.size_bytes / 1e9:.1f} GB")
        self._own.tell(f"Starting {model.id} ({', '.join(filter(None, facts))})")
        self._served = Served(base_url=f"http://{LOOPBACK}:{self._own.port}/v1", key=Secret(secrets.token_urlsafe(24)))
        whole = replace(self.plan, entry=replace(entry, command=(program, *entry.command[1:])))
        command = command_line(whole, self._own.port, windows=WINDOWS)
        environment[KEY_VARIABLE] = self._served.key.reveal()
        if in_wsl:
            environment["WSLENV"] = ":".join(filter(None, (environment.get("WSLENV"), f"{KEY_VARIABLE}/u")))
        try:
            await self._own.spawn(command, environment)
        except (OSError, ValueError) as error:
            raise _failed(
                f"{model.id} cannot be served, because {shown} cannot be run: see command of [local_models].",
                "correct the command",
            ) from error

    def _prepared(self) -> tuple[bool, str | None, dict[str, str]]:
        """Whether the server runs in WSL, the path of its program, None without one, and its environment. Blocks."""
        name = self.plan.entry.command[0]
        in_wsl = runs_in_wsl(self.plan.entry, which=self._programs.find)
        program = os.path.expanduser(name) if in_wsl else self._programs.find(name)  # noqa: PTH111  it need not be a path
        return in_wsl, program, child_environment(self.plan.secret_env_vars, self._programs)

    def _late(self, limit_s: float) -> RequestFailed:
        return RequestFailed(
            "timeout",
            f"{self.name} was not ready {limit_s:g} s after its start: allow more with start_timeout_s of "
            "[local_models], or use a smaller model.",
            action="allow more time",
        )

    async def _is_ready(self) -> bool:
        status = await self._own.status("/health")
        if status in NO_SUCH_PATH:
            # Not every server has that path; one that lists its model has loaded it.
            return await self._own.status("/v1/models") in (OK, UNAUTHORIZED)
        return status == OK

    def _died(self, process: ServerProcess) -> RequestFailed:
        model, entry = self.plan.model, self.plan.entry
        known = {model.path: PurePath(model.path).name, entry.folder: "the folder", str(Path.home()): "~"}
        output = redact(process.last_lines(known), [self._served.key.reveal()])
        program = _shown(entry.command[0])
        return _failed(
            f"{model.id} cannot be served: {program} ended with code {process.code}"
            f"{f' and said: {output}' if output else ''}. Correct [local_models], or choose another model.",
            "correct [local_models]",
        )


def _shown(program: str) -> str:
    """The name of a program in messages."""
    return PurePath(program.replace("\\", "/")).name


def _failed(message: str, action: str) -> RequestFailed:
    return RequestFailed("provider_unavailable", message, action=action, retryable=False)


def _again(failure: RequestFailed) -> RequestFailed:
    """The same failure for another request, which may add to it."""
    return RequestFailed(failure.reason, failure.message, action=failure.action, retryable=failure.retryable)
