"""What a call costs: exact, from what it used and the prices of its model."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal

from modelport.domain.spending.price_list import Prices, TieredPrice, Unit

EXACT = Context(prec=60)
"""Enough digits for any product and sum of counts and prices: nothing is rounded on the way."""
MICROS = Decimal(1_000_000)


def cost(used: Mapping[str, int], prices: Prices, units: Mapping[str, Unit], *, input_tokens: int) -> Decimal:
    """US dollars for what was used, by the names of units; a part of something is counted in the whole as well.

    What has a price of its own is paid by that, and only the rest by the price of the whole. ``input_tokens`` is the
    length of the input that chooses among prices by length.
    """
    priced = sorted((name for name in prices if name in units), key=lambda name: (-len(units[name].dimensions), name))
    alone: dict[str, int] = {}
    total = Decimal(0)
    for name in priced:
        unit = units[name]
        parts = sum(alone[part] for part in alone if units[part].is_part_of(unit))
        # Counts that contradict each other are no reason to pay somebody less.
        alone[name] = max(used.get(name, 0) - parts, 0)
        if alone[name]:
            price = prices[name]
            each = price.at(input_tokens) if isinstance(price, TieredPrice) else price
            part = EXACT.divide(EXACT.multiply(each, Decimal(alone[name])), Decimal(unit.per))
            total = EXACT.add(total, part)
    return total


def micros(dollars: Decimal) -> int:
    """Millionths of a US dollar; a half goes to the even neighbour, so that many calls add up to no drift."""
    return int(EXACT.multiply(dollars, MICROS).to_integral_value(rounding=ROUND_HALF_EVEN))
