"""Runs a program for what it prints, without holding up the event loop."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from types import FunctionType
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import anyio.to_thread

from modelport.adapters.child_processes.child import PIPE, STDOUT
from modelport.adapters.child_processes.output import Output, OutputReader
from modelport.adapters.system.programs import Programs, home_folder, system_environment

SYSTEM_TIMEOUT_S = 10.0
"""For one program of the system, such as ``lsof``."""
MAX_SYSTEM_OUTPUT_BYTES = 16 * 1024 * 1024
LIBRARY_TIMEOUT_S = 60.0
"""For a program that a vendor's library wants run, which may ask a person."""
MAX_LIBRARY_OUTPUT_BYTES = 1024 * 1024


async def output_of(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: str | None = None,
    timeout_s: float,
    max_bytes: int,
    limiter: anyio.CapacityLimiter | None = None,
) -> Output:
    """Runs a program in a worker thread, see ``OutputReader``. It is gone with all it has started before this returns.

    Raises:
        OSError: it cannot be started.
        ValueError: the command line is not valid.
    """
    reader = OutputReader()

    def run() -> Output | OSError | ValueError:
        try:
            return reader.run(argv, environment, cwd=cwd, timeout_s=timeout_s, max_bytes=max_bytes)
        except (OSError, ValueError) as error:
            # A task group would wrap it.
            return error

    done: Output | OSError | ValueError | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_with_us, reader)
        done = await anyio.to_thread.run_sync(run, limiter=limiter)
        tasks.cancel_scope.cancel()
    # The thread ends for a caller that was cancelled too, and has no result for it then.
    await anyio.lowlevel.checkpoint_if_cancelled()
    if not isinstance(done, Output):
        assert done is not None  # noqa: S101  a cancelled task group raises
        raise done
    return done


class Finished:
    """What a library sees of a program: the part of ``subprocess.Popen`` that it needs. Standard error is empty."""

    def __init__(self, done: Output) -> None:
        self.returncode = -1 if done.code is None else done.code
        self._printed = done.printed

    def communicate(self) -> tuple[bytes, bytes]:
        """What the program has printed."""
        return self._printed, b""


def run_for_library(
    programs: Programs,
    hidden: Callable[[], Collection[str]],
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    timeout: float = LIBRARY_TIMEOUT_S,
    **_: object,
) -> Finished:
    """Runs a program to its end for a library that would start it itself, found and started as all programs are.

    ``hidden`` returns the names of variables that it does not get. Of ``env`` it gets what the library has added to
    this process's variables. ``timeout`` is in seconds. Blocks.

    Raises:
        OSError: there is no such program, or it cannot be started.
        ValueError: the command line is not valid.
    """
    program = programs.find(command[0])
    if program is None:
        raise FileNotFoundError(errno.ENOENT, "was not found", command[0])
    argv, environment = [program, *command[1:]], programs.environment(hidden())
    environment |= {name: value for name, value in (env or {}).items() if os.environ.get(name) != value}
    reader = OutputReader()
    done = reader.run(argv, environment, cwd=home_folder(), timeout_s=timeout, max_bytes=MAX_LIBRARY_OUTPUT_BYTES)
    return Finished(done)


class _Subprocess:
    """The part of the module ``subprocess`` that a library's function uses, over a ``start`` such as the above."""

    PIPE, STDOUT = PIPE, STDOUT

    def __init__(self, start: Callable[..., Any]) -> None:
        self._start = start

    def run(self, command: Sequence[str], *, env: Mapping[str, str], timeout: float, **_: object) -> Ran:
        """Runs a program to its end, or for so many seconds."""
        done = self._start(command, env=env, timeout=timeout)
        return Ran(done.returncode, done.communicate()[0])


class Ran(NamedTuple):
    """A program that has ended, as ``subprocess.run`` returns it."""

    returncode: int
    stdout: bytes


def started_by(function: Any, start: Callable[..., Any]) -> FunctionType:
    """A copy of a library's function that has ``start`` run the program it would run with ``subprocess.run``."""
    names: dict[str, Any] = {**function.__globals__, "subprocess": _Subprocess(start)}
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)


async def system_output(command: Sequence[str]) -> str:
    """The standard output of a program of the system, whatever its exit code. It gets no variable with a key."""
    done = await output_of(command, system_environment(), timeout_s=SYSTEM_TIMEOUT_S, max_bytes=MAX_SYSTEM_OUTPUT_BYTES)
    return done.printed.decode("utf-8", "replace")


async def _cancel_with_us(reader: OutputReader) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        reader.cancel()
