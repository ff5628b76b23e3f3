"""The price lists themselves: which ones count, and newer ones where the user asks for them."""

from __future__ import annotations

from datetime import UTC, datetime

from modelport.domain.spending.pricing import PriceListState, PriceListStore
from modelport.protocol.types import Check


class PriceLists:
    """Fetches lists and drops them again, on request only."""

    def __init__(self, store: PriceListStore) -> None:
        self._store = store

    async def check(self) -> Check:
        """Which lists count and how old they are, for diagnostics."""
        state = await self._store.state()
        days = (datetime.now(UTC).date() - state.checked).days
        origin = "fetched" if state.fetched else "those of the package"
        detail = f"{state.source} of {state.checked}, {max(days, 0)} days old ({origin})"
        if state.problem is None:
            return Check(id="prices", status="ok", detail=detail)
        return Check(
            id="prices",
            status="warn",
            detail=f"{state.problem}: {detail}",
            action="run modelport prices update, or modelport prices update --reset",
        )

    async def update(self, place: str | None) -> PriceListState:
        """Fetches the lists from a file or an address; None means the public ones.

        Raises:
            InvalidParams: the file cannot be read, or the address is not allowed.
            RequestFailed: the download failed, or it is no price list.
        """
        return await self._store.update(place)

    async def reset(self) -> PriceListState:
        """Goes back to the lists of the package.

        Raises:
            RequestFailed: the fetched ones cannot be deleted.
        """
        return await self._store.reset()
