"""Model lists of providers: requested, or from the cache."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from msgspec import Struct

from modelport.domain.errors import ModelportError, RequestFailed
from modelport.domain.models.catalog import Catalog
from modelport.domain.models.listing import REMOTE_TTL_MS, CachedListing, ListedModel, Listing
from modelport.domain.models.ports import CatalogStore, ModelCache, ModelLister
from modelport.domain.ports import Clock
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.connections import Connections

LIST_TIMEOUT_S = 20.0
"""For the whole list of a provider."""


class Source(Struct, frozen=True):
    """What has a list of models: a provider, by one of its connections where it has any."""

    row: Provider
    connection: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def name(self) -> str:
        """The name in front of its models: the connection's, else the provider's id."""
        return self.connection or self.row.id

    @property
    def own_name(self) -> str | None:
        """The connection's name where it is not the provider's id."""
        return None if self.name == self.row.id else self.connection


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

    def sources(self, row: Provider) -> list[Source]:
        """The connections of a provider, else the provider itself."""
        return [Source(row, name) for name in self._connections.of(row)] or [Source(row)]

    def named(self, connection: str) -> list[Source]:
        """The connection of this name; none where it is no connection's."""
        found = self._connections.find(connection)
        # A provider's id means all of its connections.
        return [] if found is None or found.name == found.provider.id else [Source(found.provider, found.name)]

    async def listed(
        self, source: Source, *, refresh: bool
    ) -> tuple[Sequence[ListedModel] | None, ModelportError | None]:
        """A list and the error of the request, if any; on an error a cached list stands in."""
        row = source.row
        try:
            endpoint = await self._connections.endpoint(
                row, None, connection=source.connection, keyless=_open_to_all(row)
            )
        except ModelportError as error:
            return None, error
        cached = await self._cache.get(endpoint)
        ttl_ms = 0 if row.connection_type == "local" else REMOTE_TTL_MS
        if cached is not None and not refresh and cached.fresh(self._clock.now_ms(), ttl_ms):
            return cached.listing.models, None
        try:
            listing = await self._requested(endpoint, cached.listing if cached and not refresh else None)
        except RequestFailed as error:
            return cached.listing.models if cached else None, error
        return (None if listing is None else listing.models), None

    async def cached(self, source: Source) -> Sequence[ListedModel] | None:
        """A cached list, however old. Sends no request, runs no command and unlocks nothing."""
        row, connection = source.row, source.connection
        if not self._connections.needs_no_command(row, connection):
            return None
        try:
            endpoint = await self._connections.endpoint(
                row, None, connection=connection, keyless=_open_to_all(row), unlock=False
            )
        except ModelportError:
            return None
        cached = await self._cache.get(endpoint)
        return None if cached is None else cached.listing.models

    async def catalog(self) -> Catalog:
        """The shipped catalog."""
        return await self._catalog.catalog()

    def now_ms(self) -> int:
        """The current time, for dates of retirement."""
        return self._clock.now_ms()

    async def cached_names(self, endpoint: Endpoint) -> list[str]:
        """The names of the models in an endpoint's cached list. Sends no request."""
        cached = await self._cache.get(endpoint)
        return [model.id for model in cached.listing.models] if cached else []

    async def cached_notice(self, endpoint: Endpoint, model: str) -> str | None:
        """What an endpoint's cached list says that the user has to do before a model answers. Sends no request."""
        cached = await self._cache.get(endpoint)
        listed = cached.listing.models if cached else ()
        return next((entry.notice for entry in listed if entry.id == model), None)

    async def current_names(self, endpoint: Endpoint) -> list[str]:
        """The names of the models that an endpoint lists now; those in the cached list if it does not answer."""
        try:
            listing = await self._requested(endpoint, None)
        except RequestFailed:
            listing = None
        return await self.cached_names(endpoint) if listing is None else [model.id for model in listing.models]

    async def invalidate(self, endpoint: Endpoint) -> None:
        """Drops the cached list of an endpoint, so that it is requested the next time."""
        await self._cache.invalidate(endpoint)

    async def _requested(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        with anyio.move_on_after(LIST_TIMEOUT_S):
            listing = await self._lister.models(endpoint, known)
            if listing is not None and (endpoint.base_url or endpoint.program):
                await self._cache.put(endpoint, CachedListing(listing=listing, checked_ms=self._clock.now_ms()))
            return listing
        row = endpoint.provider
        raise RequestFailed(
            "timeout",
            f"{row.display_name} did not list its models within {LIST_TIMEOUT_S:g} s: try again.",
            provider=row.id,
            action="try again",
        )


def _open_to_all(row: Provider) -> bool:
    """Whether the list can be read without a key, so that the key has to be proved elsewhere."""
    return bool(row.wire.verify_path)
