"""Prices calls: with the price lists, which are read when the first call has ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.pricing import OwnPrice, own_price
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.pricing import Cost, PriceStore, Quote, cost_of, quote
from modelport.domain.spending.usage import Billing, costs_nothing


class CallPricing:
    """Finds out what a call costs."""

    def __init__(self, store: PriceStore) -> None:
        self._store = store

    async def cost(self, endpoint: Endpoint, billing: Billing, started_ms: int) -> Cost:
        """The cost of a call that began at a time in milliseconds since 1970, UTC."""
        book = await self._store.book()

        def own(model: str) -> Mapping[str, Decimal] | None:
            return own_price(endpoint.prices, model)

        started = datetime.fromtimestamp(started_ms / 1000, UTC).replace(tzinfo=None)
        return cost_of(endpoint.provider, billing, started, book, own=own, free=costs_nothing(endpoint))

    async def quote(self, row: Provider, model: str, own: Mapping[str, OwnPrice], *, free: bool) -> Quote:
        """What a model of a provider costs now, and why."""
        book = await self._store.book()
        now = datetime.now(UTC).replace(tzinfo=None)
        return quote(row, model, now, book, own=lambda name: own_price(own, name), free=free)

    async def per(self, unit: str) -> int:
        """How many of a unit cost its price."""
        return (await self._store.book()).units[unit].per
