"""Token counts of OpenAI and the compatible servers, in the contract's meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.openai.usage import read_counts
from modelport.domain.completions.reported_usage import TokenCounts
from support.builders import answer


def read(usage: Any) -> TokenCounts | None:
    built = answer()
    built.add_usage(usage if isinstance(usage, bytes) else json.dumps(usage).encode(), read_counts)
    return built.counts


@pytest.mark.parametrize(
    ("usage", "meant"),
    [
        # Chat Completions.
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, TokenCounts(input=10, output=5)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 60},
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            TokenCounts(input=100, output=50, cache_read=60, reasoning=30),
        ),
        # Responses.
        (
            {
                "input_tokens": 100,
                "output_tokens": 50,
                "total_tokens": 150,
                "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 7},
                "output_tokens_details": {"reasoning_tokens": 30},
            },
            TokenCounts(input=100, output=50, cache_read=60, cache_write=7, reasoning=30),
        ),
        # xAI leaves reasoning out of the output; its total gives it away.
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            TokenCounts(input=32, output=103, reasoning=94),
        ),
        # DeepSeek, Moonshot and others put them at the top.
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 4},
            TokenCounts(input=10, output=5, cache_read=4),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 4, "reasoning_tokens": 2},
            TokenCounts(input=10, output=5, cache_read=4, reasoning=2),
        ),
        # One odd detail loses itself only.
        (
            {
                "prompt_tokens": "10",
                "completion_tokens": 5,
                "total_tokens": "fifteen",
                "prompt_tokens_details": "none",
                "completion_tokens_details": {"reasoning_tokens": [], "audio_tokens": {}},
            },
            TokenCounts(input=10, output=5),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": "many", "cache_write_tokens": 2},
            },
            TokenCounts(input=10, output=5, cache_write=2),
        ),
        # One half only, floats, zeros, nulls.
        ({"prompt_tokens": 10}, TokenCounts(input=10, output=0)),
        ({"completion_tokens": 5}, TokenCounts(input=0, output=5)),
        ({"prompt_tokens": 10.0, "completion_tokens": 5.0}, TokenCounts(input=10, output=5)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, TokenCounts(input=0, output=0)),
        (
            {"prompt_tokens": 1, "completion_tokens": None, "prompt_tokens_details": None},
            TokenCounts(input=1, output=0),
        ),
        (
            {"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": None}},
            TokenCounts(input=1, output=2),
        ),
        (
            {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "reasoning_tokens": 0},
            TokenCounts(input=1, output=2, reasoning=0),
        ),
    ],
)
def test_counts(usage: dict[str, Any], meant: TokenCounts) -> None:
    assert read(usage) == meant


@pytest.mark.parametrize(
    "usage", [{}, {"total_tokens": 15}, {"prompt_tokens": "many"}, {"prompt_tokens": None}, [], "none", 5, None, True]
)
def test_what_holds_no_counts_is_unknown(usage: Any) -> None:
    assert read(usage) is None


def test_a_count_beyond_all_numbers_is_unknown() -> None:
    assert read(b'{"prompt_tokens":1e999}') is None
