"""Sums and distributions over calls."""

from __future__ import annotations

from modelport.domain.telemetry.conventions import NEWEST, SECONDS, USUAL
from modelport.domain.telemetry.metrics import MAX_SERIES, OVERFLOW, Measurements, Series, Table
from support.ended_calls import ended_call


def tables(measured: Measurements, name: str) -> tuple[Table, ...]:
    return next(found for found in measured.tables() if found[0].metric.name == name)


def test_a_bound_belongs_to_the_bucket_below_it() -> None:
    series = Series(USUAL.metrics[0])
    for value in (0.0, 0.01, 0.010001, SECONDS[-1], 1000.0):
        series.add(value)
    assert (series.buckets[0], series.buckets[1], series.buckets[-2], series.buckets[-1]) == (2, 1, 1, 1)
    assert (series.count, series.low, series.high, sum(series.buckets)) == (5, 0.0, 1000.0, 5)


def test_input_and_output_are_one_metric_with_two_types() -> None:
    measured = Measurements(USUAL, 0)
    measured.add(ended_call(input_tokens=10, output_tokens=5))
    found = tables(measured, "gen_ai.client.token.usage")
    types = {dict(key)["gen_ai.token.type"]: series.total for table in found for key, series in table.series.items()}
    assert types == {"input": 10, "output": 5}


def test_what_is_not_known_is_no_zero() -> None:
    measured = Measurements(NEWEST, 0)
    measured.add(ended_call())
    names = {found[0].metric.name for found in measured.tables()}
    assert not names & {
        "modelport.cost.usd_micros",
        "gen_ai.client.inference.usage.cache_read.input_tokens",
        "gen_ai.client.inference.time_to_first_chunk",
    }


def test_too_many_models_are_added_up_together() -> None:
    measured = Measurements(USUAL, 0)
    for number in range(MAX_SERIES + 5):
        measured.add(ended_call(model=f"m-{number}"))
    (table,) = tables(measured, "gen_ai.client.operation.duration")
    assert len(table.series) == MAX_SERIES + 1
    assert table.series[OVERFLOW].count == 5
