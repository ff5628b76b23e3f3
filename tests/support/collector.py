"""A collector of OpenTelemetry on loopback: it reads OTLP's JSON strictly, with the official messages."""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.http_server import Answer, LocalServer, Received

ID_BYTES = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


class Collector(LocalServer):
    """Keeps every request; ``spans`` and ``metrics`` decode them, and fail on a field that the messages lack."""

    def __init__(self, answer: Callable[[Received], Answer] = lambda _: Answer(chunks=[b"{}"])) -> None:
        self._came = threading.Condition()

        def behaviour(request: Received) -> Answer:
            with self._came:
                self._came.notify_all()
            return answer(request)

        super().__init__(behaviour)

    def wait(self, requests: int) -> None:
        """Returns when so many requests have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.requests) >= requests, timeout=20)

    def bodies(self, signal: str) -> list[bytes]:
        return [request.body for request in self.requests if request.path == f"/v1/{signal}"]

    def spans(self) -> list[Any]:
        """All spans so far, as messages."""
        found = [decoded_spans(body) for body in self.bodies("traces")]
        return [
            span
            for message in found
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> dict[str, Any]:
        """The metrics of the last request, as messages by name."""
        message = decoded_metrics(self.bodies("metrics")[-1])
        (resource,) = message.resource_metrics
        (scope,) = resource.scope_metrics
        assert len({metric.name for metric in scope.metrics}) == len(scope.metrics)
        return {metric.name: metric for metric in scope.metrics}


def decoded_spans(body: bytes) -> Any:
    """A request with spans. OTLP writes ids in hexadecimal where protobuf's JSON has Base64."""
    return json_format.ParseDict(_with_base64(json.loads(body)), ExportTraceServiceRequest())


def decoded_metrics(body: bytes) -> Any:
    return json_format.ParseDict(json.loads(body), ExportMetricsServiceRequest())


def attributes(holder: Any) -> dict[str, Any]:
    """The attributes of a span, a resource or a point as values."""
    return {one.key: _value(one.value) for one in holder.attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind)


def _with_base64(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_base64(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _with_base64(one) for name, one in value.items()}
    for name in ID_BYTES.keys() & changed.keys():
        assert re.fullmatch(f"[0-9a-f]{{{2 * ID_BYTES[name]}}}", changed[name]), (name, changed[name])
        assert set(changed[name]) != {"0"}
        changed[name] = b64encode(bytes.fromhex(changed[name])).decode()
    return changed
