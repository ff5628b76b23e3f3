"""Reservations and the standing of budgets, as SQL within a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from modelport.adapters.usage_ledgers import queries
from modelport.domain.budgets.budget import CallScope, Standing, Window, glob
from modelport.domain.budgets.reservations import Reservation

COLUMNS = (
    "id, owner, started_at_ms, provider, model, client, project, role, session, input_tokens, input_usd_micros, "
    "usd_micros"
)
RECENT_CALLS = 100
"""By how many of the last calls the output of a model is estimated."""
MAX_LOOKED_AT = 5_000
"""How many of its calls are looked at for them: with another provider, or failed, there may be a million."""
OFTEN = 0.95
"""The part of them that had no more output."""
KEPT_STATES_MS = 30 * 86_400_000


def insert(connection: sqlite3.Connection, reservation: Reservation, owner: str, usd_micros: int) -> None:
    """Reserves an amount, unless the call has its row by now."""
    scope, offer = reservation.scope, reservation.offer
    values = (
        reservation.id,
        owner,
        reservation.started_ms,
        *(scope.provider, scope.model, scope.client, scope.project, scope.role, scope.session),
        offer.input_tokens,
        offer.input_usd_micros,
        usd_micros,
    )
    marks = ", ".join("?" * len(values))
    unless_recorded = "WHERE NOT EXISTS (SELECT 1 FROM call WHERE entry = ?)"
    connection.execute(
        f"INSERT OR IGNORE INTO reservation ({COLUMNS}) SELECT {marks} {unless_recorded}",
        (*values, reservation.id),
    )


def amount(connection: sqlite3.Connection, number: int) -> int:
    """What is reserved for a call, in millionths of a US dollar; 0 where nothing is."""
    found = connection.execute("SELECT usd_micros FROM reservation WHERE id = ?", (number,)).fetchone()
    return 0 if found is None else found[0]


def change(connection: sqlite3.Connection, number: int, usd_micros: int) -> None:
    """Sets what is reserved for a call, if it still is under way."""
    connection.execute("UPDATE reservation SET usd_micros = ? WHERE id = ?", (usd_micros, number))


def owners(connection: sqlite3.Connection) -> Sequence[str]:
    """The processes that have reservations."""
    return [owner for (owner,) in connection.execute("SELECT DISTINCT owner FROM reservation")]


def settle_for(connection: sqlite3.Connection, gone: Collection[str], waiting: Collection[int]) -> None:
    """Puts a call that had only its input in the place of each reservation of processes that have ended.

    But for the entries in ``waiting``: a file has those calls, as they really were.
    """
    for owner in gone:
        found = connection.execute(f"SELECT {COLUMNS} FROM reservation WHERE owner = ?", (owner,)).fetchall()  # noqa: S608  names, not values
        for number, _, started, provider, model, client, project, role, session, tokens, cost, _ in found:
            if number not in waiting:
                # The trigger deletes the reservation.
                connection.execute(
                    "INSERT OR IGNORE INTO call (entry, started_at_ms, provider, model, client, project, role, "
                    "session, outcome, input_tokens, output_tokens, latency_ms, usd_micros, estimated, "
                    "cost_estimated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'cancelled', ?, 0, 0, ?, 1, 1)",
                    (number, started, provider, model, client, project, role, session, tokens, cost),
                )
                connection.execute("DELETE FROM reservation WHERE id = ?", (number,))


def typical_output(connection: sqlite3.Connection, scope: CallScope) -> int | None:
    """The output tokens that a model seldom exceeds; None where it has not been called."""
    found = sorted(
        tokens
        for (tokens,) in connection.execute(
            "SELECT output_tokens FROM (SELECT provider, outcome, output_tokens FROM call WHERE model = ? "
            "ORDER BY started_at_ms DESC LIMIT ?) WHERE provider = ? AND outcome = 'ok' LIMIT ?",
            (scope.model, MAX_LOOKED_AT, scope.provider, RECENT_CALLS),
        )
    )
    return found[min(int(len(found) * OFTEN), len(found) - 1)] if found else None


def standings(connection: sqlite3.Connection, windows: Sequence[Window], *, waiting: bool) -> list[Standing]:
    """What is spent and reserved of budgets; ``waiting``: with the calls that ``queries.hold`` has put there."""
    return [_standing(connection, window, waiting=waiting) for window in windows]


def _standing(connection: sqlite3.Connection, window: Window, *, waiting: bool) -> Standing:
    where, values = _where(window)
    if window.session is None:
        source = queries.by_day(window.since_ms, window.until_ms, waiting=waiting)
        sums = f"SELECT sum(usd_micros), sum(unpriced_calls) FROM ({source}) WHERE {where}"  # noqa: S608  names and marks
        start, end = queries.bounds(window.since_ms, window.until_ms)
        under_way = f"{where} AND started_at_ms >= {start} AND started_at_ms < {end}"
    else:
        # Its name alone: while it runs the clock may be put back to before it began.
        where, values = f"{where} AND session = ?", (*values, window.session)
        source = queries.in_session(waiting=waiting)
        sums = f"SELECT sum(usd_micros), sum(usd_micros IS NULL) FROM ({source}) WHERE {where}"  # noqa: S608  names and marks
        under_way = where
    spent, unpriced = connection.execute(sums, values).fetchone()
    (reserved,) = connection.execute(f"SELECT sum(usd_micros) FROM reservation WHERE {under_way}", values).fetchone()  # noqa: S608  names and marks
    raised = connection.execute(
        "SELECT usd_micros, until_ms FROM budget_raise WHERE budget = ? AND until_ms > ?",
        (window.budget.name, window.now_ms),
    ).fetchone() or (0, None)
    standing = Standing(
        spent=spent or 0,
        reserved=reserved or 0,
        unpriced_calls=unpriced or 0,
        raised=raised[0],
        raised_until_ms=raised[1],
    )
    return _with_state(connection, window, standing)


def _with_state(connection: sqlite3.Connection, window: Window, standing: Standing) -> Standing:
    told = connection.execute(
        "SELECT state FROM budget_state WHERE budget = ? AND session = ? AND since_ms = ? AND limit_usd_micros = ?",
        (window.budget.name, window.session or "", window.since_ms, standing.limit(window.budget)),
    ).fetchone()
    return standing if told is None else msgspec.structs.replace(standing, told=told[0])


def tell(connection: sqlite3.Connection, window: Window, standing: Standing, state: str) -> None:
    """Notes that a state of a budget is reported."""
    connection.execute(
        "INSERT OR REPLACE INTO budget_state VALUES (?, ?, ?, ?, ?)",
        (window.budget.name, window.session or "", window.since_ms, standing.limit(window.budget), state),
    )
    connection.execute(
        "DELETE FROM budget_state WHERE session != '' AND since_ms < ?", (window.now_ms - KEPT_STATES_MS,)
    )


def raise_limit(connection: sqlite3.Connection, budget: str, usd_micros: int, until_ms: int) -> None:
    """Raises a limit until a moment, in place of any earlier raise."""
    connection.execute("DELETE FROM budget_raise WHERE budget = ?", (budget,))
    if usd_micros:
        connection.execute("INSERT INTO budget_raise VALUES (?, ?, ?)", (budget, usd_micros, until_ms))


def _where(window: Window) -> tuple[str, tuple[Any, ...]]:
    """The condition that a call counts, with its values."""
    scope = window.budget.scope
    parts, values = ["1"], list[Any]()
    for column, value in (("provider", scope.provider), ("role", scope.role)):
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    for column, pattern in (("project", scope.project), ("client", scope.client)):
        if pattern is not None:
            parts.append(f"{column} GLOB ?")
            values.append(glob(pattern))
    if scope.model is not None:
        parts.append("(model GLOB ? OR provider || '/' || model GLOB ?)")
        values += [glob(scope.model)] * 2
    return " AND ".join(parts), tuple(values)
