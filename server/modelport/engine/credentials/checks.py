"""Asks providers whether they take the keys that are found, by the cheapest request that needs one."""

from __future__ import annotations

import time
from collections.abc import Sequence

import anyio
import msgspec

from modelport.domain.errors import ModelportError, RequestFailed
from modelport.domain.failover.circuits import SharedHealth, route_of
from modelport.domain.ports import Dialects
from modelport.domain.providers.connection import Endpoint, Verification
from modelport.domain.providers.credential import missing
from modelport.domain.providers.rows import CLOUD_LOG_INS
from modelport.engine.credentials.key_endpoints import KeyEndpoints, Owner
from modelport.protocol import types

AT_ONCE = 4
"""How many providers are asked at the same time."""
TIMEOUT_S = 20.0
"""How long a provider may take to answer."""


class KeyChecks:
    """The use case of ``credential/test``."""

    def __init__(
        self, endpoints: KeyEndpoints, dialects: Dialects, circuits: SharedHealth, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._endpoints = endpoints
        self._dialects = dialects
        self._circuits = circuits
        self._timeout_s = timeout_s

    async def test(self, provider: str | None, name: str | None) -> Sequence[types.KeyCheck]:
        """The outcome for each key of a provider and its connections, of one connection, or of all providers.

        Raises:
            InvalidParams: unknown provider, a name without a provider, or one that no connection may have.
        """
        owners = await self._endpoints.owners(provider, name)
        found: list[Sequence[types.KeyCheck]] = [()] * len(owners)
        limiter = anyio.CapacityLimiter(AT_ONCE)

        async def check(place: int) -> None:
            async with limiter:
                found[place] = await self._checks(owners[place])

        async with anyio.create_task_group() as group:
            for place in range(len(owners)):
                group.start_soon(check, place)
        return [result for results in found for result in results]

    async def _checks(self, owner: Owner) -> Sequence[types.KeyCheck]:
        """The outcomes for the keys of one owner, asked one after the other: they are for the same address."""
        row, name = owner
        try:
            endpoints = await self._endpoints.of(owner)
        except ModelportError as error:
            why = types.AttemptError(kind=error.kind or "unsupported", message=error.message)
            return [types.KeyCheck(provider=row.id, name=name, source=missing(row).source, ok=False, error=why)]
        return [await self._check(endpoint) for endpoint in endpoints]

    async def _check(self, endpoint: Endpoint) -> types.KeyCheck:
        """The outcome for the key of an endpoint, which all programs of the user learn."""
        row = endpoint.provider
        key = endpoint.credential.status(row, endpoint.base_url)
        result = types.KeyCheck(
            provider=key.provider, name=key.name, source=key.source, location=key.location, last4=key.last4
        )
        if endpoint.credential.secret is None and row.auth not in CLOUD_LOG_INS:
            return result
        begun_s = time.monotonic()
        route = route_of(endpoint, row.default_model or "")
        try:
            verified = (await self._verification(endpoint)).verified
        except ModelportError as failure:
            if isinstance(failure, RequestFailed) and failure.reason == "auth_rejected":
                await self._circuits.failed(route, failure)
            why = types.AttemptError(kind=failure.kind or "unsupported", message=failure.message)
            result = msgspec.structs.replace(result, ok=False, error=why)
        else:
            if not verified:
                return result
            await self._circuits.succeeded(route)
            result = msgspec.structs.replace(result, ok=True)
        return msgspec.structs.replace(result, latency_ms=round((time.monotonic() - begun_s) * 1000, 3))

    async def _verification(self, endpoint: Endpoint) -> Verification:
        with anyio.move_on_after(self._timeout_s):
            return await (await self._dialects.get(endpoint)).verify(endpoint)
        row = endpoint.provider
        raise RequestFailed(
            "timeout",
            f"{row.display_name} has not answered within {self._timeout_s:g} s: try again later.",
            provider=row.id,
            action="try again later",
        )
