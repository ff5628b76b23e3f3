"""The end of a request as telemetry gets it."""

from __future__ import annotations

import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.telemetry.events import EndedRequest, Event
from modelport.engine.calls.recorder import Chain
from modelport.engine.telemetry.requests import TracedRequest
from support.builders import FixedClock


class Kept:
    """A ``Telemetry`` that keeps its events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def put(self, event: Event) -> None:
        self.events.append(event)


def traced(error: BaseException | None, chain: Chain | None = None) -> EndedRequest:
    kept = Kept()
    request = TracedRequest(kept, FixedClock(), chain or Chain(), "chat")
    if error is None:
        with request:
            pass
    else:
        with pytest.raises(type(error)), request:
            raise error
    (event,) = kept.events
    assert isinstance(event, EndedRequest)
    return event


@pytest.mark.parametrize(
    ("error", "outcome", "error_type"),
    [
        (None, "ok", None),
        (RequestFailed("rate_limited", "secret words"), "failed", "rate_limited"),
        (InvalidParams("secret words"), "failed", "invalid_params"),
        (KeyError("secret words"), "failed", "_OTHER"),
        (SystemExit("secret words"), "cancelled", None),
    ],
)
def test_each_end_has_its_outcome_and_no_words(
    error: BaseException | None, outcome: str, error_type: str | None
) -> None:
    event = traced(error)
    assert (event.outcome, event.error_type, event.calls, event.role) == (outcome, error_type, 0, "chat")
    assert event.first_entry > 0
    assert "secret" not in str(event)


def test_it_has_the_entry_of_its_first_call() -> None:
    chain = Chain()
    chain.add(5)
    chain.add(6)
    event = traced(None, chain)
    assert (event.first_entry, event.calls) == (5, 2)
