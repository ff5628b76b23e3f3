"""The ledger all editors share: one SQLite file in WAL mode, written by any number of processes.

A call is first appended to a file of this process (``spool``), and goes into the ledger from there: in order, once, and
when the ledger can be written. Nobody waits for it: another program may hold the lock, the disk may be full, the file
may have gone. All access to the ledger runs on one worker thread, which never waits for a lock for longer than
``LOCK_WAIT_S``. Calls that end while a commit is under way are written together by the next one.
WAL with ``synchronous=NORMAL`` loses nothing when a process dies; only a power cut may take the last moments.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from modelport.adapters.usage_ledgers import queries
from modelport.adapters.usage_ledgers.database import Database, is_busy, reason
from modelport.adapters.usage_ledgers.due import DueReservations
from modelport.adapters.usage_ledgers.rows import nested, shown, to_call, to_totals
from modelport.adapters.usage_ledgers.waiting import WaitingCalls
from modelport.adapters.usage_ledgers.worker import Worker
from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Log
from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Call, UsageGroup, UsageGroupBy, UsageTotals

T = TypeVar("T")
REPLY_WITHIN_S = 0.08
"""How long a reply waits at most until its call is in the ledger; in the file of this process it is before."""
KEPT_WITHIN_S = 2.0
"""How long a reply waits at most until its call is in that file: only for a machine without a moment to spare, and for
a disk that hangs."""
READ_WITHIN_S = 10.0
"""How long a report waits while another program keeps the file from being read."""
CLOSE_WITHIN_S = 0.2
PAUSE_S = 0.02
_FIRST_RETRY_S, _LAST_RETRY_S = 0.1, 10.0
_KEYS: dict[UsageGroupBy, str] = {
    "model": "model",
    "provider": "provider",
    "client": "client",
    "project": "project",
    "role": "role",
    "costSource": "cost_source",
    "day": "day",
}


class SqliteLedger:
    """A ``UsageLedger`` in a file, opened on first use.

    Raises:
        RequestFailed: from the methods that read, when the file cannot be used.
    """

    def __init__(self, path: Path, log: Log | None = None) -> None:
        self._log = logging.getLogger("modelport.engine") if log is None else log
        self._worker = Worker("modelport-ledger")
        self._waiting = WaitingCalls(path, self._log.warning)
        # Threads of its own: those of others may all be busy.
        self._keepers = anyio.CapacityLimiter(1)
        self._retry: asyncio.TimerHandle | None = None
        self._retry_s = _FIRST_RETRY_S

    async def record(self, call: CallRecord) -> Call:
        """The call with its id; the id is 0 where the call is safe, or the time is over, before it is in the ledger.

        Raises:
            RequestFailed: no ledger can hold such a call.
        """
        pending = self._waiting.add(call)
        done = self.write_soon()
        await asyncio.wait((done,), timeout=REPLY_WITHIN_S)
        if not pending.kept:
            # The thread is busy with a report, or the machine is: a killed process must not lose what was replied.
            with anyio.move_on_after(KEPT_WITHIN_S):
                await anyio.to_thread.run_sync(self._waiting.keep, abandon_on_cancel=True, limiter=self._keepers)
        if pending.refusal is not None:
            raise unusable(pending.refusal)
        return shown(call, pending.id, pending.first_id)

    async def totals(self, since_ms: int | None = None, until_ms: int | None = None) -> UsageTotals:
        """The sums of a period, the whole time when nothing is given."""
        rows = await self.read(lambda db, waiting: queries.sums(db, "", since_ms, until_ms, waiting=waiting))
        return to_totals(rows[0])

    async def groups(
        self, by: UsageGroupBy, since_ms: int | None = None, until_ms: int | None = None
    ) -> Sequence[tuple[str, UsageTotals]]:
        """The sums of a period per group: most calls first, days in their order."""
        groups = await self.nested_groups((by,), since_ms, until_ms)
        return [(group.key, group.totals) for group in groups]

    async def nested_groups(
        self, by: Sequence[UsageGroupBy], since_ms: int | None = None, until_ms: int | None = None
    ) -> Sequence[UsageGroup]:
        """The sums of a period per group, in one look, so that they add up; each level in the order of ``groups``."""
        key = ", ".join(_KEYS[name] for name in by)
        return nested(
            by, await self.read(lambda db, waiting: queries.sums(db, key, since_ms, until_ms, waiting=waiting))
        )

    async def history(
        self,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 100,
        model: str | None = None,
    ) -> Sequence[Call]:
        """Calls of a period, newest first; the id of one that is not in the ledger yet is 0."""
        rows = await self.read(
            lambda db, waiting: queries.history(db, since_ms, until_ms, model, limit, waiting=waiting)
        )
        return [to_call(row) for row in rows]

    async def last_used_ms(self) -> Mapping[tuple[str, str], int]:
        """When each key was last sent, by provider and fingerprint, as far as the calls are written."""
        return await self.read(lambda db, _: queries.key_uses(db))

    def start(self, work: Callable[[Database], T]) -> asyncio.Future[T]:
        """Runs work with another table of the file, on the ledger's thread; it must not wait there.

        The result may raise what ``Database`` does.
        """
        return self._worker.start(lambda: work(self._waiting.database))

    async def data_version(self) -> int:
        """A number that changes when another program has written to the ledger. Source: SQLite, PRAGMA data_version."""

        def query(db: sqlite3.Connection, _waiting: bool) -> int:  # noqa: FBT001  one of the questions
            version: int = db.execute("PRAGMA data_version").fetchone()[0]
            return version

        return await self.read(query)

    async def problem(self) -> str | None:
        """What keeps calls from being written now, as a sentence; None where nothing does."""
        try:
            return await self._worker.run(self._waiting.problem)
        except (sqlite3.Error, OSError) as error:
            raise unusable(error) from error

    async def aclose(self) -> None:
        """Closes the file when what is under way is done, which may be its opening; what still waits is kept."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        try:
            if self._worker.running:
                deadline = anyio.current_time() + CLOSE_WITHIN_S
                while not await self._worker.run(self._waiting.write) and self._waiting.busy:
                    if anyio.current_time() >= deadline:
                        break
                    await anyio.sleep(PAUSE_S)
                await self._worker.run(self._waiting.close)
        finally:
            self._worker.stop()

    async def read(self, query: Callable[[sqlite3.Connection, bool], T]) -> T:
        """The result of a query, which may ask about the calls that wait if its second argument is true."""
        deadline = anyio.current_time() + READ_WITHIN_S
        while True:
            try:
                return await self._worker.run(lambda: self._waiting.read(query))
            except (sqlite3.Error, OSError) as error:
                if not is_busy(error) or anyio.current_time() >= deadline:
                    raise unusable(error) from error
            # Off the worker's thread: it has calls to keep meanwhile.
            await anyio.sleep(PAUSE_S)

    @property
    def due_reservations(self) -> DueReservations:
        """What is to be written of reservations with the next transaction."""
        return self._waiting.reservations

    def hand_over(self, work: Callable[[WaitingCalls], T]) -> asyncio.Future[T]:
        """Hands work over to the ledger's thread; what comes of it."""
        return self._worker.start(partial(work, self._waiting))

    def write_soon(self) -> asyncio.Future[bool]:
        """Writes what waits, now or when that is possible; whether nothing waits any more."""
        done = self._worker.start(self._waiting.write)
        done.add_done_callback(self._written)
        return done

    def _written(self, done: asyncio.Future[bool]) -> None:
        """Tries again later what could not be written."""
        if error := done.exception():
            self._log.warning("usage is not written: %s", error)
        elif done.result():
            self._retry_s = _FIRST_RETRY_S
        elif self._retry is None and self._worker.running:
            self._retry = asyncio.get_running_loop().call_later(self._retry_s, self._write_again)
            self._retry_s = min(self._retry_s * 2, _LAST_RETRY_S)

    def _write_again(self) -> None:
        self._retry = None
        if self._worker.running:
            self.write_soon()


def unusable(error: Exception) -> RequestFailed:
    """The error for a ledger that can be neither read nor written."""
    return RequestFailed(
        "provider_unavailable",
        f"The usage ledger cannot be used ({reason(error)}): check the data folder and its free space.",
        action="check the data folder",
    )
