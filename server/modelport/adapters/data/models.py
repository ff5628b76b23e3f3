"""Reads the model catalog that ships with the package."""

from __future__ import annotations

from importlib.resources import files

import msgspec

from modelport.domain.models.catalog import Catalog, CatalogFile
from modelport.lazy import Lazy


def load_catalog_file() -> CatalogFile:
    """Reads and checks ``data/models.json``; takes a few milliseconds, so call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    return msgspec.json.decode(files("modelport.data").joinpath("models.json").read_bytes(), type=CatalogFile)


class ShippedCatalog:
    """A ``CatalogStore``."""

    def __init__(self) -> None:
        self._catalog = Lazy(lambda: Catalog(load_catalog_file().models))

    async def catalog(self) -> Catalog:
        """The rows, read once."""
        return await self._catalog.get()
