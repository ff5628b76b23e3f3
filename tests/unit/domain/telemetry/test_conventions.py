"""The table of names: what each version sends, and what it leaves out."""

from __future__ import annotations

from typing import get_args

import pytest

from modelport.adapters.data.providers import load_registry
from modelport.domain.telemetry.conventions import NEWEST, SECONDS, TOKENS, USUAL, Conventions, Fact, conventions
from modelport.domain.telemetry.metrics import Measurements
from support.ended_calls import ended_call

WELL_KNOWN = {
    "openai", "anthropic", "aws.bedrock", "azure.ai.openai", "azure.ai.inference", "gcp.gemini", "gcp.vertex_ai",
    "gcp.gen_ai", "cohere", "deepseek", "groq", "mistral_ai", "moonshot_ai", "perplexity", "x_ai", "ibm.watsonx.ai",
}  # fmt: skip


@pytest.mark.parametrize(
    ("opt_in", "version"),
    [
        ("", USUAL),
        ("http", USUAL),
        ("gen_ai_latest_experimental", NEWEST),
        ("http/dup, gen_ai_latest_experimental", NEWEST),
        ("gen_ai_latest_experimental_2", USUAL),
    ],
)
def test_the_version_is_chosen_by_the_variable(opt_in: str, version: Conventions) -> None:
    assert conventions(opt_in) is version


def test_the_versions_differ_where_the_conventions_do() -> None:
    assert USUAL.attributes["cache_write_tokens"] == "gen_ai.usage.cache_creation.input_tokens"
    assert NEWEST.attributes["cache_write_tokens"] == "gen_ai.usage.cache_write.input_tokens"
    assert set(USUAL.attributes) ^ set(NEWEST.attributes) == {"token_type", "reasoning_effort"}
    assert set(USUAL.attributes) | set(NEWEST.attributes) == set(get_args(Fact))


def test_the_buckets_are_those_of_the_conventions() -> None:
    assert SECONDS[:3] == (0.01, 0.02, 0.04)
    assert SECONDS[-1] == pytest.approx(81.92)
    assert (TOKENS[:3], TOKENS[-1], len(TOKENS)) == ((1, 4, 16), 67108864, 14)


@pytest.mark.parametrize(
    ("names", "operation", "sent"),
    [
        (USUAL, "chat", {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}),
        (USUAL, "embeddings", {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}),
        (
            NEWEST,
            "chat",
            {
                "gen_ai.client.inference.duration",
                "gen_ai.client.inference.usage.input_tokens",
                "gen_ai.client.inference.usage.output_tokens",
                "gen_ai.client.inference.operation.input_tokens",
                "gen_ai.client.inference.operation.output_tokens",
            },
        ),
        (
            NEWEST,
            "embeddings",
            {"gen_ai.client.embeddings.duration", "gen_ai.client.embeddings.operation.input_tokens"},
        ),
    ],
)
def test_each_kind_of_call_has_its_metrics(names: Conventions, operation: str, sent: set[str]) -> None:
    measured = Measurements(names, 0)
    measured.add(ended_call(operation=operation))
    assert {tables[0].metric.name for tables in measured.tables()} == sent


def test_names_of_rows_are_well_known_ones() -> None:
    named = {row.id: row.telemetry_name for row in load_registry().all() if row.telemetry_name}
    assert set(named.values()) <= WELL_KNOWN
    assert (named["gemini"], named["vertex-anthropic"], named["xai"]) == ("gcp.gemini", "gcp.vertex_ai", "x_ai")
    assert not [row for row, name in named.items() if row == name]
