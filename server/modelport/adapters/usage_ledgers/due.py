"""What is to be written of reservations with the next transaction: where the ledger could not be written at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from modelport.domain.budgets.reservations import Reservation


class Due(Struct, frozen=True):
    """Reservations to make, with what the calls may cost, and the numbers of some to give up."""

    made: tuple[tuple[Reservation, int], ...]
    given_up: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.made or self.given_up)

    def apply(self, connection: sqlite3.Connection, owner: Callable[[], str]) -> None:
        """Writes it."""
        # Only where there are budgets.
        from modelport.adapters.usage_ledgers.reservations import insert

        for reservation, usd_micros in self.made:
            insert(connection, reservation, owner(), usd_micros)
        connection.executemany("DELETE FROM reservation WHERE id = ?", [(number,) for number in self.given_up])


class DueReservations:
    """Collects them. Its methods are for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[int, tuple[Reservation, int]] = {}
        self._given_up: set[int] = set()

    def make(self, reservation: Reservation, usd_micros: int) -> None:
        """To be made."""
        with self._lock:
            self._made[reservation.id] = (reservation, usd_micros)

    def give_up(self, number: int) -> None:
        """To be given up, whether it has been made or not."""
        with self._lock:
            self._made.pop(number, None)
            self._given_up.add(number)

    def due(self) -> Due:
        """All of it."""
        with self._lock:
            return Due(tuple(self._made.values()), tuple(self._given_up))

    def done(self, due: Due) -> None:
        """Takes it that this has been written."""
        if due:
            with self._lock:
                for reservation, _ in due.made:
                    self._made.pop(reservation.id, None)
                self._given_up.difference_update(due.given_up)
