"""Our price lists and calculator against genai-prices itself, from which the lists were made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache

import pytest
from genai_prices.data import providers
from genai_prices.types import (
    ModelInfo,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
    Usage,
)

from modelport.adapters.price_lists.book import PriceBook, load_price_book
from modelport.domain.spending.cost import cost, micros
from modelport.domain.spending.price_list import Match, PricedModel, find_model

LISTS = {provider.id: provider for provider in providers}
LENGTHS = (0, 1, 100, 5_000, 32_001, 128_001, 200_000, 200_001, 272_001, 900_000)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 4 * 365
PLAIN = 8
"""The moments of a model whose price never changes."""


@cache
def book() -> PriceBook:
    return load_price_book()


def names() -> list[str]:
    return sorted(name for name in LISTS if book().price_list(name).models)


def usage(rng: random.Random, total: int) -> dict[str, int]:
    """Counts that agree with each other, for an input of a length: a part is never more than its whole."""
    output = rng.choice((0, 3, 1_000, 60_000))
    read, five, hour, audio, image = (rng.randint(0, total // 6) for _ in range(5))
    audio_read = rng.randint(0, min(audio, read))
    return {
        "input_tokens": total,
        "output_tokens": output,
        "cache_read_tokens": read,
        "cache_write_tokens": five + hour,
        "cache_write_1h_tokens": hour,
        "input_audio_tokens": audio,
        "cache_audio_read_tokens": audio_read,
        "input_image_tokens": image,
        "cache_image_read_tokens": rng.randint(0, min(image, read - audio_read)),
        "output_audio_tokens": rng.randint(0, output // 4),
        "output_image_tokens": rng.randint(0, output // 4),
        "output_reasoning_tokens": rng.randint(0, output // 4),
        "web_searches": rng.randint(0, 5),
    }


def models(provider: Provider) -> Iterator[tuple[ModelInfo, PricedModel]]:
    """Each model as they have it, and as we do; those that we correct are not compared."""
    ours = {model.id: model for model in book().price_list(provider.id).models if not model.source}
    yield from ((model, ours[model.id]) for model in provider.models)


def test_most_lists_are_there() -> None:
    assert len(names()) >= 24
    assert sum(len(book().price_list(name).models) for name in names()) >= 1_800


def kinds(model: ModelInfo) -> list[dict[str, str]]:
    """The usual calls, those of every kind that the model has prices for, and those of a kind that it has none for."""
    own = [dict(variant.when) for variant in model.price_variants or ()]
    return [{}, *own, {"service_tier": "of tomorrow"}, {"service_tier": "flex", "speed": "fast"}]


def lengths(model: ModelInfo) -> set[int]:
    """Inputs of some lengths, and of those at which a tier begins and ends."""
    every = [model.prices] if not isinstance(model.prices, list) else [dated.prices for dated in model.prices]
    every += [variant.prices for variant in model.price_variants or ()]
    tiered = [price for prices in every for price in vars(prices).values() if isinstance(price, TieredPrices)]
    starts = {tier.start for price in tiered for tier in price.tiers}
    return {0, 1, 5_000} | starts | {start + 1 for start in starts}


def moments(model: ModelInfo) -> set[datetime]:
    """A second before and at each turn of its prices, also those to come, on a weekday and on a Sunday."""
    dated = model.prices if isinstance(model.prices, list) else []
    limits = [one.constraint for one in (*dated, *(model.price_variants or ())) if one.constraint]
    days = {one.start_date for one in limits if isinstance(one, StartDateConstraint)} | {
        date(2026, 11, 27),
        date(2026, 11, 29),
    }
    times = {time(0), time(12)}
    for one in limits:
        if isinstance(one, TimeOfDateConstraint):
            times |= {one.start_time.replace(tzinfo=None), one.end_time.replace(tzinfo=None)}
    turns = {datetime.combine(day, hour, UTC) for day in days for hour in times}
    return turns | {turn - timedelta(seconds=1) for turn in turns}


@pytest.mark.parametrize("name", names())
def test_every_model_costs_what_the_package_says(name: str) -> None:
    """On random usage: at every length, moment and kind at which its price may change, and at random ones."""
    rng = random.Random(name)
    provider, units = LISTS[name], book().units
    for theirs, ours in models(provider):
        whens = [*moments(theirs), FIRST + timedelta(seconds=rng.randint(0, DAYS * 86_400))]
        cases = [
            (total, rng.choice(whens), rng.choice(kinds(theirs))) for total in (*lengths(theirs), rng.choice(LENGTHS))
        ]
        cases += [(rng.choice(LENGTHS), when, rng.choice(kinds(theirs))) for when in whens if len(whens) > PLAIN]
        cases += [(rng.choice(LENGTHS), rng.choice(whens), kind) for kind in kinds(theirs)]
        for total, when, kind in cases:
            used = usage(rng, total)
            expected = theirs.calc_price(
                Usage(**used), provider, genai_request_timestamp=when, price_context=kind
            ).total_price
            prices = ours.prices_at(when.replace(tzinfo=None), kind)
            got = cost({**used, "requests": 1}, prices, units, input_tokens=total)
            assert abs(got - expected) < Decimal("1e-18"), (theirs.id, used, when, kind)


def test_every_way_in_which_a_price_changes_is_met() -> None:
    """Else the test above would prove nothing of it."""
    every = [model for name in names() for model, _ in models(LISTS[name])]
    assert sum(len(lengths(model)) > 3 for model in every) >= 60
    assert sum(len(moments(model)) > PLAIN for model in every) >= 10
    assert sum(len(kinds(model)) > 3 for model in every) >= 100
    assert any(moment > datetime(2026, 12, 1, 12, tzinfo=UTC) for model in every for moment in moments(model))


def test_every_id_means_the_model_that_the_package_says() -> None:
    rng = random.Random(7)
    ids = [model.id for provider in providers for model in provider.models]
    ids += ["gpt-5.2-20251211", "GPT-4O", "claude-opus-4-5@20251101", "us.anthropic.claude-opus-4-5-20251101-v1:0"]
    for name in names():
        ours = book().price_list(name)
        corrected = [model.match for model in ours.models if model.source]
        for model in rng.sample(ids, 150):
            if any(match.fits(model.lower()) for match in corrected) or model.lower().startswith(ours.prefixes):
                continue
            expected = LISTS[name].find_model(model, all_providers=providers)
            found = find_model(model, ours, book().price_list)
            if found is not None and found.source:
                # It is one of ours in the list of the model's maker.
                continue
            assert (found and found.id) == (expected and expected.id), (name, model)


# What the package has wrong, or not at all.


def price(name: str, model: str, when: str, **used: int) -> int:
    found = find_model(model, book().price_list(name), book().price_list)
    assert found is not None
    prices = found.prices_at(datetime.fromisoformat(when), {})
    return micros(cost(used, prices, book().units, input_tokens=used["input_tokens"]))


@pytest.mark.parametrize(
    ("when", "micros_of_a_million"),
    [
        ("2026-08-16T02:00:00", 140_000 + 280_000),
        ("2026-08-17T00:59:59", 220_000 + 660_000),
        ("2026-08-18T02:00:00", 440_000 + 1_320_000),
        ("2026-11-30T00:59:59", 150_000 + 600_000),
        ("2026-11-30T01:00:00", 300_000 + 1_200_000),
        ("2026-11-30T03:59:59", 300_000 + 1_200_000),
        ("2026-11-30T04:00:00", 150_000 + 600_000),
        ("2026-11-30T06:00:00", 300_000 + 1_200_000),
        ("2026-11-30T10:00:00", 150_000 + 600_000),
        # A Saturday and a Sunday, and a holiday that is a Thursday.
        ("2026-11-28T02:00:00", 150_000 + 600_000),
        ("2026-11-29T07:00:00", 150_000 + 600_000),
        ("2026-10-01T02:00:00", 150_000 + 600_000),
    ],
)
def test_the_peak_of_deepseek_is_on_workdays_of_beijing(when: str, micros_of_a_million: int) -> None:
    used = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    assert price("deepseek", "deepseek-v4-flash", when, **used) == micros_of_a_million


@pytest.mark.parametrize(
    ("name", "model", "used", "expected"),
    [
        ("mistral", "mistral-large-latest", {"input_tokens": 157, "output_tokens": 4}, 84),
        ("vertex", "gemini-2.0-flash", {"input_tokens": 13, "output_tokens": 8}, 7),
        ("google", "gemini-2.0-flash", {"input_tokens": 13, "output_tokens": 8}, 4),
        ("anthropic", "claude-sonnet-4-5-20250929", {"input_tokens": 404_500, "output_tokens": 943}, 1_227_645),
        ("aws", "openai.gpt-oss-safeguard-20b", {"input_tokens": 72, "output_tokens": 56}, 16),
    ],
)
def test_corrections_come_before_the_list(name: str, model: str, used: dict[str, int], expected: int) -> None:
    assert price(name, model, "2026-11-30T12:00:00", **used) == expected


def test_a_half_goes_to_the_even_neighbour() -> None:
    assert [micros(Decimal(text)) for text in ("0.0000005", "0.0000015", "0.0000025")] == [0, 2, 2]


def test_counts_that_contradict_each_other_give_no_money_back() -> None:
    prices = {"input_tokens": Decimal(1), "cache_read_tokens": Decimal("0.1")}
    used = {"input_tokens": 7, "cache_read_tokens": 163}
    assert cost(used, prices, book().units, input_tokens=7) == Decimal("0.0000163")


@pytest.mark.parametrize(
    ("match", "fitting", "other"),
    [
        (Match(equals="a"), "a", "ab"),
        (Match(starts_with="a"), "ab", "ba"),
        (Match(ends_with="a"), "ba", "ab"),
        (Match(contains="a"), "bab", "b"),
        (Match(regex="^a+$"), "aa", "ab"),
        (Match(any_of=(Match(equals="a"), Match(equals="b"))), "b", "c"),
        (Match(all_of=(Match(starts_with="a"), Match(ends_with="b"))), "ab", "a"),
    ],
)
def test_ways_to_mean_a_model(match: Match, fitting: str, other: str) -> None:
    assert match.fits(fitting)
    assert not match.fits(other)


def test_no_way_to_mean_a_model_means_none() -> None:
    assert not Match().fits("a")
