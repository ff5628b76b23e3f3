"""The calls of this process that are not in the ledger, and their way there."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from modelport.adapters.usage_ledgers import queries
from modelport.adapters.usage_ledgers.database import NEWER, Database, NewerSchemaError, is_busy, is_damaged, reason
from modelport.adapters.usage_ledgers.due import DueReservations
from modelport.adapters.usage_ledgers.spool import Spool, SpooledCall, calls_in, numbered, taken_over
from modelport.domain.spending.usage import CallRecord

T = TypeVar("T")
_NOT_STORABLE = (OverflowError, UnicodeError, sqlite3.IntegrityError)


class PendingCall:
    """A call on its way into the ledger."""

    __slots__ = ("call", "first_id", "id", "kept", "refusal")

    def __init__(self, call: CallRecord) -> None:
        self.call = numbered(call)
        self.id = 0
        """In the ledger; 0 until it is there."""
        self.first_id: int | None = None
        """The id of the first call for the same request, where there is one and it is in the ledger."""
        self.kept = False
        """Whether the end of this process no longer loses it; true as well where it cannot be kept."""
        self.refusal: Exception | None = None
        """Why no ledger can hold it."""


class WaitingCalls:
    """Keeps calls in a file of this process until the ledger at ``path`` can be written.

    Its methods run on one thread; only ``add`` and ``keep`` are for any, so that a report that takes long keeps no call
    from being kept. ``warn`` gets a sentence for each thing that is wrong, once.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self._new: deque[PendingCall] = deque()
        # Over the lists below and the file; never held while SQLite works.
        self._keeping = threading.Lock()
        self._in_memory: list[PendingCall] = []
        self._in_file: list[PendingCall] = []
        self._told: set[str] = set()
        self._warn = warn
        self._database = Database(path, warn)
        self.reservations = DueReservations()
        self._spool = Spool(path.parent / "waiting")
        self._others_taken = False
        self._error: Exception | None = None

    @property
    def database(self) -> Database:
        """The ledger's file, for what else is in it; on the same thread."""
        return self._database

    @property
    def busy(self) -> bool:
        """Whether it was the lock of another program that kept the last write from succeeding."""
        return self._error is not None and is_busy(self._error)

    def add(self, call: CallRecord) -> PendingCall:
        """A call for the next ``write``."""
        pending = PendingCall(call)
        self._new.append(pending)
        return pending

    def write(self) -> bool:
        """Keeps what is new in the file of this process, and writes what waits; whether nothing waits any more.

        The first time, also what processes that are gone have left behind.
        """
        self.keep()
        try:
            if self._others_taken:
                self._commit(())
            else:
                self._commit_with_others()
        except (sqlite3.Error, OSError, NewerSchemaError) as error:
            self._error = error
            if not is_busy(error):
                self._tell("calls wait to be written to the usage ledger", error)
            return False
        self._error = None
        return True

    def read(self, query: Callable[[sqlite3.Connection, bool], T]) -> T:
        """The result of a query over the ledger and everything that waits for it, in this process or any other.

        The query may ask about what waits if its second argument is true.
        """
        self._others_taken = False
        self.write()
        try:
            return self._read(query)
        except sqlite3.Error as error:
            if not is_damaged(error):
                raise
            self._database.set_aside()
            self.write()
            return self._read(query)

    def look(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The result of a query over the ledger alone."""
        return self._database.read(query)

    def transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of work in a transaction that writes, once what waits is written; it leaves no trace if it raises.

        Raises:
            sqlite3.Error, OSError, NewerSchemaError: the ledger cannot be written.
        """
        if not self.write() and self._error is not None:
            raise self._error
        try:
            return self._transaction(work)
        except sqlite3.Error as error:
            if not is_damaged(error):
                raise
            self._database.set_aside()
            return self._transaction(work)

    def owner(self) -> str:
        """The name of this process among the owners of reservations."""
        with self._keeping:
            return self._spool.owner()

    def left_by(self, owners: Iterable[str]) -> tuple[Sequence[str], frozenset[int]]:
        """Which of the owners have ended, and the entries of calls that wait in the files of others."""
        gone = [owner for owner in owners if self._spool.is_gone(owner)]
        if not gone:
            return (), frozenset()
        # The next write takes over what they have left.
        self._others_taken = False
        waiting = self._spool.entries_of_others()
        # A file that cannot be read now may have their calls as they really were.
        return ((), frozenset()) if waiting is None else (gone, waiting)

    def problem(self) -> str | None:
        """What keeps calls from being written, as a sentence; None where nothing does."""
        self.read(queries.nothing)
        if self._database.newer:
            return f"{NEWER[0].upper()}{NEWER[1:]}."
        if self._error is None:
            return None
        waiting = len(self._mine())
        count = "1 call waits" if waiting == 1 else f"{waiting} calls wait"
        return f"{count} to be written: {reason(self._error)}."

    def close(self) -> None:
        """Closes the files."""
        self.keep()
        with self._keeping:
            self._spool.close()
        self._database.close()
        self._others_taken = False

    def _read(self, query: Callable[[sqlite3.Connection, bool], T]) -> T:
        # First what waits, then the ledger: what is written in between is counted once.
        others = [call for path in self._spool.others() for call in calls_in(path) or ()]
        waiting = [*(pending.call for pending in self._mine()), *others]

        def look(connection: sqlite3.Connection) -> T:
            if not waiting:
                return query(connection, False)
            connection.execute("BEGIN")
            try:
                queries.hold(connection, waiting)
                return query(connection, True)
            finally:
                connection.execute("ROLLBACK")

        return self._database.read(look)

    def keep(self) -> None:
        """Appends what is new to the file of this process; what cannot be appended stays in memory."""
        with self._keeping:
            while self._new:
                self._in_memory.append(self._new.popleft())
            if not self._in_memory:
                return
            new = tuple(self._in_memory)
            self._append()
            for pending in new:
                pending.kept = True

    def _mine(self) -> tuple[PendingCall, ...]:
        with self._keeping:
            return (*self._in_file, *self._in_memory)

    def _append(self) -> None:
        try:
            self._spool.append([pending.call for pending in self._in_memory])
        except OSError as error:
            self._tell("calls are kept in memory only", error)
            return
        except ValueError:
            self._refuse()
            return
        self._in_file += self._in_memory
        self._in_memory.clear()

    def _refuse(self) -> None:
        """Drops the calls that cannot be written as JSON, and keeps the others."""
        calls, self._in_memory = self._in_memory, []
        for pending in calls:
            try:
                self._spool.append([pending.call])
            except ValueError as error:
                pending.refusal = error
            except OSError:
                self._in_memory.append(pending)
            else:
                self._in_file.append(pending)

    def _commit_with_others(self) -> None:
        with ExitStack() as stack:
            paths = [mine for path in self._spool.others() if (mine := stack.enter_context(taken_over(path)))]
            found = {path: calls for path in paths if (calls := calls_in(path)) is not None}
            self._commit([call for calls in found.values() for call in calls])
            for path in found:
                path.unlink(missing_ok=True)
        self._others_taken = True

    def _commit(self, left: Sequence[SpooledCall]) -> None:
        try:
            self._write(left)
        except sqlite3.Error as error:
            if not is_damaged(error):
                raise
            self._database.set_aside()
            self._write(left)

    def _write(self, left: Sequence[SpooledCall]) -> None:
        mine, due = self._mine(), self.reservations.due()
        if not mine and not left and not due:
            return

        def work(connection: sqlite3.Connection) -> None:
            if due:
                due.apply(connection, self.owner)
            for call in left:
                _insert(connection, call)
            for pending in mine:
                pending.id, pending.refusal = _insert(connection, pending.call)
                pending.first_id = queries.id_of(connection, pending.call.call.attempt_of)

        try:
            self._transaction(work)
        except BaseException:
            for pending in mine:
                pending.id = 0
            raise
        self._forget(mine)
        self.reservations.done(due)

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._database.to_write()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _forget(self, written: Sequence[PendingCall]) -> None:
        """Empties the file of this process, unless a call was kept in it meanwhile."""
        done = set(map(id, written))
        with self._keeping:
            self._in_file = [pending for pending in self._in_file if id(pending) not in done]
            self._in_memory = [pending for pending in self._in_memory if id(pending) not in done]
            if not self._in_file:
                self._spool.empty()

    def _tell(self, what: str, error: Exception) -> None:
        why = reason(error)
        if why not in self._told:
            self._told.add(why)
            self._warn(f"{what}: {why}")


def _insert(connection: sqlite3.Connection, call: SpooledCall) -> tuple[int, Exception | None]:
    """The id of a call that is in the ledger now, or why no ledger can hold it."""
    try:
        return queries.insert(connection, call), None
    except _NOT_STORABLE as error:
        return 0, error
