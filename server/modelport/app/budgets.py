"""Loads budgets, which most users have none of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
    from modelport.domain.ports import Clock, Log
    from modelport.domain.providers.registry import Registry
    from modelport.engine.budgets.guard import BudgetGuard
    from modelport.engine.budgets.reports import BudgetReports
    from modelport.engine.calls.pricing import CallPricing


class Budgets(Struct, frozen=True):
    """The use cases of budgets."""

    guard: BudgetGuard
    reports: BudgetReports


def load_budgets(
    registry: Registry, ledger: SqliteLedger, pricing: CallPricing, clock: Clock, log: Log, began_ms: int
) -> Budgets:
    """Admission of calls and reports, for the budgets of the registry; imports what they need."""
    from functools import partial

    from modelport.adapters.usage_ledgers.budgets import SqliteBudgets
    from modelport.engine.budgets.estimates import offer
    from modelport.engine.budgets.guard import BudgetGuard
    from modelport.engine.budgets.reports import BudgetReports

    budgets = SqliteBudgets(ledger)
    return Budgets(
        guard=BudgetGuard(registry, budgets, partial(offer, pricing), log, began_ms),
        reports=BudgetReports(registry, budgets, clock, began_ms),
    )
