"""The ports of the use cases of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from modelport.domain.models.catalog import Catalog
from modelport.domain.models.listing import CachedListing, Listing, PullProgress
from modelport.domain.providers.connection import Endpoint

Progress = Callable[[PullProgress], None]


class ModelLister(Protocol):
    """Lists the models at an endpoint."""

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        """The provider's list; ``known`` itself where that has not changed, None where the provider has no list.

        Raises:
            RequestFailed: it could not be reached, refused, or sent something else.
        """
        ...


class ModelStore(Protocol):
    """Fetches and deletes models, on servers of the user's own."""

    def pulls(self, endpoint: Endpoint) -> bool:
        """Whether models can be downloaded to the endpoint and deleted there."""
        ...

    async def pull(self, endpoint: Endpoint, model: str, progress: Progress) -> None:
        """Downloads a model and reports how far it is; when cancelled it stops at once.

        Raises:
            RequestFailed: there is no such model, or the download failed or broke off.
        """
        ...

    async def delete(self, endpoint: Endpoint, model: str) -> None:
        """Deletes a model.

        Raises:
            RequestFailed: it is missing, or could not be deleted.
        """
        ...


class ModelCache(Protocol):
    """Caches lists on the disk, by provider, address and key. Never fails: at worst it stores nothing."""

    async def get(self, endpoint: Endpoint) -> CachedListing | None:
        """The cached list of an endpoint, if there is one."""
        ...

    async def put(self, endpoint: Endpoint, listing: CachedListing) -> None:
        """Stores a list, in place of the one before."""
        ...

    async def invalidate(self, endpoint: Endpoint) -> None:
        """Deletes the list of an endpoint."""
        ...


class CatalogStore(Protocol):
    """The shipped catalog."""

    async def catalog(self) -> Catalog:
        """The catalog, read off the event loop on first use."""
        ...
