"""The lists that genai-prices publishes: what is read, and what is refused."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from modelport.adapters.price_lists.book import load_price_book
from modelport.adapters.price_lists.genai_prices import UnfitPrices, read_genai_prices
from modelport.domain.spending.price_list import DatedPrices, Match, PriceList, Tier, TieredPrice, Unit, Variant, When

UNITS = load_price_book().units


def model(**changes: Any) -> dict[str, Any]:
    return {"id": "m", "match": {"equals": "M-1"}, "prices": {"input_mtok": 0.1, "output_mtok": 2}, **changes}


def published(*models: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps([{"id": "acme", "name": "Acme", "models": list(models), **changes}]).encode()


def read(data: bytes, least: int = 0) -> PriceList:
    return read_genai_prices(data, UNITS, least=least)[0]["acme"]


def test_a_model_as_it_is_published() -> None:
    (one,) = read(published(model(name="M", context_window=7))).models
    assert (one.id, one.match, one.variants) == ("m", Match(equals="m-1"), ())
    assert one.prices == (DatedPrices(prices={"input_tokens": Decimal("0.1"), "output_tokens": Decimal(2)}),)


def test_tiers_dates_hours_variants_and_fallbacks() -> None:
    tiered = {"input_mtok": {"base": 1, "tiers": [{"start": 9, "price": 3}, {"start": 5, "price": 2}]}}
    prices = [
        {"prices": tiered},
        {"prices": {"input_mtok": 4}, "constraint": {"start_date": "2026-12-01"}},
        {"prices": {"input_mtok": 5}, "constraint": {"start_time": "16:30:00Z", "end_time": "00:30:00Z"}},
    ]
    variant = {"when": {"service_tier": "flex"}, "prices": {"input_mtok": 0.5}}
    found = read(published(model(prices=prices, price_variants=[variant]), fallback_model_providers=["other"]))
    assert found.fallbacks == ("other",)
    (one,) = found.models
    assert one.prices == (
        DatedPrices(prices={"input_tokens": TieredPrice(Decimal(1), (Tier(5, Decimal(2)), Tier(9, Decimal(3))))}),
        DatedPrices(prices={"input_tokens": Decimal(4)}, when=When(since=date(2026, 12, 1))),
        DatedPrices(prices={"input_tokens": Decimal(5)}, when=When(start=time(16, 30), end=time(0, 30))),
    )
    assert one.variants == (Variant(of={"service_tier": "flex"}, prices={"input_tokens": Decimal("0.5")}),)
    assert one.prices_at(datetime.fromisoformat("2026-12-01T12:00:00"), {}) == {"input_tokens": Decimal(4)}


def test_the_later_form_has_its_own_units() -> None:
    units = {"dreams": {"per": 10, "price_key": "dreams_dozen", "dimensions": {"family": "dreams"}}}
    sellers = [{"id": "acme", "models": [model(prices={"dreams_dozen": 3})]}]
    lists, found = read_genai_prices(json.dumps({"units": units, "providers": sellers}).encode(), UNITS, least=0)
    assert lists["acme"].models[0].prices[0].prices == {"dreams": Decimal(3)}
    assert found == {"dreams": Unit(per=10, dimensions={"family": "dreams"}, price_key="dreams_dozen")}


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ({"or": [{"starts_with": "A"}, {"regex": "^b"}]}, Match(any_of=(Match(starts_with="a"), Match(regex="^b")))),
        ({"and": [{"contains": "A"}, {"ends_with": "B"}]}, Match(all_of=(Match(contains="a"), Match(ends_with="b")))),
    ],
)
def test_ways_to_mean_a_model(clause: Any, expected: Match) -> None:
    assert read(published(model(match=clause))).models[0].match == expected


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b"<html>", "malformed"),
        (b'{"error": "no"}', "missing required field"),
        (b'[{"id":"a","models":[{"id":"m","prices":{},"match":' + b'{"or":[' * 100_000, "recursion|Stack overflow"),
        (b"[" * 100_000, "Expected `object`"),
        (b"\xff[]", "malformed"),
        (published(model(id=7)), "Expected `str`"),
        (published(model(prices={"input_mtok": "cheap"})), "Invalid decimal"),
        (published(model(prices={"input_mtok": -1})), "no amount of money"),
        (published(model(prices={"input_mtok": {"base": 1, "tiers": [{"start": 1, "price": -1}]}})), "no amount"),
        (published(model(prices={"input_mtok": {"base": 1, "steps": []}})), "unknown field"),
        (published(model(prices={"dreams_dozen": 1})), "of a kind that this version does not know: dreams_dozen"),
        (published(model(prices=[])), "m has no prices"),
        (published(model(prices=[{"prices": {}, "constraint": {}}])), "a condition that is not known"),
        (published(model(prices=[{"prices": {}, "constraint": {"weekday": 1}}])), "unknown field"),
        (published(model(prices=[{"prices": {}, "constraint": {"start_time": "01:00:00Z"}}])), "not known"),
        (published(model(prices=[{"prices": {}, "constraint": {"start_time": "01:00:00+02:00", "end_time": "02:00:00Z"}}])), "not in UTC"),
        (published(model(match={})), "matched in a way that is not known"),
        (published(model(match={"equals": "a", "contains": "b"})), "matched in a way"),
        (published(model(match={"sounds_like": "a"})), "unknown field"),
        (published(model(match={"regex": "("})), "a pattern that is none"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UnfitPrices, match=why):
        read(data)


def test_too_few_models_are_no_price_list() -> None:
    with pytest.raises(UnfitPrices, match="fewer than 2 models"):
        read(published(model()), least=2)
