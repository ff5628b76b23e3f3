"""One server for one model: started when it is first needed, polled until it is ready, shared while it runs."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
from pathlib import Path, PurePath

import anyio
import anyio.to_thread
from msgspec.structs import replace

from modelport.adapters.local_models.process import ServerProcess, free_port
from modelport.domain.errors import RequestFailed
from modelport.domain.local.model_files import OnProgress, Plan, Served, command_line
from modelport.domain.local.servers import ServerAddress
from modelport.domain.ports import LocalProber
from modelport.domain.providers.configuration import LocalModelsEntry
from modelport.protocol.secret import Secret

WINDOWS = os.name == "nt"
LOOPBACK = "127.0.0.1"
POLL_INTERVAL_S = 0.1
PROBE_TIMEOUT_S = 2.0
MAX_REPLY_BYTES = 64 * 1024
OK, UNAUTHORIZED = 200, 401
NO_SUCH_PATH = (404, 405, 501)
MAX_ATTEMPTS = 2
"""Another program may take the port before the server does."""
PORT_TAKEN = r"address already in use|couldn't bind|failed to bind|EADDRINUSE"
KEY_VARIABLE = "LLAMA_API_KEY"
"""The variable that llama-server reads its key from. Source: llama-server --help, --api-key."""
_SECRET = re.compile(r"(^|_)(API_?KEYS?|KEY|KEY_ID|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_PROXY = re.compile(r"_PROXY$", re.IGNORECASE)


class LocalServer:
    """A server and the number of its users. It is over once it was stopped or has ended, and is then replaced."""

    def __init__(self, plan: Plan, prober: LocalProber) -> None:
        self.plan = plan
        self.served: Served | None = None
        self.users = 0
        self.used_at = anyio.current_time()
        self.timer: asyncio.TimerHandle | None = None
        self._prober = prober
        self._process: ServerProcess | None = None
        self._failure: RequestFailed | None = None
        self._stopped = False
        self._started_at = 0.0
        self._listeners: list[OnProgress] = []
        # One of those who wait does the work; when it is cancelled, the next goes on from there.
        self._lock = anyio.Lock()

    @property
    def name(self) -> str:
        """The model."""
        return self.plan.model.id

    @property
    def over(self) -> bool:
        """Whether it is of no more use."""
        return self._stopped or self._failure is not None or (self._process is not None and self._process.ended)

    @property
    def ended(self) -> bool:
        """Whether it is over and gone."""
        return self.over and (self._process is None or self._process.ended)

    def take(self, plan: Plan) -> None:
        """Adds a user."""
        self.plan = plan
        self.users += 1
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def release(self) -> None:
        """Removes a user."""
        self.users -= 1
        self.used_at = anyio.current_time()

    def stop(self) -> None:
        """Ends it; returns at once."""
        self._stopped = True
        if self._process is not None:
            self._process.stop()

    async def gone(self, timeout_s: float) -> None:
        """Waits until it is gone, but not for longer than that."""
        if self._process is not None and not self._process.ended:
            await anyio.to_thread.run_sync(self._process.wait, timeout_s, abandon_on_cancel=True)

    async def ready(self, tell: OnProgress) -> Served:
        """Its address and key, once it is ready.

        Raises:
            RequestFailed: it does not start, or has ended.
        """
        self._listeners.append(tell)
        try:
            async with self._lock:
                if self._failure is not None:
                    raise _again(self._failure)
                if self.served is None:
                    self.served = await self._start()
                return self.served
        except RequestFailed as failure:
            self._failure = failure
            self.stop()
            raise
        finally:
            self._listeners.remove(tell)

    async def _start(self) -> Served:
        for attempt in range(MAX_ATTEMPTS):
            if self._process is None:
                await self._launch()
            process, served = self._process, self._served
            assert process is not None  # noqa: S101  it has just been launched
            if await self._wait(process):
                return served
            if attempt == MAX_ATTEMPTS - 1 or not process.printed(PORT_TAKEN):
                raise self._died(process)
            self._process = None
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _launch(self) -> None:
        entry, model = self.plan.entry, self.plan.model
        shown = _shown(entry.command[0])
        program = _program(entry)
        if not (entry.wsl and WINDOWS) and await anyio.to_thread.run_sync(shutil.which, program) is None:
            raise _failed(
                f"{model.id} cannot be served, because there is no {shown}: install llama.cpp, or name another program "
                "in command of [local_models].",
                "install llama.cpp",
            )
        facts = (model.header.quantization if model.header else None, f"{model.size_bytes / 1e9:.1f} GB")
        self._tell(f"Starting {model.id} ({', '.join(filter(None, facts))})")
        self._port = free_port()
        self._served = Served(base_url=f"http://{LOOPBACK}:{self._port}/v1", key=Secret(secrets.token_urlsafe(24)))
        whole = replace(self.plan, entry=replace(entry, command=(program, *entry.command[1:])))
        command = command_line(whole, self._port, windows=WINDOWS)
        environment = child_environment(self.plan.secret_env_vars) | {KEY_VARIABLE: self._served.key.reveal()}
        if entry.wsl and WINDOWS:
            environment["WSLENV"] = ":".join(filter(None, (environment.get("WSLENV"), f"{KEY_VARIABLE}/u")))
        self._started_at = anyio.current_time()
        try:
            await anyio.to_thread.run_sync(self._spawn, command, environment)
        except (OSError, ValueError) as error:
            raise _failed(
                f"{model.id} cannot be served, because {shown} cannot be run: see command of [local_models].",
                "correct the command",
            ) from error

    def _spawn(self, command: list[str], environment: dict[str, str]) -> None:
        """Starts the process, in a worker thread; the request for it may be cancelled by then."""
        self._process = ServerProcess(command, environment)
        if self._stopped:
            self._process.stop()

    async def _wait(self, process: ServerProcess) -> bool:
        """Polls the server until it is ready; returns False when it has ended."""
        limit_s, reported_s = self.plan.entry.start_timeout_s, 0
        while not process.ended:
            if await self._is_ready() and not process.ended:
                return True
            waited_s = anyio.current_time() - self._started_at
            if waited_s > limit_s:
                raise RequestFailed(
                    "timeout",
                    f"{self.name} was not ready {limit_s:g} s after its start: allow more with start_timeout_s of "
                    "[local_models], or use a smaller model.",
                    action="allow more time",
                )
            if int(waited_s) > reported_s:
                reported_s = int(waited_s)
                self._tell(f"Loading {self.name}: {reported_s} s")
            await anyio.sleep(POLL_INTERVAL_S)
        return False

    async def _is_ready(self) -> bool:
        status = await self._status("/health")
        if status in NO_SUCH_PATH:
            # Not every server has that path; one that lists its model has loaded it.
            return await self._status("/v1/models") in (OK, UNAUTHORIZED)
        return status == OK

    async def _status(self, path: str) -> int | None:
        with anyio.move_on_after(PROBE_TIMEOUT_S):
            reply = await self._prober.get(
                ServerAddress(scheme="http", host=LOOPBACK, port=self._port), path, MAX_REPLY_BYTES
            )
            return reply.status if reply is not None else None
        return None

    def _tell(self, message: str) -> None:
        for tell in tuple(self._listeners):
            tell(message)

    def _died(self, process: ServerProcess) -> RequestFailed:
        model, entry = self.plan.model, self.plan.entry
        known = {model.path: PurePath(model.path).name, entry.folder: "the folder", str(Path.home()): "~"}
        output = self._served.key.redact(process.last_lines(known))
        program = _shown(entry.command[0])
        return _failed(
            f"{model.id} cannot be served: {program} ended with code {process.code}"
            f"{f' and said: {output}' if output else ''}. Correct [local_models], or choose another model.",
            "correct [local_models]",
        )


def child_environment(secret_env_vars: frozenset[str]) -> dict[str, str]:
    """The environment without secrets: variables named like one, or known to hold one."""
    hidden = {name.casefold() for name in secret_env_vars}
    return {
        name: value
        for name, value in os.environ.items()
        if name.casefold() not in hidden and not _SECRET.search(name) and not (_PROXY.search(name) and "@" in value)
    }


def _program(entry: LocalModelsEntry) -> str:
    """The program with ``~`` filled in, as a shell would do it."""
    return os.path.expanduser(entry.command[0])  # noqa: PTH111  it need not be a path


def _shown(program: str) -> str:
    """The name of a program in messages."""
    return PurePath(program.replace("\\", "/")).name


def _failed(message: str, action: str) -> RequestFailed:
    return RequestFailed("provider_unavailable", message, action=action, retryable=False)


def _again(failure: RequestFailed) -> RequestFailed:
    """The same failure for another request, which may add to it."""
    return RequestFailed(failure.reason, failure.message, action=failure.action, retryable=failure.retryable)
