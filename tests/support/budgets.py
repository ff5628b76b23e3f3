"""Budgets, calls and a ledger of budgets in memory, by nothing but the rules."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import msgspec

from modelport.adapters.usage_ledgers.budgets import SqliteBudgets
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.budgets import budget as rules
from modelport.domain.budgets.budget import Budget, CallScope, Scope, Standing, Window
from modelport.domain.budgets.reservations import LedgerSilentError, Offer, Reservation, Reserved
from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Usage

NOON = 20_000 * 86_400_000 + 43_200_000
MIDNIGHT = NOON - 43_200_000
PATIENT_S = 30.0
"""For a machine without a moment to spare: no test waits for it but those of silence."""


def budget(limit: int = 1000, /, **changes: Any) -> Budget:
    """A budget of a day in UTC; ``scope`` may be a dict."""
    scope = changes.pop("scope", {})
    values = {"name": "daily", "period": "day", "limit_usd_micros": limit, "timezone": "UTC"} | changes
    return Budget(**values, scope=scope if isinstance(scope, Scope) else Scope(**scope))


def window(limit: int = 1000, /, *, now_ms: int = NOON, session: str = "s1", **changes: Any) -> Window:
    """A budget in the period of a moment."""
    return budget(limit, **changes).window(now_ms, session, MIDNIGHT)


def scope(**changes: str) -> CallScope:
    """What a call of ``acme/m`` is selected by."""
    return CallScope(**({"provider": "acme", "model": "m", "client": "vim", "project": "site", "role": "chat", "session": "s1"} | changes))  # fmt: skip


def reservation(
    number: int,
    micros: int = 100,
    *,
    input_micros: int = 30,
    started_ms: int = NOON,
    max_output: int | None = None,
    **changes: str,
) -> Reservation:
    """A call that may cost ``micros``, ``input_micros`` of them for its input; or, without typical output, by tokens.

    With ``max_output`` each token of output costs a micro-dollar.
    """
    per_token = Decimal(micros - input_micros if max_output is None else 1) / 1_000_000
    offer = Offer(
        input_tokens=30,
        input_usd=Decimal(input_micros) / 1_000_000,
        usd_per_output_token=per_token,
        max_output_tokens=1 if max_output is None else max_output,
    )
    return Reservation(id=number, started_ms=started_ms, scope=scope(**changes), offer=offer)


def row(
    entry: int, micros: int | None = 50, *, started_ms: int = NOON, output: int = 5, outcome: Any = "ok", **changes: str
) -> CallRecord:
    """The row of a call of ``scope``."""
    of = scope(**changes)
    return CallRecord(
        started_at_ms=started_ms,
        provider=of.provider,
        model=of.model,
        client=of.client,
        project=of.project,
        role=of.role or None,  # type: ignore[arg-type]
        session=of.session,
        outcome=outcome,
        error_kind=None,
        finish_reason="stop",
        usage=Usage(input_tokens=10, output_tokens=output, latency_ms=1, usd_micros=micros, estimated=False),
        entry=entry,
    )


class OnDisk(SqliteBudgets):
    """The ledger of SQLite with the way to write rows beside it, as ``MemoryBudgets`` has."""

    def __init__(self, path: Path, warnings: Any = None) -> None:
        self.ledger = SqliteLedger(path, warnings)
        super().__init__(self.ledger)

    async def record(self, call: CallRecord) -> None:
        await self.ledger.record(call)

    async def written(self) -> None:
        """Returns when everything that waits is in the ledger."""
        while not await self.ledger.write_soon():  # noqa: ASYNC110  no event reports it
            await anyio.sleep(0.01)


class MemoryBudgets:
    """A ``BudgetLedger`` in memory; ``silent`` is the reason why it does not answer."""

    def __init__(self) -> None:
        self.rows: list[CallRecord] = []
        self.open: dict[int, tuple[Reservation, int]] = {}
        self.released: list[int] = []
        self.silent: str | None = None
        self._raises: dict[str, tuple[int, int]] = {}
        self._told: dict[tuple[str, str, int, int], Any] = {}

    async def record(self, call: CallRecord) -> None:
        """A row of the ledger."""
        self.rows.append(call)
        self.open.pop(call.entry, None)

    async def reserve(self, reservation: Reservation, windows: Sequence[Window], within_s: float) -> Reserved:
        if self.silent is not None:
            raise LedgerSilentError(self.silent)
        outputs = sorted(
            row.usage.output_tokens
            for row in self.rows[-100:]
            if (row.provider, row.model, row.outcome) == (reservation.scope.provider, reservation.scope.model, "ok")
        )
        typical = outputs[min(int(len(outputs) * 0.95), len(outputs) - 1)] if outputs else None
        estimate = reservation.offer.usd_micros(typical)
        standings = await self.standings(windows)
        refused_by = rules.refusing(windows, standings, estimate)
        if refused_by is None:
            self.open[reservation.id] = (reservation, estimate)
            return Reserved(estimate=estimate)
        window, standing = windows[refused_by], standings[refused_by]
        if rules.fraction(window.budget, standing) >= window.budget.warn_at:
            self._told[_key(window, standing)] = "exceeded"
        return Reserved(estimate=estimate, refused_by=refused_by, standing=standing)

    async def extend(self, reservation_id: int, windows: Sequence[Window], usd_micros: int, within_s: float) -> int:
        if self.silent is not None:
            raise LedgerSilentError(self.silent)
        of, reserved = self.open.get(reservation_id, (None, 0))
        amount = rules.extended(windows, await self.standings(windows), reserved, usd_micros)
        if of is not None:
            self.open[reservation_id] = (of, amount)
        return amount

    def release(self, reservation_id: int) -> None:
        self.released.append(reservation_id)
        self.open.pop(reservation_id, None)

    async def standings(self, windows: Sequence[Window]) -> Sequence[Standing]:
        return [self._standing(window) for window in windows]

    async def changes(self, windows: Sequence[Window], within_s: float) -> Sequence[tuple[Window, Standing]]:
        found: list[tuple[Window, Standing]] = []
        for window, standing in zip(windows, await self.standings(windows), strict=True):
            state = rules.state(window.budget, standing)
            if rules.worse(state, standing.told):
                self._told[_key(window, standing)] = state
                found.append((window, standing))
        return found

    async def raise_limit(self, budget: str, usd_micros: int, until_ms: int) -> None:
        self._raises[budget] = (usd_micros, until_ms)

    def _standing(self, window: Window) -> Standing:
        def counts(of: CallScope, started_ms: int) -> bool:
            until = window.until_ms or 1 << 60
            mine = window.since_ms <= started_ms < until if window.session is None else window.session == of.session
            return mine and window.budget.scope.covers(of)

        rows = [row for row in self.rows if counts(_scope_of(row), row.started_at_ms)]
        raised, until_ms = self._raises.get(window.budget.name, (0, 0))
        in_force = raised if until_ms > window.now_ms else 0
        standing = Standing(
            spent=sum(row.usage.usd_micros or 0 for row in rows),
            reserved=sum(cost for of, cost in self.open.values() if counts(of.scope, of.started_ms)),
            unpriced_calls=sum(row.usage.usd_micros is None for row in rows),
            raised=in_force,
            raised_until_ms=until_ms if in_force else None,
        )
        told = self._told.get(_key(window, standing))
        return standing if told is None else msgspec.structs.replace(standing, told=told)


def _key(window: Window, standing: Standing) -> tuple[str, str, int, int]:
    return window.budget.name, window.session or "", window.since_ms, standing.limit(window.budget)


def _scope_of(row: CallRecord) -> CallScope:
    return CallScope(row.provider, row.model, row.client or "", row.project or "", row.role or "", row.session or "")
