"""Runs the programs that print keys."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Sequence

import anyio

from modelport.domain.errors import RequestFailed
from modelport.protocol.secret import Secret

DEFAULT_TIMEOUT_S = 10.0
MAX_OUTPUT_BYTES = 64 * 1024


class LocalCommands:
    """Runs programs without a shell, with empty standard input; their standard error is dropped.

    ``timeout_s`` is how long one may take, with the time that a person takes to answer its prompt.
    """

    def __init__(self, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s

    async def output(self, command: Sequence[str], secret_env_vars: Collection[str]) -> Secret:
        """The first line that a program prints. It is ended on timeout and on cancellation.

        Raises:
            RequestFailed: it cannot be run, fails, prints nothing of use or takes too long; the message is the
                end of a sentence about the command.
        """
        hidden = {name.casefold() for name in secret_env_vars}
        environment = {name: value for name, value in os.environ.items() if name.casefold() not in hidden}
        with anyio.move_on_after(self._timeout_s):
            return _line(await _run(_from_home(command), environment))
        raise _failed(f"printed no whole line within {self._timeout_s:g} s")


def _from_home(command: Sequence[str]) -> list[str]:
    """The command with ``~`` of its program filled in, as a shell would do it."""
    return [os.path.expanduser(command[0]), *command[1:]]  # noqa: PTH111  it need not be a path


async def _run(command: Sequence[str], environment: dict[str, str]) -> bytes:
    try:
        process = await anyio.open_process(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
    except (OSError, ValueError) as error:
        reason = "was not found" if isinstance(error, FileNotFoundError) else "cannot be run"
        raise _failed(reason) from error
    printed = bytearray()
    try:
        assert process.stdout is not None  # noqa: S101  opened as a pipe
        async for chunk in process.stdout:
            printed += chunk
            if len(printed) > MAX_OUTPUT_BYTES:
                raise _failed("prints more than a key")
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        with anyio.CancelScope(shield=True):
            await process.aclose()
    if code != 0:
        raise _failed(f"ended with code {code}")
    return bytes(printed)


def _line(printed: bytes) -> Secret:
    try:
        lines = printed.decode("utf-8").strip().splitlines()
    except UnicodeDecodeError as error:
        raise _failed("prints no text") from error
    if not lines:
        raise _failed("prints nothing")
    # Password managers keep notes below the password.
    return Secret(lines[0].strip())


def _failed(why: str) -> RequestFailed:
    return RequestFailed("auth_required", why)
