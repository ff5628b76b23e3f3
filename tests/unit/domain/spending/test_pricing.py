"""The order of the sources of a price, and what is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from modelport.adapters.price_lists.book import load_price_book
from modelport.domain.completions.reported_usage import OtherModel, TokenCounts
from modelport.domain.providers.pricing import OwnPrice, own_price
from modelport.domain.spending.pricing import Cost, cost_of
from modelport.domain.spending.usage import Billing
from support.shipped import shipped_registry

BOOK = load_price_book()
REGISTRY = shipped_registry()
NOON = datetime.fromisoformat("2026-11-30T12:00:00")
MILLION = 1_000_000


def cost(
    provider: str,
    *models: str,
    own: Mapping[str, OwnPrice] | None = None,
    free: bool = False,
    reported: Mapping[str, str] | None = None,
    kind: Mapping[str, str] | None = None,
    by_tokens: bool = True,
    estimated: bool = False,
    **counts: Any,
) -> Cost:
    counted = TokenCounts(**{"input": MILLION, "output": MILLION, **counts})
    billing = Billing(
        counts=counted,
        estimated=estimated,
        models=models,
        kind=kind or {},
        reported=reported or {},
        by_tokens=by_tokens,
    )
    row = REGISTRY.get(provider)
    return cost_of(row, billing, NOON, BOOK, own=lambda model: own_price(own or {}, model), free=free)


def test_the_sources_in_their_order() -> None:
    own = {"gpt-4o": OwnPrice(input=1, output=1)}
    said = {"usage.cost": "0.5"}
    assert cost("openrouter", "gpt-4o", own=own, reported=said) == Cost(
        usd_micros=500_000, source="reported", exact=Decimal("0.5")
    )
    assert cost("openai", "gpt-4o", own=own, reported=said).source == "user"
    assert cost("openai", "gpt-4o").source == "list"
    assert cost("alibaba", "qwen3-max").source == "list"
    assert cost("sambanova", "gpt-oss-120b").source == "catalog"
    assert cost("openai", "gpt-of-tomorrow") == Cost()
    assert cost("ollama", "qwen3:8b", free=True) == Cost(usd_micros=0, exact=Decimal(0))
    assert cost("ollama", "qwen3:8b", free=True, own={"*": OwnPrice(input=0.1, output=0)}).usd_micros == 100_000


@pytest.mark.parametrize(
    ("provider", "model", "changes"),
    [
        ("kimi-coding", "kimi-for-coding", {}),
        ("copilot", "gpt-4o", {}),
        ("opencode-go", "kimi-k3", {}),
        ("vertex", "gemini-2.5-pro", {"kind": {"service_tier": "provisioned"}}),
        ("openai", "gpt-image-1", {"by_tokens": False, "input": 0, "output": 0}),
        ("alibaba-cn", "qwen-turbo", {}),
        # Listed without any price.
        ("cerebras", "qwen-3-coder-480b", {}),
    ],
)
def test_what_has_no_price_of_its_own_is_never_nothing(provider: str, model: str, changes: dict[str, Any]) -> None:
    assert cost(provider, model, **changes) == Cost()


@pytest.mark.parametrize("row", REGISTRY.all(), ids=lambda row: row.id)
def test_a_row_names_a_list_that_is_there(row: Any) -> None:
    if row.pricing.price_list:
        assert BOOK.price_list(row.pricing.price_list).models
        assert not row.pricing.plan


@pytest.mark.parametrize(
    ("provider", "said", "expected"),
    [
        ("openrouter", {"usage.cost": "0.01413225"}, 14_132),
        ("openrouter", {"usage.cost": "0.001", "usage.is_byok": "true", "usage.cost_details.upstream_inference_cost": "0.02"}, 21_000),
        ("openrouter", {"usage.cost": "0.001", "usage.is_byok": "false", "usage.cost_details.upstream_inference_cost": "0.02"}, 1_000),
        ("xai", {"usage.cost_in_usd_ticks": "739000"}, 74),
        ("perplexity", {"usage.cost.total_cost": "0.006"}, 6_000),
        ("vercel", {"usage.cost": "0.0000702"}, 70),
    ],
)  # fmt: skip
def test_what_a_provider_reports(provider: str, said: dict[str, str], expected: int) -> None:
    found = cost(provider, "no-list-has-it", reported=said)
    assert (found.usd_micros, found.source) == (expected, "reported")


@pytest.mark.parametrize(
    "said",
    [
        {"usage.cost": "0"},
        {"usage.cost": "free"},
        {"usage.cost": "-1"},
        {"usage.cost": "NaN"},
        {"usage.cost": "Infinity"},
        {"usage.cost": "1000001"},
        {"usage.cost": "1e9999"},
        {"usage.cost": "0.5", "usage.cost_details.currency": "CNY"},
        {"usage.costs": "0.5"},
        {},
    ],
)
def test_what_is_not_believed(said: dict[str, str]) -> None:
    assert cost("openrouter", "no-list-has-it", reported=said) == Cost()


def test_a_reported_nothing_counts_for_free_models_and_for_no_output() -> None:
    assert cost("openrouter", "minimax/minimax-m2:free", reported={"usage.cost": "0"}).usd_micros == 0
    assert cost("openrouter", "a/b", reported={"usage.cost": "0"}, output=0).usd_micros == 0


def test_the_model_that_answered_comes_before_the_one_that_was_asked_for() -> None:
    assert cost("azure", "gpt-4o-2024-08-06", "my-deployment") == cost("azure", "gpt-4o")
    assert cost("openai", "davinci:2023-07-21-v2", "davinci-002").source == "list"


def test_the_counts_of_an_hours_cache_of_images_and_of_what_is_billed() -> None:
    cached = cost("anthropic", "claude-opus-4-5", input=MILLION, output=0, cache_write=MILLION, cache_write_1h=MILLION)
    assert cached.usd_micros == 10 * MILLION
    assert cost("anthropic", "claude-opus-4-5", input=MILLION, output=0, cache_write=MILLION).usd_micros == 6_250_000
    billed = cost("cohere", "command-r-08-2024", input=502, output=4, billed_input=7, billed_output=2)
    assert billed.usd_micros == cost("cohere", "command-r-08-2024", input=7, output=2).usd_micros


def test_an_advisor_is_paid_besides() -> None:
    """Anthropic: what its iterations of another model used is in none of the other counts."""
    advisor = OtherModel("claude-opus-4-8", TokenCounts(input=2_543, output=18))
    found = cost("anthropic", "claude-sonnet-5", input=2_411, output=145, of_others=(advisor,))
    assert found.usd_micros == 19_437
    unknown = OtherModel("model-of-tomorrow", TokenCounts(input=1, output=1))
    assert cost("anthropic", "claude-sonnet-5", of_others=(unknown,)) == Cost()
    compaction = OtherModel("", TokenCounts(input=MILLION, output=0))
    both = cost("anthropic", "claude-sonnet-5", input=0, output=0, of_others=(compaction,))
    assert both.usd_micros == cost("anthropic", "claude-sonnet-5", output=0).usd_micros


def test_a_sum_over_several_samplings_trips_no_tier() -> None:
    whole = cost("gemini", "gemini-2.5-pro", input=404_500, output=0)
    sampled = cost("gemini", "gemini-2.5-pro", input=404_500, output=0, longest_input=150_000)
    assert sampled.usd_micros == 505_625
    assert whole.usd_micros == 1_011_250


def test_bedrock_profiles_of_a_region_cost_a_tenth_more() -> None:
    wide = cost("bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    near = cost("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert (wide.usd_micros, near.usd_micros) == (18_000_000, 19_800_000)


def test_a_service_tier_is_that_of_the_answer() -> None:
    usual = cost("openai", "gpt-5.1")
    flex = cost("openai", "gpt-5.1", kind={"service_tier": "flex"})
    assert usual.usd_micros == 2 * (flex.usd_micros or 0)


def test_an_estimate_of_tokens_is_one_of_the_cost() -> None:
    assert cost("openai", "gpt-4o", estimated=True).estimated
    assert not cost("openai", "gpt-4o").estimated


def test_own_prices_by_name_before_those_by_pattern() -> None:
    own = {"*": OwnPrice(input=9, output=9), "gpt-4o": OwnPrice(input=0.1, output=0.2, cache_read=0.05)}
    found = cost("openai", "gpt-4o", own=own, cache_read=MILLION)
    assert found.exact == Decimal("0.05") + Decimal("0.2")
    assert cost("openai", "anything", own=own).exact == 18


def test_web_searches_at_the_users_own_price() -> None:
    searches = {"input": 0, "output": 0, "web_searches": 2}
    assert cost("openai", "x", own={"x": OwnPrice(input=1, output=1)}, **searches) == Cost()
    assert cost("openai", "x", own={"x": OwnPrice(input=1, output=1, web_search=4)}, **searches).usd_micros == 8_000


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::a1b2", 1_500_000),
        ("openai", "ft:gpt-4.1-nano-2025-04-14:acme:tides:a1b2", 1_000_000),
        ("openai", "gpt-4o-2024-08-06", 12_500_000),
        ("openai", "omni-moderation-latest", 0),
        ("gemini", "models/gemini-2.5-flash", 2_800_000),
        ("gemini", "google/gemini-2.5-flash", 2_800_000),
        ("vertex", "google/gemini-2.0-flash-001", 750_000),
        ("vertex", "publishers/google/models/gemini-2.5-flash", 2_800_000),
        ("gemini", "gemma-3-27b-it", 0),
        ("mistral", "mistral-large-latest", 2_000_000),
        ("anthropic", "claude-sonnet-4-5[1m]", 18_000_000),
        ("openrouter", "qwen/qwen3-coder:free", 0),
        ("openrouter", "openai/gpt-4o:online", None),
        ("deepseek", "deepseek-chat", 420_000),
        ("groq", "groq/compound", None),
    ],
)
def test_other_names_of_models(provider: str, model: str, expected: int | None) -> None:
    assert cost(provider, model).usd_micros == expected


def test_a_kind_of_call_that_the_list_does_not_know_makes_an_estimate() -> None:
    found = cost("groq", "llama-3.3-70b-versatile", kind={"service_tier": "priority"})
    assert (found.usd_micros, found.estimated) == (1_380_000, True)
    assert not cost("groq", "llama-3.3-70b-versatile", kind={"thinking": "true"}).estimated
