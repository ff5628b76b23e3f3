"""Circuits that all programs of the user share: a table in the ledger's file, answered from memory.

The file is read on the ledger's thread, at most once a second and only where another program has written to it, and
written when a circuit changes. A call waits for it only a moment: where the file is locked, broken or read-only, the
circuits in memory count, and what changed is written as soon as it can be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from modelport.adapters.failover.memory import MemoryCircuits
from modelport.adapters.failover.rows import CircuitRows, Read
from modelport.adapters.usage_ledgers.database import NewerSchemaError, is_busy
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.errors import RequestFailed
from modelport.domain.failover import transitions
from modelport.domain.failover.circuits import Circuit, OpenCircuit, Route
from modelport.domain.failover.rules import KEY_REFUSED
from modelport.domain.failover.transitions import Changes, Circuits, Transition
from modelport.domain.ports import Clock, Log

READ_EVERY_S = 1.0
"""How old at most the circuits are that a call is admitted by, while the file answers."""
OPENED_WITHIN_S = 0.05
"""How long the first call of a process waits for the file, which may have to be opened."""
READ_WITHIN_S = 0.01
"""How long a later one waits for it."""
CLAIMED_WITHIN_S = 0.05
"""How long a call waits to be the only one that tries after a failure, or that warns of a refused key; after that it
does so whatever others do."""
WRITTEN_WITHIN_S = 0.3
"""How long a person's reset, and the end of the process, wait for the file."""
MAX_UNWRITTEN = 200
"""The most changes that wait for a file that cannot be written; the oldest is dropped for the next."""
_FIRST_RETRY_S, _LAST_RETRY_S = 0.1, 10.0
_PAUSE_S = 0.02


