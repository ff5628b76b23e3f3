"""``usage/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def summary_usage(session: Session, params: types.SummaryUsageParams) -> types.SummaryUsageResult:
    """Sums the usage of a period."""
    return await (await session.app()).core.usage.summary(params)


async def snapshot_usage(session: Session, params: types.SnapshotUsageParams) -> types.UsageTotals:
    """Sums all recorded usage."""
    return await (await session.app()).core.usage.snapshot()


async def delta_usage(session: Session, params: types.DeltaUsageParams) -> types.UsageTotals:
    """Subtracts one snapshot from another."""
    return await (await session.app()).core.usage.delta(params)


async def history_usage(session: Session, params: types.HistoryUsageParams) -> types.HistoryUsageResult:
    """Lists recorded calls."""
    return await (await session.app()).core.usage.history(params)


async def credits_usage(session: Session, params: types.CreditsUsageParams) -> types.CreditsUsageResult:
    """Looks up the remaining credit of an account."""
    return await (await (await session.app()).operations.get()).balances.look_up(params)
