"""A program under ``supervisor.py``, on systems with process groups."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from modelport.core_dumps import limit_of_programs

# For the types of what other systems have.
assert sys.platform != "win32"  # noqa: S101
GRACE_S = 2.0
"""How long the processes may take to end by themselves when this one is gone."""
FOLDER = str(Path(__file__).parent)
# Imported and not run, since an import is compiled once; last in the path, where it hides no module of Python's.
SCRIPT = "import sys; sys.path.append(sys.argv[2]); import supervisor; supervisor.Supervisor(int(sys.argv[1])).run()"
SCOPE = "tree" if sys.platform == "linux" else "group"
"""What is ended: every process below the supervisor, where it can adopt them, else the program's process group."""
ADDED_BY_PYTHON = ("LC_CTYPE", "__CF_USER_TEXT_ENCODING")
"""Variables that a start of Python adds to the environment. Source: PEP 538."""
MAX_LINE_BYTES = 64


class Supervised:
    """A ``Child`` whose supervisor holds one end of a socket; the other one closes when this process ends."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        cwd: str | None,
        pipes: tuple[int, int, int],
        on_ended: Callable[[], None] | None,
    ) -> None:
        request = _request(argv, environment)
        self._on_ended = on_ended
        self._code: int | None = None
        self._left = True
        self._ended = threading.Event()
        self._gone = threading.Event()
        self._control, theirs = socket.socketpair()
        try:
            with theirs:
                self._supervisor = _supervisor(theirs.fileno(), environment, cwd, pipes)
        except BaseException:
            self._control.close()
            raise
        self._lines = self._control.makefile("rb", buffering=MAX_LINE_BYTES)
        try:
            self.pid = self._started(request)
        except BaseException:
            self._close()
            for pipe in (self.stdin, self.stdout, self.stderr):
                if pipe is not None:
                    pipe.close()
            raise
        threading.Thread(target=self._watch, name="modelport-child", daemon=True).start()

    @property
    def stdin(self) -> IO[bytes] | None:
        """Its standard input, unbuffered, if it is a pipe."""
        return self._supervisor.stdin

    @property
    def stdout(self) -> IO[bytes] | None:
        """Its standard output, unbuffered, if it is a pipe."""
        return self._supervisor.stdout

    @property
    def stderr(self) -> IO[bytes] | None:
        """Its standard error, unbuffered, if it is a pipe."""
        return self._supervisor.stderr

    @property
    def code(self) -> int | None:
        """The exit code, or the negative number of the signal that has ended it."""
        return self._code

    @property
    def left(self) -> bool:
        """Whether any process is left."""
        return self._left

    def wait(self, timeout_s: float) -> bool:
        """Waits until the program has ended; returns whether it has."""
        return self._ended.wait(timeout_s)

    def wait_gone(self, timeout_s: float) -> bool:
        """Waits until no process is left; returns whether none is."""
        return self._gone.wait(timeout_s)

    def end(self, grace_s: float) -> None:
        """Requests the end of all processes, by force after so many seconds."""
        self._send(f"end {grace_s:.3f}")

    def spare(self) -> None:
        """Ends all processes but those that have left the program's session."""
        self._send("spare")

    def _send(self, command: str) -> None:
        # There is no supervisor any more where no process is left.
        with contextlib.suppress(OSError):
            self._control.sendall(f"{command}\n".encode())

    def _started(self, request: bytes) -> int:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._control.sendall(request)
        word, _, number = self._lines.readline(MAX_LINE_BYTES).decode().partition(" ")
        if word == "started":
            return int(number)
        # Without a word, the supervisor itself cannot run.
        failure = int(number) if word == "failed" else errno.ECHILD
        raise OSError(failure, os.strerror(failure))

    def _watch(self) -> None:
        """Waits for the end of the program, and then of all that it has started."""
        reported = False
        with contextlib.suppress(OSError):
            while line := self._lines.readline(MAX_LINE_BYTES):
                _, status, left = line.split()
                self._code, self._left, reported = os.waitstatus_to_exitcode(int(status)), left == b"1", True
                self._report_end()
        if not reported:
            # The supervisor was killed, and on Linux the program with it; its children may be there yet.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._close()
        self._left = False
        self._gone.set()
        if not reported:
            self._report_end()

    def _report_end(self) -> None:
        self._ended.set()
        if self._on_ended is not None:
            self._on_ended()

    def _close(self) -> None:
        self._lines.close()
        self._control.close()
        self._supervisor.wait()


def _supervisor(
    control: int, environment: Mapping[str, str], cwd: str | None, pipes: tuple[int, int, int]
) -> subprocess.Popen[bytes]:
    """Starts a supervisor in the program's folder and with its environment and pipes.

    Raises:
        OSError: it cannot be started.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise FileNotFoundError(errno.ENOENT, "There is no Python interpreter to supervise it")
    stdin, stdout, stderr = pipes
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-S", "-c", SCRIPT, str(control), FOLDER],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        env=dict(environment),
        bufsize=0,
        pass_fds=(control,),
        # What a terminal sends to this process's group does not reach it.
        start_new_session=True,
    )


def _request(argv: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """The bytes that tell a supervisor what to run.

    Raises:
        ValueError: an argument has a NUL, or there is none.
    """
    if not argv or any("\0" in argument for argument in argv):
        raise ValueError("embedded null byte" if argv else "an empty command line")
    arguments = b"".join(b"\0" + os.fsencode(argument) for argument in argv)
    drop = (name for name in ADDED_BY_PYTHON if name not in environment)
    core = limit_of_programs()
    head = (str(len(arguments)), f"{GRACE_S:g}", SCOPE, "-" if core is None else str(core), *drop)
    return " ".join(head).encode() + b"\n" + arguments
