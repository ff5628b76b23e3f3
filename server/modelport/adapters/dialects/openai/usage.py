"""Token counts as OpenAI and the compatible servers write them, in the contract's meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.adapters.wire.json_values import count
from modelport.domain.completions.reported_usage import TokenCounts

INPUT = ("prompt_tokens_details", "input_tokens_details")
OUTPUT = ("completion_tokens_details", "output_tokens_details")


def read_counts(usage: Mapping[str, Any]) -> TokenCounts | None:
    """The counts of a ``usage`` object of Chat Completions or Responses; None when it holds none.

    Some providers leave reasoning out of the output count; their total gives them away, and it is added.
    """
    read = count(usage, "prompt_tokens", "input_tokens")
    written = count(usage, "completion_tokens", "output_tokens")
    if read is None and written is None:
        return None
    reasoning = count(usage, *_in(OUTPUT, "reasoning_tokens"), "reasoning_tokens")
    read, written = read or 0, written or 0
    if reasoning and count(usage, "total_tokens") == read + written + reasoning:
        written += reasoning
    return TokenCounts(
        input=read,
        output=written,
        cache_read=count(usage, *_in(INPUT, "cached_tokens"), "cached_tokens", "prompt_cache_hit_tokens"),
        cache_write=count(usage, *_in(INPUT, "cache_write_tokens"), *_in(INPUT, "cache_creation_tokens")),
        reasoning=reasoning,
    )


def _in(details: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(f"{detail}.{name}" for detail in details)
