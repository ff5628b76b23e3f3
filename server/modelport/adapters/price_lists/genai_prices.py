"""Reads the price lists that genai-prices publishes as JSON.

Source: https://github.com/pydantic/genai-prices, prices/new_data: an array of sellers (version 2), or an object with
them and the units (version 3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal

import msgspec
from msgspec import Struct, field

from modelport.domain.spending.price_list import (
    DatedPrices,
    Match,
    PricedModel,
    PriceList,
    Prices,
    Tier,
    TieredPrice,
    Unit,
    Variant,
    When,
)

MIN_MODELS = 100
"""Fewer are no price lists, whatever else they are."""


class UnfitPrices(Exception):
    """What is no price list, with the reason in a few words."""


class _Clause(Struct, frozen=True, forbid_unknown_fields=True):
    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    regex: str | None = None
    any_of: tuple[_Clause, ...] | None = field(default=None, name="or")
    all_of: tuple[_Clause, ...] | None = field(default=None, name="and")

    def match(self) -> Match:
        """The same test of a text in lower case."""
        if sum(value is not None for value in msgspec.structs.astuple(self)) != 1:
            raise UnfitPrices("a model is matched in a way that is not known")
        if self.any_of is not None:
            return Match(any_of=tuple(clause.match() for clause in self.any_of))
        if self.all_of is not None:
            return Match(all_of=tuple(clause.match() for clause in self.all_of))
        if self.regex is not None:
            try:
                re.compile(self.regex)
            except re.error as error:
                raise UnfitPrices(f"a model is matched by a pattern that is none: {self.regex}") from error
        return Match(
            equals=_lower(self.equals),
            starts_with=_lower(self.starts_with),
            ends_with=_lower(self.ends_with),
            contains=_lower(self.contains),
            regex=self.regex,
        )


class _Constraint(Struct, frozen=True, forbid_unknown_fields=True):
    start_date: date | None = None
    start_time: time | None = None
    end_time: time | None = None

    def when(self) -> When:
        """The same moments."""
        if (self.start_time is None) != (self.end_time is None) or (self.start_date is None) == (
            self.start_time is None
        ):
            raise UnfitPrices("a price has a condition that is not known")
        if any(one is not None and one.utcoffset() for one in (self.start_time, self.end_time)):
            raise UnfitPrices("a price has a time that is not in UTC")
        start, end = (None if one is None else one.replace(tzinfo=None) for one in (self.start_time, self.end_time))
        return When(since=self.start_date, start=start, end=end)


class _Tier(Struct, frozen=True, forbid_unknown_fields=True):
    start: int
    price: Decimal


class _Tiers(Struct, frozen=True, forbid_unknown_fields=True):
    base: Decimal
    tiers: tuple[_Tier, ...]


_Prices = dict[str, Decimal | _Tiers]


class _Dated(Struct, frozen=True, forbid_unknown_fields=True):
    prices: _Prices
    constraint: _Constraint | None = None


class _Variant(Struct, frozen=True, forbid_unknown_fields=True):
    when: dict[str, str]
    prices: _Prices
    constraint: _Constraint | None = None


class _Model(Struct, frozen=True):
    id: str
    match: _Clause
    prices: _Prices | list[_Dated]
    price_variants: tuple[_Variant, ...] | None = None


class _Seller(Struct, frozen=True):
    id: str
    models: tuple[_Model, ...]
    fallback_model_providers: tuple[str, ...] | None = None


class _Unit(Struct, frozen=True):
    per: int
    dimensions: dict[str, str]
    price_key: str | None = None


class _Document(Struct, frozen=True):
    providers: tuple[_Seller, ...]
    units: dict[str, _Unit]


_SELLERS = msgspec.json.Decoder(tuple[_Seller, ...], strict=False)
_DOCUMENT = msgspec.json.Decoder(_Document, strict=False)


def read_genai_prices(
    data: bytes, units: Mapping[str, Unit], *, least: int = MIN_MODELS
) -> tuple[dict[str, PriceList], dict[str, Unit]]:
    """The lists by their sellers, and the units: those of the data itself, else the given ones.

    Raises:
        UnfitPrices: it is nothing like that, has fewer than ``least`` models, or says something that is not understood.
    """
    try:
        if data.lstrip()[:1] == b"[":
            sellers = _SELLERS.decode(data)
        else:
            document = _DOCUMENT.decode(data)
            sellers = document.providers
            units = {
                name: Unit(per=one.per, dimensions=one.dimensions, price_key=one.price_key or name)
                for name, one in document.units.items()
            }
    except (ValueError, RecursionError) as error:
        raise UnfitPrices(str(error)) from error
    if sum(len(seller.models) for seller in sellers) < least:
        raise UnfitPrices(f"it has fewer than {least} models")
    if any(unit.per < 1 for unit in units.values()):
        raise UnfitPrices("a unit is counted in parts that are none")
    names = {unit.price_key: name for name, unit in units.items()}
    return {seller.id: _list(seller, names) for seller in sellers}, dict(units)


def _list(seller: _Seller, names: Mapping[str, str]) -> PriceList:
    return PriceList(
        models=tuple(_model(model, names) for model in seller.models),
        fallbacks=seller.fallback_model_providers or (),
    )


def _model(model: _Model, names: Mapping[str, str]) -> PricedModel:
    dated = model.prices if isinstance(model.prices, list) else [_Dated(prices=model.prices)]
    if not dated:
        raise UnfitPrices(f"{model.id} has no prices")
    return PricedModel(
        id=model.id,
        match=model.match.match(),
        prices=tuple(DatedPrices(prices=_prices(one.prices, names), when=_when(one.constraint)) for one in dated),
        variants=tuple(
            Variant(of=one.when, prices=_prices(one.prices, names), when=_when(one.constraint))
            for one in model.price_variants or ()
        ),
    )


def _when(constraint: _Constraint | None) -> When | None:
    return None if constraint is None else constraint.when()


def _prices(prices: _Prices, names: Mapping[str, str]) -> Prices:
    if unknown := prices.keys() - names.keys():
        raise UnfitPrices(f"a price is of a kind that this version does not know: {min(unknown)}")
    return {names[key]: _price(value) for key, value in prices.items()}


def _price(price: Decimal | _Tiers) -> Decimal | TieredPrice:
    amounts = [price] if isinstance(price, Decimal) else [price.base, *(tier.price for tier in price.tiers)]
    if any(not amount.is_finite() or amount < 0 for amount in amounts):
        raise UnfitPrices("a price is no amount of money")
    if isinstance(price, Decimal):
        return price
    tiers = sorted(price.tiers, key=lambda tier: tier.start)
    return TieredPrice(base=price.base, tiers=tuple(Tier(above=one.start, price=one.price) for one in tiers))


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
