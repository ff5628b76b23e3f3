"""Prints how far budgets are used up: a line each, with a bar where there is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime

from modelport.frontends.cli.output.printing import print_table
from modelport.frontends.cli.output.terminal import width
from modelport.frontends.cli.usage.bars import gauge, has_blocks
from modelport.protocol.types import BudgetStatus

GAUGE = 12
MIN_WIDTH_OF_A_GAUGE = 30


def print_budgets(budgets: Sequence[BudgetStatus]) -> None:
    """Prints the budgets."""
    columns = width(sys.stdout)
    drawn = columns is not None and columns >= MIN_WIDTH_OF_A_GAUGE
    headings = ["BUDGET", *([""] if drawn else []), "USED", "SPENT", "LIMIT", "STATE", "RESETS"]
    print_table(headings, [_row(budget, drawn=drawn) for budget in budgets])


def money(micros: int) -> str:
    """An amount in US dollars, with as many digits as its size needs."""
    return f"${micros / 1e6:,.2f}" if micros >= 10_000 or micros == 0 else f"${micros / 1e6:.6f}".rstrip("0")


def _row(budget: BudgetStatus, *, drawn: bool) -> list[str]:
    reserved = f" + {money(budget.reserved_usd_micros)} reserved" if budget.reserved_usd_micros else ""
    unpriced = f" + {budget.unpriced_calls:,} unpriced" if budget.unpriced_calls else ""
    raised = f" until {_clock(budget.raised_until)}" if budget.raised_until else ""
    return [
        budget.name,
        *([gauge(budget.fraction, GAUGE, blocks=has_blocks(sys.stdout))] if drawn else []),
        f"{int(budget.fraction * 100)} %",
        f"{money(budget.spent_usd_micros)}{reserved}{unpriced}",
        f"{money(budget.limit_usd_micros)} per {budget.period}{raised}",
        budget.state if budget.action == "refuse" else f"{budget.state} (warns only)",
        _clock(budget.resets_at) if budget.resets_at else "with the session",
    ]


def _clock(moment: str) -> str:
    """A time of the contract as the clock of this machine shows it."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
