"""Token counts in every dialect: sent twice, in halves, or followed by zeros and nulls."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.cohere.chat import CohereChat
from modelport.adapters.dialects.google.generate_content import Gemini
from modelport.adapters.dialects.ollama.chat import Ollama
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.dialects.openai.completions import OpenAICompletions
from modelport.adapters.dialects.openai.responses import OpenAIResponses
from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS
from modelport.domain.completions.call import Answer
from modelport.domain.completions.reported_usage import TokenCounts
from support.builders import answer, call

Usage = dict[str, Any]
Event = tuple[bytes, Any]


@dataclass
class Row:
    """A dialect: how its events carry usage, its full usage object, and the meaning of that."""

    dialect: str
    format: Any
    event: Callable[[Usage], Event]
    usage: Usage
    counts: TokenCounts

    def __str__(self) -> str:
        return self.dialect


OPENAI: Usage = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
ALL = TokenCounts(input=10, output=5, cache_read=4, cache_write=1, reasoning=2)
ROWS = [
    Row("openai_chat", OpenAIChat(), lambda usage: (b"", {"choices": [], "usage": usage}), OPENAI, ALL),
    Row("openai_completions", OpenAICompletions(), lambda usage: (b"", {"choices": [], "usage": usage}), OPENAI, ALL),
    Row(
        "openai_responses",
        OpenAIResponses(),
        lambda usage: (b"", {"type": "response.completed", "response": {"status": "completed", "usage": usage}}),
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
            "output_tokens_details": {"reasoning_tokens": 2},
        },
        ALL,
    ),
    Row(
        "anthropic_messages",
        AnthropicMessages(),
        lambda usage: (b"message_delta", {"type": "message_delta", "delta": {}, "usage": usage}),
        {"input_tokens": 5, "output_tokens": 5, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 1},
        TokenCounts(input=10, output=5, cache_read=4, cache_write=1),
    ),
    Row(
        "gemini",
        Gemini(),
        lambda usage: (b"", {"candidates": [], "responseId": "r", "usageMetadata": usage}),
        {
            "promptTokenCount": 10,
            "candidatesTokenCount": 3,
            "thoughtsTokenCount": 2,
            "cachedContentTokenCount": 4,
            "totalTokenCount": 15,
        },
        TokenCounts(input=10, output=5, cache_read=4, reasoning=2),
    ),
    Row(
        "ollama",
        Ollama(),
        lambda usage: (b"", {"done": True, **usage}),
        {"prompt_eval_count": 10, "eval_count": 5},
        TokenCounts(input=10, output=5),
    ),
    Row(
        "bedrock_converse",
        BedrockConverse(),
        lambda usage: (b"metadata", {"usage": usage}),
        {"inputTokens": 5, "outputTokens": 5, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 1},
        TokenCounts(input=10, output=5, cache_read=4, cache_write=1),
    ),
    Row(
        "cohere_chat",
        CohereChat(),
        lambda usage: (b"message-end", {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}}),
        {"tokens": {"input_tokens": 10, "output_tokens": 5, "reasoning_tokens": 2}, "cached_tokens": 4},
        TokenCounts(input=10, output=5, cache_read=4, reasoning=2),
    ),
]
every_row = pytest.mark.parametrize("row", ROWS, ids=str)


def counted(row: Row, *usages: Usage) -> Answer:
    built = answer()
    decoder = row.format.decoder(call(), built)
    for usage in usages:
        name, value = row.event(usage)
        decoder.event(name, json.dumps(value).encode())
    return built


def with_all(usage: Usage, value: Any) -> Usage:
    """The usage with every number replaced."""
    return {name: with_all(old, value) if isinstance(old, dict) else value for name, old in usage.items()}


def test_no_dialect_is_left_out() -> None:
    assert {row.dialect for row in ROWS} == set(MODULES) - OWN_COMPLETERS


@every_row
def test_a_usage_object_has_the_contracts_meaning(row: Row) -> None:
    assert counted(row, row.usage).counts == row.counts


@every_row
@pytest.mark.parametrize("nothing", [0, None, 0.0, "", "n/a", -1, [], True])
def test_a_later_zero_or_null_replaces_nothing(row: Row, nothing: Any) -> None:
    assert counted(row, row.usage, with_all(row.usage, nothing)).counts == row.counts


@every_row
def test_an_empty_object_replaces_nothing(row: Row) -> None:
    assert counted(row, row.usage, {}).counts == row.counts


@every_row
@pytest.mark.parametrize("odd", ["n/a", [1], True, None])
def test_one_odd_field_loses_no_other_count(row: Row, odd: Any) -> None:
    counts = counted(row, row.usage | {"odd_details": odd, "cached_tokens": row.usage.get("cached_tokens", odd)}).counts
    assert counts == row.counts


@every_row
def test_counts_in_halves_are_put_together(row: Row) -> None:
    first, *rest = row.usage
    halves = {first: row.usage[first]}, {name: row.usage[name] for name in rest}
    assert counted(row, *halves).counts == row.counts


@every_row
def test_a_repeated_object_counts_once(row: Row) -> None:
    assert counted(row, *[row.usage] * 200).counts == row.counts


@every_row
def test_later_counts_replace_earlier_ones(row: Row) -> None:
    assert counted(row, with_all(row.usage, 1), row.usage).counts == row.counts


@pytest.mark.parametrize("row", [row for row in ROWS if row.dialect != "ollama"], ids=str)
def test_a_reported_cost_is_kept_as_text_with_its_path(row: Row) -> None:
    built = counted(row, row.usage | {"cost": 0.00012}, row.usage | {"cost": 0})
    assert built.reported_costs == {"usage.cost": "0.00012"}
