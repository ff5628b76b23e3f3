"""Finds where each key is sent, as a request finds it that comes without any connection."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.credentials.listing import CredentialList
from modelport.engine.providers.endpoints import Endpoints
from modelport.engine.providers.listener_guard import ListenerGuard
from modelport.engine.providers.stored_connections import StoredConnections

Owner = tuple[Provider, str | None]
"""A provider, and the name of a connection whose key is meant; None for the provider's own."""


class KeyEndpoints:
    """The owners of keys, and the endpoints that their keys are for."""

    def __init__(
        self,
        registry: Registry,
        keys: CredentialList,
        stored: StoredConnections,
        endpoints: Endpoints,
        guard: ListenerGuard,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._stored = stored
        self._endpoints = endpoints
        self._guard = guard

    async def owners(self, provider: str | None, name: str | None) -> Sequence[Owner]:
        """The owner of one key, those of a provider and its connections, or all, in the order of the list.

        Raises:
            InvalidParams: unknown provider, a name without a provider, or one that no connection may have.
        """
        if provider is None and name is not None:
            raise InvalidParams("name needs the provider whose connection it is: give provider too.", field="provider")
        if provider is None:
            return [(self._registry.get(one.provider), one.name) for one in await self._keys.list()]
        row = self._registry.get(provider)
        if name is not None:
            own = self._registry.connection_name(name, row)
            return [(row, own.casefold() if own else None)]
        listed = [(row, one.name) for one in await self._keys.list() if one.provider == row.id]
        return listed or [(row, None)]

    async def of(self, owner: Owner) -> Sequence[Endpoint]:
        """An endpoint for each key of an owner, in the order in which they are used; at the address of a bound key.

        Raises:
            InvalidParams: the provider has no address.
            RequestFailed: there is no key, or the keyring or the key's command does not give it.
        """
        row, name = owner
        overrides = await self._stored.addressed(row, name, unlock=True)
        endpoint = await self._guard.permitted(await self._endpoints.make(row, row.default_model, overrides), "request")
        if name is not None and endpoint.credential.connection != name:
            raise RequestFailed(
                "auth_required",
                f"No key of {row.display_name} is stored for {name}: store one with modelport keys set {row.id} "
                f"--name {name}.",
                provider=row.id,
            )
        ring = endpoint.credential.keys()
        return [msgspec.structs.replace(endpoint, credential=key) for key in ring]
