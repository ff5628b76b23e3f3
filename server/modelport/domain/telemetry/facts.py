"""What telemetry says of an ended call: its facts and its measures, before they get their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.borders import readable
from modelport.domain.providers.base_urls import split_port
from modelport.domain.spending.usage import CallRecord
from modelport.domain.telemetry.conventions import FINISH_REASONS, Fact, Measure, Value
from modelport.domain.telemetry.events import EndedCall

MAX_TEXT_CHARS = 256
"""A longer name of a model is cut: a provider or a client may write anything there."""
PARAMETERS: tuple[Fact, ...] = (
    "max_tokens", "temperature", "top_p", "top_k", "seed", "frequency_penalty", "presence_penalty", "reasoning_effort",
)  # fmt: skip
"""The parameters that are reported, by our names; one with text of the user's own, such as ``stop``, is none."""
_FRACTIONS = ("temperature", "top_p", "frequency_penalty", "presence_penalty")


def call_facts(call: EndedCall) -> dict[Fact, Value | None]:
    """The facts of a call; None for one that is not known."""
    record = call.record
    usage, measures = record.usage, call_measures(call)
    reason = record.finish_reason
    host, port = server(call.base_url)
    facts: dict[Fact, Value | None] = {
        "operation": call.operation,
        "provider": call.provider_name,
        "request_model": cut(record.model),
        "response_model": cut(call.answered_model),
        "finish_reasons": (FINISH_REASONS.get(reason, reason),) if reason else None,
        "server_address": host,
        "server_port": port,
        "error_type": error_type(call),
        "outcome": record.outcome,
        "role": record.role,
        "attempt": record.attempt if call.in_request else None,
        "time_to_first_chunk_s": measures.get("time_to_first_chunk_s"),
        "input_tokens": _count(measures, "input_tokens"),
        "output_tokens": _count(measures, "output_tokens"),
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "tokens_estimated": usage.estimated or None,
        "usd_micros": usage.usd_micros,
        "usd": _usd(call),
        "usd_estimated": usage.cost_estimated or None,
    }
    facts.update({name: _parameter(name, call.parameters.get(name)) for name in PARAMETERS})
    return facts


def call_measures(call: EndedCall) -> dict[Measure, float | None]:
    """What is measured of a call; None for what is not known. Tokens are those paid for, where both are known."""
    record = call.record
    usage, paid, first_ms = record.usage, record.paid, record.usage.time_to_first_token_ms
    return {
        "duration_s": usage.latency_ms / 1000,
        "time_to_first_chunk_s": None if first_ms is None else first_ms / 1000,
        "input_tokens": _used(record, usage.input_tokens, paid.billed_input_tokens),
        "output_tokens": _used(record, usage.output_tokens, paid.billed_output_tokens),
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "usd_micros": usage.usd_micros,
    }


def error_type(call: EndedCall) -> str | None:
    """The kind of a failure as the protocol has it; None for a call that is whole or was cancelled."""
    return (call.record.error_kind or "_OTHER") if call.record.outcome == "failed" else None


def server(base_url: str) -> tuple[str | None, int | None]:
    """The host and the port of an address, without anything else of it; None for both where there is none."""
    scheme, _, rest = base_url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    host, port = split_port(authority)
    if not host:
        return None, None
    return host, int(port) if port else 443 if scheme.casefold() == "https" else 80


def cut(text: str | None) -> str | None:
    """A text as an attribute: readable and of bounded length; None for an empty one."""
    return readable(text)[:MAX_TEXT_CHARS] if text else None


def _used(record: CallRecord, counted: int, billed: int | None) -> int | None:
    """The tokens that are paid for; None for a call that did not succeed and has used none."""
    tokens = counted if billed is None else billed
    return None if tokens == 0 and record.outcome != "ok" else tokens


def _count(measures: Mapping[Measure, float | None], of: Measure) -> int | None:
    value = measures[of]
    return None if value is None else int(value)


def _usd(call: EndedCall) -> float | None:
    exact, micros = call.record.paid.exact_usd, call.record.usage.usd_micros
    if micros is None:
        return None
    return micros / 1_000_000 if exact is None else float(exact)


def _parameter(name: Fact, value: Any) -> Value | None:
    """A parameter in the type that its attribute has."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return float(value) if name in _FRACTIONS else value
