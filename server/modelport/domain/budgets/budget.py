"""Budgets: which calls they count, whether one more call fits, and how far they are used up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from fnmatch import fnmatchcase

from msgspec import Struct

from modelport.domain.budgets.periods import span_of, time_zone
from modelport.domain.budgets.settings import UnpricedCalls
from modelport.protocol.types import BudgetAction, BudgetPeriod, BudgetState, CompletionRole

STATES: tuple[BudgetState, ...] = ("ok", "warned", "exceeded")
"""By how much of the limit is spent."""


class CallScope(Struct, frozen=True):
    """What budgets select calls by; an empty text where a call has none."""

    provider: str
    model: str
    client: str = ""
    project: str = ""
    role: str = ""
    session: str = ""


class Scope(Struct, frozen=True, kw_only=True):
    """The calls that a budget counts: those for which everything fits that is not None.

    ``model``, ``project`` and ``client`` are patterns in which only ``*`` has a meaning.
    """

    provider: str | None = None
    model: str | None = None
    project: str | None = None
    client: str | None = None
    role: CompletionRole | None = None

    def covers(self, call: CallScope) -> bool:
        """Whether a call counts."""
        return (
            self.provider in (None, call.provider)
            and self.role in (None, call.role)
            and (self.project is None or fits(call.project, self.project))
            and (self.client is None or fits(call.client, self.client))
            and (
                self.model is None or fits(call.model, self.model) or fits(f"{call.provider}/{call.model}", self.model)
            )
        )


class Budget(Struct, frozen=True, kw_only=True):
    """A limit on what calls cost in a period."""

    name: str
    period: BudgetPeriod
    limit_usd_micros: int
    action: BudgetAction = "refuse"
    warn_at: float = 0.8
    unpriced: UnpricedCalls = "allow"
    cut: bool = False
    """Whether an answer under way is ended that costs more than the limit has left."""
    scope: Scope = Scope()
    timezone: str | None = None
    """None for the zone of this machine."""

    @property
    def zone(self) -> tzinfo | None:
        """The time zone of its period; None for that of this machine."""
        return time_zone(self.timezone)

    def window(self, now_ms: int, session: str, session_ms: int) -> Window:
        """The budget in the period that a moment is in, for a session that began at ``session_ms``."""
        span = span_of(self.period, now_ms, self.zone, session_ms=session_ms)
        one_run = session if self.period == "session" else None
        return Window(budget=self, now_ms=now_ms, since_ms=span.since_ms, until_ms=span.until_ms, session=one_run)


class Window(Struct, frozen=True, kw_only=True):
    """A budget in one of its periods, in milliseconds since 1970, UTC; ``until_ms`` is None for a session."""

    budget: Budget
    now_ms: int
    """The moment that it is looked at."""
    since_ms: int
    until_ms: int | None
    session: str | None = None
    """The run of a client whose calls alone count; None: those of all."""


class Standing(Struct, frozen=True, kw_only=True):
    """What the ledger knows of a budget in a period. Money is in millionths of a US dollar."""

    spent: int = 0
    reserved: int = 0
    """For calls that are under way."""
    unpriced_calls: int = 0
    raised: int = 0
    """How much the limit is raised for a time."""
    raised_until_ms: int | None = None
    told: BudgetState = "ok"
    """The last change of state that was reported in this period, for the limit as it is."""

    def limit(self, budget: Budget) -> int:
        """The limit in force."""
        return budget.limit_usd_micros + self.raised

    def left(self, budget: Budget) -> int:
        """What a call may cost; negative where more is spent and reserved than the limit."""
        return self.limit(budget) - self.spent - self.reserved


def glob(pattern: str) -> str:
    """A pattern in which only ``*`` has a meaning, for shell-style matching, which SQLite has as well."""
    return "".join(f"[{character}]" if character in "[?" else character for character in pattern)


def fits(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern in which only ``*`` has a meaning."""
    return fnmatchcase(text, glob(pattern))


def refusing(windows: Sequence[Window], standings: Sequence[Standing], estimate: int) -> int | None:
    """Which budget a call that may cost ``estimate`` does not fit into: the tightest of them; None where it fits."""
    tight = [
        (standing.left(window.budget), index)
        for index, (window, standing) in enumerate(zip(windows, standings, strict=True))
        if window.budget.action == "refuse" and estimate > max(standing.left(window.budget), 0)
    ]
    return min(tight)[1] if tight else None


def extended(windows: Sequence[Window], standings: Sequence[Standing], reserved: int, wanted: int) -> int:
    """What is reserved for a call that wants more: all of it, or as much as the budgets that cut answers have left.

    ``reserved``, which the standings include, is what it has; it is never less afterwards.
    """
    room = [
        max(standing.left(window.budget), 0)
        for window, standing in zip(windows, standings, strict=True)
        if window.budget.cut
    ]
    return max(reserved, min((wanted, *(reserved + left for left in room))))


def fraction(budget: Budget, standing: Standing) -> float:
    """The part of the limit that is spent; 1 for a limit of nothing once anything is."""
    limit = standing.limit(budget)
    return standing.spent / limit if limit > 0 else float(standing.spent > 0)


def state(budget: Budget, standing: Standing) -> BudgetState:
    """``exceeded`` once the limit is spent, or a call was refused after the warning; ``warned`` from ``warn_at`` on."""
    part = fraction(budget, standing)
    if part >= 1 or standing.told == "exceeded":
        return "exceeded"
    return "warned" if part >= budget.warn_at else "ok"


def worse(new: BudgetState, old: BudgetState) -> bool:
    """Whether a state is a further step than another one."""
    return STATES.index(new) > STATES.index(old)
