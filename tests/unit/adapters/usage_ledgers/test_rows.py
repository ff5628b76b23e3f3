"""Ledger rows as values of the contract."""

from __future__ import annotations

import msgspec
import pytest

from modelport.adapters.usage_ledgers.rows import CALL_COLUMNS, TOTALS, to_call, to_row, to_totals
from modelport.domain.spending.usage import CallRecord
from modelport.domain.timestamps import rfc3339
from modelport.protocol.types import Usage, UsageTotals

FULL = CallRecord(
    started_at_ms=1_795_168_800_125,
    provider="acme",
    model="m",
    client="vim",
    project="site",
    outcome="failed",
    error_kind="timeout",
    finish_reason="stop",
    usage=Usage(
        input_tokens=1,
        output_tokens=2,
        cache_read_tokens=3,
        cache_write_tokens=4,
        reasoning_tokens=5,
        latency_ms=6.5,
        time_to_first_token_ms=7.5,
        usd_micros=8,
        estimated=True,
    ),
)
BARE = CallRecord(
    started_at_ms=0,
    provider="acme",
    model="m",
    client=None,
    project=None,
    outcome="ok",
    error_kind=None,
    finish_reason=None,
    usage=Usage(input_tokens=0, output_tokens=0, latency_ms=0, usd_micros=None, estimated=False),
)


@pytest.mark.parametrize("record", [FULL, BARE])
def test_a_record_survives_the_way_into_a_row_and_back(record: CallRecord) -> None:
    call = to_call((7, *to_row(record)))
    assert call.id == 7
    assert call.started_at == rfc3339(record.started_at_ms)
    same = ("provider", "model", "client", "project", "outcome", "error_kind", "finish_reason", "usage")
    assert {name: getattr(call, name) for name in same} == {name: getattr(record, name) for name in same}


def test_a_row_has_a_value_for_every_column() -> None:
    assert len(to_row(FULL)) == len(CALL_COLUMNS.split(", "))


def test_totals_are_in_the_order_of_the_contract_and_nothing_is_zero() -> None:
    assert tuple(msgspec.structs.asdict(UsageTotals())) == TOTALS
    assert to_totals([None] * len(TOTALS)) == UsageTotals()
    assert to_totals(range(1, 12)).estimated_calls == 11


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "1970-01-01T00:00:00.000Z"), (1_795_168_800_125, "2026-11-20T10:00:00.125Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z")],
)  # fmt: skip
def test_times(milliseconds: int, text: str) -> None:
    assert rfc3339(milliseconds) == text
