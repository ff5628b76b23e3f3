"""The questions that reports ask of the ledger, as SQL: over the calls in it, and those that wait to be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from modelport.adapters.usage_ledgers.rows import CALL_COLUMNS, DAY_MS, SHOWN_COLUMNS, TOTALS, to_row
from modelport.adapters.usage_ledgers.spool import SpooledCall
from modelport.domain.spending.usage import CallRecord

_MARKS = ", ".join("?" * (CALL_COLUMNS.count(",") + 1))
_DAILY_SUMS = ", ".join(f"sum({name})" for name in TOTALS)
_AS_DAILY = (
    "SELECT started_at_ms / 86400000 AS day, provider, model, client, project, role, CASE WHEN usd_micros IS NULL "
    "THEN 'unknown' ELSE coalesce(cost_source, iif(usd_micros = 0, 'free', 'unknown')) END AS cost_source, "
    "1 AS total_calls, "
    "outcome = 'failed' AS failed_calls, outcome = 'cancelled' AS cancelled_calls, input_tokens, output_tokens, "
    "coalesce(cache_read_tokens, 0) AS cache_read_tokens, coalesce(cache_write_tokens, 0) AS cache_write_tokens, "
    "coalesce(reasoning_tokens, 0) AS reasoning_tokens, coalesce(usd_micros, 0) AS usd_micros, "
    "usd_micros IS NULL AS unpriced_calls, cost_estimated AS estimated_calls FROM"
)
USES_KEPT_MS = 365 * DAY_MS
"""How long it is known when a key was last sent. A log-in makes a new key every hour, so that old ones have to go."""
_END_OF_TIME = 1 << 60


def insert(connection: sqlite3.Connection, waiting: SpooledCall) -> int:
    """The id of a call, which is written unless it is in the ledger.

    Raises:
        sqlite3.IntegrityError, OverflowError, UnicodeError: the row is not one that the ledger can hold.
    """
    # Asked first, since an insert that finds a conflict uses an id up.
    if (there := id_of(connection, waiting.entry)) is not None:
        return there
    cursor = connection.execute(
        f"INSERT INTO call ({CALL_COLUMNS}, entry) VALUES ({_MARKS}, ?)",  # noqa: S608  names, not values
        (*to_row(waiting.call), waiting.entry),
    )
    _use_key(connection, waiting.call)
    return cursor.lastrowid or 0


def _use_key(connection: sqlite3.Connection, call: CallRecord) -> None:
    """Notes when the key of a call was sent, and forgets keys that were not sent for long."""
    if call.key:
        use = (call.provider, call.key, call.started_at_ms)
        connection.execute(
            "INSERT INTO key_use VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET used_ms = max(used_ms, excluded.used_ms)",
            use,
        )
        oldest_ms = call.started_at_ms - USES_KEPT_MS
        connection.execute("DELETE FROM key_use WHERE provider = ? AND used_ms < ?", (call.provider, oldest_ms))


def key_uses(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """When each key was last sent, by provider and fingerprint."""
    rows = connection.execute("SELECT provider, key, used_ms FROM key_use").fetchall()
    return {(provider, key): used_ms for provider, key, used_ms in rows}


def id_of(connection: sqlite3.Connection, entry: int | None) -> int | None:
    """The id of the call with an entry; None where it is not in the ledger."""
    if entry is None:
        return None
    found = connection.execute("SELECT id FROM call WHERE entry = ?", (entry,)).fetchone()
    return None if found is None else found[0]


def hold(connection: sqlite3.Connection, waiting: Sequence[SpooledCall]) -> None:
    """Makes the calls that wait, but for those that are in the ledger by now, part of what is asked next."""
    connection.execute(f"CREATE TEMP TABLE waiting AS SELECT 0 AS id, {CALL_COLUMNS}, 0 AS entry FROM call LIMIT 0")  # noqa: S608  names, not values
    connection.executemany(
        f"INSERT INTO waiting (id, {CALL_COLUMNS}, entry) VALUES (0, {_MARKS}, ?)",  # noqa: S608  names, not values
        [(*to_row(one.call), one.entry) for one in waiting],
    )
    connection.execute("DELETE FROM waiting WHERE entry IN (SELECT entry FROM call)")


def nothing(connection: sqlite3.Connection, waiting: bool) -> None:  # noqa: FBT001  one of the questions
    """Asks nothing but whether the ledger can be read."""
    connection.execute("SELECT id FROM call LIMIT 1").fetchone()


def sums(
    connection: sqlite3.Connection, key: str, since_ms: int | None, until_ms: int | None, *, waiting: bool
) -> list[Any]:
    """The sums of a period per ``key``, names of columns; a row for all where it is empty.

    Whole days come from the daily table, the cut-off ends of the period from the calls themselves.
    """
    group = f" GROUP BY {key} ORDER BY {key}" if key else ""
    columns = f"{key}, {_DAILY_SUMS}" if key else _DAILY_SUMS
    source = by_day(since_ms, until_ms, waiting=waiting)
    return connection.execute(f"SELECT {columns} FROM ({source}){group}").fetchall()  # noqa: S608  numbers only


def by_day(since_ms: int | None, until_ms: int | None, *, waiting: bool) -> str:
    """A query for the sums of a period: rows of the daily table, and calls as such rows for its cut-off ends."""
    start, end = bounds(since_ms, until_ms)
    first_day = -(-start // DAY_MS)
    last_day = end // DAY_MS
    parts = [f"SELECT * FROM daily WHERE day >= {first_day} AND day < {last_day}"]  # noqa: S608  numbers only
    if first_day > last_day:
        parts = [f"{_AS_DAILY} call WHERE started_at_ms >= {start} AND started_at_ms < {end}"]
    else:
        parts.append(f"{_AS_DAILY} call WHERE started_at_ms >= {start} AND started_at_ms < {first_day * DAY_MS}")
        if until_ms is not None:
            parts.append(f"{_AS_DAILY} call WHERE started_at_ms >= {last_day * DAY_MS} AND started_at_ms < {end}")
    if waiting:
        parts.append(f"{_AS_DAILY} waiting WHERE started_at_ms >= {start} AND started_at_ms < {end}")
    return " UNION ALL ".join(parts)


def in_session(*, waiting: bool) -> str:
    """A query for the calls of sessions with the columns that tell them apart, which the daily table does not."""
    tables = ("call", "waiting") if waiting else ("call",)
    return " UNION ALL ".join(
        # The index is over calls with a session.
        f"SELECT provider, model, client, project, role, session, usd_micros FROM {table} WHERE session != ''"  # noqa: S608  names
        for table in tables
    )


def history(
    connection: sqlite3.Connection,
    since_ms: int | None,
    until_ms: int | None,
    model: str | None,
    limit: int,
    *,
    waiting: bool,
) -> list[Any]:
    """``SHOWN_COLUMNS`` of calls, which are called ``shown`` there, newest first; the id of one that waits is 0."""
    where, values = "started_at_ms >= ? AND started_at_ms < ?", list[Any](bounds(since_ms, until_ms))
    if model is not None:
        where, values = where + " AND model = ?", [*values, model]
    source = f"SELECT {SHOWN_COLUMNS} FROM call AS shown WHERE {where}"  # noqa: S608  names, not values
    order = "started_at_ms DESC, id DESC"
    if waiting:
        source += f" UNION ALL SELECT {SHOWN_COLUMNS} FROM waiting AS shown WHERE {where}"  # noqa: S608  names, not values
        values, order = values * 2, "started_at_ms DESC, id = 0 DESC, id DESC"
    return connection.execute(f"SELECT * FROM ({source}) ORDER BY {order} LIMIT ?", [*values, limit]).fetchall()  # noqa: S608  names, not values


def bounds(since_ms: int | None, until_ms: int | None) -> tuple[int, int]:
    """The first millisecond of a period, and the first one after it."""
    return since_ms or 0, until_ms if until_ms is not None else _END_OF_TIME