class SharedCircuits:
    """A ``SharedHealth`` in the ledger's file. ``jitter`` gives a random number from 0 to 1."""

    def __init__(self, ledger: SqliteLedger, clock: Clock, log: Log, jitter: Callable[[], float]) -> None:
        self._ledger = ledger
        self._log = log
        self._memory = MemoryCircuits(clock, jitter)
        self._rows = CircuitRows()
        self._unwritten: deque[Transition] = deque(maxlen=MAX_UNWRITTEN)
        self._reading: asyncio.Future[Read | None] | None = None
        self._reading_since_s = 0.0
        self._read_at_s: float | None = None
        self._writing: asyncio.Future[Read] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._retry_s = _FIRST_RETRY_S
        self._locked = False
        self._told = False
        self._closed = False

    async def admit(self, route: Route) -> OpenCircuit | None:
        """None where the route may be called, which makes this call the one that tries after a failure."""
        await self._refreshed()
        memory = self._memory
        blocking = memory.blocking(route)
        if blocking is not None or not transitions.half_open(memory.table, route, memory.now_ms()):
            return blocking
        probe = memory.new_probe()
        claim = memory.claim(route, probe)
        self._change(claim)
        try:
            await self._written(claim, CLAIMED_WITHIN_S)
        except asyncio.CancelledError:
            self._change(memory.release(route))
            raise
        # Another process may have been faster, and then its call is in the table now.
        if transitions.holds(memory.table, route, probe, memory.now_ms()):
            return None
        return memory.blocking(route)

    async def failed(self, route: Route, failure: RequestFailed) -> bool:
        """Opens the circuit; returns whether such a failure is new.

        Of a refused key that is asked of the file too, since another process may have met it within the last second:
        its owner is to be warned once.
        """
        failing, now_ms = self._memory.failure(route, failure), self._memory.now_ms()
        known = False

        def fail(table: Circuits) -> Changes:
            nonlocal known
            known = known or not transitions.is_new(table, route, failure.reason, now_ms)
            return failing(table)

        self._change(fail)
        if not known and failure.reason in KEY_REFUSED:
            await self._written(fail, CLAIMED_WITHIN_S)
        return not known

    async def succeeded(self, route: Route) -> None:
        """Closes the circuit."""
        self._change(self._memory.success(route))

    async def abandoned(self, route: Route) -> None:
        """Lets another call try."""
        self._change(self._memory.release(route))

    async def open(self) -> Sequence[Circuit]:
        """The circuits that are not closed."""
        await self._refreshed(OPENED_WITHIN_S)
        return await self._memory.open()

    async def reset(self, provider: str | None, *, keep_limits: bool = False) -> int:
        """Closes circuits; returns how many.

        Raises:
            RequestFailed: only this process knows of it, since the file cannot be written now.
        """
        await self._refreshed(None if keep_limits else WRITTEN_WITHIN_S)
        before = len(self._memory.table)
        reset = self._memory.resetting(provider, keep_limits=keep_limits)
        # A person's is written even if nothing is known here: the file may not have been read yet.
        self._change(reset, always=not keep_limits)
        closed = before - len(self._memory.table)
        await self._written(reset, WRITTEN_WITHIN_S)
        if reset in self._unwritten:
            raise RequestFailed(
                "provider_unavailable",
                "The usage ledger cannot be written now, so other editors still let the provider rest: try again, and "
                "see modelport doctor.",
                action="try again",
            )
        return closed

    async def aclose(self) -> None:
        """Writes what has changed, where the file can be written within a moment; before the ledger is closed."""
        if self._unwritten:
            await self._written(self._unwritten[-1], WRITTEN_WITHIN_S)
        self._closed = True
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    async def _refreshed(self, within_s: float | None = None) -> None:
        """Reads the circuits that other processes have changed, unless that was done within the last second."""
        now_s = asyncio.get_running_loop().time()
        if self._closed or (self._read_at_s is not None and now_s - self._read_at_s < READ_EVERY_S):
            return
        if self._reading is None:
            self._reading, self._reading_since_s = self._ledger.start(self._rows.changed), now_s
            self._reading.add_done_callback(self._have_read)
        usual_s = OPENED_WITHIN_S if self._read_at_s is None else READ_WITHIN_S
        left_s = self._reading_since_s + (within_s or usual_s) - now_s
        if left_s > 0:
            await asyncio.wait((self._reading,), timeout=left_s)

    def _have_read(self, reading: asyncio.Future[Read | None]) -> None:
        self._reading, self._read_at_s = None, asyncio.get_running_loop().time()
        if reading.cancelled():
            return
        if (error := reading.exception()) is not None:
            self._tell(error)
        elif (read := reading.result()) is not None:
            self._take(read)

    def _take(self, read: Read) -> None:
        """Takes the circuits of the file. Those of one that is gone are written to the one in its place."""
        restoring = self._memory.restoring() if read.replaced else None
        self._memory.replace(read.table, self._unwritten)
        if restoring is not None:
            self._change(restoring)

    def _change(self, transition: Transition, *, always: bool = False) -> None:
        """Applies a transition in memory and, where it changes anything, begins to write it to the file."""
        if self._memory.apply(transition) or always:
            self._unwritten.append(transition)
            self._start_writing()

    async def _written(self, transition: Transition, within_s: float) -> None:
        """Waits until a transition is in the file, for a while at most, and no longer where the file refuses it."""
        deadline_s = asyncio.get_running_loop().time() + within_s
        while transition in self._unwritten:
            left_s = deadline_s - asyncio.get_running_loop().time()
            if left_s <= 0:
                return
            if self._writing is None and self._retry is not None:
                if not self._locked:
                    return
                await asyncio.sleep(min(_PAUSE_S, left_s))
                self._write_again()
            elif self._writing is not None:
                await asyncio.wait((self._writing,), timeout=left_s)

    def _start_writing(self) -> None:
        if self._writing is not None or self._retry is not None or self._closed or not self._unwritten:
            return
        changes, now_ms = tuple(self._unwritten), self._memory.now_ms()
        self._writing = self._ledger.start(lambda database: self._rows.change(database, changes, now_ms))
        self._writing.add_done_callback(lambda writing: self._have_written(writing, changes))

    def _have_written(self, writing: asyncio.Future[Read], changes: Sequence[Transition]) -> None:
        self._writing = None
        if writing.cancelled():
            return
        if (error := writing.exception()) is not None:
            self._locked = is_busy(error)
            self._tell(error)
            self._try_again()
            return
        self._retry_s = _FIRST_RETRY_S
        self._unwritten = deque((one for one in self._unwritten if one not in changes), maxlen=MAX_UNWRITTEN)
        self._take(writing.result())
        self._start_writing()

    def _try_again(self) -> None:
        if self._retry is None and not self._closed:
            self._retry = asyncio.get_running_loop().call_later(self._retry_s, self._write_again)
            self._retry_s = min(self._retry_s * 2, _LAST_RETRY_S)

    def _write_again(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._start_writing()

    def _tell(self, error: BaseException) -> None:
        # A lock is nothing that a person must mend, and of a newer file the ledger speaks.
        if self._told or is_busy(error) or isinstance(error, NewerSchemaError):
            return
        self._told = True
        self._log.warning(
            "other editors do not learn which providers rest, nor this one from them, while the usage ledger cannot be "
            "used: %s",
            type(error).__name__ if isinstance(error, OSError) else error,
        )
