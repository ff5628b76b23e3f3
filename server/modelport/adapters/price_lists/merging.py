"""Puts price lists from several places into one file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from modelport.adapters.price_lists.book import PriceBook
from modelport.adapters.price_lists.genai_prices import MIN_MODELS, UnfitPrices, read_genai_prices
from modelport.borders import json_with_numbers
from modelport.domain.spending.price_list import PricedModel, PriceList, Prices, Unit


def with_ours(lists: Mapping[str, PriceList], ours: Mapping[str, PriceList]) -> dict[str, PriceList]:
    """The lists with the models of ours before their own, and what ours say besides."""
    merged = dict(lists)
    for name, one in ours.items():
        known = merged.get(name, PriceList())
        merged[name] = PriceList(
            models=one.models + known.models,
            fallbacks=one.fallbacks or known.fallbacks,
            prefixes=one.prefixes or known.prefixes,
            surcharges=one.surcharges + known.surcharges,
            tools={**known.tools, **one.tools},
            searched_once=one.searched_once or known.searched_once,
        )
    return merged


def price_file(
    source: str,
    checked: date,
    units: Mapping[str, Unit],
    lists: Mapping[str, PriceList],
    catalog: Mapping[str, Mapping[str, Prices]],
) -> bytes:
    """The content of a file of price lists, a line a list."""
    head = json_with_numbers({"source": source, "checked": checked, "units": units})
    lines = [f'"{name}":'.encode() + json_with_numbers(one) for name, one in lists.items()]
    rows = [f'"{name}":'.encode() + json_with_numbers(one) for name, one in catalog.items()]
    return b'%b,"lists":{\n%b\n},"catalog":{\n%b\n}}\n' % (head[:-1], b",\n".join(lines), b",\n".join(rows))


def read_lists(body: bytes, shipped: PriceBook, *, source: str, today: date, least: int = MIN_MODELS) -> bytes:
    """The file for lists that the user fetched: those of genai-prices under our corrections, or a file like our own.

    Raises:
        UnfitPrices: it is neither, or something in it is not understood.
    """
    if body.lstrip().startswith(b'{"source"'):
        try:
            PriceBook(body).check()
        except (ValueError, RecursionError) as error:
            raise UnfitPrices(str(error)) from error
        return body
    lists, units = read_genai_prices(body, shipped.units, least=least)
    names = shipped.file.lists
    kept = {name: shipped.price_list(name) for name in names}
    fetched = {name: lists.get(name, PriceList(models=_theirs(kept[name]))) for name in names}
    ours = {name: msgspec.structs.replace(one, models=_ours(one)) for name, one in kept.items()}
    return price_file(source, today, {**shipped.units, **units}, with_ours(fetched, ours), shipped.file.catalog)


def _ours(one: PriceList) -> tuple[PricedModel, ...]:
    """The models of a list that we have corrected or added."""
    return tuple(model for model in one.models if model.source)


def _theirs(one: PriceList) -> tuple[PricedModel, ...]:
    return tuple(model for model in one.models if not model.source)
