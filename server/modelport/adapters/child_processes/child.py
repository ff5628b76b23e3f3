"""A program that this process has started, of which nothing outlives this process, however that ends."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Protocol

PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT


class Child(Protocol):
    """A program and the processes that it has started. Its methods may be called from any thread."""

    @property
    def pid(self) -> int:
        """The number of the program's process, and of its process group where there are groups."""
        ...

    @property
    def stdin(self) -> IO[bytes] | None:
        """Its standard input, unbuffered, if it is a pipe."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """Its standard output, unbuffered, if it is a pipe."""
        ...

    @property
    def stderr(self) -> IO[bytes] | None:
        """Its standard error, unbuffered, if it is a pipe."""
        ...

    @property
    def code(self) -> int | None:
        """The exit code, or the negative number of the signal that has ended it; None while it runs, or if unknown."""
        ...

    @property
    def left(self) -> bool:
        """Whether any process is left: the program, or one that it has started."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Waits until the program has ended; returns whether it has."""
        ...

    def wait_gone(self, timeout_s: float) -> bool:
        """Waits until no process is left; returns whether none is."""
        ...

    def end(self, grace_s: float) -> None:
        """Requests the end of all processes: at once, and by force after so many seconds. Returns without waiting."""
        ...

    def spare(self) -> None:
        """Ends all processes but daemons, which are those that have left the program's session. Does not wait."""
        ...


def start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: str | None = None,
    stdin: int = DEVNULL,
    stdout: int = PIPE,
    stderr: int = DEVNULL,
    on_ended: Callable[[], None] | None = None,
) -> Child:
    """Starts a program without a shell and without a terminal. Blocks for some 15 ms.

    ``on_ended`` is called on another thread once the program has ended.

    Raises:
        OSError: it cannot be started.
        ValueError: the command line or the environment is not valid, for instance because of a NUL.
    """
    if os.name == "nt":
        from modelport.adapters.child_processes.in_job import InJob

        return InJob(argv, environment, cwd, (stdin, stdout, stderr), on_ended)
    from modelport.adapters.child_processes.supervised import Supervised

    return Supervised(argv, environment, cwd, (stdin, stdout, stderr), on_ended)
