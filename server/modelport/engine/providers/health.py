"""The health of providers: the calls of this session, and what rests for all editors of the user."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from modelport.domain.errors import RequestFailed
from modelport.domain.failover import circuits as domain
from modelport.domain.failover.circuits import ANY, SharedHealth
from modelport.domain.ports import Clock
from modelport.domain.providers.registry import Registry
from modelport.domain.timestamps import rfc3339
from modelport.engine.providers.connections import Connections
from modelport.protocol import types


class ProviderHealth:
    """The use case of ``provider/status``, and of the commands that show and end a rest."""

    def __init__(self, registry: Registry, connections: Connections, circuits: SharedHealth, clock: Clock) -> None:
        self._registry = registry
        self._connections = connections
        self._circuits = circuits
        self._clock = clock

    async def status(self) -> types.StatusProviderResult:
        """The connections of the session, and the health of each provider that was called or rests."""
        status = self._connections.status()
        return msgspec.structs.replace(status, health=await self._health(status.health, status.connections))

    async def resting(self) -> Sequence[types.Health]:
        """The health of the providers of which something rests."""
        return [one for one in await self._health((), ()) if one.circuits]

    async def reset(self, provider: str | None) -> int:
        """Ends every rest, or those of a provider; returns how many there were.

        Raises:
            InvalidParams: unknown provider.
            RequestFailed: other editors cannot learn of it now.
        """
        return await self._circuits.reset(None if provider is None else self._registry.get(provider).id)

    async def _health(
        self, called: Sequence[types.Health], connections: Sequence[types.Connection]
    ) -> tuple[types.Health, ...]:
        now_ms = self._clock.now_ms()
        circuits: dict[str, list[types.Circuit]] = {}
        for one in await self._circuits.open():
            circuits.setdefault(one.scope.provider, []).append(_shown(one, now_ms))
        if not circuits:
            return tuple(called)
        addresses = {one.name: one.base_url for one in connections if one.name != one.provider}
        found = [_with(one, circuits.get(one.provider, ()), addresses.get(one.connection or "")) for one in called]
        known = {one.provider for one in called}
        found += [
            types.Health(provider=provider, ok=False, calls=0, failures=0, circuits=tuple(resting))
            for provider, resting in circuits.items()
            if provider not in known
        ]
        return tuple(found)


def problem(resting: Sequence[types.Health]) -> str | None:
    """What rests and why, in a sentence; None where nothing does."""
    parts = [
        f"{_name(one.provider, circuit)} {_until(circuit)} ({circuit.error.kind}"
        f"{f', {circuit.failures} in a row' if circuit.failures > 1 else ''}"
        f"{f', called by {circuit.client}' if circuit.client else ''})"
        for one in resting
        for circuit in one.circuits or ()
    ]
    return "; ".join(parts) or None


def _name(provider: str, circuit: types.Circuit) -> str:
    what = f"{provider}/{circuit.model}" if circuit.model else provider
    key = " with one of its keys" if circuit.one_key else ""
    return f"{what}{key}{' in the background' if circuit.background else ''}"


def _until(circuit: types.Circuit) -> str:
    return f"rests until {circuit.until}" if circuit.state == "open" else "is tried by the next call"


def _with(health: types.Health, circuits: Sequence[types.Circuit], address: str | None) -> types.Health:
    """The health with the circuits of a provider; of a connection with an address of its own, with those of that."""
    own = [one for one in circuits if address is None or one.base_url == address]
    return msgspec.structs.replace(health, circuits=tuple(own) or None)


def _shown(circuit: domain.Circuit, now_ms: int) -> types.Circuit:
    scope, until_ms = circuit.scope, circuit.blocked_until_ms(now_ms)
    is_open = until_ms > now_ms
    shown_ms = until_ms if is_open else circuit.until_ms
    return types.Circuit(
        state="open" if is_open else "halfOpen",
        base_url=scope.address,
        model=None if scope.model == ANY else scope.model,
        one_key=scope.key not in (ANY, ""),
        background=scope.background,
        until=rfc3339(shown_ms),
        retry_after_ms=max(until_ms - now_ms, 0),
        error=types.AttemptError(kind=circuit.kind, message=circuit.message),
        failures=circuit.failures,
        client=circuit.client or None,
    )


async def forget_failures(circuits: SharedHealth, provider: str) -> None:
    """Ends the rests of a provider that has just answered a check, but for its rate limits."""
    try:
        await circuits.reset(provider, keep_limits=True)
    except RequestFailed:
        # Other editors learn of it later: the connection is made all the same.
        return
