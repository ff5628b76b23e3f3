"""Connections that a key is stored for: they are named in requests, and nothing has to connect them before."""

from __future__ import annotations

from collections.abc import Sequence

from modelport.domain.providers.connection import OpenConnection, Overrides, layered
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.resolution import NamedConnection, resolve
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.types import Resolution


class StoredConnections:
    """Finds them by the names of the stored keys, which are listed without unlocking anything."""

    def __init__(self, registry: Registry, credentials: Credentials) -> None:
        self._registry = registry
        self._credentials = credentials

    async def target(
        self,
        connections: Sequence[OpenConnection],
        provider: str | None,
        model: str | None,
        resolution: Resolution | None,
    ) -> Target:
        """The target of a request over the connections of its session, and these.

        Raises:
            InvalidParams: as ``resolve``.
        """
        stored = await self._named(provider, model)
        return resolve(self._registry, connections, provider, model, resolution, stored)

    async def _named(self, provider: str | None, model: str | None) -> Sequence[NamedConnection]:
        """Those that a request may mean; they are looked for only where a name in it is that of no provider."""
        prefix, slash, _ = (model or "").partition("/")
        if provider is None and not slash and model is not None and self._registry.names_provider(model):
            return ()
        unknown = (provider is not None and self._registry.find(provider) is None) or (
            bool(prefix) and self._registry.find(prefix) is None and (bool(slash) or provider is None)
        )
        return [NamedConnection(row, name) for row, name in await self._credentials.names()] if unknown else ()

    def overrides(self, row: Provider, name: str | None, base_url: str | None = None) -> Overrides:
        """The configuration's overrides for one, before its key is read."""
        return layered(Overrides(connection=name, base_url=base_url), self._registry.defaults(row), row)

    async def addressed(self, row: Provider, name: str | None, *, unlock: bool) -> Overrides:
        """The overrides for one, or without a name for the provider, with the address that its key is stored for.

        Raises:
            RequestFailed: the keyring is needed and cannot be read.
        """
        overrides = self.overrides(row, name)
        key = await self._credentials.find(row, overrides, None, unlock=unlock)
        if key.connection != name or key.base_url is None:
            return overrides
        return self.overrides(row, name, key.base_url)
