"""Ledger rows as values of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Call, Usage, UsageTotals

CALL_COLUMNS = (
    "started_at_ms, provider, model, client, project, outcome, error_kind, finish_reason, input_tokens, output_tokens, "
    "cache_read_tokens, cache_write_tokens, reasoning_tokens, latency_ms, time_to_first_token_ms, usd_micros, estimated"
)
TOTALS = (
    "total_calls",
    "failed_calls",
    "cancelled_calls",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "usd_micros",
    "unpriced_calls",
)


def to_row(record: CallRecord) -> tuple[Any, ...]:
    """The values of ``CALL_COLUMNS``."""
    usage = record.usage
    return (
        record.started_at_ms,
        record.provider,
        record.model,
        record.client or "",
        record.project or "",
        record.outcome,
        record.error_kind,
        record.finish_reason,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        usage.latency_ms,
        usage.time_to_first_token_ms,
        usage.usd_micros,
        int(usage.estimated),
    )


def to_call(row: Sequence[Any]) -> Call:
    """The call of a row that begins with its id."""
    return Call(
        id=row[0],
        started_at=rfc3339(row[1]),
        provider=row[2],
        model=row[3],
        client=row[4] or None,
        project=row[5] or None,
        outcome=row[6],
        error_kind=row[7],
        finish_reason=row[8],
        usage=Usage(
            input_tokens=row[9],
            output_tokens=row[10],
            cache_read_tokens=row[11],
            cache_write_tokens=row[12],
            reasoning_tokens=row[13],
            latency_ms=row[14],
            time_to_first_token_ms=row[15],
            usd_micros=row[16],
            estimated=bool(row[17]),
        ),
    )


def to_totals(values: Sequence[Any]) -> UsageTotals:
    """The totals of a row of sums in the order of ``TOTALS``; sums over nothing are 0."""
    return UsageTotals(**{name: value or 0 for name, value in zip(TOTALS, values, strict=True)})


def rfc3339(milliseconds: int) -> str:
    """A time as ``2026-11-20T09:30:00.125Z``."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
