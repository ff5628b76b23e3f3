"""Reports budgets and raises them for a time."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from modelport.domain.budgets.budget import Budget
from modelport.domain.budgets.reservations import BudgetLedger
from modelport.domain.errors import InvalidParams
from modelport.domain.ports import Clock
from modelport.domain.providers.registry import Registry
from modelport.engine.budgets import statements
from modelport.protocol.types import BudgetStatus, ListBudgetResult


class BudgetReports:
    """The use cases of ``budget/*`` in a process that began at ``began_ms``."""

    def __init__(self, registry: Registry, ledger: BudgetLedger, clock: Clock, began_ms: int) -> None:
        self._registry = registry
        self._ledger = ledger
        self._clock = clock
        self._began_ms = began_ms

    async def list(self, session: str) -> ListBudgetResult:
        """The budgets of the configuration file, in its order; the one of a session is that of ``session``.

        Raises:
            RequestFailed: the ledger cannot be read.
        """
        now_ms = self._clock.now_ms()
        windows = [budget.window(now_ms, session, self._began_ms) for budget in self._registry.budgets]
        if not windows:
            return ListBudgetResult(budgets=())
        standings = await self._ledger.standings(windows)
        return ListBudgetResult(budgets=tuple(map(statements.status, windows, standings)))

    async def raise_limit(
        self, name: str, usd_micros: int, until_ms: Callable[[Budget, int], int], session: str
    ) -> BudgetStatus:
        """Raises the limit of a budget until a moment, and returns how far it is used up then; by 0: no more.

        ``until_ms`` gives the moment for the budget and for now, in milliseconds since 1970.

        Raises:
            InvalidParams: no budget has this name.
            RequestFailed: the ledger cannot be written.
        """
        budget = self._find(name)
        now_ms = self._clock.now_ms()
        await self._ledger.raise_limit(name, usd_micros, until_ms(budget, now_ms))
        window = budget.window(now_ms, session, self._began_ms)
        return statements.status(window, (await self._ledger.standings([window]))[0])

    def _find(self, name: str) -> Budget:
        budgets = {budget.name: budget for budget in self._registry.budgets}
        if name in budgets:
            return budgets[name]
        near = get_close_matches(name, budgets, n=2, cutoff=0.6)
        hint = f" (did you mean {' or '.join(near)}?)" if near else ""
        raise InvalidParams(
            f"config.toml has no budget called {name}{hint}: modelport budget lists them.", field="name"
        )
