"""The usage of one call, and the arithmetic of totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.completions.request import input_characters
from modelport.domain.loopback import is_loopback
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.price_kinds import price_kind
from modelport.protocol.types import (
    CallOutcome,
    CompletionRole,
    ErrorKind,
    FinishReason,
    Message,
    Tool,
    Usage,
    UsageTotals,
)

CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for English and code; an estimate is marked as one."""
MAX_COUNT = 1 << 40
"""The largest plausible count of tokens. A larger one is ignored, so that totals cannot overflow."""

Operation = Literal["chat", "embeddings", "generate_content", "moderation"]
"""What a call is for; but for the last they are OpenTelemetry's words."""


class PaidUnits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the price of a call follows from, besides the token counts that are shown."""

    exact_usd: str | None = None
    """The price in US dollars before it was rounded."""
    cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    input_image_tokens: int = 0
    output_image_tokens: int = 0
    billed_input_tokens: int | None = None
    billed_output_tokens: int | None = None
    """What is paid for, where it is not what was read and written."""
    web_searches: int = 0


class CallRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    role: CompletionRole | None = None
    session: str | None = None
    entry: int = 0
    """A number that no other call has; 0: the ledger chooses one."""
    attempt_of: int | None = None
    """The entry of the first call for the same request; None for that one itself."""
    attempt: int = 0
    """How many calls were made for the same request before."""
    answered_model: str | None = None
    """The model that answered, where the provider gives it another name."""
    service_tier: str | None = None
    paid: PaidUnits = PaidUnits()
    key: str = ""
    """The fingerprint of the key that it was sent with; empty for none."""


class Billing(Struct, frozen=True, kw_only=True):
    """What one call has used, as it is paid for."""

    counts: TokenCounts
    estimated: bool
    """Whether the counts are, since the provider gave none."""
    models: tuple[str, ...]
    """The ids to look for, the most exact first: that of the answer, as far as it says, and that of the request."""
    kind: Mapping[str, str] = {}
    """What chooses among a model's prices, such as ``{"service_tier": "flex"}``."""
    reported: Mapping[str, str] = {}
    """What the provider says about the cost, as text by path."""
    service_tier: str = ""
    """In which of its service tiers the provider says it has answered, in its own words."""
    by_tokens: bool = True
    """Whether tokens are what is paid for, and not images or the like."""


class Expected(Struct, frozen=True, kw_only=True):
    """What a call is expected to use, before it is sent."""

    input_tokens: int
    max_output_tokens: int | None = None
    """None where the request has no limit."""


def expected(call: ModelCall) -> Expected:
    """What a completion is expected to use: its input by its length, its output by the limit of the request."""
    return Expected(
        input_tokens=tokens_of_input(call.messages, call.tools), max_output_tokens=call.parameters.get("max_tokens")
    )


def billing(call: ModelCall, answer: Answer) -> Billing:
    """What one call has used: the provider's counts or, where it gave none, an estimate."""
    measured = answer.measure()
    reported = measured.counts
    estimated = reported is None or not _credible(reported)
    counts = estimate(call, answer) if reported is None or estimated else reported
    if answer.finish_reason in (None, "budget"):
        # What was cut or cancelled is paid for as well, and some count the output at the end only.
        rough = estimate(call, answer)
        if rough.output > counts.output:
            counts, estimated = msgspec.structs.replace(counts, output=rough.output), True
        estimated = estimated or answer.finish_reason == "budget"
    tier = answer.service_tier or counts.service_tier
    return Billing(
        counts=counts,
        estimated=estimated,
        models=_models(answer.response_model or "", call.model),
        kind=price_kind(tier, counts),
        reported=measured.costs,
        service_tier=tier,
    )


def paid_units(billing: Billing, exact: Decimal | None) -> PaidUnits:
    """What the price of a call follows from; ``exact`` is in US dollars, None where there is no price."""
    counts = billing.counts
    return PaidUnits(
        exact_usd=None if exact is None else str(exact),
        cache_write_1h_tokens=counts.cache_write_1h,
        input_audio_tokens=counts.input_audio,
        output_audio_tokens=counts.output_audio,
        input_image_tokens=counts.input_image,
        output_image_tokens=counts.output_image,
        billed_input_tokens=counts.billed_input,
        billed_output_tokens=counts.billed_output,
        web_searches=counts.web_searches,
    )


def _models(answered: str, requested: str) -> tuple[str, ...]:
    """The ids of a call's model: the answer's first, but where it is the request's without a part before it.

    So ``global.anthropic.claude-haiku-4-5`` comes before ``claude-haiku-4-5``, which does not say where it runs.
    """
    shortened = answered and requested.find(answered) > 0 and requested[requested.find(answered) - 1] in "./"
    both = (requested, answered) if shortened else (answered, requested)
    return tuple(model for model in both if model)


def usage_of(billing: Billing, answer: Answer, *, started_s: float, ended_s: float) -> Usage:
    """The usage of one call between two readings of the monotonic clock, without its price."""
    counts, first = billing.counts, answer.first_delta_at
    return Usage(
        input_tokens=counts.input,
        output_tokens=counts.output,
        cache_read_tokens=counts.cache_read,
        cache_write_tokens=counts.cache_write,
        reasoning_tokens=counts.reasoning,
        latency_ms=_milliseconds(ended_s - started_s),
        time_to_first_token_ms=None if first is None else _milliseconds(first - started_s),
        usd_micros=None,
        estimated=billing.estimated,
    )


def _credible(counts: TokenCounts) -> bool:
    values = msgspec.structs.astuple(counts)
    return all(0 <= value <= MAX_COUNT for value in values if isinstance(value, int))


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


def is_own_server(row: Provider) -> bool:
    """Whether a provider is a server of the user's own; a gateway on this machine passes calls on to others."""
    return row.connection_type == "local" and row.category == "Local"


def costs_nothing(endpoint: Endpoint) -> bool:
    """Whether calls of a server of the user's own are free: a key that goes to another machine is likely charged."""
    charged = endpoint.credential.secret is not None and not is_loopback(endpoint.base_url)
    return is_own_server(endpoint.provider) and not charged


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
