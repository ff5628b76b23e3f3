"""Writes ``data/prices.json``: the price lists that rows name, with our corrections, and the prices of the catalog.

Run by ``make prices``. Source: the lists of the installed release of https://pypi.org/project/genai-prices (MIT).
"""

from __future__ import annotations

import dataclasses
import sys
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import genai_prices.types as genai
import msgspec
from genai_prices.data import providers
from genai_prices.data_units import unit_data

from modelport.adapters.data.models import load_catalog_file
from modelport.adapters.data.providers import load_registry
from modelport.adapters.price_lists.genai_prices import read_genai_prices
from modelport.adapters.price_lists.merging import price_file, with_ours
from modelport.domain.spending.price_list import PriceList, Prices, Unit

TARGET = Path(__file__).parents[1] / "server" / "modelport" / "data" / "prices.json"
OURS = (Path(__file__).with_name("corrections.toml"), Path(__file__).with_name("additions.toml"))
"""Our own lists, whose models come before those of genai-prices, and in this order."""
UNITS = {
    name: Unit(per=unit["per"], dimensions=unit["dimensions"], price_key=unit.get("price_key", name))
    for name, unit in unit_data.items()
}
UNPRICED = frozenset({"name", "description", "context_window", "price_comments", "deprecated"})
"""What the lists say of a model besides its price."""


def main(arguments: list[str]) -> int:
    """Writes the file, or only says with ``--check`` whether it is what would be written."""
    text = _document()
    if arguments == ["--check"]:
        same = TARGET.read_bytes() == text
        print("data/prices.json is up to date" if same else "data/prices.json is not up to date: run make prices")
        return 0 if same else 1
    TARGET.write_bytes(text)
    print(f"data/prices.json: {len(text):,} bytes")
    return 0


def _document() -> bytes:
    published = msgspec.json.Encoder(decimal_format="number").encode([_published(one) for one in providers])
    lists, units = read_genai_prices(published, UNITS)
    for path in reversed(OURS):
        lists = with_ours(lists, _read(path))
    named = {row.pricing.price_list for row in load_registry().all() if row.pricing.price_list}
    wanted = named | {maker for name in named for maker in lists[name].fallbacks}
    lists = {name: lists[name] for name in sorted(wanted)}
    checked = tomllib.loads(OURS[0].read_text(encoding="utf-8"))["checked"]
    return price_file(f"genai-prices {version('genai-prices')}", checked, units, lists, _catalog())


def _read(path: Path) -> dict[str, PriceList]:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    for when in _tables(raw["lists"], "when"):
        if "holidays" in when:
            when["holidays"] = raw["holidays"][when["holidays"]]
    lists = msgspec.convert(raw["lists"], dict[str, PriceList], strict=False)
    for name, one in lists.items():
        if not all(model.source for model in one.models):
            raise ValueError(f"{path.name}, {name}: a model without a source")
    return lists


def _tables(value: Any, name: str) -> Iterable[dict[str, Any]]:
    """Every table with this name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from _tables(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _tables(inner, name)


def _catalog() -> dict[str, dict[str, Prices]]:
    """The prices of the catalog, by provider and model."""
    found: dict[str, dict[str, Prices]] = {}
    for model in load_catalog_file().models:
        price = model.price
        if price is None or price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
            continue
        given = {
            "input_tokens": price.input_usd_per_mtok,
            "output_tokens": price.output_usd_per_mtok,
            "cache_read_tokens": price.cache_read_usd_per_mtok,
            "cache_write_tokens": price.cache_write_usd_per_mtok,
        }
        prices = {name: Decimal(repr(value)) for name, value in given.items() if value is not None}
        found.setdefault(model.provider, {})[model.id.lower()] = prices
    return found


def _published(provider: genai.Provider) -> dict[str, Any]:
    """A seller in the form in which genai-prices publishes it."""
    return {
        "id": provider.id,
        "models": [_plain(model) for model in provider.models],
        "fallback_model_providers": provider.fallback_model_providers,
    }


def _plain(value: Any) -> Any:
    """Objects of the package as JSON has them: what is absent is left out."""
    match value:
        case genai.ModelPrice() | genai.ModelInfo() | genai.TieredPrices() | genai.Tier():
            inner = {name: one for name, one in vars(value).items() if name not in UNPRICED}
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            inner = value
        case _ if dataclasses.is_dataclass(value):
            inner = {name.rstrip("_"): one for name, one in vars(value).items()}
        case _:
            return value
    return {name: _plain(one) for name, one in inner.items() if one is not None}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
