"""Token counts as OpenAI and the compatible servers write them, in the contract's meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from modelport.adapters.wire.json_values import count, text_at
from modelport.domain.completions.reported_usage import TokenCounts

INPUT = ("prompt_tokens_details", "input_tokens_details")
OWN_TOOLS = "output_tool_calls"
"""Our own field beside those of the usage: the calls of the provider's tools, which stand among the output items."""
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
    cache_read = count(usage, *_in(INPUT, "cached_tokens"), "cached_tokens", "prompt_cache_hit_tokens")
    cache_write = count(usage, *_in(INPUT, "cache_write_tokens"), *_in(INPUT, "cache_creation_tokens"))
    return TokenCounts(
        input=read,
        output=written,
        cache_read=cache_read,
        cache_write=cache_write,
        reasoning=reasoning,
        input_audio=count(usage, *_in(INPUT, "audio_tokens")) or 0,
        cached_audio=count(usage, *_in(INPUT, "cached_tokens_details.audio_tokens")) or 0,
        input_image=count(usage, *_in(INPUT, "image_tokens")) or 0,
        output_audio=count(usage, *_in(OUTPUT, "audio_tokens")) or 0,
        output_image=count(usage, *_in(OUTPUT, "image_tokens")) or 0,
        web_searches=count(
            usage, "num_search_queries", "server_side_tool_usage_details.web_search_calls", f"{OWN_TOOLS}.web"
        )
        or 0,
        other_tool_calls=count(usage, f"{OWN_TOOLS}.other") or 0,
        search_context_size=text_at(usage, "search_context_size"),
    )


def read_counts_by_total(usage: Mapping[str, Any]) -> TokenCounts | None:
    """As ``read_counts``, for providers that charge output, such as thoughts, which only the total counts."""
    counts = read_counts(usage)
    total = count(usage, "total_tokens")
    if counts is None or total is None or total <= counts.input + counts.output:
        return counts
    return msgspec.structs.replace(counts, billed_input=counts.input, billed_output=total - counts.input)


def _in(details: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(f"{detail}.{name}" for detail in details)
