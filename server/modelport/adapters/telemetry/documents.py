"""Makes OTLP requests of spans and metrics, as documents for JSON.

Ids are hexadecimal, enumerations numbers, whole numbers of 64 bits strings.
Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and opentelemetry-proto 1.x.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelport.domain.telemetry.conventions import Metric, Value
from modelport.domain.telemetry.destination import Destination
from modelport.domain.telemetry.metrics import Attributes, Measurements, Series, Table
from modelport.domain.telemetry.spans import Span
from modelport.protocol.initialize import VERSION

KIND_INTERNAL, KIND_CLIENT = 1, 3
STATUS_ERROR = 2
DELTA, CUMULATIVE = 1, 2


def spans_request(destination: Destination, spans: Sequence[Span]) -> dict[str, Any]:
    """The body of ``POST /v1/traces``: an ExportTraceServiceRequest."""
    scoped = {"scope": _scope(), "spans": [_span(span) for span in spans]}
    return {"resourceSpans": [{"resource": _resource(destination), "scopeSpans": [scoped]}]}


def metrics_request(destination: Destination, measured: Measurements, now_ns: int) -> dict[str, Any]:
    """The body of ``POST /v1/metrics``: an ExportMetricsServiceRequest."""
    temporality = DELTA if destination.delta else CUMULATIVE
    times = {"startTimeUnixNano": str(measured.start_ns), "timeUnixNano": str(now_ns)}
    metrics = [_metric(tables, times, temporality) for tables in measured.tables()]
    scoped = {"scope": _scope(), "metrics": metrics}
    return {"resourceMetrics": [{"resource": _resource(destination), "scopeMetrics": [scoped]}]}


def _span(span: Span) -> dict[str, Any]:
    written: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": KIND_CLIENT if span.to_server else KIND_INTERNAL,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes(span.attributes),
    }
    if span.parent_id:
        written["parentSpanId"] = span.parent_id
    if span.failed:
        # Without a message: what a provider says of a failure may repeat the prompt.
        written["status"] = {"code": STATUS_ERROR}
    return written


def _metric(tables: Sequence[Table], times: Mapping[str, str], temporality: int) -> dict[str, Any]:
    """One metric, of all tables with its name."""
    metric = tables[0].metric
    points = [_point(metric, key, series, times) for table in tables for key, series in table.series.items()]
    data: dict[str, Any] = {"aggregationTemporality": temporality, "dataPoints": points}
    written: dict[str, Any] = {"name": metric.name, "unit": metric.unit, "description": metric.description}
    return written | ({"histogram": data} if metric.buckets else {"sum": {**data, "isMonotonic": True}})


def _point(metric: Metric, attributes: Attributes, series: Series, times: Mapping[str, str]) -> dict[str, Any]:
    point: dict[str, Any] = {"attributes": _attributes(dict(attributes)), **times}
    if not metric.buckets:
        return point | {"asInt": str(round(series.total))}
    return point | {
        "count": str(series.count),
        "sum": float(series.total),
        "min": float(series.low),
        "max": float(series.high),
        "explicitBounds": metric.buckets,
        "bucketCounts": [str(count) for count in series.buckets],
    }


def _resource(destination: Destination) -> dict[str, Any]:
    return {"attributes": _attributes({**destination.resource, "service.version": VERSION})}


def _scope() -> dict[str, str]:
    return {"name": "modelport", "version": VERSION}


def _attributes(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case _:
            return {"arrayValue": {"values": [_value(one) for one in value]}}
