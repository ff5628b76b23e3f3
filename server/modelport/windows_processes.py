"""Whether a process runs, on Windows, where signal 0 would end it. Every layer may use it."""

from __future__ import annotations

import ctypes
from typing import Any

SYNCHRONIZE = 0x00100000
"""The access right to wait for a process."""
WAIT_TIMEOUT = 0x00000102


def is_running(pid: int) -> bool:
    """Whether this user can open the process, and it has not ended."""
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009  it exists on Windows only
    handle = kernel.OpenProcess(SYNCHRONIZE, False, pid)
    if not handle:
        return False
    running = kernel.WaitForSingleObject(handle, 0) == WAIT_TIMEOUT
    kernel.CloseHandle(handle)
    return bool(running)
