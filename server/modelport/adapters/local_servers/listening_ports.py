"""The ports this user's programs listen on, as each system tells them.

Source: proc_net(5) for Linux, lsof(8) for macOS, ``netstat`` and ``tasklist`` for Windows.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import anyio
import anyio.to_thread

LISTEN = "0A"
"""The state of a listening socket in ``/proc/net/tcp``."""
HERE = re.compile(
    r"0{8}|[0-9A-F]{6}7F"  # 0.0.0.0, 127.x.x.x
    r"|0{32}|0{24}01000000"  # ::, ::1
    r"|0{16}FFFF0000(0{8}|[0-9A-F]{6}7F)"  # the first two as IPv6
)
"""Addresses that can be reached from this machine as itself, in the byte order of ``/proc``."""
HERE_IN_WORDS = re.compile(r"\*|0\.0\.0\.0|127(?:\.\d+){3}|\[::1?\]|\[?::ffff:127(?:\.\d+){3}\]?")
LSOF = ("/usr/sbin/lsof", "-nP", "-a", "-iTCP", "-sTCP:LISTEN", "-Fpn")
TASKLIST = ("tasklist", "/FO", "CSV", "/NH", "/FI")

Run = Callable[[list[str]], Awaitable[str]]


class SystemListeningPorts:
    """Asks the system, in a worker thread or another process; a system that does not say has no ports."""

    def __init__(self, platform: str = sys.platform, proc: Path = Path("/proc"), run: Run | None = None) -> None:
        self._platform = platform
        self._proc = proc
        self._run = run or _output

    async def ports(self) -> frozenset[int]:
        """The ports, without those of this process."""
        try:
            match self._platform:
                case "linux":
                    return await anyio.to_thread.run_sync(_from_proc, self._proc, abandon_on_cancel=True)
                case "darwin":
                    return from_lsof(await self._run([*LSOF, "-u", str(os.getuid())]), os.getpid())
                case "win32":
                    user = rf"{os.environ.get('USERDOMAIN', '')}\{os.environ.get('USERNAME', '')}"
                    mine = from_tasklist(await self._run([*TASKLIST, f"USERNAME eq {user}"]))
                    return from_netstat(await self._run(["netstat", "-ano"]), mine - {os.getpid()})
                case _:
                    return frozenset()
        except (OSError, ValueError):
            return frozenset()


def from_proc_net(text: str, uid: int, not_these: frozenset[str] = frozenset()) -> frozenset[int]:
    """The ports in ``/proc/net/tcp`` or ``tcp6`` that a user's sockets listen on, but for some sockets by inode."""
    found: set[int] = set()
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != LISTEN or fields[7] != str(uid) or fields[9] in not_these:
            continue
        address, _, port = fields[1].partition(":")
        if HERE.fullmatch(address):
            found.add(int(port, 16))
    return frozenset(found)


def from_lsof(text: str, own_pid: int) -> frozenset[int]:
    """The ports in what ``lsof -Fpn`` prints: a line ``pPID`` for each process, then ``nADDRESS:PORT`` lines."""
    pid, found = 0, set[int]()
    for line in text.splitlines():
        if line.startswith("p"):
            pid = int(line[1:])
        elif line.startswith("n") and pid != own_pid:
            found |= _port_here(line[1:])
    return frozenset(found)


def from_tasklist(text: str) -> frozenset[int]:
    """The process ids in what ``tasklist /FO CSV /NH`` prints."""
    rows = csv.reader(text.splitlines())
    return frozenset(int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit())


def from_netstat(text: str, pids: frozenset[int]) -> frozenset[int]:
    """The ports in what ``netstat -ano`` prints that one of the processes listens on.

    The state is in the system's language; that nobody is at the other end says the same.
    """
    found: set[int] = set()
    for line in text.splitlines():
        fields = line.split()
        listens = len(fields) == 5 and fields[0] == "TCP" and fields[2] in ("0.0.0.0:0", "[::]:0")
        if listens and fields[4].isdigit() and int(fields[4]) in pids:
            found |= _port_here(fields[1])
    return frozenset(found)


def _port_here(text: str) -> set[int]:
    address, _, port = text.rpartition(":")
    return {int(port)} if HERE_IN_WORDS.fullmatch(address) and port.isdigit() else set()


def _from_proc(proc: Path) -> frozenset[int]:
    own = frozenset(_own_sockets(proc / "self" / "fd"))
    found: frozenset[int] = frozenset()
    for name in ("tcp", "tcp6"):
        table = proc / "net" / name
        if table.exists():
            found |= from_proc_net(table.read_text(encoding="ascii"), os.getuid(), own)
    return found


def _own_sockets(descriptors: Path) -> Iterable[str]:
    """The inodes of this process's sockets."""
    for descriptor in descriptors.iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            # It was open when the folder was read.
            continue
        if match := re.fullmatch(r"socket:\[(\d+)\]", target):
            yield match[1]


async def _output(command: list[str]) -> str:
    """What a program prints; one that complains has still said what it found."""
    done = await anyio.run_process(command, check=False, stderr=subprocess.DEVNULL)
    return done.stdout.decode("utf-8", "replace")
