"""Whether a process of this user lives, as far as the system tells."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

SLACK_S = 2.0
"""By how much the clocks behind a start may differ."""


def lives(pid: int) -> bool:
    """Whether there is such a process of this user's. One of another user has its number by now; a dead one is dead."""
    if os.name == "nt":
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    fields = _fields(pid)
    return not fields or fields[0] != b"Z"


def began_after(pid: int, moment_s: float) -> bool:
    """Whether a process is known to have been started after a moment (seconds since 1970)."""
    if sys.platform != "linux" or not (fields := _fields(pid)):
        return False
    try:
        up_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        began_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + up_s
    except (IndexError, ValueError, OSError):
        return False
    return began_s > moment_s + SLACK_S


def _fields(pid: int) -> list[bytes]:
    """What Linux tells of a process, from its state on. Source: proc_pid_stat(5)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read(4096).rpartition(b")")[2].split()
    except OSError:
        return []


def _lives_on_windows(pid: int) -> bool:
    # Signal 0 would end the process there, so its handle is asked instead.
    import ctypes

    synchronize, timeout = 0x00100000, 0x00000102
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009  it exists on Windows only
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    running = kernel.WaitForSingleObject(handle, 0) == timeout
    kernel.CloseHandle(handle)
    return bool(running)
