"""The binary form: the official messages read the same from it as from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from modelport.adapters.telemetry.documents import metrics_request, spans_request
from modelport.adapters.telemetry.protobuf import encoded, partial_success
from modelport.domain.telemetry.conventions import NEWEST, USUAL, Conventions
from modelport.domain.telemetry.destination import Destination
from modelport.domain.telemetry.events import EndedRequest
from modelport.domain.telemetry.metrics import Measurements
from modelport.domain.telemetry.spans import span_of
from support.collector import decoded_metrics, decoded_spans
from support.ended_calls import ended_call

CALLS = (
    ended_call(in_request=True, usd_micros=2**40, cache_write_tokens=3, parameters={"seed": -5, "temperature": 0.5}),
    ended_call(entry=2**62 - 1, outcome="failed", error_kind="timeout", model="modèle", estimated=True),
    ended_call(operation="embeddings", base_url="", finish_reason=None),
)
REQUEST = EndedRequest(first_entry=7, calls=1, started_at_ms=1, duration_ms=0.0, outcome="failed", error_type="timeout")


def destination(names: Conventions) -> Destination:
    return Destination(urls={}, headers={}, resource={"service.name": "tests"}, names=names)


@pytest.mark.parametrize("names", [USUAL, NEWEST])
def test_both_forms_are_one_message(names: Conventions) -> None:
    measured = Measurements(names, 5)
    for call in CALLS:
        measured.add(call)
    traces = spans_request(destination(names), [span_of(event, names) for event in (*CALLS, REQUEST)])
    message = ExportTraceServiceRequest.FromString(encoded("ExportTraceServiceRequest", traces))
    assert message == decoded_spans(msgspec.json.encode(traces))
    metrics = metrics_request(destination(names), measured, 9)
    read = ExportMetricsServiceRequest.FromString(encoded("ExportMetricsServiceRequest", metrics))
    assert read == decoded_metrics(msgspec.json.encode(metrics))
    assert read.ByteSize() > 500


@pytest.mark.parametrize("document", [{"resourceSpans": []}, {}])
def test_nothing_is_an_empty_message(document: Mapping[str, Any]) -> None:
    assert encoded("ExportTraceServiceRequest", document) == b""


def test_a_partial_success_is_read() -> None:
    partial = ExportTracePartialSuccess(rejected_spans=300, error_message="no röom")
    answer = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
    assert partial_success(answer) == (300, "no röom")
    assert partial_success(b"") == (0, "")


@pytest.mark.parametrize("answer", [b"{}", b"\x0a\xff", b"\x0a\x05\x08", b"\xff" * 11, b"\x0b"])
def test_what_is_no_message_is_a_value_error(answer: bytes) -> None:
    with pytest.raises(ValueError, match=r"field|number|wire"):
        partial_success(answer)
