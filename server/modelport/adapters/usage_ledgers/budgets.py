"""Budgets over the ledger that all editors share."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

import anyio

from modelport.adapters.usage_ledgers import reservations
from modelport.adapters.usage_ledgers.database import NewerSchemaError, is_busy, reason
from modelport.adapters.usage_ledgers.sqlite import PAUSE_S, SqliteLedger, unusable
from modelport.adapters.usage_ledgers.waiting import WaitingCalls
from modelport.domain.budgets import budget as rules
from modelport.domain.budgets.budget import Standing, Window
from modelport.domain.budgets.reservations import LedgerSilentError, Reservation, Reserved

T = TypeVar("T")
WRITE_WITHIN_S = 2.0
"""How long a raise waits while another program keeps the file from being written."""
TROUBLE = (sqlite3.Error, OSError, NewerSchemaError)


class SqliteBudgets:
    """A ``BudgetLedger`` over a ``SqliteLedger``."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self._late: list[tuple[Window, Standing]] = []

    async def reserve(self, reservation: Reservation, windows: Sequence[Window], within_s: float) -> Reserved:
        """Reserves what a call may cost, unless one of the budgets refuses."""
        attempt = _Attempt(reservation, windows)
        try:
            return await self._try(attempt.run, within_s)
        except LedgerSilentError:
            attempt.given_up = True
            if all(window.budget.action == "warn" for window in windows):
                self._ledger.due_reservations.make(reservation, reservation.offer.usd_micros(None))
                self._ledger.write_soon()
            else:
                self.release(reservation.id)
            raise
        except BaseException:
            # The caller is being cancelled: its call will not be sent.
            attempt.given_up = True
            self.release(reservation.id)
            raise

    async def extend(self, reservation_id: int, windows: Sequence[Window], usd_micros: int, within_s: float) -> int:
        """Makes a reservation larger, as far as the budgets that cut answers have room; what is reserved then."""

        def extend(db: sqlite3.Connection) -> int:
            found = reservations.standings(db, windows, waiting=False)
            amount = rules.extended(windows, found, reservations.amount(db, reservation_id), usd_micros)
            reservations.change(db, reservation_id, amount)
            return amount

        return await self._try(lambda calls: calls.transaction(extend), within_s)

    def release(self, reservation_id: int) -> None:
        """Gives a reservation up whose call will have no row; also one that is being made."""
        self._ledger.due_reservations.give_up(reservation_id)
        self._ledger.write_soon()

    async def standings(self, windows: Sequence[Window]) -> Sequence[Standing]:
        """What is spent and reserved."""
        await self._ledger.hand_over(_settle_for_others)
        return await self._ledger.read(lambda db, waiting: reservations.standings(db, windows, waiting=waiting))

    async def changes(self, windows: Sequence[Window], within_s: float) -> Sequence[tuple[Window, Standing]]:
        """The budgets that have come to a further state, each once per period and state over all processes."""
        done = self._ledger.hand_over(lambda calls: _changes(calls, windows))
        await asyncio.wait((done,), timeout=within_s)
        late, self._late = self._late, []
        if done.done():
            return [*late, *done.result()]
        done.add_done_callback(lambda late: self._late.extend(late.result()))
        return late

    async def raise_limit(self, budget: str, usd_micros: int, until_ms: int) -> None:
        """Raises the limit of a budget until a moment."""

        def work(calls: WaitingCalls) -> None:
            calls.transaction(lambda db: reservations.raise_limit(db, budget, usd_micros, until_ms))

        deadline = anyio.current_time() + WRITE_WITHIN_S
        while True:
            try:
                return await self._ledger.hand_over(work)
            except TROUBLE as error:
                if not is_busy(error) or anyio.current_time() >= deadline:
                    raise unusable(error) from error
            await anyio.sleep(PAUSE_S)

    async def _try(self, work: Callable[[WaitingCalls], T], within_s: float) -> T:
        """The result of work on the ledger's thread, tried again while another program holds the lock.

        Raises:
            LedgerSilentError: not in time.
        """
        deadline = anyio.current_time() + within_s
        why = "it is busy"
        while (left_s := deadline - anyio.current_time()) > 0:
            done = self._ledger.hand_over(work)
            done.add_done_callback(_seen)
            await asyncio.wait((done,), timeout=left_s)
            if not done.done():
                break
            try:
                return done.result()
            except TROUBLE as error:
                why = reason(error)
                if not is_busy(error):
                    break
            await anyio.sleep(PAUSE_S)
        raise LedgerSilentError(why)


def _seen(done: asyncio.Future[T]) -> None:
    """Looks at the error of work that is not waited for any more, which asyncio would report otherwise."""
    if not done.cancelled():
        done.exception()


class _Attempt:
    """An attempt to reserve; ``run`` is called on the ledger's thread."""

    def __init__(self, reservation: Reservation, windows: Sequence[Window]) -> None:
        self.reservation = reservation
        self.given_up = False
        self._windows = windows

    def run(self, calls: WaitingCalls) -> Reserved:
        return calls.transaction(lambda db: self._reserve(db, calls))

    def _reserve(self, db: sqlite3.Connection, calls: WaitingCalls) -> Reserved:
        mine, reservation, windows = calls.owner(), self.reservation, self._windows
        reservations.settle_for(db, *calls.left_by(reservations.owners(db)))
        estimate = reservation.offer.usd_micros(reservations.typical_output(db, reservation.scope))
        found = reservations.standings(db, windows, waiting=False)
        refused_by = rules.refusing(windows, found, estimate)
        if refused_by is None:
            if not self.given_up:
                reservations.insert(db, reservation, mine, estimate)
            return Reserved(estimate=estimate)
        window, standing = windows[refused_by], found[refused_by]
        if rules.fraction(window.budget, standing) >= window.budget.warn_at:
            # The error tells the client.
            reservations.tell(db, window, standing, "exceeded")
        return Reserved(estimate=estimate, refused_by=refused_by, standing=standing)


def _settle_for_others(calls: WaitingCalls) -> None:
    """Settles the reservations of processes that have ended, where there are any and the ledger can be written."""
    try:
        if calls.left_by(calls.look(reservations.owners))[0]:
            calls.transaction(lambda db: reservations.settle_for(db, *calls.left_by(reservations.owners(db))))
    except TROUBLE:
        # They count in full until then.
        return


def _changes(calls: WaitingCalls, windows: Sequence[Window]) -> list[tuple[Window, Standing]]:
    """The changes of state that no process has reported; none while the ledger cannot be written."""
    try:
        if not _further(windows, calls.look(lambda db: reservations.standings(db, windows, waiting=False))):
            return []
        return calls.transaction(lambda db: _told(db, windows))
    except TROUBLE:
        # The next call finds it.
        return []


def _told(db: sqlite3.Connection, windows: Sequence[Window]) -> list[tuple[Window, Standing]]:
    found = _further(windows, reservations.standings(db, windows, waiting=False))
    for window, standing in found:
        reservations.tell(db, window, standing, rules.state(window.budget, standing))
    return found


def _further(windows: Sequence[Window], standings: Sequence[Standing]) -> list[tuple[Window, Standing]]:
    return [
        (window, standing)
        for window, standing in zip(windows, standings, strict=True)
        if rules.worse(rules.state(window.budget, standing), standing.told)
    ]
