"""Token counts as OpenAI and the compatible servers write them, in the contract's meaning."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from modelport.adapters.wire.json_values import decode_or_none
from modelport.domain.completions.call import TokenCounts

Number = int | float | None


class _Details(Struct):
    cached_tokens: Number = None
    cache_write_tokens: Number = None
    cache_creation_tokens: Number = None
    reasoning_tokens: Number = None


class _Usage(Struct):
    prompt_tokens: Number = None
    input_tokens: Number = None
    completion_tokens: Number = None
    output_tokens: Number = None
    total_tokens: Number = None
    reasoning_tokens: Number = None
    cached_tokens: Number = None
    prompt_cache_hit_tokens: Number = None
    prompt_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None


_USAGE = msgspec.json.Decoder(_Usage)


def counts(usage: bytes) -> TokenCounts | None:
    """The counts of a ``usage`` object of Chat Completions or Responses; None when it holds none.

    Some providers leave reasoning out of the output count; their total gives them away, and it is added.
    """
    value = decode_or_none(_USAGE, usage)
    if value is None:
        return None
    read = _first(value.prompt_tokens, value.input_tokens)
    written = _first(value.completion_tokens, value.output_tokens)
    if read is None and written is None:
        return None
    inputs = value.prompt_tokens_details or value.input_tokens_details or _Details()
    outputs = value.completion_tokens_details or value.output_tokens_details or _Details()
    reasoning = _first(outputs.reasoning_tokens, value.reasoning_tokens)
    read, written = read or 0, written or 0
    if reasoning and value.total_tokens == read + written + reasoning:
        written += reasoning
    return TokenCounts(
        input=read,
        output=written,
        cache_read=_first(inputs.cached_tokens, value.cached_tokens, value.prompt_cache_hit_tokens),
        cache_write=_first(inputs.cache_write_tokens, inputs.cache_creation_tokens),
        reasoning=reasoning,
    )


def _first(*numbers: Number) -> int | None:
    return next((int(number) for number in numbers if number is not None), None)
