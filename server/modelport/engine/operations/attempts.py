"""Calls one provider with one of its keys after the other, as far as its circuits let the calls pass.

Another model is never called in its place: its vectors are of another space, and its judgements of another kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import Circuits, Route, route_of
from modelport.domain.failover.rules import KEY_REFUSED, PER_KEY
from modelport.domain.failover.steps import MAX_ATTEMPTS
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Target
from modelport.engine.operations.refusals import Refusals, Warn
from modelport.engine.operations.resting import Resting
from modelport.engine.providers.connections import Connections

T = TypeVar("T")
Call = Callable[[Endpoint], Awaitable[T]]
"""Sends the request to an endpoint, and records it."""


class KeyAttempts:
    """Finds the key that a request is sent with, and reports the outcome to the circuits.

    ``now_ms`` gives the milliseconds since 1970, UTC, ``refusals`` makes the refusals of one request.
    """

    def __init__(
        self,
        connections: Connections,
        circuits: Circuits,
        now_ms: Callable[[], int],
        refusals: Callable[[Warn], Refusals],
    ) -> None:
        self._connections = connections
        self._circuits = circuits
        self._now_ms = now_ms
        self._refusals = refusals

    async def run(self, target: Target, model: str, client: str | None, warn: Warn, call: Call[T]) -> T:
        """The result of the call with the first key that has one; warns of those that were refused before.

        Raises:
            InvalidParams: nothing was sent, since the provider has no address or cannot take the request.
            RequestFailed: no key has one; the error of the first, with the shortest wait.
        """
        refusals = self._refusals(warn)
        tried: set[str] = set()
        failures: list[RequestFailed] = []
        rests: list[Resting] = []
        while len(failures) - len(rests) < MAX_ATTEMPTS and (endpoint := await self._next(target, model, tried)):
            tried.add(endpoint.credential.fingerprint)
            route = route_of(endpoint, model, client=client)
            circuit = await self._circuits.admit(route)
            if circuit is not None:
                rests.append(Resting.of(endpoint, circuit, self._now_ms()))
                failure = rests[-1].failure(target)
                refusals.add(endpoint, failure)
            else:
                try:
                    return await self._call(endpoint, route, refusals, call)
                except RequestFailed as error:
                    failure = error
            failures.append(failure)
            if not self._another_key_may(failure):
                break
        free = next((one for one in rests if one.may_be_called), None)
        if free is not None and len(rests) == len(failures):
            await anyio.sleep(free.wait_s)
            return await self._call(free.endpoint, route_of(free.endpoint, model, client=client), refusals, call)
        waits = [one.retry_after_ms for one in failures if one.retry_after_ms is not None]
        failures[0].retry_after_ms = min(waits, default=None)
        raise failures[0]

    async def run_free(self, target: Target, model: str, client: str | None, warn: Warn, call: Call[T]) -> T:
        """The same for a request that is no call of the model, so that its failures say nothing about those.

        Only a key that is refused is reported, and one that was refused is not sent.

        Raises:
            RequestFailed: it failed, or no key is left.
        """
        refusals = self._refusals(warn)
        tried: set[str] = set()
        first: RequestFailed | None = None
        calls = 0
        while calls < MAX_ATTEMPTS and (endpoint := await self._next(target, model, tried)):
            tried.add(endpoint.credential.fingerprint)
            route = route_of(endpoint, model, client=client)
            circuit = await self._circuits.admit(route)
            if circuit is not None and circuit.kind == "auth_rejected":
                failure = Resting.of(endpoint, circuit, self._now_ms()).failure(target)
                refusals.add(endpoint, failure)
            else:
                calls += 1
                try:
                    result = await call(endpoint)
                except RequestFailed as error:
                    if error.reason != "auth_rejected":
                        raise
                    failure = error
                    await refusals.report(endpoint, route, error)
                else:
                    refusals.answered()
                    return result
                finally:
                    if circuit is None:
                        # Where it was the call to try a model that rests, another one is.
                        with anyio.CancelScope(shield=True):
                            await self._circuits.abandoned(route)
            first = first or failure
            if not self._another_key_may(failure):
                break
        if first is None:
            raise AssertionError("unreachable: the first key is always there")
        raise first

    async def _next(self, target: Target, model: str, tried: set[str]) -> Endpoint | None:
        """The endpoint with the next key; the only one where the provider has none."""
        return await self._connections.next_endpoint(target.provider, model, tried, connection=target.connection)

    def _another_key_may(self, failure: RequestFailed) -> bool:
        """Whether another key of the provider may be sent after a failure."""
        if failure.reason in KEY_REFUSED and self._connections.configured.failover.on_auth == "stop":
            return False
        return failure.reason in PER_KEY

    async def _call(self, endpoint: Endpoint, route: Route, refusals: Refusals, call: Call[T]) -> T:
        done = False
        try:
            result = await call(endpoint)
            await self._circuits.succeeded(route)
            done = True
        except RequestFailed as failure:
            if failure.kind != "budget_exceeded":
                await refusals.report(endpoint, route, failure)
                done = True
            raise
        finally:
            if not done:
                with anyio.CancelScope(shield=True):
                    await self._circuits.abandoned(route)
        refusals.answered()
        return result
