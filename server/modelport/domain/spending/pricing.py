"""Which price a call has: what the provider reports, the user's own, a list's, the catalog's, or none that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, DecimalException
from typing import Protocol, TypeVar

from msgspec import Struct

from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.providers.pricing import ReportedCost
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.cost import EXACT, cost, micros
from modelport.domain.spending.price_kinds import is_prepaid
from modelport.domain.spending.price_list import (
    ListedPrices,
    PricedModel,
    PriceList,
    Prices,
    Unit,
    find_model,
    list_prices,
)
from modelport.domain.spending.usage import Billing
from modelport.protocol.types import CostSource

T = TypeVar("T")
MAX_USD = Decimal(1_000_000)
"""A single call that is said to cost more is not believed."""


class PriceBook(Protocol):
    """All price lists."""

    @property
    def source(self) -> str:
        """Where the lists come from, with its version."""
        ...

    @property
    def units(self) -> Mapping[str, Unit]:
        """What has a price, by name."""
        ...

    def price_list(self, name: str) -> PriceList:
        """A list; an empty one where there is none of that name."""
        ...

    def in_catalog(self, provider: str, model: str) -> Prices | None:
        """The prices that the catalog has for a model, in lower case, of a provider."""
        ...


class PriceListState(Struct, frozen=True, kw_only=True):
    """Which price lists count."""

    source: str
    """Where they are from."""
    checked: date
    """The day on which the prices were those of their sellers."""
    fetched: bool
    """Whether the user has fetched them; otherwise they came with the package."""
    problem: str | None = None
    """Why fetched ones do not count, as the start of a sentence."""


class PriceStore(Protocol):
    """The price lists."""

    async def book(self) -> PriceBook:
        """The lists, read once."""
        ...


class PriceListStore(Protocol):
    """The price lists as files: those of the package, and those that the user has fetched."""

    async def state(self) -> PriceListState:
        """Which lists count."""
        ...

    async def update(self, place: str | None) -> PriceListState:
        """Reads lists from a file or an address, checks them and stores them; None means the public ones.

        Raises:
            InvalidParams: the file cannot be read, or the address is not allowed.
            RequestFailed: the download failed, or it is no price list; the lists that counted before still do.
        """
        ...

    async def reset(self) -> PriceListState:
        """Deletes what was fetched.

        Raises:
            RequestFailed: it cannot be deleted.
        """
        ...


class Cost(Struct, frozen=True, kw_only=True):
    """What a call costs, in millionths of a US dollar; None where that is not known."""

    usd_micros: int | None = None
    source: CostSource | None = None
    """Where the price is from; None where there is none, and for what costs nothing."""
    estimated: bool = False
    exact: Decimal | None = None
    """In US dollars, before it was rounded."""


class Quote(Struct, frozen=True, kw_only=True):
    """What a model costs by itself, and why."""

    source: CostSource | None = None
    """None where no price is known, a plan pays, or it costs nothing."""
    reason: str
    """The end of a sentence that begins with the model."""
    prices: Prices = {}
    """US dollars per ``Unit.per`` now, by the names of units."""
    model: PricedModel | None = None
    """The model of a list, with its prices at other times and of other kinds."""


NOTHING = Cost(usd_micros=0, exact=Decimal(0))
UNKNOWN = Cost()


def cost_of(
    row: Provider,
    billing: Billing,
    started: datetime,
    book: PriceBook,
    *,
    own: Callable[[str], Prices | None],
    free: bool,
) -> Cost:
    """The cost of a call that began at a moment in UTC.

    ``own`` gives the user's own prices of a model; ``free`` says that the provider is a server of the user's.
    """
    reported = _reported(row.pricing.reported, billing)
    if reported is not None:
        return Cost(usd_micros=micros(reported), source="reported", exact=reported)
    if (prices := _first(own, billing.models)) is not None:
        return _priced(prices, billing, book, "user")
    if free:
        return NOTHING
    if row.pricing.plan or row.pricing.currency != "USD" or not billing.by_tokens or is_prepaid(billing.kind):
        return UNKNOWN

    price_list = book.price_list(row.pricing.price_list)

    def listed(model: str) -> ListedPrices | None:
        return list_prices(model, price_list, book.price_list, book.units, moment=started, kind=billing.kind)

    if (found := _first(listed, billing.models)) is not None:
        once = price_list.searched_once
        searched_once = once is not None and any(once.fits(model.lower()) for model in billing.models)
        alone = _priced(found.prices, billing, book, "list", searched_once=searched_once, of_kind=found.of_kind)
        return _with_others(alone, billing, book, listed)

    def in_catalog(model: str) -> Prices | None:
        return book.in_catalog(row.id, model.lower())

    prices = _first(in_catalog, billing.models)
    return UNKNOWN if prices is None else _priced(prices, billing, book, "catalog")


def quote(
    row: Provider, model: str, now: datetime, book: PriceBook, *, own: Callable[[str], Prices | None], free: bool
) -> Quote:
    """What a model of a provider costs at a moment in UTC; the sources are those of ``cost_of``, in their order."""
    if (prices := own(model)) is not None:
        return Quote(source="user", reason="has your own price, from the configuration file", prices=prices)
    if free:
        return Quote(reason="runs on a server of your own and costs nothing")
    if row.pricing.plan:
        return Quote(reason="is paid by a plan or an allowance: a call has no price of its own")
    if row.pricing.currency != "USD":
        return Quote(
            reason=f"is billed in {row.pricing.currency}: put your price in US dollars into the configuration file"
        )
    name = row.pricing.price_list
    price_list = book.price_list(name)
    found = find_model(model, price_list, book.price_list)
    listed = list_prices(model, price_list, book.price_list, book.units, moment=now, kind={})
    if found is not None and listed is not None:
        where = found.source or f"{book.source}, {name}"
        reason = f"has the price of {found.id} ({where})" if listed.prices else "is free, as its name says"
        return Quote(source="list", reason=reason, prices=listed.prices, model=found)
    if (prices := book.in_catalog(row.id, model.lower())) is not None:
        return Quote(source="catalog", reason="has its price from the model catalog", prices=prices)
    if row.pricing.reported:
        return Quote(source="reported", reason="costs what the provider says in each answer")
    return Quote(reason="has no known price: put yours into the configuration file")


def used(counts: TokenCounts, *, searched_once: bool = False) -> dict[str, int]:
    """What was used, by the names of units; a part of something is counted in the whole as well.

    With ``searched_once`` several web searches count as one.
    """
    billed = counts.billed_input is not None or counts.billed_output is not None
    cached = (counts.cache_read or 0) + (counts.cache_write or 0)
    # More from the cache than there is: that count leaves out what the cache had.
    whole = counts.input if cached <= counts.input else counts.input + cached
    return {
        "input_tokens": counts.billed_input or 0 if billed else whole,
        "output_tokens": counts.billed_output or 0 if billed else counts.output,
        "cache_read_tokens": counts.cache_read or 0,
        "cache_write_tokens": counts.cache_write or 0,
        "cache_write_1h_tokens": counts.cache_write_1h,
        "output_reasoning_tokens": counts.reasoning or 0,
        "input_audio_tokens": counts.input_audio,
        "cache_audio_read_tokens": counts.cached_audio,
        "input_image_tokens": counts.input_image,
        "output_audio_tokens": counts.output_audio,
        "output_image_tokens": counts.output_image,
        "web_searches": min(counts.web_searches, 1) if searched_once else counts.web_searches,
        "requests": 1 if counts.input or counts.output else 0,
    }


def _priced(
    prices: Prices,
    billing: Billing,
    book: PriceBook,
    source: CostSource,
    *,
    searched_once: bool = False,
    of_kind: bool = True,
) -> Cost:
    counts = billing.counts
    amounts = used(counts, searched_once=searched_once)
    if amounts["web_searches"] and "web_searches" not in prices:
        # They may cost a multiple of the tokens.
        return UNKNOWN
    length = counts.input if counts.longest_input is None else counts.longest_input
    exact = cost(amounts, prices, book.units, input_tokens=length)
    estimated = billing.estimated or counts.other_tool_calls > 0 or not of_kind
    return Cost(usd_micros=micros(exact), source=source, estimated=estimated, exact=exact)


def _with_others(alone: Cost, billing: Billing, book: PriceBook, listed: Callable[[str], ListedPrices | None]) -> Cost:
    """The cost with that of the models which the answering one asked; unknown where one of them has no price."""
    if alone.exact is None:
        return alone
    exact = alone.exact
    for other in billing.counts.of_others:
        found = _first(listed, (other.model,) if other.model else billing.models)
        if found is None:
            return UNKNOWN
        exact = EXACT.add(exact, cost(used(other.counts), found.prices, book.units, input_tokens=other.counts.input))
    return Cost(usd_micros=micros(exact), source=alone.source, estimated=alone.estimated, exact=exact)


def _first(prices: Callable[[str], T | None], models: Sequence[str]) -> T | None:
    return next((found for model in models if (found := prices(model)) is not None), None)


def _reported(places: Sequence[ReportedCost], billing: Billing) -> Decimal | None:
    """US dollars that the provider says a call costs; None where it does not say, or is not to be believed.

    Nothing, for an answer, is more often a field that is not filled than a gift.
    """
    said = billing.reported
    for place in places:
        amount = _amount(said.get(place.path, ""))
        if amount is None or _other_currency(said):
            continue
        if place.plus_if and place.plus and said.get(place.plus_if) == "true":
            amount += _amount(said.get(place.plus, "")) or Decimal(0)
        amount = EXACT.divide(amount, Decimal(place.per_usd))
        if amount > MAX_USD:
            continue
        free = any(model.endswith(":free") for model in billing.models)
        if amount or free or not billing.counts.output:
            return amount
    return None


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except DecimalException:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _other_currency(said: Mapping[str, str]) -> bool:
    return any(path.endswith(".currency") and text.upper() != "USD" for path, text in said.items())
