"""What models cost: price lists as data, which model of a list is meant, and its prices at a moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from msgspec import Struct

PRICED_ALIKE = frozenset({"thinking", "search_context_size"})
"""What may say of a call what most lists do not ask for; anything else changes what it costs."""
_COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class Match(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """Which ids mean a model: one of the tests of a text in lower case, or several of them."""

    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    regex: str | None = None
    any_of: tuple[Match, ...] | None = None
    all_of: tuple[Match, ...] | None = None

    def fits(self, model: str) -> bool:
        """Whether a model's id, in lower case, is one that is meant."""
        if self.any_of is not None:
            return any(match.fits(model) for match in self.any_of)
        if self.all_of is not None:
            return all(match.fits(model) for match in self.all_of)
        if self.regex is not None:
            return re.search(self.regex, model) is not None
        if self.equals is not None:
            return model == self.equals
        if self.starts_with is not None:
            return model.startswith(self.starts_with)
        if self.ends_with is not None:
            return model.endswith(self.ends_with)
        return self.contains is not None and self.contains in model


class Unit(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Something that is counted and has a price: ``per`` of it cost the price.

    A unit with all dimensions of another one, and more, is a part of it.
    """

    per: int
    dimensions: Mapping[str, str]
    price_key: str = ""
    """Its name where genai-prices has its price."""

    def is_part_of(self, other: Unit) -> bool:
        """Whether what this unit counts is counted by the other one too."""
        return other.dimensions.items() <= self.dimensions.items()

    @property
    def counts_tokens(self) -> bool:
        """Whether it counts tokens of any kind, and not requests or seconds."""
        return self.dimensions.get("family") == "tokens"


class Tier(Struct, frozen=True, array_like=True):
    """The price of everything once the input is longer than ``above`` tokens."""

    above: int
    price: Decimal


class TieredPrice(Struct, frozen=True, array_like=True):
    """A price that depends on the length of the whole input."""

    base: Decimal
    tiers: tuple[Tier, ...]
    """By rising length."""

    def at(self, input_tokens: int) -> Decimal:
        """The price for an input of this length."""
        return next((tier.price for tier in reversed(self.tiers) if input_tokens > tier.above), self.base)

    def __mul__(self, factor: Decimal) -> TieredPrice:
        """Each price times a factor."""
        tiers = tuple(Tier(above=tier.above, price=tier.price * factor) for tier in self.tiers)
        return TieredPrice(base=self.base * factor, tiers=tiers)


Prices = Mapping[str, Decimal | TieredPrice]
"""US dollars per ``Unit.per``, by the names of units."""


class When(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """The moments at which prices hold, all in UTC; what is absent excludes none."""

    since: date | None = None
    start: time | None = None
    """The time of day from which they hold, until ``end``; the next day's where that is earlier."""
    end: time | None = None
    weekdays: tuple[int, ...] | None = None
    """Monday is 0; those of the day on which the moment is, ``shift_hours`` later."""
    holidays: tuple[date, ...] = ()
    """Days on which they do not hold, ``shift_hours`` later."""
    shift_hours: int = 0

    def holds(self, moment: datetime) -> bool:
        """Whether a moment in UTC is one of them."""
        if self.since is not None and moment.date() < self.since:
            return False
        if self.start is not None and self.end is not None and not _between(self.start, moment.time(), self.end):
            return False
        day = (moment + timedelta(hours=self.shift_hours)).date()
        return (self.weekdays is None or day.weekday() in self.weekdays) and day not in self.holidays


class DatedPrices(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """Prices, and when they hold."""

    prices: Prices
    when: When | None = None


class Variant(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """Prices that replace the usual ones for calls of a kind, such as those of a service tier."""

    of: Mapping[str, str]
    prices: Prices
    when: When | None = None

    def fits(self, moment: datetime, kind: Mapping[str, str]) -> bool:
        """Whether they hold for a call of a kind that began at a moment in UTC."""
        return self.of.items() <= kind.items() and _holds(self.when, moment)


class PricedModel(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A model of a list with its prices; the last that hold count, the first where none do."""

    id: str
    match: Match
    prices: tuple[DatedPrices, ...]
    variants: tuple[Variant, ...] = ()
    """The first that fits gives the price of a unit."""
    source: str = ""
    """Where a correction was found, and when; empty for what the list itself says."""

    def prices_at(self, moment: datetime, kind: Mapping[str, str]) -> Prices:
        """The prices of a call that began at a moment in UTC; ``kind`` is such as ``{"service_tier": "flex"}``."""
        usual = next((dated.prices for dated in reversed(self.prices) if _holds(dated.when, moment)), None)
        if usual is None:
            usual = self.prices[0].prices
        prices: dict[str, Decimal | TieredPrice] = {}
        for variant in self.variants if kind else ():
            if variant.fits(moment, kind):
                prices = {**variant.prices, **prices}
        return {**usual, **prices} if prices else usual


class Surcharge(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What calls of a kind cost in proportion to the usual prices of a model's tokens."""

    of: Mapping[str, str]
    factor: Decimal
    source: str
    """Where it was found, and when."""
    match: Match | None = None
    """The models that it is for; absent: all."""

    def fits(self, model: str, kind: Mapping[str, str]) -> bool:
        """Whether a call of a kind to a model, by its id in lower case, costs this much."""
        return self.of.items() <= kind.items() and (self.match is None or self.match.fits(model))


class PriceList(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """The models of one seller, in the order in which they are compared."""

    models: tuple[PricedModel, ...] = ()
    fallbacks: tuple[str, ...] = ()
    """Lists of the makers of models that this seller offers, for those that are not in its own."""
    prefixes: tuple[str, ...] = ()
    """What may stand before its ids, such as ``models/``, in lower case."""
    surcharges: tuple[Surcharge, ...] = ()
    """All that fit, but for those of a kind that the model has a variant for."""
    tools: Prices = {}
    """What its own tools cost with models whose prices do not say so."""
    searched_once: Match | None = None
    """Models whose answer costs one web search, however many it took."""


def find_model(model: str, price_list: PriceList, others: Callable[[str], PriceList]) -> PricedModel | None:
    """The model of a list that an id means; ``others`` gives the lists that it names."""
    model = model.lower()
    for prefix in price_list.prefixes:
        model = model.removeprefix(prefix)
    lists = (price_list, *map(others, price_list.fallbacks))
    dashed = _COMPACT_DATE.sub(_dashed, model)
    for name in dict.fromkeys((model, dashed)):
        for one in lists:
            if found := first_match(name, one.models):
                return found
    return None


class ListedPrices(Struct, frozen=True):
    """What a list says of a call."""

    prices: Prices
    of_kind: bool
    """Whether they are those of the call's kind, and not the usual ones since the list has no others."""


def list_prices(
    model: str,
    price_list: PriceList,
    others: Callable[[str], PriceList],
    units: Mapping[str, Unit],
    *,
    moment: datetime,
    kind: Mapping[str, str],
) -> ListedPrices | None:
    """The prices of a model of a list for a call of a kind that began at a moment in UTC.

    None where the list has no such model or no price of it: a model that is listed without any is only free where its
    id ends with ``:free``.
    """
    found = find_model(model, price_list, others)
    if found is None:
        return None
    prices = found.prices_at(moment, kind)
    if not prices:
        return ListedPrices({}, of_kind=True) if model.endswith(":free") else None
    prices = {**price_list.tools, **prices}
    covered = {name for one in found.variants if one.fits(moment, kind) for name in one.of}
    for surcharge in price_list.surcharges:
        if surcharge.fits(model.lower(), kind) and covered.isdisjoint(surcharge.of):
            prices = _times(prices, surcharge.factor, units)
            covered |= surcharge.of.keys()
    return ListedPrices(prices, of_kind=covered >= kind.keys() - PRICED_ALIKE)


def first_match(model: str, models: Sequence[PricedModel]) -> PricedModel | None:
    """The first of the models that an id in lower case means."""
    return next((one for one in models if one.match.fits(model)), None)


def _times(prices: Prices, factor: Decimal, units: Mapping[str, Unit]) -> Prices:
    """The prices with those of tokens multiplied."""
    return {name: price * factor if units[name].counts_tokens else price for name, price in prices.items()}


def _holds(when: When | None, moment: datetime) -> bool:
    return when is None or when.holds(moment)


def _between(start: time, now: time, end: time) -> bool:
    return now >= start or now < end if end < start else start <= now < end


def _dashed(found: re.Match[str]) -> str:
    """``-20251211`` as ``-2025-12-11``, where that is a day."""
    year, month, day = (int(found.group(index)) for index in (2, 3, 4))
    try:
        date(year, month, day)
    except ValueError:
        return found.group(0)
    return f"-{year:04d}-{month:02d}-{day:02d}"
