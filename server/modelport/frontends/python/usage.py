"""Recorded usage, of every program of the user that calls Modelport."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from modelport.frontends.python.inputs import moment_of
from modelport.frontends.python.session import Calls
from modelport.protocol import types


class UsageCalls(Calls):
    """The calls that read the ledger."""

    async def usage_snapshot(self) -> types.UsageTotals:
        """The sum of all recorded usage; two snapshots give the usage between them."""
        return await (await self._session.app()).core.usage.snapshot()

    async def usage_delta(self, before: types.UsageTotals, after: types.UsageTotals | None = None) -> types.UsageTotals:
        """One snapshot minus an earlier one; without ``after`` up to now."""
        return await (await self._session.app()).core.usage.delta(types.DeltaUsageParams(before=before, after=after))

    async def usage_summary(
        self,
        *,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        group_by: types.UsageGroupBy | Sequence[types.UsageGroupBy] | None = None,
    ) -> types.SummaryUsageResult:
        """Totals of a period: over all, per model, per group, and the last call. Without an offset a time is UTC.

        With several names in ``group_by`` each group has ``groups``: each day by model, say.

        Raises:
            InvalidParams: a time is not one, or ``group_by`` has a name twice.
        """
        by = group_by if group_by is None or isinstance(group_by, str) else tuple(group_by)
        params = types.SummaryUsageParams(since=moment_of(since), until=moment_of(until), group_by=by)
        return await (await self._session.app()).core.usage.summary(params)

    async def budgets(self) -> tuple[types.BudgetStatus, ...]:
        """The budgets of the configuration file, in its order, with what is spent of each by all programs of the user.

        The budget of a session is that of this client.
        """
        core = (await self._session.app()).core
        return (await (await core.budgets.get()).reports.list(self._session.origin().session or "")).budgets

    async def usage_history(
        self,
        *,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        limit: int | None = None,
        model: str | None = None,
    ) -> tuple[types.Call, ...]:
        """The last calls, newest first; 100 if no ``limit`` is given.

        Raises:
            InvalidParams: a time or the limit is malformed.
        """
        params = types.HistoryUsageParams(since=moment_of(since), until=moment_of(until), limit=limit, model=model)
        return (await (await self._session.app()).core.usage.history(params)).calls
