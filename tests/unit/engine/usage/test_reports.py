"""Reports over the ledger: periods as people write them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.errors import InvalidParams
from modelport.domain.spending.usage import CallRecord
from modelport.engine.usage.reports import UsageReports
from modelport.protocol.types import (
    DeltaUsageParams,
    HistoryUsageParams,
    SummaryUsageParams,
    Usage,
    UsageTotals,
)

NOON = 1_795_176_000_000
"""2026-11-20T12:00:00Z."""
HOUR = 3_600_000


def record(
    hours: float, model: str = "m", client: str | None = "vim", tokens: int = 10, provider: str = "acme"
) -> CallRecord:
    usage = Usage(input_tokens=tokens, output_tokens=1, latency_ms=1, usd_micros=None, estimated=False)
    return CallRecord(
        started_at_ms=int(NOON + hours * HOUR),
        provider=provider,
        model=model,
        client=client,
        project="site",
        outcome="ok",
        error_kind=None,
        finish_reason="stop",
        usage=usage,
    )


@pytest.fixture
async def reports(tmp_path: Path) -> AsyncIterator[UsageReports]:
    ledger = SqliteLedger(tmp_path / "usage.sqlite3")
    for call in (record(-24, "old"), record(0), record(0.5, "n", None), record(1)):
        await ledger.record(call)
    yield UsageReports(ledger)
    await ledger.aclose()


async def test_a_summary_has_totals_models_groups_and_the_newest_call(reports: UsageReports) -> None:
    summary = await reports.summary(SummaryUsageParams())
    assert summary.totals.total_calls == 4
    assert {model: totals.total_calls for model, totals in summary.by_model.items()} == {
        "acme/old": 1,
        "acme/m": 2,
        "acme/n": 1,
    }
    assert [group.key for group in summary.groups] == ["m", "n", "old"]
    assert summary.last_call is not None
    assert summary.last_call.started_at == "2026-11-20T13:00:00.000Z"


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("model", ["m", "n", "old"]),
        ("provider", ["acme"]),
        ("client", ["vim", ""]),
        ("project", ["site"]),
        ("day", ["2026-11-19", "2026-11-20"]),
    ],
)
async def test_groups(reports: UsageReports, by: Any, keys: list[str]) -> None:
    summary = await reports.summary(SummaryUsageParams(group_by=by))
    assert [group.key for group in summary.groups] == keys
    assert sum(group.totals.total_calls for group in summary.groups) == 4
    assert set(summary.by_model) == {"acme/old", "acme/m", "acme/n"}


async def test_two_providers_of_a_model_have_a_row_each(reports: UsageReports, tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "usage.sqlite3")
    for provider, model in (("other", "m"), ("other", "acme/m"), ("other", "m"), ("other", "m")):
        await ledger.record(record(2, model, provider=provider))
    await ledger.aclose()
    summary = await reports.summary(SummaryUsageParams())
    calls = [(model, totals.total_calls) for model, totals in summary.by_model.items()]
    assert calls == [("other/m", 3), ("acme/m", 2), ("acme/n", 1), ("acme/old", 1), ("other/acme/m", 1)]
    assert [(group.key, group.totals.total_calls) for group in summary.groups][:1] == [("m", 5)]
    assert summary.totals.total_calls == 8


async def test_groups_are_divided_where_that_is_asked_for(reports: UsageReports) -> None:
    summary = await reports.summary(SummaryUsageParams(group_by=("day", "model")))
    found = [(day.key, [(part.key, part.totals.total_calls) for part in day.groups or ()]) for day in summary.groups]
    assert found == [("2026-11-19", [("old", 1)]), ("2026-11-20", [("m", 2), ("n", 1)])]
    assert [day.totals.input_tokens for day in summary.groups] == [10, 30]
    plain = await reports.summary(SummaryUsageParams(group_by="day"))
    assert [day.totals for day in plain.groups] == [day.totals for day in summary.groups]
    assert all(day.groups is None for day in plain.groups)


async def test_each_name_adds_a_level(reports: UsageReports) -> None:
    summary = await reports.summary(SummaryUsageParams(group_by=("day", "client", "model")))
    (day, *_), levels = summary.groups, 0
    group: Any = day
    while group.groups:
        assert sum(inner.totals.total_calls for inner in group.groups) == group.totals.total_calls
        group, levels = group.groups[0], levels + 1
    assert levels == 2


async def test_a_name_may_not_stand_twice(reports: UsageReports) -> None:
    with pytest.raises(InvalidParams) as wrong:
        await reports.summary(SummaryUsageParams(group_by=("day", "model", "day")))
    assert wrong.value.field == "groupBy"


async def test_groups_are_by_model_also_when_only_the_second_name_is_given_in_the_older_form(
    reports: UsageReports,
) -> None:
    summary = await reports.summary(SummaryUsageParams(then_by="day"))
    assert [(model.key, len(model.groups or ())) for model in summary.groups] == [("m", 1), ("n", 1), ("old", 1)]


@pytest.mark.parametrize(
    ("since", "until", "calls"),
    [
        ("2026-11-20T12:00:00Z", None, 3),
        ("2026-11-20T12:00:00.001Z", None, 2),
        ("2026-11-20T13:00:00+01:00", None, 3),
        ("2026-11-20", None, 3),
        ("2026-11-20T12:00:00", None, 3),
        (None, "2026-11-20T12:00:00Z", 1),
        ("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z", 2),
        ("2026-11-20T12:00:00Z", "2026-11-20T13:00:00.001Z", 3),
        ("2030-01-01", None, 0),
        ("2026-11-21", "2026-11-20", 0),
    ],
)
async def test_a_period_begins_with_since_and_ends_before_until(
    reports: UsageReports, since: str | None, until: str | None, calls: int
) -> None:
    summary = await reports.summary(SummaryUsageParams(since=since, until=until))
    assert summary.totals.total_calls == calls
    assert sum(group.totals.total_calls for group in summary.groups) == calls


async def test_the_newest_call_of_a_period_lies_in_it(reports: UsageReports) -> None:
    summary = await reports.summary(SummaryUsageParams(until="2026-11-20T12:00:00Z"))
    assert summary.last_call is not None
    assert summary.last_call.model == "old"
    empty = await reports.summary(SummaryUsageParams(since="2026-11-21", until="2026-11-22"))
    assert empty.last_call is None


async def test_a_snapshot_and_the_difference_of_two(reports: UsageReports) -> None:
    snapshot = await reports.snapshot()
    assert snapshot.total_calls == 4
    before = UsageTotals(total_calls=1, input_tokens=10)
    now = await reports.delta(DeltaUsageParams(before=before))
    assert (now.total_calls, now.input_tokens, now.output_tokens) == (3, 30, 4)
    after = UsageTotals(total_calls=2, input_tokens=15)
    between = await reports.delta(DeltaUsageParams(before=before, after=after))
    assert (between.total_calls, between.input_tokens, between.output_tokens) == (1, 5, 0)


async def test_history_is_newest_first_within_its_limits(reports: UsageReports) -> None:
    async def models(**params: Any) -> list[str]:
        return [call.model for call in (await reports.history(HistoryUsageParams(**params))).calls]

    assert await models() == ["m", "n", "m", "old"]
    assert await models(limit=2) == ["m", "n"]
    assert await models(since="2026-11-20T12:30:00Z") == ["m", "n"]
    assert await models(model="m") == ["m", "m"]
    assert await models(limit=10_000) == ["m", "n", "m", "old"]


async def test_history_has_a_hundred_calls_unless_more_are_asked_for(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "many.sqlite3")
    async with anyio.create_task_group() as tasks:
        for n in range(105):
            tasks.start_soon(ledger.record, record(n))
    assert len((await UsageReports(ledger).history(HistoryUsageParams())).calls) == 100
    assert len((await UsageReports(ledger).history(HistoryUsageParams(limit=200))).calls) == 105
    await ledger.aclose()


@pytest.mark.parametrize("limit", [0, -1, 10_001])
async def test_a_limit_out_of_range_is_named(reports: UsageReports, limit: int) -> None:
    with pytest.raises(InvalidParams) as refused:
        await reports.history(HistoryUsageParams(limit=limit))
    assert refused.value.field == "limit"


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "20.11.2026", "now"])
@pytest.mark.parametrize("field", ["since", "until"])
async def test_a_time_that_is_none_is_named(reports: UsageReports, text: str, field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        await reports.summary(SummaryUsageParams(**{field: text}))
    assert refused.value.field == field
    assert "2026-11-20T09:30:00Z" in refused.value.message


async def test_a_time_before_1970_and_one_far_off_are_times_too(reports: UsageReports) -> None:
    summary = await reports.summary(SummaryUsageParams(since="0001-01-01", until="9999-12-31T23:59:59Z"))
    assert summary.totals.total_calls == 4
    assert (await reports.summary(SummaryUsageParams(since="1950-01-01", until="1960-01-01"))).totals.total_calls == 0
