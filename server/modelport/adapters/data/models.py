"""Reads the model catalog that ships with the package."""

from __future__ import annotations

from modelport.adapters.data.rows import shipped
from modelport.domain.models.catalog import Catalog, CatalogFile
from modelport.lazy import Lazy


def load_catalog_file() -> CatalogFile:
    """Reads and checks ``data/models.json``; takes a few milliseconds, so call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    return shipped("models", CatalogFile)


class ShippedCatalog:
    """A ``CatalogStore``."""

    def __init__(self) -> None:
        self._catalog = Lazy(lambda: Catalog(load_catalog_file().models))

    async def catalog(self) -> Catalog:
        """The rows, read once."""
        return await self._catalog.get()
