"""A budget as the configuration file has it. The docstring under a field is its description in the published schema."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from modelport.protocol.types import BudgetAction, BudgetPeriod, CompletionRole

Name = Annotated[str, Meta(min_length=1)]
Dollars = Annotated[float, Meta(ge=0, le=1_000_000_000)]
Fraction = Annotated[float, Meta(gt=0, le=1)]
UnpricedCalls = Literal["allow", "refuse"]


class BudgetEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit on what calls cost in a period. A call counts where everything fits that the budget names."""

    period: BudgetPeriod
    """day and week (from Monday) begin at midnight, month with its first day; session is one run of a program."""
    usd: Dollars
    """The limit in US dollars; 0: only calls that cost nothing."""
    action: BudgetAction = "refuse"
    """refuse: a call that may exceed the limit is not sent; warn: it is, and the limit is only reported."""
    warn_at: Fraction = 0.8
    """The part of the limit from which on there is a warning."""
    unpriced: UnpricedCalls = "allow"
    """What happens to calls whose price is not known: allow counts them without money, refuse does not send them."""
    cut: bool = False
    """true: an answer under way is ended once it costs more than the limit has left; only where action is refuse."""
    provider: Name | None = None
    """Only calls of this provider, by its id or an alias."""
    model: Name | None = None
    """Only calls of this model, with or without PROVIDER/ in front; "*" stands for any text."""
    project: Name | None = None
    """Only calls from this workspace, as in modelport usage --by project; "*" stands for any text."""
    client: Name | None = None
    """Only calls of this editor or program, as in modelport usage --by client; "*" stands for any text."""
    role: CompletionRole | None = None
    """Only completions for this purpose."""
    timezone: Name | None = None
    """The time zone of the period, such as Europe/Berlin; absent: that of this machine."""
