"""Spans of a trace, made of ended calls and requests: a request is the parent of its calls.

The ids follow from the ledger's entries: a row of the ledger leads to its span, and no call has to carry a trace.
"""

from __future__ import annotations

from hashlib import blake2b

from msgspec import Struct

from modelport.domain.telemetry.conventions import Conventions, Fact, Value
from modelport.domain.telemetry.events import EndedCall, EndedRequest, Event
from modelport.domain.telemetry.facts import call_facts, error_type

REQUEST_NAME = "modelport.completion"
CALL_ID_BYTES = 8
TRACE_ID_BYTES = 16


class Span(Struct, frozen=True, kw_only=True):
    """One span. Ids are lower-case hexadecimal, times nanoseconds since 1970, UTC."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    name: str
    to_server: bool
    """Whether it is a request to another program (kind CLIENT), and not work in this one (kind INTERNAL)."""
    start_ns: int
    end_ns: int
    attributes: dict[str, Value]
    failed: bool


def span_of(event: Event, names: Conventions) -> Span:
    """The span of an event, with the attributes named as a version of the conventions has them."""
    return _call_span(event, names) if isinstance(event, EndedCall) else _request_span(event, names)


def trace_id(first_entry: int) -> str:
    """The id of the trace for a request whose first call has this entry in the ledger."""
    return _digest(first_entry, TRACE_ID_BYTES, b"trace")


def _call_span(call: EndedCall, names: Conventions) -> Span:
    record = call.record
    first = record.attempt_of or record.entry
    start_ns = record.started_at_ms * 1_000_000
    attributes = names.named(call_facts(call))
    return Span(
        trace_id=trace_id(first),
        span_id=f"{record.entry:016x}",
        parent_id=_request_id(first) if call.in_request else "",
        name=f"{call.operation} {attributes.get(names.attributes['request_model'], '')}".rstrip(),
        to_server=True,
        start_ns=start_ns,
        end_ns=start_ns + max(0, round(record.usage.latency_ms * 1_000_000)),
        attributes=attributes,
        failed=error_type(call) is not None,
    )


def _request_span(request: EndedRequest, names: Conventions) -> Span:
    facts: dict[Fact, Value | None] = {
        "attempts": request.calls,
        "outcome": request.outcome,
        "error_type": request.error_type,
        "role": request.role,
    }
    start_ns = request.started_at_ms * 1_000_000
    return Span(
        trace_id=trace_id(request.first_entry),
        span_id=_request_id(request.first_entry),
        name=REQUEST_NAME,
        to_server=False,
        start_ns=start_ns,
        end_ns=start_ns + max(0, round(request.duration_ms * 1_000_000)),
        attributes=names.named(facts),
        failed=request.outcome == "failed",
    )


def _request_id(first_entry: int) -> str:
    return _digest(first_entry, CALL_ID_BYTES, b"request")


def _digest(entry: int, size: int, what: bytes) -> str:
    return blake2b(entry.to_bytes(8, "big"), digest_size=size, person=what).hexdigest()
