"""Price lists on request: fetched, checked, kept, used where they are newer, and dropped again."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.price_lists.book import PriceBook, load_price_book
from modelport.adapters.price_lists.kept import LATEST, KeptPrices
from modelport.adapters.price_lists.merging import price_file
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.spending.price_list import find_model

SHIPPED = load_price_book()
LOG = logging.getLogger("prices")


def published(price: float = 0.125) -> bytes:
    """A document of genai-prices with many models, and a new price for one."""
    others = [{"id": f"m-{n}", "match": {"equals": f"m-{n}"}, "prices": {"input_mtok": n}} for n in range(100)]
    gpt = {"id": "gpt-4o", "match": {"equals": "gpt-4o"}, "prices": {"input_mtok": price, "output_mtok": 1}}
    mistral = {"id": "mistral-large", "match": {"contains": "mistral-large"}, "prices": {"input_mtok": 2}}
    return json.dumps([{"id": "openai", "models": [gpt, *others]}, {"id": "mistral", "models": [mistral]}]).encode()


class Source:
    """Serves one body and notes the requested addresses."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.requested: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.requested.append(url)
        return self.body


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "prices.json"


def kept(path: Path, body: bytes = b"") -> KeptPrices:
    return KeptPrices(path, Source(body), LOG)


def names(folder: Path) -> list[str]:
    return [found.name for found in folder.iterdir()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def input_price(book: PriceBook, name: str, model: str) -> Any:
    found = find_model(model, book.price_list(name), book.price_list)
    assert found is not None
    return found.prices[0].prices["input_tokens"]


async def test_without_a_request_nothing_is_fetched(path: Path) -> None:
    source = Source(published())
    store = KeptPrices(path, source, LOG)
    assert input_price(await store.book(), "openai", "gpt-4o") == Decimal("2.5")
    assert not (await store.state()).fetched
    assert (source.requested, path.parent.exists()) == ([], False)


async def test_fetched_lists_count_at_once_and_in_the_next_process(path: Path) -> None:
    source = Source(published())
    store = KeptPrices(path, source, LOG)
    assert input_price(await store.book(), "openai", "gpt-4o") == Decimal("2.5")
    state = await store.update(None)
    assert source.requested == [LATEST]
    assert (state.source, state.fetched, state.problem) == (LATEST, True, None)
    assert state.checked >= SHIPPED.checked
    for one in (store, kept(path)):
        assert input_price(await one.book(), "openai", "gpt-4o") == Decimal("0.125")


async def test_our_corrections_stay_before_them_and_our_own_lists_beside_them(path: Path) -> None:
    store = kept(path, published())
    await store.update(None)
    book = await store.book()
    assert input_price(book, "mistral", "mistral-large-latest") == Decimal("0.5")
    assert input_price(book, "mistral", "mistral-large-4") == Decimal(2)
    assert book.price_list("alibaba") == SHIPPED.price_list("alibaba")
    assert book.price_list("anthropic") == SHIPPED.price_list("anthropic")
    assert book.price_list("google").surcharges == SHIPPED.price_list("google").surcharges
    assert book.price_list("x-ai").tools == SHIPPED.price_list("x-ai").tools
    assert book.in_catalog("sambanova", "gpt-oss-120b") == SHIPPED.in_catalog("sambanova", "gpt-oss-120b")


async def test_they_may_be_a_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(published(0.5))
    store = kept(path)
    state = await store.update(str(tmp_path / "mine.json"))
    assert state.source == str(tmp_path / "mine.json")
    assert input_price(await store.book(), "openai", "gpt-4o") == Decimal("0.5")


def ours(checked: date) -> bytes:
    lists = {name: SHIPPED.price_list(name) for name in SHIPPED.file.lists}
    return price_file("a team's lists", checked, SHIPPED.units, lists, SHIPPED.file.catalog)


async def test_a_file_like_our_own_is_taken_as_it_is(path: Path) -> None:
    state = await kept(path, ours(date(2099, 1, 1))).update("https://team.example/prices.json")
    assert (state.source, state.checked) == ("a team's lists", date(2099, 1, 1))


async def test_older_lists_than_those_of_the_package_do_not_count(path: Path) -> None:
    state = await kept(path, ours(date(2020, 1, 1))).update(None)
    assert (state.fetched, state.source) == (False, SHIPPED.source)


async def test_what_was_fetched_is_dropped_again(path: Path) -> None:
    store = kept(path, published())
    await store.update(None)
    assert not (await store.reset()).fetched
    assert input_price(await store.book(), "openai", "gpt-4o") == Decimal("2.5")
    assert names(path.parent) == []
    assert not (await store.reset()).fetched


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
async def test_the_file_is_its_owners_alone(path: Path) -> None:
    await kept(path, published()).update(None)
    assert mode(path) == 0o600
    assert names(path.parent) == [path.name]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"source": "x"}', published()[:-9]])
async def test_what_is_no_price_list_replaces_none(path: Path, body: bytes) -> None:
    await kept(path, published(0.5)).update(None)
    with pytest.raises(RequestFailed, match="no price list") as failure:
        await kept(path, body).update(None)
    assert failure.value.reason == "invalid_response"
    assert input_price(await kept(path).book(), "openai", "gpt-4o") == Decimal("0.5")


def damaged_list() -> bytes:
    return ours(date(2099, 1, 1)).replace(b'"per":1000000', b'"per":1000000,"odd":1', 1)


def a_link(path: Path) -> None:
    target = path.parent / "elsewhere.json"
    target.write_bytes(ours(date(2099, 1, 1)))
    path.symlink_to(target)


DAMAGED: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(ours(date(2099, 1, 1))[:-2000]),
    "empty": lambda path: path.write_bytes(b""),
    "of another form": lambda path: path.write_bytes(damaged_list()),
    "a price of no unit": lambda path: path.write_bytes(
        ours(date(2099, 1, 1)).replace(b'"prices":{"input_tokens"', b'"prices":{"dreams"')
    ),
    "a folder": lambda path: path.mkdir(),
    "a link": a_link,
}


@pytest.mark.parametrize("damage", DAMAGED)
async def test_damaged_lists_are_reported_once_and_those_of_the_package_used(
    path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    DAMAGED[damage](path)
    store = kept(path)
    for _ in range(3):
        assert input_price(await store.book(), "openai", "gpt-4o") == Decimal("2.5")
    state = await store.state()
    assert state.problem is not None
    assert not state.fetched
    assert len(caplog.records) == 1
    assert "modelport prices update" in caplog.text


@pytest.mark.parametrize("place", ["http://team.example/p.json", "ftp://team.example/p.json", "https://me:pass@team.example/p.json"])  # fmt: skip
async def test_an_address_that_is_not_allowed(path: Path, place: str) -> None:
    source = Source(published())
    with pytest.raises(InvalidParams, match="https") as failure:
        await KeptPrices(path, source, LOG).update(place)
    assert "pass" not in failure.value.message.replace("password", "")
    assert source.requested == []


@pytest.mark.parametrize("name", ["missing.json", ".", "a\0b"])
async def test_a_file_that_cannot_be_read(path: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidParams, match="cannot be read"):
        await kept(path).update(str(tmp_path / name))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="a folder is closed to its owner only on POSIX, and to root never")  # fmt: skip
async def test_a_folder_that_cannot_be_written(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with pytest.raises(RequestFailed, match="make the folder writable"):
        await kept(path, published()).update(None)


async def test_a_file_in_the_folders_place(path: Path) -> None:
    path.parent.write_text("")
    with pytest.raises(RequestFailed, match="cannot be written"):
        await kept(path, published()).update(None)
