"""Circuits as rows of the ledger's file. Its functions block and belong to the ledger's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from modelport.adapters.usage_ledgers.database import Database, is_damaged
from modelport.domain.errors import ERROR_KINDS
from modelport.domain.failover.circuits import Circuit, Scope
from modelport.domain.failover.transitions import Changes, Transition, applied, expire

MAX_CIRCUITS = 1000
"""The most that are read: the newest."""
_SCOPE = ("provider", "address", "key", "model", "background")
_STATE = ("until_ms", "failures", "kind", "message", "client", "probe_owner", "probe_until_ms", "changed_ms")
_COLUMNS = ", ".join((*_SCOPE, *_STATE))
_MARKS = ", ".join("?" * len((*_SCOPE, *_STATE)))
_THIS = " AND ".join(f"{name} = ?" for name in _SCOPE)
Table = dict[Scope, Circuit]


class Read(msgspec.Struct, frozen=True):
    """The circuits of the file."""

    table: Table
    replaced: bool
    """Whether it is another file than before: what was in the old one may be missing."""


class CircuitRows:
    """The table of circuits; knows which state of the file it has read last.

    Raises:
        sqlite3.Error: the file cannot be used, or another program holds its lock.
        OSError: its folder cannot be made.
        NewerSchemaError: the file must not be written.
    """

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    def changed(self, database: Database) -> Read | None:
        """All circuits; None where no other program has written to the file since they were read."""

        def look(connection: sqlite3.Connection) -> Read | None:
            # Before the rows: what is written in between is read the next time.
            version = _version(connection)
            if connection is self._connection and version == self._version:
                return None
            return self._have_read(connection, version, _read(connection))

        return database.read(look)

    def change(self, database: Database, transitions: Sequence[Transition], now_ms: int) -> Read:
        """Applies transitions to the circuits of the file, in one transaction; returns them all."""
        try:
            return self._change(database.to_write(), transitions, now_ms)
        except sqlite3.Error as error:
            if not is_damaged(error):
                raise
            database.set_aside()
            return self._change(database.to_write(), transitions, now_ms)

    def _change(self, connection: sqlite3.Connection, transitions: Sequence[Transition], now_ms: int) -> Read:
        version, table = _change(connection, transitions, now_ms)
        return self._have_read(connection, version, table)

    def _have_read(self, connection: sqlite3.Connection, version: int, table: Table) -> Read:
        replaced = self._connection is not None and connection is not self._connection
        self._connection, self._version = connection, version
        return Read(table, replaced)


def _change(connection: sqlite3.Connection, transitions: Sequence[Transition], now_ms: int) -> tuple[int, Table]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        before = _read(connection)
        after = applied(before, expire(before, now_ms))
        for transition in transitions:
            after = applied(after, transition(after))
        changes: Changes = {scope: one for scope, one in after.items() if before.get(scope) != one}
        _write(connection, changes | dict.fromkeys(before.keys() - after.keys()))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return version, after


def _version(connection: sqlite3.Connection) -> int:
    """Changes when another connection has written to the file. Source: SQLite, PRAGMA data_version."""
    return connection.execute("PRAGMA data_version").fetchone()[0]


def _read(connection: sqlite3.Connection) -> Table:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM circuit ORDER BY changed_ms DESC LIMIT {MAX_CIRCUITS}"  # noqa: S608  names, not values
    ).fetchall()
    circuits = (_circuit(row) for row in rows)
    # A newer version may know more kinds of failures.
    return {one.scope: one for one in circuits if one.kind in ERROR_KINDS}


def _circuit(row: Any) -> Circuit:
    *place, background = row[: len(_SCOPE)]
    return Circuit(
        scope=Scope(*place, background=bool(background)), **dict(zip(_STATE, row[len(_SCOPE) :], strict=True))
    )


def _write(connection: sqlite3.Connection, changes: Changes) -> None:
    for scope, one in changes.items():
        place = msgspec.structs.astuple(scope)
        if one is None:
            connection.execute(f"DELETE FROM circuit WHERE {_THIS}", place)  # noqa: S608  names, not values
        else:
            state = tuple(getattr(one, name) for name in _STATE)
            connection.execute(f"INSERT OR REPLACE INTO circuit ({_COLUMNS}) VALUES ({_MARKS})", (*place, *state))  # noqa: S608  names, not values
