"""Opens a connection to the first address of a host that answers.

The event loop can do the same, but where it is cancelled in the middle (CPython 3.11 and 3.12) it leaves sockets and
coroutines behind, and reports them on standard error. Source: RFC 8305, Happy Eyeballs.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Hashable, Sequence
from itertools import chain, zip_longest
from typing import Any, NamedTuple

import anyio

from modelport.domain.local.listeners import Ends

HEAD_START_S = 0.25
"""Before the next address is tried beside one that has not answered."""

Address = tuple[int, int, int, str, Any]
ADMISSION = "admission"
"""The extension of a request that holds its ``Admission``."""


class Admission(NamedTuple):
    """Whether a request may go out on a connection; what was admitted for the same ``reasons`` is not asked again."""

    reasons: Hashable
    admit: Callable[[Ends], Awaitable[None]]


async def connected_socket(host: str, port: int) -> socket.socket:
    """A socket that is connected to a host. Nothing is left of the others, nor of this one when it is cancelled.

    Raises:
        OSError: the host has no address, or none of them answers; then the error is that of the first.
    """
    found = await _addresses(host, port)
    race = _Race()
    try:
        async with anyio.create_task_group() as tasks:
            for address in _families_in_turn(found):
                failed = anyio.Event()
                tasks.start_soon(race.run, address, failed, tasks.cancel_scope)
                with anyio.move_on_after(HEAD_START_S):
                    await failed.wait()
    except BaseException:
        race.drop()
        raise
    return race.winner()


class _Race:
    """Attempts at several addresses, of which the first that succeeds ends the others."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._errors: list[OSError] = []

    async def run(self, address: Address, failed: anyio.Event, others: anyio.CancelScope) -> None:
        """One attempt; sets ``failed`` when it has failed, and cancels the ``others`` when it has not."""
        family, kind, protocol, _, place = address
        try:
            attempt = socket.socket(family, kind, protocol)
        except OSError as error:
            # This machine has no such family.
            self._errors.append(error)
            failed.set()
            return
        try:
            attempt.setblocking(False)
            await asyncio.get_running_loop().sock_connect(attempt, place)
        except OSError as error:
            attempt.close()
            self._errors.append(error)
            failed.set()
        except BaseException:
            attempt.close()
            raise
        else:
            self.drop()
            self._socket = attempt
            others.cancel()

    def winner(self) -> socket.socket:
        """The socket that is connected.

        Raises:
            OSError: there is none.
        """
        if self._socket is None:
            raise self._errors[0] if self._errors else OSError("no address")
        return self._socket

    def drop(self) -> None:
        """Closes what is connected."""
        if self._socket is not None:
            self._socket.close()


async def _addresses(host: str, port: int) -> Sequence[Address]:
    try:
        try:
            # Numbers need no look-up, and no thread.
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        # A label of the name is empty or too long.
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from error


def _families_in_turn(found: Sequence[Address]) -> list[Address]:
    """Addresses of the two families alternately, beginning with that of the first."""
    first = [address for address in found if address[0] == found[0][0]]
    other = [address for address in found if address[0] != found[0][0]]
    return [address for address in chain.from_iterable(zip_longest(first, other)) if address is not None]
