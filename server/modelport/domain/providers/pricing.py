"""How the calls of a provider are paid, as data of its row."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated

from msgspec import Meta, Struct

UsdPerMillion = Annotated[float, Meta(ge=0, le=1_000_000)]


class OwnPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What you pay for a model, in US dollars per million tokens where nothing else is said."""

    input: UsdPerMillion
    """Input."""
    output: UsdPerMillion
    """Output, reasoning included."""
    cache_read: UsdPerMillion | None = None
    """Input read from the provider's cache; absent: as other input."""
    cache_write: UsdPerMillion | None = None
    """Input written to the provider's cache; absent: as other input."""
    web_search: UsdPerMillion | None = None
    """A thousand web searches by the provider, in US dollars; absent: a call with some has no known price."""

    def prices(self) -> dict[str, Decimal]:
        """The prices by the names of units, exactly as they were written."""
        given = {
            "input_tokens": self.input,
            "output_tokens": self.output,
            "cache_read_tokens": self.cache_read,
            "cache_write_tokens": self.cache_write,
            "web_searches": self.web_search,
        }
        return {name: Decimal(repr(value)) for name, value in given.items() if value is not None}


def own_price(prices: Mapping[str, OwnPrice], model: str) -> dict[str, Decimal] | None:
    """The user's price of a model: that of its name, else that of the first shell-style pattern that fits."""
    found = prices.get(model) or next((one for name, one in prices.items() if fnmatchcase(model, name)), None)
    return None if found is None else found.prices()


class ReportedCost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an answer says what it costs."""

    path: str
    """Such as ``usage.cost``."""
    per_usd: int = 1
    """How many of what is reported make a US dollar."""
    plus_if: str | None = None
    """The path of a flag; where it is true, the cost at ``plus`` is paid besides."""
    plus: str | None = None


class Pricing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calls are paid; nothing said: only the catalog may know their price."""

    plan: bool = False
    """A subscription or an allowance pays: a call has no price of its own."""
    currency: str = "USD"
    """What is billed in another one has no price but your own: nothing is converted."""
    price_list: str = ""
    """The list of ``data/prices.json`` that has the prices of its models."""
    reported: tuple[ReportedCost, ...] = ()
    """What an answer may say, the best first."""
