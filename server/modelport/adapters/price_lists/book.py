"""The price lists as one file: those that ship with the package, or those that were fetched."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from modelport.domain.spending.price_list import PriceList, Prices, Unit


class PriceFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file; a list is decoded when a call is priced by it, since most processes need one or two."""

    source: str
    checked: date
    """The day on which its prices were those of their sellers."""
    units: dict[str, Unit]
    lists: dict[str, Raw]
    catalog: dict[str, dict[str, dict[str, Decimal]]]


_FILE = msgspec.json.Decoder(PriceFile)
_LIST = msgspec.json.Decoder(PriceList)


class PriceBook:
    """All lists by their names, and the catalog's prices."""

    def __init__(self, data: bytes) -> None:
        self._file = _FILE.decode(data)
        self._lists: dict[str, PriceList] = {}

    @property
    def source(self) -> str:
        """Where the lists come from, with its version."""
        return self._file.source

    @property
    def checked(self) -> date:
        """The day on which the prices were those of their sellers."""
        return self._file.checked

    @property
    def file(self) -> PriceFile:
        """All of it, the lists as they are in the file."""
        return self._file

    @property
    def units(self) -> dict[str, Unit]:
        """What has a price, by name."""
        return self._file.units

    def check(self) -> None:
        """Decodes all of it.

        Raises:
            ValueError: something in it is not as it has to be.
        """
        for name in self._file.lists:
            one = self.price_list(name)
            priced = [one.tools, *(dated.prices for model in one.models for dated in (*model.prices, *model.variants))]
            if unknown := {unit for prices in priced for unit in prices} - self.units.keys():
                raise ValueError(f"{name} has a price for {min(unknown)}, which is no unit")
            if not all(model.prices for model in one.models):
                raise ValueError(f"{name} has a model without prices")

    def price_list(self, name: str) -> PriceList:
        """A list; an empty one where there is none of that name."""
        if name not in self._lists:
            raw = self._file.lists.get(name)
            self._lists[name] = PriceList() if raw is None else _LIST.decode(raw)
        return self._lists[name]

    def in_catalog(self, provider: str, model: str) -> Prices | None:
        """The prices that the catalog has for a model, in lower case, of a provider."""
        return self._file.catalog.get(provider, {}).get(model)


def load_price_book() -> PriceBook:
    """Reads ``data/prices.json``; takes 2 ms, so call it off the event loop."""
    return PriceBook((Path(__file__).parents[2] / "data" / "prices.json").read_bytes())
