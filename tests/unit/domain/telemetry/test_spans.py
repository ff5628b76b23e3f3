"""Spans of ended calls and requests."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.spending.usage import PaidUnits
from modelport.domain.telemetry.conventions import NEWEST, USUAL
from modelport.domain.telemetry.events import EndedRequest
from modelport.domain.telemetry.facts import MAX_TEXT_CHARS, server
from modelport.domain.telemetry.spans import span_of, trace_id
from support.ended_calls import ended_call


def test_calls_and_their_request_find_each_other_by_the_ledgers_entries() -> None:
    first = span_of(ended_call(entry=7, in_request=True), USUAL)
    second = span_of(ended_call(entry=9, attempt_of=7, attempt=1, in_request=True), USUAL)
    request = span_of(EndedRequest(first_entry=7, calls=2, started_at_ms=1000, duration_ms=1.5, outcome="ok"), USUAL)
    assert first.trace_id == second.trace_id == request.trace_id == trace_id(7)
    assert first.parent_id == second.parent_id == request.span_id
    assert len({first.span_id, second.span_id, request.span_id}) == 3
    assert (request.start_ns, request.end_ns) == (1_000_000_000, 1_001_500_000)
    other = span_of(ended_call(entry=8), USUAL)
    assert (other.parent_id, other.trace_id == first.trace_id) == ("", False)


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"finish_reason": "toolCalls"}, "gen_ai.response.finish_reasons", ("tool_calls",)),
        ({"finish_reason": "contentFilter"}, "gen_ai.response.finish_reasons", ("content_filter",)),
        ({"finish_reason": None}, "gen_ai.response.finish_reasons", None),
        ({"outcome": "failed", "error_kind": "rate_limited"}, "error.type", "rate_limited"),
        ({"outcome": "failed"}, "error.type", "_OTHER"),
        ({"outcome": "cancelled"}, "error.type", None),
        ({"usd_micros": 3}, "gen_ai.usage.cost", 0.000003),
        ({"usd_micros": 3, "paid": PaidUnits(exact_usd="0.0000031")}, "gen_ai.usage.cost", 0.0000031),
        ({"usd_micros": None}, "gen_ai.usage.cost", None),
        ({"usd_micros": 0}, "modelport.cost.usd_micros", 0),
        ({"paid": PaidUnits(billed_input_tokens=99)}, "gen_ai.usage.input_tokens", 99),
        ({"outcome": "failed", "input_tokens": 0}, "gen_ai.usage.input_tokens", None),
        ({"input_tokens": 0}, "gen_ai.usage.input_tokens", 0),
        ({"cache_write_tokens": 4}, "gen_ai.usage.cache_creation.input_tokens", 4),
        ({"estimated": True}, "modelport.usage.estimated", True),
        ({"model": "m" * 1000}, "gen_ai.request.model", "m" * MAX_TEXT_CHARS),
        ({"model": "m\ud800"}, "gen_ai.request.model", "m\ufffd"),
        ({"parameters": {"top_p": 1}}, "gen_ai.request.top_p", 1.0),
        ({"parameters": {"reasoning_effort": "low"}}, "gen_ai.request.reasoning.level", None),
        ({"base_url": ""}, "server.address", None),
    ],
)
def test_attributes(changes: dict[str, Any], name: str, value: object) -> None:
    found = span_of(ended_call(**changes), USUAL).attributes.get(name)
    assert (found, type(found)) == (value, type(value))


def test_the_newest_names_have_the_reasoning_level() -> None:
    span = span_of(ended_call(parameters={"reasoning_effort": "low", "stop": ["secret"]}), NEWEST)
    assert span.attributes["gen_ai.request.reasoning.level"] == "low"
    assert "secret" not in str(span)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://api.acme.example/v1", "api.acme.example", 443),
        ("http://[::1]:8080", "::1", 8080),
        ("http://me:secret@10.0.0.1/x?key=1", "10.0.0.1", 80),
        ("", None, None),
    ],
)
def test_a_server_is_a_host_and_a_port_only(url: str, host: str | None, port: int | None) -> None:
    assert server(url) == (host, port)
