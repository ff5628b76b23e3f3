"""Ended calls for tests of telemetry."""

from __future__ import annotations

from typing import Any

from modelport.domain.spending.usage import CallRecord, PaidUnits
from modelport.domain.telemetry.events import EndedCall
from modelport.protocol.types import Usage


def ended_call(**changes: Any) -> EndedCall:
    """A whole call of two seconds; ``changes`` are of the record, the usage or the call, by their names."""
    usage = {"input_tokens": 10, "output_tokens": 5, "latency_ms": 2000.0, "usd_micros": None, "estimated": False}
    record = {
        "started_at_ms": 1_795_168_800_000,
        "provider": "acme",
        "model": "m-1",
        "client": None,
        "project": "/home/me/site",
        "outcome": "ok",
        "error_kind": None,
        "finish_reason": "stop",
        "entry": 7,
        "paid": PaidUnits(),
    }
    call = {"operation": "chat", "provider_name": "acme", "base_url": "https://acme.example/v1"}
    for name, value in changes.items():
        target = next(
            (part for part, kind in ((usage, Usage), (record, CallRecord)) if name in kind.__struct_fields__), call
        )
        target[name] = value
    return EndedCall(record=CallRecord(usage=Usage(**usage), **record), **call)  # type: ignore[arg-type]
