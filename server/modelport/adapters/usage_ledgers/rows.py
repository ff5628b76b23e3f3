"""Ledger rows as values of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from modelport.domain.spending.usage import CallRecord, add
from modelport.domain.timestamps import rfc3339
from modelport.protocol.types import Call, Usage, UsageGroup, UsageGroupBy, UsageTotals

DAY_MS = 86_400_000
CALL_COLUMNS = (
    "started_at_ms, provider, model, client, project, outcome, error_kind, finish_reason, input_tokens, output_tokens, "
    "cache_read_tokens, cache_write_tokens, reasoning_tokens, latency_ms, time_to_first_token_ms, usd_micros, "
    "estimated, cost_source, cost_estimated, role, session, attempt_of, attempt, answered_model, service_tier, "
    "exact_usd, cache_write_1h_tokens, input_audio_tokens, output_audio_tokens, input_image_tokens, "
    "output_image_tokens, billed_input_tokens, billed_output_tokens, web_searches"
)
SHOWN_COLUMNS = (
    "id, started_at_ms, provider, model, client, project, outcome, error_kind, finish_reason, input_tokens, "
    "output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, latency_ms, time_to_first_token_ms, "
    "usd_micros, estimated, cost_source, cost_estimated, role, session, answered_model, service_tier, "
    "(SELECT first.id FROM call AS first WHERE first.entry = shown.attempt_of)"
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
    "estimated_calls",
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
        usage.cost_source,
        int(usage.cost_estimated is True),
        record.role or "",
        record.session or "",
        record.attempt_of,
        record.attempt,
        record.answered_model,
        record.service_tier,
        *msgspec.structs.astuple(record.paid),
    )


def shown(record: CallRecord, number: int, first: int | None) -> Call:
    """A call that was just recorded, with its id in the ledger and that of the first call for the same request."""
    return Call(
        id=number,
        started_at=rfc3339(record.started_at_ms),
        provider=record.provider,
        model=record.model,
        answered_model=record.answered_model,
        service_tier=record.service_tier,
        client=record.client,
        project=record.project,
        role=record.role,
        session=record.session,
        attempt_of=first,
        outcome=record.outcome,
        error_kind=record.error_kind,
        finish_reason=record.finish_reason,
        usage=record.usage,
    )


def to_call(row: Sequence[Any]) -> Call:
    """The call of a row of ``SHOWN_COLUMNS``."""
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
            cost_source=row[18],
            cost_estimated=True if row[19] else None,
        ),
        role=row[20] or None,
        session=row[21] or None,
        answered_model=row[22],
        service_tier=row[23],
        attempt_of=row[24],
    )


def to_totals(values: Sequence[Any]) -> UsageTotals:
    """The totals of a row of sums in the order of ``TOTALS``; sums over nothing are 0."""
    return UsageTotals(**{name: value or 0 for name, value in zip(TOTALS, values, strict=True)})


def nested(by: Sequence[UsageGroupBy], rows: Sequence[Sequence[Any]]) -> tuple[UsageGroup, ...]:
    """Rows of keys and sums as groups within groups: most calls first, days in their order.

    ``rows`` begin with a column for each name of ``by``, then have the sums, and are in the order of the keys.
    """
    name, rest = by[0], by[1:]
    together: dict[Any, list[Sequence[Any]]] = {}
    for row in rows:
        together.setdefault(row[0], []).append(row[1:])
    groups: list[UsageGroup] = []
    for key, inside in together.items():
        inner = nested(rest, inside) if rest else None
        totals = to_totals(inside[0]) if inner is None else add(group.totals for group in inner)
        text = rfc3339(key * DAY_MS)[:10] if name == "day" else str(key)
        groups.append(UsageGroup(key=text, totals=totals, groups=inner))
    return tuple(groups if name == "day" else sorted(groups, key=lambda group: -group.totals.total_calls))
