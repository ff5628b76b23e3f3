"""Runs the programs that print keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import anyio
import anyio.to_thread

from modelport.adapters.child_processes.output import Output, Stop
from modelport.adapters.child_processes.running import output_of
from modelport.adapters.system.programs import Programs, home_folder
from modelport.domain.errors import RequestFailed
from modelport.protocol.secret import Secret

DEFAULT_TIMEOUT_S = 10.0
MAX_OUTPUT_BYTES = 64 * 1024
MAX_AT_ONCE = 32


class LocalCommands:
    """Runs programs without a shell, with empty standard input; their standard error is dropped.

    ``timeout_s`` is how long one may take, with the time that a person takes to answer its prompt. One that is named
    without a path is searched with ``programs``, and all run in the user's home.
    """

    def __init__(self, timeout_s: float = DEFAULT_TIMEOUT_S, programs: Programs | None = None) -> None:
        self._timeout_s = timeout_s
        self._programs = programs or Programs()
        # Those that wait for a person hold up no other work of threads.
        self._limiter = anyio.CapacityLimiter(MAX_AT_ONCE)

    async def output(self, command: Sequence[str], secret_env_vars: Collection[str]) -> Secret:
        """The first line that a program prints. On timeout and on cancellation it is ended with all it has started.

        Raises:
            RequestFailed: it cannot be run, fails, prints nothing of use or takes too long; the message is the
                end of a sentence about the command.
        """
        try:
            program, environment = await anyio.to_thread.run_sync(self._prepared, command[0], secret_env_vars)
            done = await output_of(
                [program, *command[1:]],
                environment,
                cwd=home_folder(),
                timeout_s=self._timeout_s,
                max_bytes=MAX_OUTPUT_BYTES,
                limiter=self._limiter,
            )
        except (OSError, ValueError) as error:
            raise _failed("cannot be run") from error
        if done.stop is Stop.TOO_MUCH:
            raise _failed("prints more than a key")
        if done.stop is not Stop.ENDED:
            raise _failed(f"printed no whole line within {self._timeout_s:g} s")
        if done.code != 0:
            raise _failed(f"ended with code {done.code}")
        return _line(done)

    def _prepared(self, name: str, secret_env_vars: Collection[str]) -> tuple[str, dict[str, str]]:
        """The path of a program, and its environment. Blocks."""
        program = self._programs.find(name)
        if program is None:
            raise _failed(_missing(name))
        return program, self._programs.environment(secret_env_vars)


def _missing(name: str) -> str:
    """Why a program is not run; it may be there and be none, or be in a folder where it is not looked for. Blocks."""
    program = Path(name).expanduser()
    if program.is_absolute():
        return "cannot be run" if program.exists() else "was not found"
    return "depends on the working folder: write its whole path" if len(program.parts) > 1 else "was not found"


def _line(done: Output) -> Secret:
    text = _text(done)
    if text is None:
        raise _failed("prints no text")
    if not text:
        raise _failed("prints nothing")
    # Password managers keep notes below the password.
    return Secret(text.reveal().splitlines()[0].strip())


def _text(done: Output) -> Secret | None:
    # The error of the decoding would hold what was printed.
    try:
        return Secret(done.printed.decode("utf-8").strip())
    except UnicodeDecodeError:
        return None


def _failed(why: str) -> RequestFailed:
    return RequestFailed("auth_required", why)
