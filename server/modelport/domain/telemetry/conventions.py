"""The names of OpenTelemetry's conventions for generative AI: one table per version, and no name elsewhere.

Source: https://github.com/open-telemetry/semantic-conventions, docs/gen-ai of v1.37.0 to v1.42.0, and
https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai, which goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from modelport.protocol.types import FinishReason

Value = str | int | float | bool | tuple[str, ...]
"""The value of an attribute."""
Fact = Literal[
    "operation",
    "provider",
    "request_model",
    "response_model",
    "finish_reasons",
    "time_to_first_chunk_s",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "usd",
    "usd_micros",
    "usd_estimated",
    "tokens_estimated",
    "server_address",
    "server_port",
    "error_type",
    "outcome",
    "role",
    "attempt",
    "attempts",
    "token_type",
]
"""What is known of a call or a request. A fact without a name in a version is not sent."""
Measure = Literal[
    "duration_s", "time_to_first_chunk_s", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "usd_micros",
]  # fmt: skip
"""What is measured of each call."""

SECONDS = tuple(0.01 * 2**step for step in range(14))
"""The buckets of durations, 10 ms to 82 s."""
TOKENS = tuple(float(4**step) for step in range(14))
"""The buckets of token counts, 1 to 67 million."""


class Metric(Struct, frozen=True, kw_only=True):
    """A metric: what is summed or distributed, under which name, and by which facts it is divided."""

    name: str
    unit: str
    description: str
    of: Measure
    buckets: tuple[float, ...] = ()
    """The upper bounds of a histogram; none: a sum that only rises."""
    fixed: Mapping[Fact, Value] = {}
    """Facts that are the same for the whole metric."""
    operations: Literal["all", "embeddings", "others"] = "all"

    def counts(self, operation: str) -> bool:
        """Whether calls of an operation belong to it."""
        return self.operations == "all" or (self.operations == "embeddings") == (operation == "embeddings")


class Conventions(Struct, frozen=True, kw_only=True):
    """One version of the names."""

    version: str
    attributes: Mapping[Fact, str]
    metrics: tuple[Metric, ...]

    def named(self, facts: Mapping[Fact, Value | None]) -> dict[str, Value]:
        """The facts that are known, under their names in this version."""
        return {
            name: value
            for fact, value in facts.items()
            if value is not None and (name := self.attributes.get(fact)) is not None
        }


METRIC_FACTS: tuple[Fact, ...] = (
    "operation", "provider", "request_model", "response_model", "server_address", "server_port", "error_type",
)  # fmt: skip
"""The facts that metrics are divided by: those with few values."""
FINISH_REASONS: Mapping[FinishReason, str] = {"toolCalls": "tool_calls", "contentFilter": "content_filter"}
"""The reasons that the conventions spell otherwise."""
OPT_IN = "gen_ai_latest_experimental"
"""In ``OTEL_SEMCONV_STABILITY_OPT_IN`` it chooses the newest names."""

_COMMON: Mapping[Fact, str] = {
    "operation": "gen_ai.operation.name",
    "provider": "gen_ai.provider.name",
    "request_model": "gen_ai.request.model",
    "response_model": "gen_ai.response.model",
    "finish_reasons": "gen_ai.response.finish_reasons",
    "time_to_first_chunk_s": "gen_ai.response.time_to_first_chunk",
    "max_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
    # The conventions have no cost; backends such as Langfuse read this name.
    "usd": "gen_ai.usage.cost",
    "usd_micros": "modelport.cost.usd_micros",
    "usd_estimated": "modelport.cost.estimated",
    "tokens_estimated": "modelport.usage.estimated",
    "server_address": "server.address",
    "server_port": "server.port",
    "error_type": "error.type",
    "outcome": "modelport.outcome",
    "role": "modelport.role",
    "attempt": "modelport.attempt",
    "attempts": "modelport.attempts",
}
_COST = Metric(
    name="modelport.cost.usd_micros",
    unit="{microdollar}",
    description="The known cost of calls, in millionths of a US dollar.",
    of="usd_micros",
)
_DURATION = "How long calls took, to the end of the answer."
_FIRST_CHUNK = "How long calls waited for the first chunk of the answer."


def _seconds(name: str, description: str, of: Measure, operations: Literal["all", "embeddings", "others"]) -> Metric:
    return Metric(name=name, unit="s", description=description, of=of, buckets=SECONDS, operations=operations)


def _token_sum(name: str, of: Measure) -> Metric:
    return Metric(
        name=f"gen_ai.client.inference.usage.{name}",
        unit="{token}",
        description="The tokens that were used.",
        of=of,
        operations="others",
    )


def _token_sizes(name: str, of: Measure, operations: Literal["embeddings", "others"]) -> Metric:
    return Metric(
        name=name,
        unit="{token}",
        description="The tokens of a call.",
        of=of,
        buckets=TOKENS,
        operations=operations,
    )


def _token_usage(of: Measure, kind: str) -> Metric:
    return Metric(
        name="gen_ai.client.token.usage",
        unit="{token}",
        description="The tokens of a call.",
        of=of,
        buckets=TOKENS,
        fixed={"token_type": kind},
    )


USUAL = Conventions(
    version="1.37-1.42",
    attributes={
        **_COMMON,
        "cache_write_tokens": "gen_ai.usage.cache_creation.input_tokens",
        "token_type": "gen_ai.token.type",
    },
    metrics=(
        _seconds("gen_ai.client.operation.duration", _DURATION, "duration_s", "all"),
        _seconds("gen_ai.client.operation.time_to_first_chunk", _FIRST_CHUNK, "time_to_first_chunk_s", "others"),
        _token_usage("input_tokens", "input"),
        _token_usage("output_tokens", "output"),
        _COST,
    ),
)
"""What backends read."""
NEWEST = Conventions(
    version="genai-0.1",
    attributes={
        **_COMMON,
        "cache_write_tokens": "gen_ai.usage.cache_write.input_tokens",
        "reasoning_effort": "gen_ai.request.reasoning.level",
    },
    metrics=(
        _seconds("gen_ai.client.inference.duration", _DURATION, "duration_s", "others"),
        _seconds("gen_ai.client.embeddings.duration", _DURATION, "duration_s", "embeddings"),
        _seconds("gen_ai.client.inference.time_to_first_chunk", _FIRST_CHUNK, "time_to_first_chunk_s", "others"),
        _token_sum("input_tokens", "input_tokens"),
        _token_sum("output_tokens", "output_tokens"),
        _token_sum("cache_read.input_tokens", "cache_read_tokens"),
        _token_sum("cache_write.input_tokens", "cache_write_tokens"),
        _token_sum("reasoning.output_tokens", "reasoning_tokens"),
        _token_sizes("gen_ai.client.inference.operation.input_tokens", "input_tokens", "others"),
        _token_sizes("gen_ai.client.inference.operation.output_tokens", "output_tokens", "others"),
        _token_sizes("gen_ai.client.embeddings.operation.input_tokens", "input_tokens", "embeddings"),
        _COST,
    ),
)
"""The names that are being agreed on, for backends that have them already."""


def conventions(opt_in: str) -> Conventions:
    """The version for a value of ``OTEL_SEMCONV_STABILITY_OPT_IN``, which is a list with commas."""
    return NEWEST if OPT_IN in (part.strip() for part in opt_in.split(",")) else USUAL
