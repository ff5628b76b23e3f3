"""Budgets as values of the contract: how far one is used up, and why it refuses a call."""

from __future__ import annotations

from datetime import UTC, datetime

from modelport.domain.budgets import budget as rules
from modelport.domain.budgets.budget import CallScope, Standing, Window
from modelport.domain.budgets.periods import local
from modelport.domain.budgets.reservations import Reserved
from modelport.domain.errors import RequestFailed
from modelport.protocol.types import BudgetRefusal, BudgetScope, BudgetStatus


def status(window: Window, standing: Standing) -> BudgetStatus:
    """How far a budget is used up."""
    budget, scope = window.budget, window.budget.scope
    return BudgetStatus(
        name=budget.name,
        period=budget.period,
        limit_usd_micros=standing.limit(budget),
        spent_usd_micros=standing.spent,
        reserved_usd_micros=standing.reserved,
        fraction=round(rules.fraction(budget, standing), 6),
        unpriced_calls=standing.unpriced_calls,
        action=budget.action,
        warn_at=budget.warn_at,
        scope=BudgetScope(
            provider=scope.provider, model=scope.model, project=scope.project, client=scope.client, role=scope.role
        ),
        state=rules.state(budget, standing),
        resets_at=_moment(window.until_ms),
        raised_until=_moment(standing.raised_until_ms),
    )


def refused(window: Window, call: CallScope, reserved: Reserved) -> RequestFailed:
    """The error for a call that may cost more than a budget has left."""
    budget, standing = window.budget, reserved.standing
    under_way = f", {dollars(standing.reserved)} are reserved for calls under way," if standing.reserved else ""
    return _failed(
        window,
        call,
        f"The budget {budget.name} has too little left: {dollars(standing.spent)} of {dollars(standing.limit(budget))} "
        f"are spent{under_way} and this call may cost {dollars(reserved.estimate)}; {_reset(window)}raise it with "
        f"modelport budget raise {budget.name} USD, or use a model that costs less, such as a local one.",
        BudgetRefusal(
            name=budget.name,
            limit_usd_micros=standing.limit(budget),
            spent_usd_micros=standing.spent,
            reserved_usd_micros=standing.reserved,
            estimate_usd_micros=reserved.estimate,
            resets_at=_moment(window.until_ms),
        ),
        "raise the budget",
    )


def unpriced(window: Window, call: CallScope) -> RequestFailed:
    """The error for a call whose price is not known, by a budget that refuses such."""
    return _failed(
        window,
        call,
        f"The budget {window.budget.name} refuses calls whose price is not known, such as those of "
        f'{call.provider}/{call.model}: write its price into config.toml, or set unpriced = "allow" there.',
        _plain(window),
        "write the model's price into the configuration file",
    )


def unanswered(window: Window, call: CallScope, why: str) -> RequestFailed:
    """The error for a call while the ledger does not say what is spent."""
    return _failed(
        window,
        call,
        f"The budget {window.budget.name} cannot be checked, since the usage ledger does not answer ({why}): "
        'try again, or set action = "warn" for it in config.toml.',
        _plain(window),
        "try again",
    )


def dollars(micros: int) -> str:
    """An amount for a person: in cents, with as many more digits as tell it from its neighbours, at most six."""
    digits = 6 if abs(micros) < 10_000 else 4 if abs(micros) < 100_000_000 else 2
    whole, _, part = f"{micros / 1_000_000:,.{digits}f}".partition(".")
    return f"${whole}.{part.rstrip('0').ljust(2, '0')}"


def _failed(window: Window, call: CallScope, message: str, data: BudgetRefusal, action: str) -> RequestFailed:
    error = RequestFailed("budget_exceeded", message, provider=call.provider, model=call.model, action=action)
    error.budget = data
    return error


def _plain(window: Window) -> BudgetRefusal:
    return BudgetRefusal(
        name=window.budget.name,
        limit_usd_micros=window.budget.limit_usd_micros,
        resets_at=_moment(window.until_ms),
    )


def _reset(window: Window) -> str:
    """When the period ends, by the clock of the budget, as the start of what can be done."""
    if window.until_ms is None:
        return "it counts this session only: "
    return f"it resets at {local(window.until_ms, window.budget.zone):%Y-%m-%d %H:%M}: wait until then, "


def _moment(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
