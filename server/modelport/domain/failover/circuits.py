"""Circuits: which targets are not called for a while, since they have failed.

A circuit is closed while calls succeed, open until a time after a failure, and half open after that: one call may try.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from modelport.domain.errors import RequestFailed
from modelport.domain.failover.rests import MAX_REST_MS
from modelport.domain.failover.rules import KEY_REFUSED
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.types import ErrorKind

ANY = "*"
"""In a scope, in place of a key or a model: all of them."""
FORGOTTEN_AFTER_MS = 600_000
"""How long after its end a circuit says something about the next call."""
CLOCK_STEP_MS = 60_000
"""A circuit from further in the future is from before the clock was put back."""


class Route(Struct, frozen=True, kw_only=True):
    """What can fail by itself: a model of a provider, at an address, with a key."""

    provider: str
    address: str
    key: str
    """The fingerprint of the key; empty without one."""
    model: str
    background: bool = False
    """Whether the call is not one that a person waits for: its failures say nothing about those."""
    rests: bool = True
    """Whether a failure says something about the next call."""
    client: str = ""
    """The editor or program that calls, to be named where the route rests. It is not part of what rests."""


def route_of(endpoint: Endpoint, model: str, *, background: bool = False, client: str | None = None) -> Route:
    """The route of a call."""
    return Route(
        provider=endpoint.provider.id,
        address=endpoint.base_url,
        key=endpoint.credential.fingerprint,
        model=model,
        background=background,
        rests=endpoint.provider.rests,
        client=client or "",
    )


class Scope(Struct, frozen=True):
    """What rests: a part of a provider that fails as one."""

    provider: str
    address: str
    key: str
    """The fingerprint of a key, empty for none, or ``ANY``."""
    model: str
    """A model, or ``ANY``."""
    background: bool = False
    """Whether only calls rest that no person waits for."""


class Circuit(Struct, frozen=True, kw_only=True):
    """A circuit that is open or half open; a closed one is not kept. Times are milliseconds since 1970, UTC."""

    scope: Scope
    until_ms: int
    failures: int
    """How many in a row, calls side by side counted once."""
    kind: ErrorKind
    message: str
    client: str
    """The editor or program whose call failed."""
    probe_owner: str = ""
    """The call that tries whether the circuit can be closed; empty for none."""
    probe_until_ms: int = 0
    """When that call no longer keeps the others away."""
    changed_ms: int

    def blocked_until_ms(self, now_ms: int) -> int:
        """Until when it keeps calls away: its own end, that of a call that tries, or a time that has passed."""
        return self.until_ms if self.until_ms > now_ms else self.probe_until_ms

    def limits(self, now_ms: int) -> bool:
        """Whether it is a rate limit that has not ended."""
        return self.kind == "rate_limited" and self.until_ms > now_ms

    def is_over(self, now_ms: int) -> bool:
        """Whether it says nothing any more: long past its end, not changed for a day, or from another clock.

        That a key was refused is known for the day, since its owner was told.
        """
        return (
            (now_ms >= self.until_ms + FORGOTTEN_AFTER_MS and self.kind not in KEY_REFUSED)
            or now_ms >= self.changed_ms + MAX_REST_MS
            or now_ms < self.changed_ms - CLOCK_STEP_MS
        )

    def opened(self, now_ms: int) -> OpenCircuit:
        """The circuit as a call learns of it."""
        return OpenCircuit(
            until_ms=self.blocked_until_ms(now_ms), kind=self.kind, message=self.message, failures=self.failures
        )


class OpenCircuit(Struct, frozen=True, kw_only=True):
    """A route that is not to be called now."""

    until_ms: int
    """When it may be tried again: milliseconds since 1970, UTC."""
    kind: ErrorKind
    message: str
    failures: int
    """How many in a row."""


class Circuits(Protocol):
    """The circuits of all routes, shared by all processes of the user. No method raises, or waits for a disk."""

    async def admit(self, route: Route) -> OpenCircuit | None:
        """None where the route may be called, which makes this call the one that tries after a failure."""
        ...

    async def failed(self, route: Route, failure: RequestFailed) -> bool:
        """Opens the circuit, for as long as the failure says or experience suggests; never for less than before.

        Returns whether nothing was known of such a failure, by this process or another one.
        """
        ...

    async def succeeded(self, route: Route) -> None:
        """Closes the circuit."""
        ...

    async def abandoned(self, route: Route) -> None:
        """The call was cancelled, which says nothing: another one may try."""
        ...


class SharedHealth(Circuits, Protocol):
    """The circuits as the views show them and a person resets them."""

    async def open(self) -> Sequence[Circuit]:
        """The circuits that are open or half open now, of all programs of the user, by provider and end."""
        ...

    async def reset(self, provider: str | None, *, keep_limits: bool = False) -> int:
        """Closes the circuits of a provider, or all; returns how many. ``keep_limits`` leaves rate limits as they are.

        It is written before this returns, where the ledger can be written within a moment.
        """
        ...
