"""Processes of Modelport that cost a fork and not a start; see ``fork_server.py``."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

SCRIPT = Path(__file__).with_name("fork_server.py")
MODULES = (
    "anyio._backends._asyncio",
    "modelport.app.agents",
    "modelport.app.session",
    "modelport.app.models",
    "modelport.engine.local.completions",
    "modelport.frontends.lsp.run",
    "modelport.frontends.cli.acp_discover",
    "modelport.frontends.cli.running",
)
"""What most processes load that tests start."""
INTERPRETER = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC")
"""The beginnings of variables that Python and the C library read once, when they start."""
READ_LATER = frozenset({"PYTHON_KEYRING_BACKEND"})


class ForkServer:
    """The process that forks, started when it is first needed. Any thread may use it."""

    current: ClassVar[ForkServer | None] = None
    """The one of these tests; None where each process is started."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._env = dict(os.environ if env is None else env)
        self._interpreter = _interpreter(self._env)
        self._lock = threading.Lock()

    def serves(self, env: Mapping[str, str]) -> bool:
        """Whether a process with this environment can be forked: where the interpreter itself would not differ."""
        return sys.platform == "linux" and self._interpreter == _interpreter(env)

    def fork(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        """The id of a new process."""
        with self._lock:
            if self._control is None:
                self._control = self._started()
            socket.send_fds(self._control, [json.dumps(request).encode()], list(descriptors))
            return int(self._control.recv(64))

    def _started(self) -> socket.socket:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(SCRIPT), str(its.fileno()), *MODULES]
        with its:
            self._process = subprocess.Popen(command, pass_fds=(its.fileno(),), stdin=subprocess.DEVNULL, env=self._env)
        return mine

    def close(self) -> None:
        """Ends it; what it has forked goes on."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait(10)
            self._control = self._process = None


class Commands:
    """Runs commands, forked from a process per environment in which the interpreter differs."""

    current: ClassVar[Commands | None] = None
    """Those of the module's tests."""

    def __init__(self) -> None:
        self._servers: dict[frozenset[tuple[str, str]], ForkServer] = {}

    def run(
        self,
        arguments: Sequence[str],
        *,
        entry: str = "main",
        stdin: bytes = b"",
        env: Mapping[str, str],
        cwd: Path | None = None,
        timeout: float = 60.0,
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs ``modelport``, or another entry point of it, to its end."""
        if sys.platform != "linux":
            call = f"import sys; del sys.path[0]; from modelport.__main__ import {entry}; {entry}()"
            command = [sys.executable, "-c", call, *arguments]
            return subprocess.run(
                command, input=stdin, capture_output=True, timeout=timeout, check=False, env=env, cwd=cwd
            )
        server = self._servers.setdefault(frozenset(_interpreter(env).items()), ForkServer(env))
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with ForkedProcess(server, arguments, entry=entry, env=env, cwd=cwd, **pipes) as process:
            try:
                output, errors = process.communicate(stdin, timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(arguments, process.wait(), output, errors)

    def close(self) -> None:
        """Ends the processes that fork."""
        for server in self._servers.values():
            server.close()


def _interpreter(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(INTERPRETER) and name not in READ_LATER}


class ForkedProcess(subprocess.Popen[bytes]):
    """A process that a ``ForkServer`` has forked, in place of ``python -m modelport ARGUMENTS``.

    ``entry`` is the function of ``__main__`` that is called, which for ``acp-discover`` is another.
    """

    def __init__(self, server: ForkServer, arguments: Sequence[str], *, entry: str = "main", **options: Any) -> None:
        self._server = server
        self._entry = entry
        self._arguments = arguments
        self._status, self._its_status = os.pipe()
        super().__init__(arguments, **options)

    def _execute_child(self, *given: Any) -> None:
        """Takes the place of the standard library's fork and exec; its parameters have this order in all versions."""
        cwd, env = given[5:7]
        pipes = given[10:16]
        streams = [number if end == -1 else end for number, end in enumerate((pipes[0], pipes[3], pipes[5]))]
        request = {
            "entry": self._entry,
            "arguments": list(self._arguments),
            "env": dict(os.environ if env is None else env),
            "cwd": None if cwd is None else os.fspath(cwd),
        }
        try:
            self.pid = self._server.fork(request, (*streams, self._its_status))
            self._child_created = True
        finally:
            os.close(self._its_status)
            self._close_pipe_fds(*pipes)

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        timeout = 0 if wait_flags & os.WNOHANG else None
        if not select.select([self._status], [], [], timeout)[0]:
            return 0, 0
        status = os.read(self._status, 64)
        os.close(self._status)
        assert status, "the process that forks has ended"
        return self.pid, int(status)

    def _internal_poll(self, _deadstate: int | None = None, **_: Any) -> int | None:
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid == self.pid:
                self._handle_exitstatus(status)
        return self.returncode
