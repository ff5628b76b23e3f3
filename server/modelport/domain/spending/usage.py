"""The usage of one call, and the arithmetic of totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from modelport.domain.completions.call import Answer, ModelCall, input_characters
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.providers.address import is_loopback
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.types import CallOutcome, ErrorKind, FinishReason, Message, Tool, Usage, UsageTotals

CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for English and code; an estimate is marked as one."""
MAX_COUNT = 1 << 40
"""The largest plausible count of tokens. A larger one is ignored, so that totals cannot overflow."""


class CallRecord(Struct, frozen=True, kw_only=True):
    """One call as the ledger stores it. Times are milliseconds since 1970, UTC."""

    started_at_ms: int
    provider: str
    model: str
    client: str | None
    project: str | None
    outcome: CallOutcome
    error_kind: ErrorKind | None
    finish_reason: FinishReason | None
    usage: Usage


def count(call: ModelCall, answer: Answer, *, started_s: float, ended_s: float) -> Usage:
    """The usage of one call, from the provider's counts or, where it gave none, an estimate."""
    reported = answer.counts
    estimated = reported is None or not _credible(reported)
    counts = estimate(call, answer) if reported is None or estimated else reported
    first = answer.first_delta_at
    return Usage(
        input_tokens=counts.input,
        output_tokens=counts.output,
        cache_read_tokens=counts.cache_read,
        cache_write_tokens=counts.cache_write,
        reasoning_tokens=counts.reasoning,
        latency_ms=_milliseconds(ended_s - started_s),
        time_to_first_token_ms=None if first is None else _milliseconds(first - started_s),
        usd_micros=price_of(call.endpoint),
        estimated=estimated,
    )


def _credible(counts: TokenCounts) -> bool:
    return all(number is None or 0 <= number <= MAX_COUNT for number in msgspec.structs.astuple(counts))


def estimate(call: ModelCall, answer: Answer) -> TokenCounts:
    """Counts by the length of input and output; a call without any answer used nothing."""
    output = answer.output_characters()
    input_ = input_characters(call.messages, call.tools) if answer.begun or answer.finish_reason else 0
    return TokenCounts(
        input=-(-input_ // CHARACTERS_PER_TOKEN),
        output=-(-output // CHARACTERS_PER_TOKEN),
    )


def tokens_of(text: str) -> int:
    """An estimate of a text's tokens."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def tokens_of_input(messages: Sequence[Message], tools: Sequence[Tool]) -> int:
    """An estimate of the tokens of a conversation as input."""
    return -(-input_characters(messages, tools) // CHARACTERS_PER_TOKEN)


def price_of(endpoint: Endpoint) -> int | None:
    """Millionths of a US dollar: nothing for the user's own servers, unknown for the rest.

    A gateway on this machine passes calls on to others, and a key that goes to another machine is
    likely to be charged.
    """
    row = endpoint.provider
    own = row.connection_type == "local" and row.category == "Local"
    charged = endpoint.credential.secret is not None and not is_loopback(endpoint.base_url)
    return 0 if own and not charged else None


def add(parts: Iterable[UsageTotals]) -> UsageTotals:
    """The sum of totals, field by field."""
    sums = msgspec.structs.asdict(UsageTotals())
    for part in parts:
        for name, value in msgspec.structs.asdict(part).items():
            sums[name] += value
    return UsageTotals(**sums)


def subtract(after: UsageTotals, before: UsageTotals) -> UsageTotals:
    """The difference of two snapshots, field by field."""
    mine, theirs = msgspec.structs.asdict(after), msgspec.structs.asdict(before)
    return UsageTotals(**{name: value - theirs[name] for name, value in mine.items()})


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
