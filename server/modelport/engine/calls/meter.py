"""What the recorder asks of a call, and of the budgets that count it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from modelport.domain.completions.call import Answer
from modelport.domain.spending.usage import Billing, Expected, Operation
from modelport.protocol import types


class Meter(Protocol):
    """What one call has used so far."""

    @property
    def finish_reason(self) -> types.FinishReason | None:
        """Why the answer ended; None for a call that is no completion."""
        ...

    @property
    def operation(self) -> Operation:
        """What the call is for, for telemetry."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The sampling parameters of the call, by our names."""
        ...

    def expected(self) -> Expected:
        """What it is expected to use, before it is sent."""
        ...

    def measured(self, started_s: float, ended_s: float) -> tuple[Billing, types.Usage]:
        """What is paid for, and the usage of a call between two readings of the monotonic clock without its price."""
        ...


class Hold(Protocol):
    """A call that the budgets have admitted."""

    entry: int
    """The number that its row in the ledger must have: the row takes the place of what is reserved for it."""

    async def complete(self, answer: Answer, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work that fills an answer, no longer than the budgets have money for it."""
        ...

    def release(self) -> None:
        """Takes it that the call has no row in the ledger."""
        ...

    async def changes(self) -> Sequence[types.BudgetStatus]:
        """The budgets that came to a further state with the call, once its row is there."""
        ...
