"""The ledger all editors share: one SQLite file in WAL mode, written by any number of processes.

All of a process's access runs on one worker thread. Calls that end while a commit is under way
are written together by the next one, so two hundred calls at once cost a handful of commits.
WAL with ``synchronous=NORMAL`` loses nothing when a process dies; only a power cut may take the
last moments.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from modelport.adapters.usage_ledgers.rows import (
    CALL_COLUMNS,
    DAY_MS,
    TOTALS,
    nested,
    rfc3339,
    to_call,
    to_row,
    to_totals,
)
from modelport.adapters.usage_ledgers.worker import Worker
from modelport.domain.errors import RequestFailed
from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Call, UsageGroup, UsageGroupBy, UsageTotals

T = TypeVar("T")
BUSY_TIMEOUT_S = 10.0
_PAUSE_S = 0.01
KEYS: dict[UsageGroupBy, str] = {
    "model": "model",
    "provider": "provider",
    "client": "client",
    "project": "project",
    "day": "day",
}
_DAILY_SUMS = ", ".join(f"sum({name})" for name in TOTALS)
_CALL_AS_DAILY = (
    "SELECT started_at_ms / 86400000 AS day, provider, model, client, project, 1 AS total_calls, "
    "outcome = 'failed' AS failed_calls, outcome = 'cancelled' AS cancelled_calls, input_tokens, output_tokens, "
    "coalesce(cache_read_tokens, 0) AS cache_read_tokens, coalesce(cache_write_tokens, 0) AS cache_write_tokens, "
    "coalesce(reasoning_tokens, 0) AS reasoning_tokens, coalesce(usd_micros, 0) AS usd_micros, "
    "usd_micros IS NULL AS unpriced_calls FROM call"
)


class SqliteLedger:
    """A ``UsageLedger`` in a file, opened on first use.

    Raises:
        RequestFailed: from every method, when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._worker = Worker("modelport-ledger")
        self._waiting: list[_Pending] = []

    async def record(self, call: CallRecord) -> Call:
        """Writes a call and returns it with its id, once it is committed."""
        pending = _Pending(call)
        self._waiting.append(pending)
        await self._run(self._write_waiting)
        if pending.error is not None:
            raise self._unusable(pending.error)
        return Call(
            id=pending.id,
            started_at=rfc3339(call.started_at_ms),
            provider=call.provider,
            model=call.model,
            client=call.client,
            project=call.project,
            outcome=call.outcome,
            error_kind=call.error_kind,
            finish_reason=call.finish_reason,
            usage=call.usage,
        )

    async def totals(self, since_ms: int | None = None, until_ms: int | None = None) -> UsageTotals:
        """The sums of a period, the whole time when nothing is given."""
        rows = await self._run(lambda: self._sums("", since_ms, until_ms))
        return to_totals(rows[0])

    async def groups(
        self, by: UsageGroupBy, since_ms: int | None = None, until_ms: int | None = None
    ) -> Sequence[tuple[str, UsageTotals]]:
        """The sums of a period per group: most calls first, days in their order."""
        rows = await self._run(lambda: self._sums(KEYS[by], since_ms, until_ms))
        return [(group.key, group.totals) for group in nested((by,), rows)]

    async def nested_groups(
        self, by: Sequence[UsageGroupBy], since_ms: int | None = None, until_ms: int | None = None
    ) -> Sequence[UsageGroup]:
        """The sums of a period per group, in one look, so that they add up; each level in the order of ``groups``."""
        rows = await self._run(lambda: self._sums(", ".join(KEYS[name] for name in by), since_ms, until_ms))
        return nested(by, rows)

    async def history(
        self,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 100,
        model: str | None = None,
    ) -> Sequence[Call]:
        """Calls of a period, newest first."""
        where, values = "started_at_ms >= ? AND started_at_ms < ?", list[Any](_bounds(since_ms, until_ms))
        if model is not None:
            where, values = where + " AND model = ?", [*values, model]
        query = f"SELECT id, {CALL_COLUMNS} FROM call WHERE {where} ORDER BY started_at_ms DESC, id DESC LIMIT ?"  # noqa: S608  names, not values
        rows = await self._run(lambda: self._open().execute(query, [*values, limit]).fetchall())
        return [to_call(row) for row in rows]

    async def aclose(self) -> None:
        """Closes the file when what is under way is done, which may be its opening."""
        try:
            if self._worker.running:
                await self._worker.run(self._close)
        finally:
            self._worker.stop()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await self._worker.run(work)
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> RequestFailed:
        # The text of an OSError names the file; its reason does not.
        why = (error.strerror or type(error).__name__) if isinstance(error, OSError) else error
        return RequestFailed(
            "provider_unavailable",
            f"The usage ledger cannot be used ({why}): check the data folder and its free space.",
            action="check the data folder",
        )

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            connection = self._open()
            # The first statement writes, so a deferred transaction would wait for the same lock; IMMEDIATE is explicit.
            connection.execute("BEGIN IMMEDIATE")
            try:
                marks = ", ".join("?" * (CALL_COLUMNS.count(",") + 1))
                for pending in waiting:
                    cursor = connection.execute(
                        f"INSERT INTO call ({CALL_COLUMNS}) VALUES ({marks})",  # noqa: S608  names, not values
                        to_row(pending.call),
                    )
                    pending.id = cursor.lastrowid or 0
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError, OverflowError) as error:
            for pending in waiting:
                pending.error = error

    def _sums(self, key: str, since_ms: int | None, until_ms: int | None) -> list[Any]:
        """Whole days come from the daily table, the cut-off ends of the period from the calls themselves."""
        first_day = -(-(since_ms or 0) // DAY_MS)
        last_day = (until_ms // DAY_MS) if until_ms is not None else 1 << 40
        parts = [f"SELECT * FROM daily WHERE day >= {first_day} AND day < {last_day}"]  # noqa: S608  numbers only
        start, end = _bounds(since_ms, until_ms)
        if first_day > last_day:
            parts = [f"{_CALL_AS_DAILY} WHERE started_at_ms >= {start} AND started_at_ms < {end}"]
        else:
            parts.append(f"{_CALL_AS_DAILY} WHERE started_at_ms >= {start} AND started_at_ms < {first_day * DAY_MS}")
            if until_ms is not None:
                parts.append(f"{_CALL_AS_DAILY} WHERE started_at_ms >= {last_day * DAY_MS} AND started_at_ms < {end}")
        source = " UNION ALL ".join(parts)
        group = f" GROUP BY {key} ORDER BY {key}" if key else ""
        columns = f"{key}, {_DAILY_SUMS}" if key else _DAILY_SUMS
        return self._open().execute(f"SELECT {columns} FROM ({source}){group}").fetchall()  # noqa: S608  numbers only


class _Pending:
    """A call that waits for the next commit."""

    __slots__ = ("call", "error", "id")

    def __init__(self, call: CallRecord) -> None:
        self.call = call
        self.id = 0
        self.error: Exception | None = None


def _bounds(since_ms: int | None, until_ms: int | None) -> tuple[int, int]:
    return since_ms or 0, until_ms if until_ms is not None else 1 << 60


def _prepare(connection: sqlite3.Connection) -> None:
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        _create(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switches a new file to WAL. While another process does the same, SQLite reports busy without waiting."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_S)  # noqa: TID251  on the ledger's own thread
        else:
            return


def _create(connection: sqlite3.Connection) -> None:
    script = files("modelport.adapters.usage_ledgers").joinpath("schema.sql").read_text(encoding="utf-8")
    # What is read here decides what is written: nothing may come between the two.
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have been faster.
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in _statements(script):
            connection.execute(statement)
    connection.execute("COMMIT")


def _statements(script: str) -> list[str]:
    found: list[str] = []
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            found.append(text)
            text = ""
    return found
