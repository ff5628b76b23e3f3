"""Reads the budgets of the configuration file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from difflib import get_close_matches

from modelport.domain.budgets.budget import Budget, Scope
from modelport.domain.budgets.periods import time_zone
from modelport.domain.budgets.settings import BudgetEntry

Mistake = tuple[tuple[str, ...], str]
"""The keys that lead to a value of the file, and what is wrong with it."""


def read_budgets(
    entries: Mapping[str, BudgetEntry], providers: Mapping[str, str]
) -> tuple[tuple[Budget, ...], Sequence[Mistake]]:
    """The budgets of the file's entries, by name, and what is wrong with others.

    ``providers`` has the id of each provider by its id and its aliases.
    """
    ids = {name.casefold(): provider for name, provider in providers.items()}
    budgets: list[Budget] = []
    mistakes: list[Mistake] = []
    for name, entry in entries.items():
        found = _mistakes(("budgets", name), entry, ids)
        mistakes += found
        if not found:
            budgets.append(_budget(name, entry, ids))
    return tuple(budgets), mistakes


def _mistakes(place: tuple[str, ...], entry: BudgetEntry, ids: Mapping[str, str]) -> list[Mistake]:
    found: list[Mistake] = []
    if entry.provider is not None and entry.provider.casefold() not in ids:
        near = get_close_matches(entry.provider.casefold(), ids, n=2, cutoff=0.6)
        hint = f" (did you mean {' or '.join(near)}?)" if near else ""
        found.append(((*place, "provider"), f"No provider is called this{hint}."))
    if entry.cut and entry.action == "warn":
        found.append(
            ((*place, "cut"), 'A budget that only warns ends no answer: set action = "refuse", or leave it out.')
        )
    try:
        time_zone(entry.timezone)
    except ValueError:
        known = "write one such as Europe/Berlin, or leave it out for that of this machine"
        found.append(((*place, "timezone"), f"No time zone is called this here: {known}."))
    return found


def _budget(name: str, entry: BudgetEntry, ids: Mapping[str, str]) -> Budget:
    micros = (Decimal(repr(entry.usd)) * 1_000_000).to_integral_value(rounding=ROUND_HALF_EVEN)
    return Budget(
        name=name,
        period=entry.period,
        limit_usd_micros=int(micros),
        action=entry.action,
        warn_at=entry.warn_at,
        unpriced=entry.unpriced,
        scope=Scope(
            provider=None if entry.provider is None else ids[entry.provider.casefold()],
            model=entry.model,
            project=entry.project,
            client=entry.client,
            role=entry.role,
        ),
        cut=entry.cut,
        timezone=entry.timezone,
    )
