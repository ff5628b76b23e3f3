"""Chooses between the price lists that ship with the package and those that the user has fetched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread
import msgspec

from modelport.adapters.price_lists.book import PriceBook, load_price_book
from modelport.adapters.system.private_files import private_folder, write_private
from modelport.adapters.system.regular_files import read_whole
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Log
from modelport.domain.spending.pricing import PriceListState
from modelport.lazy import Lazy

MAX_FILE_BYTES = 16 * 1024 * 1024
LATEST = "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/data.json"
"""Source: genai-prices, its own address for updates."""

Fetch = Callable[[str], Awaitable[bytes]]
"""Downloads the body at an address, or raises ``RequestFailed``."""


class KeptPrices:
    """A ``PriceStore`` and ``PriceListStore``: the lists in a file of the data folder, where they are newer."""

    def __init__(self, path: Path, fetch: Fetch, log: Log) -> None:
        self._path = path
        self._fetch = fetch
        self._log = log
        self._loaded = Lazy(self._load)

    async def book(self) -> PriceBook:
        """The lists, read once."""
        return (await self._loaded.get())[0]

    async def state(self) -> PriceListState:
        """Which lists count, and why."""
        return (await self._loaded.get())[1]

    async def update(self, place: str | None) -> PriceListState:
        """Reads lists from a file or an address, checks them and stores them; None means those of genai-prices.

        Raises:
            InvalidParams: the file cannot be read, or the address is not allowed.
            RequestFailed: the download failed, or it is no price list; the lists that counted before still do.
        """
        shown = LATEST if place is None else place.partition("?")[0]
        if place is None or "://" in place:
            body = await self._fetch(LATEST if place is None else _address(place))
        else:
            body = await anyio.to_thread.run_sync(_read_given, place)
        await anyio.to_thread.run_sync(self._store, shown, body)
        self._loaded = Lazy(self._load)
        return await self.state()

    async def reset(self) -> PriceListState:
        """Deletes the lists that were fetched.

        Raises:
            RequestFailed: they cannot be deleted.
        """
        try:
            await anyio.to_thread.run_sync(self._path.unlink, True)
        except OSError as error:
            raise _not_written(self._path, error) from error
        self._loaded = Lazy(self._load)
        return await self.state()

    def _load(self) -> tuple[PriceBook, PriceListState]:
        shipped = load_price_book()
        state = PriceListState(source=shipped.source, checked=shipped.checked, fetched=False)
        try:
            kept = self._kept()
        except FileNotFoundError:
            return shipped, state
        except (OSError, ValueError, RecursionError):
            problem = f"the price lists in {self._path} cannot be read, so those of the package are used"
            self._log.warning("%s: fetch them again with modelport prices update.", problem.capitalize())
            return shipped, msgspec.structs.replace(state, problem=problem)
        if kept.checked < shipped.checked:
            return shipped, state
        return kept, PriceListState(source=kept.source, checked=kept.checked, fetched=True)

    def _kept(self) -> PriceBook:
        """The lists of the file, all of them decoded: half of them are none."""
        book = PriceBook(read_whole(self._path, MAX_FILE_BYTES, links=False))
        book.check()
        return book

    def _store(self, shown: str, body: bytes) -> None:
        from modelport.adapters.price_lists.genai_prices import UnfitPrices
        from modelport.adapters.price_lists.merging import read_lists

        shipped = load_price_book()
        # What is fetched now counts, also where the clock is behind.
        today = max(datetime.now(UTC).date(), shipped.checked)
        try:
            document = read_lists(body, shipped, source=shown, today=today)
        except UnfitPrices as why:
            raise RequestFailed(
                "invalid_response",
                f"{shown} is no price list ({why}): give the data.json of genai-prices. The lists in use stay.",
                action="check the file or the address",
            ) from why
        try:
            private_folder(self._path.parent)
            write_private(self._path, document)
        except OSError as error:
            raise _not_written(self._path, error) from error


def _address(text: str) -> str:
    from modelport.adapters.http.download import public_address

    address = public_address(text)
    if address is None:
        raise InvalidParams(
            "--from must be a file, or an address such as https://host.example/data.json: https (http only on this "
            "machine), without credentials.",
            field="from",
        )
    return address


def _read_given(path: str) -> bytes:
    try:
        return read_whole(path, MAX_FILE_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be a path"
        raise InvalidParams(f"{path} cannot be read ({reason}): give a file or an address.", field="from") from error


def _not_written(path: Path, error: OSError) -> RequestFailed:
    return RequestFailed(
        "provider_unavailable",
        f"{path} cannot be written ({error.strerror}): make the folder writable, or set MODELPORT_DATA_DIR.",
    )
