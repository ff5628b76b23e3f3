"""The processes that an agent has left behind: those of its process group, and those whose folder is the agent's.

Only Linux lists them; elsewhere none is found, and only the process group is ended.

Source: proc(5), pidfd_open(2).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

PROCESSES = Path("/proc")


class Orphans:
    """The processes of a group or a folder, except the group's leader."""

    def __init__(self, group: int, folder: str) -> None:
        self._group = group
        self._folder = folder

    def find(self) -> list[int]:
        """The ids of those that run now."""
        if sys.platform != "linux":
            return []
        with contextlib.suppress(OSError), os.scandir(PROCESSES) as entries:
            return [pid for entry in entries if entry.name.isdigit() and self._is_one(pid := int(entry.name))]
        return []

    def end(self, signal_number: signal.Signals) -> None:
        """Sends each of them a signal. Each is checked again through a pidfd, lest its id has been reused meanwhile."""
        if sys.platform != "linux":
            return
        for pid in self.find():
            with contextlib.suppress(OSError):
                held = os.pidfd_open(pid)
                try:
                    if self._is_one(pid):
                        signal.pidfd_send_signal(held, signal_number)
                finally:
                    os.close(held)

    def _is_one(self, pid: int) -> bool:
        if pid in (self._group, os.getpid()):
            return False
        try:
            state, _, group, session = _stat(pid)
            if state in "ZX":
                return False
            if self._group in (group, session):
                return True
            folder = str((PROCESSES / str(pid) / "cwd").readlink())
        except (OSError, ValueError, IndexError):
            return False
        return folder == self._folder or folder.startswith(f"{self._folder}/")


def _stat(pid: int) -> tuple[str, int, int, int]:
    """Its state, its parent, its group and its session."""
    state, parent, group, session = (PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()[:4]
    return state, int(parent), int(group), int(session)
