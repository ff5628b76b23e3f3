"""The TCP ports that this user's programs listen on, read from the operating system.

Source: proc_net(5) for Linux, lsof(8) for macOS, ``netstat`` and ``tasklist`` for Windows.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread

from modelport.adapters.child_processes.running import system_output
from modelport.adapters.system.programs import system_program
from modelport.adapters.system.user_id import user_id

LISTEN = "0A"
"""The state of a listening socket in ``/proc/net/tcp``."""
LOCAL_ADDRESS_HEX = re.compile(
    r"0{8}|[0-9A-F]{6}7F"  # 0.0.0.0, 127.x.x.x
    r"|0{32}|0{24}01000000"  # ::, ::1
    r"|0{16}FFFF0000(0{8}|[0-9A-F]{6}7F)"  # the first two as IPv6
)
"""Loopback and unspecified addresses, in the byte order of ``/proc``."""
LOCAL_ADDRESS = re.compile(r"\*|0\.0\.0\.0|127(?:\.\d+){3}|\[::1?\]|\[?::ffff:127(?:\.\d+){3}\]?")
LSOF = ("/usr/sbin/lsof", "-nP", "-a", "-iTCP", "-sTCP:LISTEN", "-Fpn")
TASKLIST = ("/FO", "CSV", "/NH", "/FI")

Run = Callable[[list[str]], Awaitable[str]]


class SystemListeningPorts:
    """Reads the system's socket tables in a worker thread or through a command; without them there are no ports."""

    def __init__(self, platform: str = sys.platform, proc: Path = Path("/proc"), run: Run | None = None) -> None:
        self._platform = platform
        self._proc = proc
        self._run = run or system_output

    async def ports(self) -> frozenset[int]:
        """The ports, without those of this process."""
        return frozenset(await self._listeners(_ports_from_proc))

    async def listeners(self) -> Mapping[int, int | None]:
        """The same ports, each with the process that listens, None where that is unknown."""
        return await self._listeners(_listeners_from_proc)

    async def _listeners(self, from_proc: Callable[[Path], dict[int, int | None]]) -> dict[int, int | None]:
        try:
            match self._platform:
                case "linux":
                    return await anyio.to_thread.run_sync(from_proc, self._proc, abandon_on_cancel=True)
                case "darwin":
                    return from_lsof(await self._run([*LSOF, "-u", str(user_id())]), os.getpid())
                case "win32":
                    user = rf"{os.environ.get('USERDOMAIN', '')}\{os.environ.get('USERNAME', '')}"
                    tasklist, netstat = (system_program(name, os.environ) for name in ("tasklist", "netstat"))
                    mine = from_tasklist(await self._run([tasklist, *TASKLIST, f"USERNAME eq {user}"]))
                    return from_netstat(await self._run([netstat, "-ano"]), mine - {os.getpid()})
                case _:
                    return {}
        except (OSError, ValueError):
            return {}


def from_proc_net(text: str, uid: int, not_these: Collection[str] = ()) -> dict[int, str]:
    """The ports in ``/proc/net/tcp`` or ``tcp6`` that a user's sockets listen on, each with the inode of its socket.

    ``not_these`` are inodes to leave out.
    """
    return {
        one.port: one.inode
        for one in listening_sockets(text)
        if one.uid == uid and one.inode not in not_these and LOCAL_ADDRESS_HEX.fullmatch(one.address)
    }


class ListeningSocket(NamedTuple):
    """A socket that listens; ``address`` is as the table writes it."""

    address: str
    port: int
    uid: int
    inode: str


def listening_sockets(text: str) -> Iterator[ListeningSocket]:
    """The sockets in ``/proc/net/tcp`` or ``tcp6`` that listen."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 10 and fields[3] == LISTEN:
            address, _, port = fields[1].partition(":")
            yield ListeningSocket(address, int(port, 16), int(fields[7]), fields[9])


def from_lsof(text: str, own_pid: int) -> dict[int, int | None]:
    """The ports in the output of ``lsof -Fpn``: a line ``pPID`` for each process, then ``nADDRESS:PORT`` lines."""
    pid = 0
    found: dict[int, int | None] = {}
    for line in text.splitlines():
        if line.startswith("p"):
            pid = int(line[1:])
        elif line.startswith("n") and pid != own_pid:
            found |= dict.fromkeys(_local_port(line[1:]), pid)
    return found


def from_tasklist(text: str) -> frozenset[int]:
    """The process ids in the output of ``tasklist /FO CSV /NH``."""
    rows = csv.reader(text.splitlines())
    return frozenset(int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit())


def from_netstat(text: str, pids: frozenset[int]) -> dict[int, int | None]:
    """The ports that one of the processes listens on, from the output of ``netstat -ano``.

    The state is in the system's language; a remote address with port 0 means the same.
    """
    found: dict[int, int | None] = {}
    for line in text.splitlines():
        fields = line.split()
        listens = len(fields) == 5 and fields[0] == "TCP" and fields[2] in ("0.0.0.0:0", "[::]:0")
        if listens and fields[4].isdigit() and int(fields[4]) in pids:
            found |= dict.fromkeys(_local_port(fields[1]), int(fields[4]))
    return found


def _local_port(text: str) -> set[int]:
    address, _, port = text.rpartition(":")
    return {int(port)} if LOCAL_ADDRESS.fullmatch(address) and port.isdigit() else set()


def _ports_from_proc(proc: Path) -> dict[int, int | None]:
    return dict.fromkeys(_sockets(proc), None)


def _listeners_from_proc(proc: Path) -> dict[int, int | None]:
    sockets = _sockets(proc)
    holders = dict[str, int]()
    wanted = frozenset(sockets.values())
    with os.scandir(proc) as folders:
        for folder in folders:
            # A process that forked after it opened the socket shares it with its children; the oldest is the server.
            if folder.name.isdigit() and (held := wanted.intersection(_inodes(f"{folder.path}/fd"))):
                pid = int(folder.name)
                holders |= {inode: min(pid, holders.get(inode, pid)) for inode in held}
    return {port: holders.get(inode) for port, inode in sockets.items()}


def _sockets(proc: Path) -> dict[int, str]:
    """The ports, each with the inode of a socket that listens on it, without this process's own."""
    own = frozenset(_inodes(f"{proc}/self/fd"))
    found: dict[int, str] = {}
    for name in ("tcp6", "tcp"):
        table = proc / "net" / name
        if table.exists():
            found |= from_proc_net(table.read_text(encoding="ascii"), user_id(), own)
    return found


def _inodes(descriptors: str) -> Iterable[str]:
    """The inodes of a process's sockets; none where it is another user's, or has gone."""
    try:
        names = os.listdir(descriptors)  # noqa: PTH208  a name each, of which there may be thousands
    except OSError:
        return
    for name in names:
        try:
            target = os.readlink(f"{descriptors}/{name}")  # noqa: PTH115  the same
        except OSError:
            # It was open when the folder was read.
            continue
        if target.startswith("socket:["):
            yield target[8:-1]
