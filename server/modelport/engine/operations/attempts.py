"""Calls one provider with one of its keys after the other, as far as its circuits let the calls pass.

Another model is never called in its place: its vectors are of another space, and its judgements of another kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import msgspec

from modelport.domain.completions.timeouts import is_own_server
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import Circuits, OpenCircuit, Route, route_of
from modelport.domain.failover.rules import KEY_REFUSED, PER_KEY, costs_nothing
from modelport.domain.failover.steps import MAX_ATTEMPTS, MAX_REST_S
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Target
from modelport.engine.completions.own_failures import resting
from modelport.engine.providers.connections import Connections

T = TypeVar("T")
Call = Callable[[Endpoint], Awaitable[T]]
"""Sends the request to an endpoint, and records it."""


class _Resting(msgspec.Struct, frozen=True):
    """An endpoint that is not to be called now."""

    endpoint: Endpoint
    circuit: OpenCircuit
    rest_s: float

    @property
    def may_be_called(self) -> bool:
        """Whether it is called all the same where no other key is left, if need be after a moment."""
        free = costs_nothing(self.circuit.kind, own_server=is_own_server(self.endpoint))
        return free or self.rest_s <= MAX_REST_S


class KeyAttempts:
    """Finds the key that a request is sent with, and reports the outcome to the circuits.

    ``now_ms`` gives the milliseconds since 1970, UTC.
    """

    def __init__(self, connections: Connections, circuits: Circuits, now_ms: Callable[[], int]) -> None:
        self._connections = connections
        self._circuits = circuits
        self._now_ms = now_ms

    async def run(self, target: Target, model: str, client: str | None, call: Call[T]) -> T:
        """The result of the call with the first key that has one.

        Raises:
            InvalidParams: nothing was sent, since the provider has no address or cannot take the request.
            RequestFailed: no key has one; the error of the first, with the shortest wait.
        """
        tried: set[str] = set()
        failures: list[RequestFailed] = []
        rests: list[_Resting] = []
        while len(failures) - len(rests) < MAX_ATTEMPTS and (endpoint := await self._next(target, model, tried)):
            tried.add(endpoint.credential.fingerprint)
            circuit = await self._circuits.admit(route_of(endpoint, model, client=client))
            if circuit is not None:
                rest_s = max(0.0, (circuit.until_ms - self._now_ms()) / 1000)
                rests.append(_Resting(endpoint, circuit, rest_s))
                failure = resting(target, circuit, rest_s)
            else:
                try:
                    return await self._call(endpoint, route_of(endpoint, model, client=client), call)
                except RequestFailed as error:
                    failure = error
            failures.append(failure)
            if not self._another_key_may(failure):
                break
        free = next((one for one in rests if one.may_be_called), None)
        if free is not None and len(rests) == len(failures):
            await anyio.sleep(free.rest_s if free.rest_s <= MAX_REST_S else 0)
            return await self._call(free.endpoint, route_of(free.endpoint, model, client=client), call)
        waits = [one.retry_after_ms for one in failures if one.retry_after_ms is not None]
        failures[0].retry_after_ms = min(waits, default=None)
        raise failures[0]

    async def _next(self, target: Target, model: str, tried: set[str]) -> Endpoint | None:
        """The endpoint with the next key; the only one where the provider has none."""
        return await self._connections.next_endpoint(target.provider, model, tried, connection=target.connection)

    def _another_key_may(self, failure: RequestFailed) -> bool:
        """Whether another key of the provider may be sent after a failure."""
        if failure.reason in KEY_REFUSED and self._connections.configured.failover.on_auth == "stop":
            return False
        return failure.reason in PER_KEY

    async def _call(self, endpoint: Endpoint, route: Route, call: Call[T]) -> T:
        done = False
        try:
            result = await call(endpoint)
            await self._circuits.succeeded(route)
            done = True
        except RequestFailed as failure:
            if failure.kind != "budget_exceeded":
                await self._circuits.failed(route, failure)
                done = True
            raise
        finally:
            if not done:
                with anyio.CancelScope(shield=True):
                    await self._circuits.abandoned(route)
        return result
