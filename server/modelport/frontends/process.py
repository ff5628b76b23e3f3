"""Makes the process one that runs anywhere, whatever is closed, full or missing."""

from __future__ import annotations

import io
import os
import sys
from typing import IO, Any

from modelport.core_dumps import turn_off

NO_HOME = "/nonexistent"
"""The home of a user who has none. Source: Debian Policy, 9.2.3."""


class _Lossy(io.FileIO):
    """Standard error of a program that has more to do than to explain itself: what cannot be written is dropped."""

    def write(self, data: Any) -> int:
        """Writes the data, or drops it."""
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)


def settle() -> frozenset[int]:
    """Gives the process what every part of it takes for granted; returns the standard descriptors that were closed.

    Those become empty, so that no file that is opened later takes their place, and what is printed. A user without a
    home gets one that nothing can be written to, and a folder that has been deleted is left for the root. No core dump
    of the process is written, which would hold keys.
    """
    turn_off()
    closed = frozenset(descriptor for descriptor in (0, 1, 2) if not _is_open(descriptor))
    for _ in closed:
        # The system gives the lowest that is free, which is this one.
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    _open_streams()
    if os.name != "nt" and not os.environ.get("HOME"):
        os.environ["HOME"] = _home()
    try:
        os.getcwd()  # noqa: PTH109  nothing is done with it
    except OSError:
        os.chdir(os.sep)
    return closed


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _open_streams() -> None:
    """Streams that are there, and whose encoding lacks no character: on standard output it is a question mark then."""
    streams: Any = sys
    if streams.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if streams.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    stdout: Any = sys.stdout
    stdout.reconfigure(errors="replace")
    # Another program's, such as a test's, is left as it is.
    own = sys.stderr is sys.__stderr__
    if streams.stderr is None or (own and not sys.stderr.isatty()):
        encoding = None if streams.stderr is None else sys.stderr.encoding
        raw: Any = _Lossy(2, "w", closefd=False)
        lossy: IO[str] = io.TextIOWrapper(raw, encoding, "backslashreplace", line_buffering=True, write_through=True)
        sys.stderr = lossy  # type: ignore[assignment]


def _home() -> str:
    if sys.platform == "win32":
        return NO_HOME
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir or NO_HOME
    except KeyError:
        return NO_HOME
