"""The search over ports of this machine: all of them at once, and a server at two addresses of a port counts once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar, cast

import anyio
from anyio.abc import TaskGroup

from modelport.domain.local.servers import PortCandidate, ServerAddress, merged

Record = TypeVar("Record")
MorePorts = Callable[[], Awaitable[Iterable[PortCandidate]]]


class ServerKind(Protocol[Record]):
    """What one kind of search does at an address."""

    async def identify(self, address: ServerAddress) -> Sequence[Record]:
        """The records of what answers there; none where it is something else, or nothing answers in time."""
        ...

    def identity(self, record: Record) -> Hashable:
        """A value that is equal for the records of one server at both addresses of its port."""
        ...

    def head_start_s(self) -> float:
        """How long a server at a second address waits, in case the first address of its port is the same server."""
        ...

    def report(self, address: ServerAddress, record: Record) -> Record:
        """Reports a record as soon as it is known to be a new one; returns it as it was reported."""
        ...


class PortSearch(Generic[Record]):
    """One search, and what it has found. ``ports_at_once`` limits how many ports are looked at together."""

    def __init__(self, kind: ServerKind[Record], *, ports_at_once: int | None = None) -> None:
        self._kind = kind
        self._limiter = anyio.CapacityLimiter(ports_at_once) if ports_at_once else None
        self._records: dict[ServerAddress, list[Record]] = {}

    async def run(self, candidates: Iterable[PortCandidate], more: MorePorts | None = None) -> None:
        """Looks at ports, and meanwhile for ``more`` of them, which are looked at unless they were given already.

        What an address or the caller's report raises comes out as it is, the first of several.
        """
        known = merged(candidates)
        try:
            async with anyio.create_task_group() as tasks:
                for candidate in known:
                    self._start(tasks, candidate)
                if more is not None:
                    keys = {candidate.key for candidate in known}
                    for candidate in await more():
                        if candidate.key not in keys:
                            self._start(tasks, candidate)
        except ExceptionGroup as several:
            raise _first_of(several) from several

    def records(self) -> list[Record]:
        """What was found, in the order of the ports, then of their addresses."""
        addresses = sorted(self._records, key=lambda address: (address.port, address.host, address.prefix))
        return [record for address in addresses for record in self._records[address]]

    def _start(self, tasks: TaskGroup, candidate: PortCandidate) -> None:
        if self._limiter is None:
            self._start_addresses(tasks, candidate)
        else:
            tasks.start_soon(self._look_at, self._limiter, candidate)

    async def _look_at(self, limiter: anyio.CapacityLimiter, candidate: PortCandidate) -> None:
        async with limiter, anyio.create_task_group() as tasks:
            self._start_addresses(tasks, candidate)

    def _start_addresses(self, tasks: TaskGroup, candidate: PortCandidate) -> None:
        first, *others = candidate.addresses()
        first_done = anyio.Event()
        tasks.start_soon(self._look_in_first, first, first_done)
        for address in others:
            tasks.start_soon(self._look_in_after, address, first_done)

    async def _look_in_first(self, address: ServerAddress, first_done: anyio.Event) -> None:
        records = await self._kind.identify(address)
        first_done.set()
        self._add(address, records)

    async def _look_in_after(self, address: ServerAddress, first_done: anyio.Event) -> None:
        """Looks in at a further address. Which of two addresses is reported must not depend on luck."""
        records = await self._kind.identify(address)
        if records:
            with anyio.move_on_after(self._kind.head_start_s()):
                await first_done.wait()
        self._add(address, records)

    def _add(self, address: ServerAddress, records: Sequence[Record]) -> None:
        for record in records:
            if not self._is_known(address, self._kind.identity(record)):
                self._records.setdefault(address, []).append(self._kind.report(address, record))

    def _is_known(self, address: ServerAddress, identity: Hashable) -> bool:
        """Whether it was found at another address of the port."""
        others = (
            records for other, records in self._records.items() if other.port == address.port and other != address
        )
        return any(self._kind.identity(record) == identity for records in others for record in records)


def _first_of(error: Exception) -> Exception:
    """The first error of a group: a caller handles one."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error
