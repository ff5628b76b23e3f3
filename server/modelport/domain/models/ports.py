"""What the use cases of models need from the outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from modelport.domain.models.catalog import Catalog
from modelport.domain.models.listing import KeptListing, Listing, PullProgress
from modelport.domain.providers.connection import Endpoint

Progress = Callable[[PullProgress], None]


class ModelLister(Protocol):
    """Lists the models at an endpoint."""

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        """What the provider lists; ``known`` itself where that has not changed, None where it lists nothing at all.

        Raises:
            RequestFailed: it could not be reached, refused, or sent something else.
        """
        ...


class ModelStore(Protocol):
    """Fetches and deletes models, on servers of the user's own."""

    def pulls(self, endpoint: Endpoint) -> bool:
        """Whether models can be fetched to the endpoint and deleted there."""
        ...

    async def pull(self, endpoint: Endpoint, model: str, progress: Progress) -> None:
        """Fetches a model, and tells how far that is; when cancelled it stops at once.

        Raises:
            RequestFailed: there is no such model, or the download failed or broke off.
        """
        ...

    async def delete(self, endpoint: Endpoint, model: str) -> None:
        """Deletes a model.

        Raises:
            RequestFailed: it is not there, or could not be deleted.
        """
        ...


class ModelCache(Protocol):
    """Keeps lists between processes, apart by provider, address and key. Never fails: at worst it keeps nothing."""

    async def get(self, endpoint: Endpoint) -> KeptListing | None:
        """What was kept of an endpoint's list."""
        ...

    async def put(self, endpoint: Endpoint, kept: KeptListing) -> None:
        """Keeps a list, in place of the one before."""
        ...

    async def forget(self, endpoint: Endpoint) -> None:
        """Forgets the list of an endpoint."""
        ...


class CatalogStore(Protocol):
    """The catalog that ships."""

    async def catalog(self) -> Catalog:
        """The rows, read off the event loop by whoever asks first."""
        ...
