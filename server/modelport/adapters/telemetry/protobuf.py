"""Writes the requests of ``documents`` in protobuf's binary form, for collectors that read no JSON, such as Phoenix.

Source: https://protobuf.dev/programming-guides/encoding/ and the messages of opentelemetry-proto 1.x.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Field = tuple[int, str]
"""The number of a field, and its type: one of ``_SCALARS``, or the name of a message."""

MESSAGES: Mapping[str, Mapping[str, Field]] = {
    "ExportTraceServiceRequest": {"resourceSpans": (1, "ResourceSpans")},
    "ResourceSpans": {"resource": (1, "Resource"), "scopeSpans": (2, "ScopeSpans")},
    "ScopeSpans": {"scope": (1, "Scope"), "spans": (2, "Span")},
    "Span": {
        "traceId": (1, "id"),
        "spanId": (2, "id"),
        "parentSpanId": (4, "id"),
        "name": (5, "string"),
        "kind": (6, "varint"),
        "startTimeUnixNano": (7, "fixed64"),
        "endTimeUnixNano": (8, "fixed64"),
        "attributes": (9, "KeyValue"),
        "status": (15, "Status"),
    },
    "Status": {"code": (3, "varint")},
    "ExportMetricsServiceRequest": {"resourceMetrics": (1, "ResourceMetrics")},
    "ResourceMetrics": {"resource": (1, "Resource"), "scopeMetrics": (2, "ScopeMetrics")},
    "ScopeMetrics": {"scope": (1, "Scope"), "metrics": (2, "Metric")},
    "Metric": {
        "name": (1, "string"),
        "description": (2, "string"),
        "unit": (3, "string"),
        "sum": (7, "Sum"),
        "histogram": (9, "Histogram"),
    },
    "Sum": {
        "dataPoints": (1, "NumberDataPoint"),
        "aggregationTemporality": (2, "varint"),
        "isMonotonic": (3, "varint"),
    },
    "NumberDataPoint": {
        "startTimeUnixNano": (2, "fixed64"),
        "timeUnixNano": (3, "fixed64"),
        "asInt": (6, "fixed64"),
        "attributes": (7, "KeyValue"),
    },
    "Histogram": {"dataPoints": (1, "HistogramDataPoint"), "aggregationTemporality": (2, "varint")},
    "HistogramDataPoint": {
        "startTimeUnixNano": (2, "fixed64"),
        "timeUnixNano": (3, "fixed64"),
        "count": (4, "fixed64"),
        "sum": (5, "double"),
        "bucketCounts": (6, "packed fixed64"),
        "explicitBounds": (7, "packed double"),
        "attributes": (9, "KeyValue"),
        "min": (11, "double"),
        "max": (12, "double"),
    },
    "Resource": {"attributes": (1, "KeyValue")},
    "Scope": {"name": (1, "string"), "version": (2, "string")},
    "KeyValue": {"key": (1, "string"), "value": (2, "AnyValue")},
    "AnyValue": {
        "stringValue": (1, "string"),
        "boolValue": (2, "varint"),
        "intValue": (3, "varint"),
        "doubleValue": (4, "double"),
        "arrayValue": (5, "ArrayValue"),
    },
    "ArrayValue": {"values": (1, "AnyValue")},
}
"""The fields that ``documents`` writes, by their names in JSON."""

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""The wire types."""


def encoded(message: str, document: Mapping[str, Any]) -> bytes:
    """A document as a message of this name.

    Raises:
        KeyError: the table has no such field; a defect of ours.
    """
    fields = MESSAGES[message]
    return b"".join(_field(*fields[name], value) for name, value in document.items())


def partial_success(answer: bytes) -> tuple[int, str]:
    """How much of a request was rejected, and why, from an answer in binary form; 0 and nothing where all was kept.

    Raises:
        ValueError: it is no such message.
    """
    rejected, words = 0, ""
    for number, value in _fields(answer):
        for inner, detail in _fields(value) if number == 1 and isinstance(value, bytes) else ():
            if inner == 1 and isinstance(detail, int):
                rejected = detail
            elif inner == 2 and isinstance(detail, bytes):
                words = detail.decode("utf-8", "replace")
    return rejected, words


def _field(number: int, kind: str, value: Any) -> bytes:
    if kind in _SCALARS:
        wire_type, write = _SCALARS[kind]
        body = write(value)
        return _varint(number << 3 | wire_type) + (_varint(len(body)) if wire_type == LENGTH else b"") + body
    if isinstance(value, list):
        return b"".join(_field(number, kind, one) for one in value)  # pyright: ignore[reportUnknownVariableType]
    body = encoded(kind, value)
    return _varint(number << 3 | LENGTH) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number is one of 64 bits."""
    value &= (1 << 64) - 1
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _fixed64(value: Any) -> bytes:
    return struct.pack("<Q", int(value))


def _double(value: float) -> bytes:
    return struct.pack("<d", value)


_SCALARS: Mapping[str, tuple[int, Callable[[Any], bytes]]] = {
    "id": (LENGTH, bytes.fromhex),
    "string": (LENGTH, str.encode),
    "varint": (VARINT, lambda value: _varint(int(value))),
    "fixed64": (FIXED64, _fixed64),
    "double": (FIXED64, _double),
    "packed fixed64": (LENGTH, lambda values: b"".join(map(_fixed64, values))),
    "packed double": (LENGTH, lambda values: b"".join(map(_double, values))),
}


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The numbers and values of a message's fields; those of a fixed size are bytes too."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        wire_type = tag & 7
        if wire_type == VARINT:
            value, at = _read_varint(message, at)
            yield tag >> 3, value
            continue
        if wire_type == LENGTH:
            size, at = _read_varint(message, at)
        elif wire_type in (FIXED64, FIXED32):
            size = 8 if wire_type == FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire_type}")
        if at + size > len(message):
            raise ValueError("a field ends behind the message")
        yield tag >> 3, message[at : at + size]
        at += size


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise ValueError("a number without an end")
