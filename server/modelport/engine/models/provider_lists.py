"""What each provider lists: asked, or kept from the last time."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from modelport.domain.errors import ModelportError, RequestFailed
from modelport.domain.models.catalog import Catalog
from modelport.domain.models.listing import REMOTE_TTL_MS, KeptListing, ListedModel, Listing
from modelport.domain.models.ports import CatalogStore, ModelCache, ModelLister
from modelport.domain.ports import Clock
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.connections import Connections

LIMIT_S = 20.0
"""How long a provider may take for its whole list."""


class ModelLists:
    """The lists of all providers, over a cache that other processes share."""

    def __init__(
        self, connections: Connections, lister: ModelLister, cache: ModelCache, catalog: CatalogStore, clock: Clock
    ) -> None:
        self._connections = connections
        self._lister = lister
        self._cache = cache
        self._catalog = catalog
        self._clock = clock

    async def listed(
        self, row: Provider, *, refresh: bool
    ) -> tuple[Sequence[ListedModel] | None, ModelportError | None]:
        """What a provider lists, and why it could not be asked; an older list stands in for one that fails."""
        try:
            endpoint = await self._connections.endpoint(row, None, keyless=_open_to_all(row))
        except ModelportError as error:
            return None, error
        kept = await self._cache.get(endpoint)
        ttl_ms = 0 if row.connection_type == "local" else REMOTE_TTL_MS
        if kept is not None and not refresh and kept.fresh(self._clock.now_ms(), ttl_ms):
            return kept.listing.models, None
        try:
            listing = await self._asked(endpoint, kept.listing if kept and not refresh else None)
        except RequestFailed as error:
            return kept.listing.models if kept else None, error
        return (None if listing is None else listing.models), None

    async def kept(self, row: Provider) -> Sequence[ListedModel] | None:
        """What a provider has listed before, however long ago; asks nobody, runs no command and unlocks nothing."""
        if not self._connections.needs_no_command(row):
            return None
        try:
            endpoint = await self._connections.endpoint(row, None, keyless=_open_to_all(row), unlock=False)
        except ModelportError:
            return None
        kept = await self._cache.get(endpoint)
        return None if kept is None else kept.listing.models

    async def catalog(self) -> Catalog:
        """The catalog that ships."""
        return await self._catalog.catalog()

    def now_ms(self) -> int:
        """The time, for what depends on the day."""
        return self._clock.now_ms()

    async def kept_names(self, endpoint: Endpoint) -> list[str]:
        """The names of the models an endpoint has listed before; asks nobody."""
        kept = await self._cache.get(endpoint)
        return [model.id for model in kept.listing.models] if kept else []

    async def forget(self, endpoint: Endpoint) -> None:
        """Makes sure that the endpoint is asked the next time."""
        await self._cache.forget(endpoint)

    async def _asked(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        with anyio.move_on_after(LIMIT_S):
            listing = await self._lister.models(endpoint, known)
            if listing is not None and endpoint.base_url:
                await self._cache.put(endpoint, KeptListing(listing=listing, checked_ms=self._clock.now_ms()))
            return listing
        row = endpoint.provider
        raise RequestFailed(
            "timeout",
            f"{row.display_name} did not list its models within {LIMIT_S:g} s: try again.",
            provider=row.id,
            action="try again",
        )


def _open_to_all(row: Provider) -> bool:
    """Whether the list can be read without a key, so that the key has to be proved elsewhere."""
    return bool(row.wire.verify_path)
