"""Runs a program on a terminal of its own, of a given size."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

if sys.platform != "win32":
    import fcntl
    import pty
    import termios


Typing = tuple[str, Callable[[re.Match[str]], str]]
"""A pattern of the output, and what is typed once it matches."""


def on_terminal(
    command: Sequence[str],
    columns: int,
    variables: Mapping[str, str] | None = None,
    timeout_s: float = 30,
    typing: Sequence[Typing] = (),
) -> tuple[int, str]:
    """The exit code and the output of a program whose standard output and error are a terminal; line ends are "\\n".

    With ``typing`` its standard input is the terminal, too.
    """
    if sys.platform == "win32":
        raise NotImplementedError("Windows has terminals of another kind.")
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", **(variables or {})}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        if name not in (variables or {}):
            environment.pop(name, None)
    process = subprocess.Popen(
        command, stdin=follower if typing else subprocess.DEVNULL, stdout=follower, stderr=follower, env=environment
    )
    os.close(follower)
    output = b""
    rest = list(typing)
    try:
        while chunk := _read(leader):
            output += chunk
            if rest and (match := re.search(rest[0][0], output.decode("utf-8", "ignore"))):
                os.write(leader, rest.pop(0)[1](match).encode())
        code = process.wait(timeout_s)
    finally:
        os.close(leader)
        process.kill()
        process.wait()
    return code, output.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:
        # Linux reports the end of the last program on it as an error.
        return b""
