"""What a call may cost, reserved before it is sent, and the port that keeps such amounts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from msgspec import Struct

from modelport.domain.budgets.budget import CallScope, Standing, Window

USUAL_OUTPUT_TOKENS = 2_000
"""The output that is expected of a model which the ledger does not know."""
INPUT_MARGIN = Decimal("1.15")
"""Input tokens are estimated by length, and a budget should not be overspent for a language with more of them."""


class Offer(Struct, frozen=True, kw_only=True):
    """What a call may cost, in US dollars, as far as its request says. Nothing is rounded."""

    input_tokens: int
    input_usd: Decimal
    usd_per_output_token: Decimal
    max_output_tokens: int | None = None
    """None where the request has no limit."""

    @property
    def input_usd_micros(self) -> int:
        """The price of the input, rounded up."""
        return _micros(self.input_usd)

    def usd_micros(self, typical_output_tokens: int | None) -> int:
        """The estimate, rounded up; ``typical_output_tokens`` is what this model seldom exceeds, None if unknown."""
        output = USUAL_OUTPUT_TOKENS if typical_output_tokens is None else typical_output_tokens
        if self.max_output_tokens is not None:
            output = min(output, self.max_output_tokens)
        return self.usd_micros_of(output)

    def usd_micros_of(self, output_tokens: int) -> int:
        """What the call costs with so much output, rounded up."""
        return _micros(self.input_usd + output_tokens * self.usd_per_output_token)

    def output_tokens(self, usd_micros: int) -> int | None:
        """The output that an amount pays besides the input; None where output costs nothing."""
        if not self.usd_per_output_token:
            return None
        return max(int((Decimal(usd_micros) / 1_000_000 - self.input_usd) / self.usd_per_output_token), 0)


class Reservation(Struct, frozen=True, kw_only=True):
    """A call that is about to be sent."""

    id: int
    """The entry that its row in the ledger will have: the row takes the place of the reservation."""
    started_ms: int
    scope: CallScope
    offer: Offer


class Reserved(Struct, frozen=True, kw_only=True):
    """The outcome of an attempt to reserve. Money is in millionths of a US dollar."""

    estimate: int
    refused_by: int | None = None
    """The place of the budget that the call does not fit into; None: it is reserved."""
    standing: Standing = Standing()
    """That of the budget, before this call."""


class LedgerSilentError(Exception):
    """The ledger did not answer in time; the text says why, as the end of a sentence."""


class BudgetLedger(Protocol):
    """Keeps reservations, over all processes of the user."""

    async def reserve(self, reservation: Reservation, windows: Sequence[Window], within_s: float) -> Reserved:
        """Reserves what a call may cost, unless one of the budgets refuses.

        Raises:
            LedgerSilentError: it did not answer in time. Where every budget only warns, the reservation is made
                when the ledger is back, unless the call has ended by then.
        """
        ...

    async def extend(self, reservation_id: int, windows: Sequence[Window], usd_micros: int, within_s: float) -> int:
        """Makes a reservation larger, up to an amount, as far as the budgets that cut answers have room.

        Returns what is reserved then.

        Raises:
            LedgerSilentError: it did not answer in time.
        """
        ...

    def release(self, reservation_id: int) -> None:
        """Gives a reservation up whose call will have no row. Never waits."""
        ...

    async def standings(self, windows: Sequence[Window]) -> Sequence[Standing]:
        """What is spent and reserved.

        Raises:
            RequestFailed: the ledger cannot be read.
        """
        ...

    async def changes(self, windows: Sequence[Window], within_s: float) -> Sequence[tuple[Window, Standing]]:
        """The budgets that have come to a further state, each once per period and state over all processes.

        What is found too late for ``within_s`` comes with a later call.
        """
        ...

    async def raise_limit(self, budget: str, usd_micros: int, until_ms: int) -> None:
        """Raises the limit of a budget until a moment, in place of any earlier raise; by 0: no more.

        Raises:
            RequestFailed: the ledger cannot be written.
        """
        ...


def _micros(usd: Decimal) -> int:
    return int((usd * 1_000_000).to_integral_value(rounding=ROUND_CEILING))
