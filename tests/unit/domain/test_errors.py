"""The data of an error."""

from __future__ import annotations

import json
from typing import get_args

import msgspec
import pytest

from modelport.domain.errors import ERROR_KINDS, RETRYABLE, InvalidParams, ModelportError, RequestFailed
from modelport.protocol.types import Attempt, AttemptError, ErrorKind, Usage


def on_the_wire(error: ModelportError) -> dict[str, object]:
    return json.loads(msgspec.json.encode(error.data()))


def test_wrong_params_carry_the_field_and_nothing_that_is_unknown() -> None:
    error = InvalidParams("x must be y.", field="x")
    assert on_the_wire(error) == {"field": "x"}
    assert str(error) == error.message == "x must be y."


def test_an_empty_model_is_an_unknown_one() -> None:
    assert InvalidParams("No.", model="").data().model is None
    assert RequestFailed("network", "No.", model="").data().model is None


def test_wrong_params_may_say_more() -> None:
    error = InvalidParams("No.", field="f", kind="unknown_model", provider="p", model="m", action="a")
    assert on_the_wire(error) == {"field": "f", "kind": "unknown_model", "provider": "p", "model": "m", "action": "a"}


def test_a_failure_carries_all_that_the_contract_names() -> None:
    error = RequestFailed(
        "rate_limited",
        "Wait.",
        provider="p",
        model="m",
        http_status=429,
        retry_after_ms=2000,
        request_id="r",
        action="wait",
    )
    assert on_the_wire(error) == {
        "kind": "rate_limited",
        "provider": "p",
        "model": "m",
        "httpStatus": 429,
        "retryAfterMs": 2000,
        "retryable": True,
        "action": "wait",
        "requestId": "r",
    }


def test_a_failure_carries_what_had_arrived() -> None:
    error = RequestFailed("timeout", "Too late.")
    error.text, error.reasoning = "half an ans", ""
    error.usage = Usage(input_tokens=1, output_tokens=2, latency_ms=3, usd_micros=None, estimated=True)
    failed = AttemptError(kind="timeout", message="Too late.")
    error.attempts = [Attempt(provider="p", model="m", outcome="failed", error=failed, latency_ms=3)]
    data = on_the_wire(error)
    assert data["text"] == "half an ans"
    assert "reasoning" not in data
    assert data["usage"] == {"inputTokens": 1, "outputTokens": 2, "latencyMs": 3, "usdMicros": None, "estimated": True}
    assert data["attempts"][0]["error"] == {"kind": "timeout", "message": "Too late."}  # type: ignore[index]


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_what_passes_by_itself_is_worth_another_try(kind: ErrorKind) -> None:
    passing = {"rate_limited", "provider_unavailable", "network", "timeout", "stream_interrupted"}
    assert RequestFailed(kind, "No.").retryable is (kind in passing)
    assert (kind in RETRYABLE) is (kind in passing)


def test_who_raises_may_know_better() -> None:
    assert not RequestFailed("network", "No.", retryable=False).retryable
    assert RequestFailed("unsupported", "No.", retryable=True).retryable


def test_the_kinds_are_those_of_the_contract() -> None:
    assert get_args(ErrorKind) == ERROR_KINDS
    assert RequestFailed("tls", "No.").reason == "tls"


def test_the_text_of_an_error_is_its_whole_sentence() -> None:
    error = RequestFailed("model_not_found", "Acme does not serve it: name another model.")
    error.message = f"{error.message.rstrip('.')}; download it."
    assert str(error) == "Acme does not serve it: name another model; download it."
