"""Whether a process of this user runs, and when it began."""

from __future__ import annotations

import os
import sys
import time

SLACK_S = 2.0
"""By how much the clock of the system and that of an announcement may differ."""


def lives(pid: int) -> bool:
    """Whether this user has such a process. Another user's process has reused the id; a zombie has ended."""
    if os.name == "nt":
        from modelport.windows_processes import is_running

        return is_running(pid)
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    fields = _fields(pid)
    return not fields or fields[0] != b"Z"


def began_after(pid: int, moment_s: float) -> bool:
    """Whether a process has certainly started after a moment (seconds since 1970)."""
    if sys.platform != "linux" or not (fields := _fields(pid)):
        return False
    try:
        up_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        began_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + up_s
    except (IndexError, ValueError, OSError):
        return False
    return began_s > moment_s + SLACK_S


def began(pid: int) -> str:
    """When a process began, in the system's own unit; empty where that is not known."""
    fields = _fields(pid)
    return fields[19].decode() if len(fields) > 19 else ""


def _fields(pid: int) -> list[bytes]:
    """The fields of a process on Linux, from its state on; none elsewhere. Source: proc_pid_stat(5)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read(4096).rpartition(b")")[2].split()
    except OSError:
        return []
