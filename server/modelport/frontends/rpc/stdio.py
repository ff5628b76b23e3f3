"""Takes standard input and output for the protocol, so that nothing else can touch them.

The real stdout moves to a private descriptor and descriptor 1 becomes a second stderr: a
``print``, a C library or a child process can no longer break a frame. Standard input moves
likewise, and descriptor 0 becomes empty.
"""

from __future__ import annotations

import os
import stat
import sys


class Stdio:
    """The private descriptors of the wire. ``pollable`` says whether output can be written without blocking."""

    def __init__(self, source: int, sink: int, *, pollable: bool) -> None:
        self.source = source
        self.sink = sink
        self.pollable = pollable

    def is_read(self) -> bool:
        """Whether the client still has its end of the output open; True where the system cannot tell."""
        if os.name == "nt":
            return True
        import select

        # POLLERR and POLLHUP are always reported, so no other event is registered.
        watch = select.poll()
        watch.register(self.sink, 0)
        return not watch.poll(0)


def claim() -> Stdio:
    """Moves the wire to private descriptors, which child processes do not inherit."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    pollable = _pollable(sink)
    os.dup2(_stderr(), 1)
    sys.stdout = sys.stderr
    if os.name != "nt" and pollable:
        os.set_blocking(sink, False)
    return Stdio(source, sink, pollable=pollable)


def _pollable(sink: int) -> bool:
    """Whether the output can be made non-blocking: a pipe or a socket that is not stderr as well."""
    if os.name == "nt":
        return False
    mine = os.fstat(sink)
    if not (stat.S_ISFIFO(mine.st_mode) or stat.S_ISSOCK(mine.st_mode)):
        return False
    try:
        other = os.fstat(2)
    except OSError:
        return True
    return (mine.st_dev, mine.st_ino) != (other.st_dev, other.st_ino)


def _stderr() -> int:
    try:
        os.fstat(2)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
    return 2
