"""Adds up and lists what was used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from modelport.domain.errors import InvalidParams
from modelport.domain.ports import UsageLedger
from modelport.domain.spending.usage import add, subtract
from modelport.protocol import types

HISTORY_LIMIT = 100
LONGEST_HISTORY = 10_000


class UsageReports:
    """The use cases of ``usage/*`` over the ledger."""

    def __init__(self, ledger: UsageLedger) -> None:
        self._ledger = ledger

    async def summary(self, params: types.SummaryUsageParams) -> types.SummaryUsageResult:
        """Totals of a period, per model, per group and, where that is asked for, per part of each group."""
        since, until = _moment(params.since, "since"), _moment(params.until, "until")
        by_model = await self._ledger.groups("model", since, until)
        by = params.group_by or "model"
        if params.then_by is not None:
            parts = await self._ledger.parts(by, params.then_by, since, until)
            groups = tuple(_divided(key, of_it) for key, of_it in parts)
        else:
            groups = _groups(by_model if by == "model" else await self._ledger.groups(by, since, until))
        newest = await self._ledger.history(limit=1, since_ms=since, until_ms=until)
        return types.SummaryUsageResult(
            totals=add([totals for _, totals in by_model]),
            by_model=dict(by_model),
            groups=groups,
            last_call=newest[0] if newest else None,
        )

    async def snapshot(self) -> types.UsageTotals:
        """Totals of everything."""
        return await self._ledger.totals()

    async def delta(self, params: types.DeltaUsageParams) -> types.UsageTotals:
        """One snapshot minus another."""
        return subtract(params.after or await self._ledger.totals(), params.before)

    async def history(self, params: types.HistoryUsageParams) -> types.HistoryUsageResult:
        """Calls, newest first."""
        limit = HISTORY_LIMIT if params.limit is None else params.limit
        if not 1 <= limit <= LONGEST_HISTORY:
            raise InvalidParams(f"limit must be from 1 to {LONGEST_HISTORY}.", field="limit")
        since = _moment(params.since, "since")
        calls = await self._ledger.history(since_ms=since, limit=limit, model=params.model)
        return types.HistoryUsageResult(calls=tuple(calls))


def _groups(sums: Sequence[tuple[str, types.UsageTotals]]) -> tuple[types.UsageGroup, ...]:
    return tuple(types.UsageGroup(key=key, totals=totals) for key, totals in sums)


def _divided(key: str, parts: Sequence[tuple[str, types.UsageTotals]]) -> types.UsageGroup:
    """A group with its parts. One part is the whole group, as most models of a day are for most people."""
    totals = parts[0][1] if len(parts) == 1 else add(part for _, part in parts)
    return types.UsageGroup(key=key, totals=totals, parts=_groups(parts))


def _moment(text: str | None, field: str) -> int | None:
    """Milliseconds since 1970 of an RFC 3339 time; a time without an offset is taken as UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidParams(f"{field} must be a time such as 2026-11-20T09:30:00Z.", field=field) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
