"""Circuits of this process alone: for tests, and what ``shared`` answers from."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence

import msgspec

from modelport.domain.errors import RequestFailed
from modelport.domain.failover import transitions
from modelport.domain.failover.circuits import Circuit, OpenCircuit, Route, Scope
from modelport.domain.failover.transitions import Failure, Transition
from modelport.domain.ports import Clock


class MemoryCircuits:
    """A ``SharedHealth`` in memory. ``jitter`` gives a random number from 0 to 1.

    No method awaits: the circuits change as the event loop's next step.
    """

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._name = secrets.token_hex(8)
        self._probes = 0
        self._table: dict[Scope, Circuit] = {}

    async def admit(self, route: Route) -> OpenCircuit | None:
        """None where the route may be called, which makes this call the one that tries after a failure."""
        blocking = self.blocking(route)
        if blocking is None and transitions.half_open(self._table, route, self.now_ms()):
            self.apply(self.claim(route, self.new_probe()))
        return blocking

    async def failed(self, route: Route, failure: RequestFailed) -> bool:
        """Opens the circuit; returns whether such a failure is new."""
        is_new = transitions.is_new(self._table, route, failure.reason, self.now_ms())
        self.apply(self.failure(route, failure))
        return is_new

    async def succeeded(self, route: Route) -> None:
        """Closes the circuit."""
        self.apply(self.success(route))

    async def abandoned(self, route: Route) -> None:
        """Lets another call try."""
        self.apply(self.release(route))

    async def open(self) -> Sequence[Circuit]:
        """The circuits that are not closed."""
        now_ms = self.now_ms()
        found = [one for one in self._table.values() if not one.is_over(now_ms)]
        return sorted(found, key=lambda one: (one.scope.provider, one.until_ms, msgspec.structs.astuple(one.scope)))

    async def reset(self, provider: str | None, *, keep_limits: bool = False) -> int:
        """Closes circuits; returns how many."""
        before = len(self._table)
        self.apply(self.resetting(provider, keep_limits=keep_limits))
        return before - len(self._table)

    # What a store over several processes builds on.

    @property
    def table(self) -> dict[Scope, Circuit]:
        """The circuits by what rests."""
        return self._table

    def now_ms(self) -> int:
        """The time: milliseconds since 1970, UTC."""
        return self._clock.now_ms()

    def new_probe(self) -> str:
        """A name for a call that is to try, which no other call of any process has."""
        self._probes += 1
        return f"{self._name}.{self._probes}"

    def blocking(self, route: Route) -> OpenCircuit | None:
        """The circuit that keeps a route from being called."""
        now_ms = self.now_ms()
        found = transitions.blocking(self._table, route, now_ms)
        return found and found.opened(now_ms)

    def apply(self, transition: Transition) -> bool:
        """Applies a transition; returns whether it changed anything."""
        changes = transition(self._table)
        self._table = transitions.applied(self._table, changes)
        return bool(changes)

    def replace(self, table: dict[Scope, Circuit], later: Iterable[Transition]) -> None:
        """Takes the circuits that all processes share, with transitions that they do not have yet."""
        self._table = table
        for transition in later:
            self.apply(transition)

    def restoring(self) -> Transition:
        """The transition that puts the circuits of now where there are none."""
        kept = self._table
        return lambda table: {scope: one for scope, one in kept.items() if scope not in table}

    def claim(self, route: Route, probe: str) -> Transition:
        """The transition that makes a call the one that tries."""
        now_ms = self.now_ms()
        return lambda table: transitions.claim(table, route, probe, now_ms)

    def failure(self, route: Route, failure: RequestFailed) -> Transition:
        """The transition of a failed call."""
        failed = Failure.of(route, failure, self.now_ms(), self._jitter())
        return lambda table: transitions.fail(table, failed)

    def success(self, route: Route) -> Transition:
        """The transition of a call that succeeded."""
        now_ms = self.now_ms()
        return lambda table: transitions.succeed(table, route, now_ms)

    def release(self, route: Route) -> Transition:
        """The transition of a call that ended without saying anything."""
        now_ms = self.now_ms()
        return lambda table: transitions.release(table, route, now_ms, owner=f"{self._name}.")

    def resetting(self, provider: str | None, *, keep_limits: bool) -> Transition:
        """The transition of a reset."""
        now_ms = self.now_ms()
        return lambda table: transitions.reset(table, provider, now_ms, keep_limits=keep_limits)
