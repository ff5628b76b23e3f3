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

    def read(self, size: int) -> bytes:
        """Up to so many bytes of the input, once there are any; none at its end, however the client has ended it."""
        while True:
            try:
                return os.read(self.source, size)
            except BlockingIOError:
                # Whoever has started this process shares the input with it, and wants it so.
                wait_for(self.source, for_writing=False)
            except OSError:
                return b""

    def write(self, data: bytes | memoryview) -> int:
        """Writes some of the data, once there is room; returns how many bytes.

        Raises:
            OSError: the client has closed its side, or there is no room for ever.
        """
        return write_some(self.sink, data)

    def is_read(self) -> bool:
        """Whether the client still has its end of the output open; True where the system cannot tell."""
        if os.name == "nt":
            return True
        import select

        # POLLERR and POLLHUP are always reported, so no other event is registered.
        watch = select.poll()
        watch.register(self.sink, 0)
        return not watch.poll(0)


def write_some(descriptor: int, data: bytes | memoryview) -> int:
    """Writes some of the data, once there is room; returns how many bytes.

    Raises:
        OSError: the other side is closed, or there is no room for ever.
    """
    while True:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:
            wait_for(descriptor, for_writing=True)


def wait_for(descriptor: int, *, for_writing: bool) -> None:
    """Returns once a non-blocking descriptor can be read or written."""
    import select

    select.select([] if for_writing else [descriptor], [descriptor] if for_writing else [], [])


def claim() -> Stdio:
    """Moves the wire to private descriptors, which child processes do not inherit."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    mine = _identity(sink)
    shared = mine in (_identity(source), _identity(2))
    pollable = not shared and _can_be_polled(sink)
    if mine is not None and mine == _identity(2):
        # The log would stand between the frames.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if os.name != "nt" and pollable:
        os.set_blocking(sink, False)
    return Stdio(source, sink, pollable=pollable)


def _can_be_polled(sink: int) -> bool:
    """Whether the output can be made non-blocking: a pipe or a socket, which no other descriptor of ours shares."""
    mode = os.fstat(sink).st_mode
    return os.name != "nt" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _identity(descriptor: int) -> tuple[int, int] | None:
    """What a descriptor leads to, if it is a pipe, a socket or a file; None for devices, and on Windows."""
    found = os.fstat(descriptor)
    if os.name == "nt" or stat.S_ISCHR(found.st_mode):
        return None
    return found.st_dev, found.st_ino
