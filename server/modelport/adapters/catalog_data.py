"""Reads the model catalog that ships with the package."""

from __future__ import annotations

from importlib.resources import files

import anyio
import anyio.to_thread
import msgspec

from modelport.domain.catalog import Catalog, CatalogFile


def load_catalog_file() -> CatalogFile:
    """Reads and checks ``data/models.json``; takes a few milliseconds, so call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    return msgspec.json.decode(files("modelport.data").joinpath("models.json").read_bytes(), type=CatalogFile)


class ShippedCatalog:
    """A ``CatalogStore``."""

    def __init__(self) -> None:
        self._catalog: Catalog | None = None
        self._lock = anyio.Lock()

    async def catalog(self) -> Catalog:
        """The rows, read once."""
        if self._catalog is None:
            async with self._lock:
                if self._catalog is None:
                    self._catalog = await anyio.to_thread.run_sync(_load)
        return self._catalog


def _load() -> Catalog:
    return Catalog(load_catalog_file().models)
