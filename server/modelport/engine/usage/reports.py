"""Reports usage: totals, differences and the list of calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from modelport.domain.errors import InvalidParams
from modelport.domain.ports import UsageLedger
from modelport.domain.spending.usage import add, subtract
from modelport.protocol import types

DEFAULT_HISTORY_CALLS = 100
MAX_HISTORY_CALLS = 10_000


class UsageReports:
    """The use cases of ``usage/*`` over the ledger."""

    def __init__(self, ledger: UsageLedger) -> None:
        self._ledger = ledger

    async def summary(self, params: types.SummaryUsageParams) -> types.SummaryUsageResult:
        """Totals of a period, per model, and per group on each level of ``groupBy``.

        Raises:
            InvalidParams: a time is none, or ``groupBy`` has a name twice.
        """
        since, until = _moment(params.since, "since"), _moment(params.until, "until")
        by_model = _per_model(await self._ledger.nested_groups(("provider", "model"), since, until))
        first, *deeper = by = _names(params)
        if deeper:
            groups = tuple(await self._ledger.nested_groups(by, since, until))
        else:
            sums = await self._ledger.groups(first, since, until)
            groups = tuple(types.UsageGroup(key=key, totals=totals) for key, totals in sums)
        newest = await self._ledger.history(limit=1, since_ms=since, until_ms=until)
        return types.SummaryUsageResult(
            totals=add(by_model.values()),
            by_model=by_model,
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
        limit = DEFAULT_HISTORY_CALLS if params.limit is None else params.limit
        if not 1 <= limit <= MAX_HISTORY_CALLS:
            raise InvalidParams(f"limit must be from 1 to {MAX_HISTORY_CALLS}.", field="limit")
        since, until = _moment(params.since, "since"), _moment(params.until, "until")
        calls = await self._ledger.history(since_ms=since, until_ms=until, limit=limit, model=params.model)
        return types.HistoryUsageResult(calls=tuple(calls))


def _names(params: types.SummaryUsageParams) -> tuple[types.UsageGroupBy, ...]:
    """What to group by, level by level."""
    given = params.group_by or "model"
    by = (given,) if isinstance(given, str) else given
    if params.then_by is not None:
        by = (*by, params.then_by)
    if len(set(by)) < len(by):
        raise InvalidParams("groupBy must have each name once.", field="groupBy")
    return by


def _per_model(providers: Sequence[types.UsageGroup]) -> dict[str, types.UsageTotals]:
    """The totals of each ``provider/model``, most calls first: a model may be served, and priced, by several."""
    sums = [(f"{group.key}/{model.key}", model.totals) for group in providers for model in group.groups or ()]
    return dict(sorted(sums, key=lambda item: (-item[1].total_calls, item[0])))


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
