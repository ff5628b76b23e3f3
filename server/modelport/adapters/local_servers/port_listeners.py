"""The accounts whose programs listen on a port: from the socket tables of Linux; elsewhere only this user's are seen.

Source: proc_net(5), user_namespaces(7), login.defs(5), and "Users, Groups, UIDs and GIDs on systemd Systems".
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from modelport.adapters.local_servers.listening_ports import SystemListeningPorts, listening_sockets
from modelport.adapters.system.user_id import user_id
from modelport.domain.local.listeners import Account, Ends, ListeningProgram
from modelport.domain.ports import ListeningPorts

MAX_SYSTEM_UID = 999
DYNAMIC_UIDS = range(61184, 65520)
"""The accounts that systemd makes for the time that a service runs."""
ANY_4, ANY_6 = "0" * 8, "0" * 32
MAPPED = "0" * 16 + "FFFF0000"
"""What stands before an address of IPv4 in a table of IPv6."""
NO_INODE = "0"
"""Of a socket that no process has, since it was not accepted yet, or was closed."""
LOOPBACK_6 = "0" * 24 + "01000000"


class SystemPortListeners:
    """``PortListeners`` of this system; reads the tables in a worker thread."""

    def __init__(
        self, platform: str = sys.platform, proc: Path = Path("/proc"), own: ListeningPorts | None = None
    ) -> None:
        self._platform = platform
        self._proc = proc
        self._own = own or SystemListeningPorts()

    @property
    def sees_others(self) -> bool:
        """Whether listeners of other accounts are seen."""
        return self._platform == "linux"

    async def at(self, host: str, port: int) -> Sequence[ListeningProgram]:
        """The listeners at a loopback host."""
        if not self.sees_others:
            return [ListeningProgram("own")] if port in await self._own.ports() else []
        try:
            return await anyio.to_thread.run_sync(self._from_proc, host, port, abandon_on_cancel=True)
        except (OSError, ValueError):
            return []

    async def of_connection(self, ends: Ends) -> Sequence[ListeningProgram]:
        """The account that has accepted a connection; the listeners while it waits to be accepted."""
        if not self.sees_others:
            return []
        try:
            return await anyio.to_thread.run_sync(self._other_end, ends, abandon_on_cancel=True)
        except (OSError, ValueError):
            return []

    def _other_end(self, ends: Ends) -> list[ListeningProgram]:
        ours, theirs = ({address + f":{port:04X}" for address in _forms(host)} for host, port in ends)
        for name in ("tcp", "tcp6"):
            table = self._proc / "net" / name
            for line in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
                fields = line.split()
                if len(fields) >= 10 and fields[1] in theirs and fields[2] in ours:
                    # What waits in a queue belongs to the listener of this moment: it goes when that one does.
                    accepted = fields[9] != NO_INODE
                    return [self._listener(int(fields[7]))] if accepted else self._from_proc(*ends[1])
        return []

    def _from_proc(self, host: str, port: int) -> list[ListeningProgram]:
        users: dict[str, set[int]] = {}
        for name in ("tcp", "tcp6"):
            table = self._proc / "net" / name
            for one in listening_sockets(table.read_text(encoding="ascii")) if table.exists() else ():
                if one.port == port:
                    users.setdefault(one.address, set()).add(one.uid)
        found: set[int] = set()
        for way in _ways(host):
            # The system gives a connection to the listener at exactly its address, before one at all addresses.
            found |= next((users[address] for address in way if address in users), set[int]())
        return [self._listener(uid) for uid in sorted(found)]

    def _listener(self, uid: int) -> ListeningProgram:
        if self._is_foreign(uid):
            return ListeningProgram("unknown")
        return ListeningProgram(_account(uid), _name(uid))

    def _is_foreign(self, uid: int) -> bool:
        """Whether the number stands for all users that this namespace of users does not have, as in a container."""
        try:
            overflow = int((self._proc / "sys/kernel/overflowuid").read_text(encoding="ascii"))
            lines = (self._proc / "self/uid_map").read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        ranges = [[int(number) for number in line.split()] for line in lines]
        return uid == overflow and not any(first <= uid < first + count for first, _, count in ranges)


def _ways(host: str) -> list[tuple[str, ...]]:
    """The addresses that a connection to a host may reach, in the form of the tables; a list for each family."""
    if host == "::1":
        return [(LOOPBACK_6, ANY_6)]
    if host == "localhost":
        return [*_ways("127.0.0.1"), *_ways("::1")]
    four = socket.inet_aton(host)[::-1].hex().upper()
    return [(four, MAPPED + four, ANY_4, MAPPED + ANY_4, ANY_6)]


def _forms(host: str) -> tuple[str, ...]:
    """An address in the forms of the tables."""
    if ":" in host:
        words = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
        return ("".join(words[at : at + 4][::-1].hex().upper() for at in range(0, 16, 4)),)
    four = socket.inet_aton(host)[::-1].hex().upper()
    return (four, MAPPED + four)


def _account(uid: int) -> Account:
    if uid == user_id():
        return "own"
    if uid == 0:
        return "administrator"
    return "system" if uid <= MAX_SYSTEM_UID or uid in DYNAMIC_UIDS else "person"


def _name(uid: int) -> str | None:
    if sys.platform == "win32":
        return None
    from pwd import getpwuid

    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return None
