"""Short-lived tokens: how long they last, and which were refused before that."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from msgspec import Struct

from modelport.domain.log_ins.stored import margin_s
from modelport.protocol.secret import Secret

MAX_LIFE_S = 366 * 24 * 3600.0
"""Of a token; one that is said to last longer is requested again after this time."""
QUIET_S = 60.0
"""A token that took the place of a refused one and is refused as soon as this was no token's fault."""
MAX_REMEMBERED = 64


class Token(Struct, frozen=True):
    """A short-lived token, when it ends (seconds since 1970), and the address it is good for."""

    secret: Secret
    ends_s: float
    base_url: str | None = None

    def fresh(self, margin_s: float) -> bool:
        """Whether it lasts for a while yet."""
        return time.time() + margin_s < self.ends_s


class Lease(Struct, frozen=True):
    """A token that this process has just obtained: when it is to be renewed, by the clock that nobody sets."""

    secret: Secret
    due: float
    """Of ``time.monotonic``."""
    base_url: str | None = None

    @property
    def fresh(self) -> bool:
        """Whether it need not be renewed yet."""
        return time.monotonic() < self.due


def due_after(life: float) -> float:
    """When a token that was obtained now and lasts for so many seconds is to be renewed, of ``time.monotonic``."""
    return time.monotonic() + life - margin_s(life)


def life_s(value: Any, otherwise: float) -> float:
    """How long a token lasts, by the seconds that a vendor has sent; ``otherwise`` where these are no number."""
    seconds = seconds_of(value)
    return otherwise if seconds is None else seconds


def seconds_of(value: Any) -> float | None:
    """A number of seconds that a vendor has sent, as a number or as a text; None for anything else."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  not a number
        return None
    return float(max(0, min(value, MAX_LIFE_S)))


class Refusals:
    """The refused tokens of a process, the newest of them."""

    def __init__(self) -> None:
        self._refused: OrderedDict[Secret, None] = OrderedDict()
        self._replacements: dict[Secret, float] = {}

    def add(self, token: Secret) -> bool:
        """Takes a token that was refused; returns whether another one may do. Callers at once get one answer."""
        obtained = self._replacements.get(token)
        self._refused[token] = None
        while len(self._refused) > MAX_REMEMBERED:
            self._replacements.pop(self._refused.popitem(last=False)[0], None)
        return obtained is None or time.monotonic() - obtained > QUIET_S

    def replaced(self, by: Secret) -> None:
        """Takes the token that was obtained because the one before was refused."""
        self._replacements = {by: time.monotonic()} | dict(list(self._replacements.items())[:MAX_REMEMBERED])

    def __contains__(self, token: Secret | None) -> bool:
        return token in self._refused
