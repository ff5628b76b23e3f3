"""Joining what a provider lists with what ships."""

from __future__ import annotations

from typing import Any

from modelport.domain.models.catalog import FREE, Catalog, CatalogModel, merged
from modelport.domain.models.listing import CachedListing, ListedModel, Listing, PullProgress
from modelport.protocol.types import Model, Price
from support.builders import row

TODAY = "2026-11-20"


def entry(id: str, **facts: Any) -> CatalogModel:
    return CatalogModel(provider="acme", id=id, **facts)


def join(listed: list[ListedModel] | None, *entries: CatalogModel, **changes: Any) -> list[Model]:
    return merged(row(**changes), listed, Catalog(entries), TODAY)


def named(models: list[Model]) -> list[tuple[str, str]]:
    return [(model.id, model.source) for model in models]


def test_the_documents_models_come_first_then_the_providers_own_order() -> None:
    live = [ListedModel(id="z"), ListedModel(id="b"), ListedModel(id="a")]
    models = join(live, entry("c", curated=True), entry("b", curated=True), entry("a"), entry("unlisted"))
    assert named(models) == [("c", "curated"), ("b", "live"), ("z", "live"), ("a", "live")]


def test_without_a_list_the_catalog_speaks() -> None:
    models = join(None, entry("b", curated=True), entry("a", context_window=10))
    assert named(models) == [("b", "curated"), ("a", "catalog")]
    assert models[1].context_window == 10


def test_a_local_server_has_what_it_lists_and_nothing_else() -> None:
    known = (entry("b", curated=True), entry("c", curated=True))
    models = join([ListedModel(id="x"), ListedModel(id="b")], *known, connection_type="local")
    assert named(models) == [("b", "live"), ("x", "live")]
    assert [model.price for model in models] == [FREE, FREE]
    assert join([], *known, connection_type="local") == []


def test_what_the_provider_says_counts_and_the_catalog_fills_in() -> None:
    live = ListedModel(id="m", context_window=5, tools=False, capabilities=("fim",))
    known = entry("m", context_window=9, max_output_tokens=3, tools=True, reasoning=True, capabilities=("json_mode",))
    (model,) = join([live], known)
    assert (model.context_window, model.max_output_tokens, model.tools, model.reasoning) == (5, 3, False, True)
    assert model.capabilities == ("fim", "json_mode")


def test_prices_are_not_mixed() -> None:
    catalog = Price(input_usd_per_mtok=1, output_usd_per_mtok=2, cache_read_usd_per_mtok=0.1)
    same = ListedModel(id="m", price=Price(input_usd_per_mtok=1, output_usd_per_mtok=2))
    other = ListedModel(id="m", price=Price(input_usd_per_mtok=3, output_usd_per_mtok=2))
    assert join([same], entry("m", price=catalog))[0].price == catalog
    assert join([other], entry("m", price=catalog))[0].price == other.price
    assert join([ListedModel(id="m")], entry("m", price=catalog))[0].price == catalog
    assert join([ListedModel(id="m")])[0].price is None


def test_what_the_provider_says_of_its_cache_counts_before_the_catalog() -> None:
    live = ListedModel(id="m", price=Price(input_usd_per_mtok=1, output_usd_per_mtok=2, cache_read_usd_per_mtok=0.5))
    known = Price(input_usd_per_mtok=1, output_usd_per_mtok=2, cache_read_usd_per_mtok=0.1, cache_write_usd_per_mtok=3)
    price = join([live], entry("m", price=known))[0].price
    assert price is not None
    assert (price.cache_read_usd_per_mtok, price.cache_write_usd_per_mtok) == (0.5, 3)


def test_a_retired_model_says_what_follows_it() -> None:
    past = entry("old", curated=True, retires_on=TODAY, successor="new", notice="It moved.")
    (model,) = join([], past)
    assert (model.retired, model.retires_on, model.successor, model.notice) == (True, TODAY, "new", "It moved.")
    (future,) = join(None, entry("m", retires_on="2026-11-21", successor="new"))
    assert (future.retired, future.retires_on, future.successor) == (None, "2026-11-21", "new")
    (gone,) = join(None, entry("m", gone=True))
    assert (gone.retired, gone.retires_on) == (True, None)


def test_a_model_that_is_listed_is_served_whatever_the_catalog_thought() -> None:
    (model,) = join([ListedModel(id="m")], entry("m", gone=True, successor="n", notice="Never was."))
    assert (model.retired, model.successor, model.notice) == (None, None, None)


def test_a_provider_may_announce_an_end_itself() -> None:
    live = ListedModel(id="m", retires_on="2026-12-01", successor="n")
    (model,) = join([live])
    assert (model.retired, model.retires_on, model.successor) == (None, "2026-12-01", "n")


def test_a_kept_list_grows_old() -> None:
    kept = CachedListing(listing=Listing(models=()), checked_ms=1000)
    assert kept.fresh(1000, 10)
    assert kept.fresh(1009, 10)
    assert not kept.fresh(1010, 10)
    assert not kept.fresh(999, 10), "the clock was set back"
    assert not kept.fresh(1000, 0)


def test_progress_in_words() -> None:
    assert PullProgress("pulling manifest").words == "pulling manifest"
    assert PullProgress("pulling manifest").percentage is None
    half = PullProgress("pulling 1", 1_500_000_000, 4_700_000_000)
    assert half.words == "pulling 1: 1.5 GB of 4.7 GB"
    assert half.percentage == 31
    assert PullProgress("x", 999, 12_000).words == "x: 999 B of 12.0 kB"
    assert PullProgress("x", 5, 4).percentage == 100
