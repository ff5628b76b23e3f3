"""Lists the keys that are found: what each is shadowed by, what keeps it from being used, and its last use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anyio
from msgspec import Struct
from msgspec.structs import replace

from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import ANY, Circuit, SharedHealth
from modelport.domain.failover.rules import KEY_REFUSED
from modelport.domain.ports import Clock, KeyUses
from modelport.domain.providers.credential import Credential
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.domain.timestamps import rfc3339
from modelport.engine.providers.credentials import Credentials
from modelport.protocol import types

USES_WITHIN_S = 1.0
"""How long a list waits for the ledger; without it the list is whole but for the last uses."""
NO_KEY: frozenset[types.CredentialSource] = frozenset({"none", "notRequired"})
"""The sources of a status that stands for no key."""


class CredentialList:
    """The use case of ``credential/list``. It unlocks no keyring and runs no command."""

    def __init__(
        self, registry: Registry, credentials: Credentials, circuits: SharedHealth, uses: KeyUses, clock: Clock
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._circuits = circuits
        self._uses = uses
        self._clock = clock

    async def list(self) -> Sequence[types.CredentialStatus]:
        """The keys that are found without any connection, in the order of the providers, then those with a name."""
        known = await self._known()
        found: list[types.CredentialStatus] = []
        for row in self._registry.all():
            sources = await self._credentials.sources(row, self._registry.defaults(row))
            found += [_status(row, sources, known)] if sources else []
        for row, name in await self._credentials.names():
            overrides = replace(self._registry.defaults(row), connection=name)
            own = await self._credentials.find(row, overrides, None, unlock=False)
            found += [_status(row, (own,), known)] if own.connection is not None else []
        return found

    async def status(self, row: Provider) -> types.CredentialStatus:
        """The key of a provider that would be used now, with those that it shadows."""
        defaults = self._registry.defaults(row)
        sources = await self._credentials.sources(row, defaults)
        if sources:
            return _status(row, sources, await self._known())
        return (await self._credentials.statuses([(row, defaults, None)]))[0]

    async def _known(self) -> _Known:
        now_ms = self._clock.now_ms()
        circuits = await self._circuits.open()
        uses: Mapping[tuple[str, str], int] = {}
        with anyio.move_on_after(USES_WITHIN_S):
            try:
                uses = await self._uses.last_used_ms()
            except RequestFailed:
                # What is wrong with the ledger, doctor says.
                uses = {}
        return _Known(circuits, uses, now_ms)


class _Known(Struct, frozen=True):
    """What is known of all keys."""

    circuits: Sequence[Circuit]
    uses: Mapping[tuple[str, str], int]
    now_ms: int

    def last_used(self, key: Credential) -> str | None:
        at_ms = self.uses.get((key.provider, key.fingerprint))
        return None if at_ms is None else rfc3339(at_ms)

    def health(self, key: Credential) -> types.KeyHealth | None:
        """What keeps a key from being used: of several things a refusal, else what lasts longest."""
        place = (key.provider, key.fingerprint)
        own = [one for one in self.circuits if (one.scope.provider, one.scope.key) == place and key.fingerprint]
        if not own:
            return None
        worst = max(own, key=lambda one: (one.kind in KEY_REFUSED, one.scope.model == ANY, one.until_ms))
        until_ms = worst.blocked_until_ms(self.now_ms)
        return types.KeyHealth(
            state="refused" if worst.kind in KEY_REFUSED else "resting",
            until=rfc3339(until_ms) if until_ms > self.now_ms else None,
            model=None if worst.scope.model == ANY else worst.scope.model,
            error=types.AttemptError(kind=worst.kind, message=worst.message),
        )


def _status(row: Provider, sources: Sequence[Credential], known: _Known) -> types.CredentialStatus:
    """The first credential with its further keys, and the others as those it shadows."""
    first, *others = sources
    more = tuple(replace(_key(one, known), source=None, base_url=None) for one in first.alternatives)
    shadowed = tuple(_key(one, known) for other in others for one in (other, *other.alternatives))
    return replace(
        first.status(row, None),
        health=known.health(first),
        last_used_at=known.last_used(first),
        more_keys=more or None,
        others=shadowed or None,
    )


def _key(key: Credential, known: _Known) -> types.CredentialKey:
    return types.CredentialKey(
        source=key.source,
        location=key.location,
        last4=key.secret.last4 if key.secret else None,
        base_url=key.shown_base_url,
        health=known.health(key),
        last_used_at=known.last_used(key),
    )
