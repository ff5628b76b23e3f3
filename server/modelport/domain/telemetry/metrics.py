"""Adds up the measures of calls: a sum or a distribution for each metric and each set of attributes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from modelport.domain.telemetry.conventions import METRIC_FACTS, Conventions, Fact, Metric, Value
from modelport.domain.telemetry.events import EndedCall
from modelport.domain.telemetry.facts import call_facts, call_measures

MAX_SERIES = 1000
"""The most sets of attributes of one metric; later ones are added up under ``OVERFLOW``. Source: OpenTelemetry's
specification of the metrics SDK, cardinality limits."""
OVERFLOW: tuple[tuple[str, Value], ...] = (("otel.metric.overflow", True),)
Attributes = tuple[tuple[str, Value], ...]


class Series:
    """The values of one metric under one set of attributes, each at least 0."""

    def __init__(self, metric: Metric) -> None:
        self._bounds = metric.buckets
        self.count = 0
        self.total: float = 0
        self.low: float = 0
        self.high: float = 0
        self.buckets = [0] * (len(metric.buckets) + 1)
        """How many values each bucket has; a bound belongs to the bucket below it, the last one has no bound."""

    def add(self, value: float) -> None:
        """Adds a value."""
        self.low = value if self.count == 0 else min(self.low, value)
        self.high = max(self.high, value)
        self.count += 1
        self.total += value
        self.buckets[bisect_left(self._bounds, value)] += 1


class Table(Struct, frozen=True):
    """A metric with its series."""

    metric: Metric
    series: dict[Attributes, Series]


class Measurements:
    """The sums since a start, in nanoseconds since 1970, UTC."""

    def __init__(self, names: Conventions, start_ns: int) -> None:
        self.names = names
        self.start_ns = start_ns
        self._tables = tuple(Table(metric, {}) for metric in names.metrics)

    def add(self, call: EndedCall) -> None:
        """Adds what was measured of a call."""
        facts, measures = call_facts(call), call_measures(call)
        shared: dict[Fact, Value | None] = {fact: facts[fact] for fact in METRIC_FACTS}
        for metric, series in ((table.metric, table.series) for table in self._tables):
            value = measures[metric.of]
            if value is None or not metric.counts(call.operation):
                continue
            key = tuple(sorted(self.names.named(shared | dict(metric.fixed)).items()))
            if key not in series and len(series) >= MAX_SERIES:
                key = OVERFLOW
            series.setdefault(key, Series(metric)).add(value)

    def tables(self) -> Iterator[tuple[Table, ...]]:
        """The metrics that have values, those of one name together."""
        by_name: dict[str, list[Table]] = {}
        for table in self._tables:
            if table.series:
                by_name.setdefault(table.metric.name, []).append(table)
        return map(tuple, by_name.values())
