"""Decides what follows a failure: the same target once more, the next one, or the end."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modelport.domain.errors import RETRYABLE, RequestFailed
from modelport.domain.failover.rules import KEY_REFUSED, rule_of
from modelport.domain.providers.configuration import FailoverEntry

MAX_ATTEMPTS = 6
"""Calls that are sent for one request."""
DEFAULT_TIME_S = 120.0
"""The time until the first delta where the request has no limit of its own."""
QUICK_S = 5.0
"""A failure that took longer is not worth a second one on the same target."""
MIN_PAUSE_S = 0.2
MAX_PAUSE_S = 0.6
"""The pause before the same target is called again, chosen at random so that clients do not come back together."""
MAX_WAIT_S = 10.0
MAX_SHARE = 0.25
"""The longest wait for a target that rests: in seconds, and as a share of the time that is left."""
MAX_REST_S = 1.0
"""The longest wait for a target that rests since before the request, where it is the only one."""

Way = Literal["fresh", "continue", "restart"]
"""How the next call begins: an answer of which nothing was sent, one to go on with, or one to begin again."""


class Repeat(Struct, frozen=True):
    """The same target is called again after a pause in seconds."""

    after_s: float
    way: Way = "fresh"


class Next(Struct, frozen=True):
    """The next target is called, at once."""

    way: Way = "fresh"


class Stop(Struct, frozen=True):
    """The request fails."""


Step = Repeat | Next | Stop
STOP = Stop()


class Situation(Struct, frozen=True, kw_only=True):
    """Where a request is when a call has failed."""

    attempts: int
    """Calls sent so far, the failed one included."""
    repeated: bool = False
    """Whether the target was called before."""
    called: bool = True
    """Whether anything was sent to it."""
    took_s: float = 0.0
    left_s: float = DEFAULT_TIME_S
    own_chain: bool = True
    """Whether the targets that follow were written by the user."""
    another_key: bool = False
    """Whether the same provider has another key."""
    committed: bool = False
    """Whether a part of the answer was sent to the client."""
    call_begun: bool = False
    """Whether that part holds a tool call, complete or not: to go on, the client has to take it back."""
    call_finished: bool = False
    """Whether that part holds a complete tool call, which the client may have made already."""
    can_continue: bool = False
    """Whether the target takes the beginning of its answer, and goes on with it."""
    can_restart: bool = True
    """Whether the client takes back what was sent."""


def next_step(failure: RequestFailed, now: Situation, settings: FailoverEntry, chance: float) -> Step:
    """What follows a failure; ``chance`` from 0 to 1 chooses the length of a pause."""
    if now.attempts >= MAX_ATTEMPTS or now.left_s <= 0:
        return STOP
    rule = rule_of(failure)
    way = _way(failure, now, settings)
    if way is None or not _may_go_on(failure, now, settings):
        return STOP
    if rule.repeats and _is_quick(failure, now):
        pause_s = MIN_PAUSE_S + (MAX_PAUSE_S - MIN_PAUSE_S) * chance
        if pause_s < now.left_s:
            return Repeat(pause_s, way)
    return Next(way)


def _way(failure: RequestFailed, now: Situation, settings: FailoverEntry) -> Way | None:
    """How another call may begin; None where there must be none, since the client has a part of this answer."""
    if not now.committed:
        return "fresh"
    rule = rule_of(failure)
    if now.call_finished or not (rule.repeats or rule.waits or failure.reason == "timeout"):
        return None
    if settings.after_commit == "continue" and now.can_continue:
        return "continue" if now.can_restart or not now.call_begun else None
    return "restart" if settings.after_commit == "restart" and now.can_restart else None


def _may_go_on(failure: RequestFailed, now: Situation, settings: FailoverEntry) -> bool:
    """Whether any other target may be called."""
    onward = rule_of(failure).onward
    if onward == "never":
        return not now.called
    if onward != "own_chain":
        return True
    stops = failure.reason in KEY_REFUSED and settings.on_auth == "stop"
    return not stops and (now.own_chain or now.another_key)


def _is_quick(failure: RequestFailed, now: Situation) -> bool:
    """Whether the same target may be called again at once: once, after a quick failure that nothing speaks against."""
    told_s = (failure.retry_after_ms or 0) / 1000
    lasts = not failure.may_repeat or (failure.reason in RETRYABLE and not failure.retryable)
    return now.called and not now.repeated and not lasts and now.took_s < QUICK_S and told_s <= MAX_PAUSE_S


def may_wait_s(rest_s: float, left_s: float, *, alone: bool) -> bool:
    """Whether a target that rests is worth a wait, where no other is left.

    ``alone``: it is the only target and rests since before the request, so that the rest is told instead.
    """
    return rest_s <= (MAX_REST_S if alone else MAX_WAIT_S) and rest_s <= left_s * MAX_SHARE
