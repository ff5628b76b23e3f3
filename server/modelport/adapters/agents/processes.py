"""The processes of this user, as each system lists them. Those of other users are not read.

Source: proc(5) for Linux, ps(1) for macOS. Windows lists no arguments without elevated rights, so there are
no processes there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from pathlib import Path

import anyio.to_thread

from modelport.adapters.child_processes.running import system_output
from modelport.adapters.system.user_id import user_id
from modelport.domain.agents.observations import Running

PS = ("/bin/ps", "-axww", "-o")
MAX_COMMAND_LINE_BYTES = 64 * 1024

Run = Callable[[list[str]], Awaitable[str]]


class SystemProcesses:
    """``Processes`` as the system lists them, in a worker thread or another process; empty where it lists none."""

    def __init__(self, platform: str = sys.platform, proc: Path = Path("/proc"), run: Run | None = None) -> None:
        self._platform = platform
        self._proc = proc
        self._run = run or system_output

    async def running(self) -> Sequence[Running]:
        """The user's processes, without this one."""
        try:
            match self._platform:
                case "linux":
                    return await anyio.to_thread.run_sync(_from_proc, self._proc, abandon_on_cancel=True)
                case "darwin":
                    lines = await self._run([*PS, "pid=,ppid=,uid=,command="])
                    return from_ps(lines, await self._run([*PS, "pid=,comm="]), user_id())
                case _:
                    return ()
        except (OSError, ValueError):
            return ()


def from_ps(processes: str, names: str, uid: int) -> list[Running]:
    """The processes in what ``ps`` prints as ``pid ppid uid command``, and as ``pid comm``.

    Arguments are split at spaces: ``ps`` marks their ends by nothing else.
    """
    names_by_pid = {fields[0]: _name(fields[1]) for line in names.splitlines() if len(fields := _columns(line, 2)) == 2}
    found: list[Running] = []
    for line in processes.splitlines():
        fields = _columns(line, 4)
        if len(fields) == 4 and fields[2] == str(uid) and fields[0] != str(os.getpid()):
            pid, parent = int(fields[0]), fields[1]
            name = names_by_pid.get(parent)
            found.append(Running(pid=pid, argv=tuple(fields[3].split(" ")), parent_pid=int(parent), parent=name))
    return found


def _from_proc(proc: Path) -> list[Running]:
    uid, own = user_id(), os.getpid()
    # Many processes have the same parent.
    program = cache(partial(_program, proc))
    found: list[Running] = []
    for folder in os.scandir(proc):
        if not folder.name.isdigit() or int(folder.name) == own:
            continue
        try:
            if folder.stat().st_uid == uid and (argv := _arguments(folder.path)):
                parent = _parent(folder.path)
                name = program(parent) if parent else None
                found.append(Running(pid=int(folder.name), argv=argv, parent_pid=parent, parent=name))
        except (OSError, ValueError, IndexError):
            # It has ended meanwhile.
            continue
    return found


def _arguments(folder: str) -> tuple[str, ...]:
    """The command line; empty for a process of the kernel, or one that has ended and was not waited for."""
    with open(f"{folder}/cmdline", "rb") as file:  # noqa: PTH123  hundreds of them
        raw = file.read(MAX_COMMAND_LINE_BYTES)
    return tuple(raw.removesuffix(b"\0").decode("utf-8", "replace").split("\0")) if raw else ()


def _parent(folder: str) -> int | None:
    """The id of the parent process. The name before the numbers may hold anything, even a closing bracket."""
    with open(f"{folder}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123  hundreds of them
        fields = file.read().rpartition(")")[2].split()
    parent = int(fields[1])
    return parent or None


def _program(proc: Path, pid: int) -> str | None:
    """The name of a process's program; for another user's process the name that it has set itself."""
    folder = proc / str(pid)
    try:
        return _name(str((folder / "exe").readlink()).removesuffix(" (deleted)"))
    except OSError:
        pass
    try:
        return _name((folder / "comm").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def _columns(line: str, count: int) -> list[str]:
    return line.split(None, count - 1)


def _name(path: str) -> str | None:
    """A program's name to show."""
    name = path.strip().rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:64] or None
