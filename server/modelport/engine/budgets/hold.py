"""A call that the budgets have admitted, and what is reserved for it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence

from modelport.domain.budgets.budget import Window
from modelport.domain.budgets.reservations import BudgetLedger, LedgerSilentError, Offer
from modelport.domain.completions.call import Answer
from modelport.engine.budgets import statements
from modelport.engine.budgets.output_limit import end_beyond
from modelport.protocol.types import BudgetStatus

RESERVED_WITHIN_S = 0.25
"""How long a call waits at most for the ledger before it is sent, or before more output is reserved for."""
CHANGES_WITHIN_S = 0.08
"""How long a reply waits at most for the news of its budgets."""
GROWTH = 1.5
"""How much more output than an answer has is reserved for, so that a long one asks the ledger a few times only."""


class Hold:
    """A call that was admitted. ``entry`` is the number that its row in the ledger must have."""

    def __init__(self, ledger: BudgetLedger, windows: Sequence[Window], offer: Offer | None) -> None:
        """``offer`` is None where nothing is reserved, since the price is not known."""
        self.entry = secrets.randbits(62)
        self.max_output_tokens: int | None = None
        """The output after which a budget may end the answer; None where none does."""
        self._ledger = ledger
        self._windows = windows
        self._offer = offer

    async def complete(self, answer: Answer, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work that fills an answer; where a budget cuts, no longer than the budget has money for it."""
        if self.max_output_tokens is None:
            await work()
        else:
            await end_beyond(self.max_output_tokens, self._extend, answer, work)

    async def _extend(self, output_tokens: int) -> int:
        wanted = int(output_tokens * GROWTH) + 1
        if self._offer is None:
            return wanted
        amount = self._offer.usd_micros_of(wanted)
        try:
            reserved = await self._ledger.extend(self.entry, self._windows, amount, RESERVED_WITHIN_S)
        except LedgerSilentError:
            # An answer that is half paid is not thrown away for a lock. It is asked again at the next step.
            return wanted
        found = self._offer.output_tokens(reserved)
        return wanted if found is None else found

    def release(self) -> None:
        """Takes it that the call has no row in the ledger."""
        if self._offer is not None:
            self._ledger.release(self.entry)

    async def changes(self) -> tuple[BudgetStatus, ...]:
        """The budgets that came to a further state with the call, once its row is there."""
        found = await self._ledger.changes(self._windows, CHANGES_WITHIN_S)
        return tuple(statements.status(window, standing) for window, standing in found)
