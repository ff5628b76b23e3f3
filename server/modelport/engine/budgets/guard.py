"""Admits calls by the budgets that count them: reserves what one may cost, and reports what has changed behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from modelport.borders import readable
from modelport.domain.budgets.budget import CallScope, Window
from modelport.domain.budgets.reservations import BudgetLedger, LedgerSilentError, Offer, Reservation
from modelport.domain.ports import Log
from modelport.domain.providers.registry import Registry
from modelport.engine.budgets import statements
from modelport.engine.budgets.hold import RESERVED_WITHIN_S, Hold
from modelport.engine.calls.recorder import PlannedCall

Estimate = Callable[[PlannedCall], Awaitable[Offer | None]]
"""What a call may cost; None where its price is not known."""


class BudgetGuard:
    """Admits the calls of a process that began at ``began_ms``."""

    def __init__(self, registry: Registry, ledger: BudgetLedger, estimate: Estimate, log: Log, began_ms: int) -> None:
        self._registry = registry
        self._ledger = ledger
        self._estimate = estimate
        self._log = log
        self._began_ms = began_ms
        self._said: set[str] = set()

    async def admit(self, call: PlannedCall) -> Hold | None:
        """Reserves what a call may cost that begins now; None where no budget counts it, or it costs nothing.

        Raises:
            RequestFailed: it may cost more than a budget has left, so it must not be sent.
        """
        scope = _scope(call)
        windows = [
            budget.window(call.started_ms, scope.session, self._began_ms)
            for budget in self._registry.budgets
            if budget.scope.covers(scope)
        ]
        if not windows:
            return None
        offer = await self._estimate(call)
        if offer is None:
            return self._unpriced(windows, scope)
        if not offer.input_usd and not offer.usd_per_output_token:
            return None
        hold = Hold(self._ledger, windows, offer)
        reservation = Reservation(id=hold.entry, started_ms=call.started_ms, scope=scope, offer=offer)
        amount = await self._reserve(reservation, windows)
        if amount is not None and any(window.budget.cut for window in windows):
            hold.max_output_tokens = offer.output_tokens(amount)
        return hold

    async def _reserve(self, reservation: Reservation, windows: Sequence[Window]) -> int | None:
        """What is reserved, in millionths of a US dollar; None where the ledger does not answer."""
        scope = reservation.scope
        try:
            reserved = await self._ledger.reserve(reservation, windows, RESERVED_WITHIN_S)
        except LedgerSilentError as silent:
            if (window := _strict(windows)) is not None:
                raise statements.unanswered(window, scope, str(silent)) from silent
            self._say(f"a budget could not be checked before a call: {silent}")
            return None
        if reserved.refused_by is not None:
            raise statements.refused(windows[reserved.refused_by], scope, reserved)
        return reserved.estimate

    def _unpriced(self, windows: Sequence[Window], scope: CallScope) -> Hold:
        """Admits a call whose price is not known before it is sent; what it turns out to cost is counted.

        Raises:
            RequestFailed: a budget refuses such calls.
        """
        for window in windows:
            if window.budget.unpriced == "refuse":
                raise statements.unpriced(window, scope)
        self._say(f"{scope.provider}/{scope.model} has no known price: budgets count its calls without money")
        return Hold(self._ledger, windows, None)

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._log.warning("%s", sentence)


def _scope(call: PlannedCall) -> CallScope:
    """What budgets select the call by, as its row in the ledger will have it."""
    origin = call.caller.origin
    return CallScope(
        provider=call.endpoint.provider.id,
        model=readable(call.model),
        client=readable(origin.client or ""),
        project=readable(origin.project or ""),
        role=call.caller.role or "",
        session=origin.session or "",
    )


def _strict(windows: Sequence[Window]) -> Window | None:
    return next((window for window in windows if window.budget.action == "refuse"), None)
