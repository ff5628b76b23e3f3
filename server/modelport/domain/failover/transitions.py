"""What opens, half opens and closes circuits: pure functions from all circuits and an event to those that change.

A store applies them to what it has in memory and, in a transaction, to what all programs share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import Struct

from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import ANY, Circuit, Route, Scope
from modelport.domain.failover.rests import RESTS, rest_ms
from modelport.protocol.types import ErrorKind

PROBE_MS = 30_000
"""How long a call that tries after a failure keeps the others away; its process may have died."""
SAME_WAIT_MS = 2_000
"""How far two rests may end from each other and still be one limit, that of an organisation and all of its keys."""
MAX_MESSAGE = 300
"""The longest part of a failure's message that is kept, in characters."""

Circuits = Mapping[Scope, Circuit]
Changes = dict[Scope, Circuit | None]
"""The circuits that change; None for one that is no more."""
Transition = Callable[[Circuits], Changes]


class Failure(Struct, frozen=True, kw_only=True):
    """A failed call of a route."""

    route: Route
    kind: ErrorKind
    message: str
    retry_after_ms: int | None
    at_ms: int
    """When it failed: milliseconds since 1970, UTC."""
    jitter: float
    """A random number from 0 to 1."""

    @classmethod
    def of(cls, route: Route, failure: RequestFailed, at_ms: int, jitter: float) -> Failure:
        """The failure of a call that raised an error."""
        return cls(
            route=route,
            kind=failure.reason,
            message=failure.message[:MAX_MESSAGE],
            retry_after_ms=failure.retry_after_ms,
            at_ms=at_ms,
            jitter=jitter,
        )


def blocking(circuits: Circuits, route: Route, now_ms: int) -> Circuit | None:
    """The circuit that keeps a route from being called: of several the one that ends last; None where none does."""
    found = [one for one in _of(circuits, route, now_ms) if one.blocked_until_ms(now_ms) > now_ms]
    return max(found, key=lambda one: one.blocked_until_ms(now_ms), default=None)


def half_open(circuits: Circuits, route: Route, now_ms: int) -> bool:
    """Whether a route has failed and may be tried by one call, which has to ``claim`` that first."""
    return blocking(circuits, route, now_ms) is None and next(_of(circuits, route, now_ms), None) is not None


def claim(circuits: Circuits, route: Route, owner: str, now_ms: int) -> Changes:
    """Makes ``owner`` the one call that tries a half open route; no changes where it is not half open."""
    if blocking(circuits, route, now_ms) is not None:
        return {}
    return {
        one.scope: msgspec.structs.replace(
            one, probe_owner=owner, probe_until_ms=now_ms + PROBE_MS, changed_ms=max(one.changed_ms, now_ms)
        )
        for one in _of(circuits, route, now_ms)
    }


def holds(circuits: Circuits, route: Route, owner: str, now_ms: int) -> bool:
    """Whether ``owner`` is the call that tries the route, or nothing keeps it from being called any more."""
    return all(one.probe_owner == owner for one in _of(circuits, route, now_ms))


def fail(circuits: Circuits, failure: Failure) -> Changes:
    """Opens a circuit, or keeps it open for longer, never for less than before."""
    route, now_ms = failure.route, failure.at_ms
    rest = RESTS.get(failure.kind)
    if rest is None or not route.rests:
        return release(circuits, route, now_ms)
    scope = Scope(
        provider=route.provider,
        address=route.address,
        key=ANY if rest.any_key else route.key,
        model=ANY if rest.any_model else route.model,
        background=route.background and not rest.any_role,
    )
    old = circuits.get(scope)
    if old is not None and old.is_over(now_ms):
        old = None
    # Calls that fail side by side are one failure: only one after the rest is the next in a row.
    failures = (old.failures + (old.until_ms <= now_ms)) if old else 1
    length_ms = rest_ms(
        rest, keyed=route.key != "", retry_after_ms=failure.retry_after_ms, failures=failures, jitter=failure.jitter
    )
    opened = Circuit(
        scope=scope,
        until_ms=max(now_ms + length_ms, old.until_ms if old else 0),
        failures=failures,
        kind=failure.kind,
        message=failure.message,
        client=route.client,
        changed_ms=now_ms,
    )
    changes: Changes = {scope: opened}
    if failure.kind == "rate_limited" and (shared := _of_all_keys(circuits, opened, now_ms)):
        changes[shared.scope] = shared
    # A circuit that this call tried to close, and that the failure says nothing about, may be tried by another one.
    return {**release(circuits, route, now_ms, but=scope), **changes}


def is_new(circuits: Circuits, route: Route, kind: ErrorKind, now_ms: int) -> bool:
    """Whether no failure of this kind is known of a route."""
    return all(one.kind != kind for one in _of(circuits, route, now_ms))


def succeed(circuits: Circuits, route: Route, now_ms: int) -> Changes:
    """Closes the circuits of a route.

    A rate limit that has not ended stays: the call was sent before it was reached.
    """
    return {one.scope: None for one in _of(circuits, route, now_ms, background=True) if not one.limits(now_ms)}


def release(circuits: Circuits, route: Route, now_ms: int, *, owner: str = "", but: Scope | None = None) -> Changes:
    """Lets another call try a half open route, where ``owner`` (a call, or the beginning of its name) was to."""
    return {
        one.scope: msgspec.structs.replace(one, probe_owner="", probe_until_ms=0)
        for one in _of(circuits, route, now_ms)
        if one.probe_owner.startswith(owner) and one.probe_owner and one.scope != but
    }


def reset(circuits: Circuits, provider: str | None, now_ms: int, *, keep_limits: bool = False) -> Changes:
    """Closes all circuits, or those of a provider; with ``keep_limits`` not the rate limits that have not ended."""
    return {
        one.scope: None
        for one in circuits.values()
        if provider in (None, one.scope.provider) and not (keep_limits and one.limits(now_ms))
    }


def expire(circuits: Circuits, now_ms: int) -> Changes:
    """Drops what no longer says anything."""
    return {one.scope: None for one in circuits.values() if one.is_over(now_ms)}


def applied(circuits: Circuits, changes: Changes) -> dict[Scope, Circuit]:
    """The circuits after changes."""
    return {scope: one for scope, one in {**circuits, **changes}.items() if one is not None}


def _of(circuits: Circuits, route: Route, now_ms: int, *, background: bool = False) -> Iterator[Circuit]:
    """The circuits a route has a part in: those of background calls only for such a call, or where they are wanted."""
    if not circuits:
        return
    for behind in (False, True) if route.background or background else (False,):
        for key in (route.key, ANY):
            for model in (route.model, ANY):
                one = circuits.get(Scope(route.provider, route.address, key, model, behind))
                if one is not None and not one.is_over(now_ms):
                    yield one


def _of_all_keys(circuits: Circuits, opened: Circuit, now_ms: int) -> Circuit | None:
    """The circuit of all keys for a model, where another key of the provider has the same wait."""
    scope = opened.scope
    for one in circuits.values():
        other = one.scope
        same = (other.provider, other.address, other.model, other.background) == (
            scope.provider,
            scope.address,
            scope.model,
            scope.background,
        )
        wait = one.limits(now_ms) and abs(one.until_ms - opened.until_ms) <= SAME_WAIT_MS
        if same and wait and other.key not in (scope.key, ANY):
            shared = Scope(scope.provider, scope.address, ANY, scope.model, scope.background)
            old = circuits.get(shared)
            return msgspec.structs.replace(
                opened, scope=shared, until_ms=max(opened.until_ms, old.until_ms if old else 0)
            )
    return None
