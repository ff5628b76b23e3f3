"""What follows a failure: every kind, in every situation that makes a difference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from modelport.domain.errors import ERROR_KINDS, RequestFailed
from modelport.domain.failover.rules import KEY_REFUSED, PER_KEY, RULES, rule_of
from modelport.domain.failover.steps import (
    MAX_ATTEMPTS,
    MAX_PAUSE_S,
    MIN_PAUSE_S,
    Next,
    Repeat,
    Situation,
    Step,
    Stop,
    may_wait_s,
    next_step,
)
from modelport.domain.providers.configuration import FailoverEntry

FIRST = Situation(attempts=1)
DEFAULT = FailoverEntry()
REPEATS = {"provider_unavailable", "stream_interrupted", "invalid_response", "network", "tls"}
ENDS = {"content_filtered", "unsupported", "unknown_provider", "unknown_model"}


def step(kind: Any, now: Situation = FIRST, settings: FailoverEntry = DEFAULT, **details: Any) -> Step:
    return next_step(RequestFailed(kind, "No.", **details), now, settings, 0.5)


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(ERROR_KINDS)


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_the_first_failure_of_a_target(kind: str) -> None:
    expected = Repeat(0.4) if kind in REPEATS else Stop() if kind in ENDS else Next()
    assert step(kind) == expected


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_the_second_failure_of_a_target_never_repeats_it(kind: str) -> None:
    assert not isinstance(step(kind, replace(FIRST, attempts=2, repeated=True)), Repeat)


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_a_target_to_which_nothing_was_sent_is_never_the_end_along_an_own_chain(kind: str) -> None:
    assert step(kind, replace(FIRST, attempts=0, called=False)) == Next()


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_along_an_order_that_nobody_wrote_a_missing_or_refused_key_ends_it(kind: str) -> None:
    automatic = replace(FIRST, own_chain=False)
    ends = kind in KEY_REFUSED | {"auth_required", "invalid_key_format"} | ENDS
    assert isinstance(step(kind, automatic), Stop) == ends
    # Another key of the same provider is still the same provider.
    assert isinstance(step(kind, replace(automatic, another_key=True)), Stop) == (kind in ENDS)


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_on_auth_stop_ends_it_after_a_refused_key_only(kind: str) -> None:
    stopped = isinstance(step(kind, settings=FailoverEntry(on_auth="stop")), Stop)
    assert stopped == (kind in KEY_REFUSED | ENDS)


@pytest.mark.parametrize("kind", ERROR_KINDS)
@pytest.mark.parametrize(
    "over", [replace(FIRST, attempts=MAX_ATTEMPTS), replace(FIRST, left_s=0), replace(FIRST, left_s=-3.5)]
)
def test_nothing_follows_the_last_attempt_or_the_end_of_the_time(kind: str, over: Situation) -> None:
    assert step(kind, over) == Stop()


@pytest.mark.parametrize(
    ("now", "details", "expected"),
    [
        (replace(FIRST, took_s=4.9), {}, Repeat(0.4)),
        (replace(FIRST, took_s=5.0), {}, Next()),
        (replace(FIRST, left_s=0.4), {}, Next()),
        (FIRST, {"may_repeat": False}, Next()),
        # Such as a model server that ends when it is started.
        (FIRST, {"retryable": False}, Next()),
        (FIRST, {"retry_after_ms": 600}, Repeat(0.4)),
        (FIRST, {"retry_after_ms": 601}, Next()),
    ],
)
def test_only_a_quick_failure_is_repeated(now: Situation, details: dict[str, Any], expected: Step) -> None:
    assert step("provider_unavailable", now, **details) == expected


@pytest.mark.parametrize(("chance", "pause_s"), [(0.0, MIN_PAUSE_S), (1.0, MAX_PAUSE_S)])
def test_the_pause_is_drawn_between_its_limits(chance: float, pause_s: float) -> None:
    drawn = next_step(RequestFailed("network", "No."), FIRST, DEFAULT, chance)
    assert isinstance(drawn, Repeat)
    assert drawn.after_s == pytest.approx(pause_s)


COMMITTED = replace(FIRST, committed=True, can_continue=True)
RESTART, CONTINUE = FailoverEntry(after_commit="restart"), FailoverEntry(after_commit="continue")


@pytest.mark.parametrize(
    ("settings", "now", "kind", "way"),
    [
        (DEFAULT, COMMITTED, "stream_interrupted", None),
        (RESTART, COMMITTED, "stream_interrupted", "restart"),
        (RESTART, COMMITTED, "provider_unavailable", "restart"),
        (RESTART, COMMITTED, "rate_limited", "restart"),
        (RESTART, COMMITTED, "timeout", "restart"),
        (RESTART, COMMITTED, "context_too_long", None),
        (RESTART, COMMITTED, "auth_rejected", None),
        (RESTART, COMMITTED, "content_filtered", None),
        (RESTART, replace(COMMITTED, can_restart=False), "stream_interrupted", None),
        (RESTART, replace(COMMITTED, call_finished=True), "stream_interrupted", None),
        (CONTINUE, COMMITTED, "stream_interrupted", "continue"),
        (CONTINUE, replace(COMMITTED, can_continue=False), "stream_interrupted", None),
        (CONTINUE, replace(COMMITTED, call_finished=True), "stream_interrupted", None),
        (CONTINUE, replace(COMMITTED, can_restart=False), "stream_interrupted", "continue"),
    ],
)
def test_after_the_commit(settings: FailoverEntry, now: Situation, kind: Any, way: str | None) -> None:
    found = step(kind, now, settings)
    assert isinstance(found, Stop) if way is None else not isinstance(found, Stop) and found.way == way


def test_a_servers_own_failure_over_a_request_is_no_fault_of_the_request() -> None:
    assert step("unsupported", http_status=500) == Next()
    assert step("content_filtered", http_status=400) == Stop()


@pytest.mark.parametrize(("status", "repeats"), [(None, True), (200, True), (502, True), (301, False), (404, False)])
def test_a_path_that_leads_to_nothing_is_not_tried_twice(status: int | None, repeats: bool) -> None:
    assert rule_of(RequestFailed("invalid_response", "No.", http_status=status)).repeats == repeats


@pytest.mark.parametrize(
    ("rest_s", "left_s", "alone", "waits"),
    [
        (10.0, 40.0, False, True),
        (10.1, 400.0, False, False),
        (10.0, 39.9, False, False),
        (1.0, 120.0, True, True),
        (1.1, 120.0, True, False),
        (0.5, 1.0, True, False),
    ],
)
def test_a_wait_is_short_and_a_quarter_of_the_time_left_at_most(
    rest_s: float, left_s: float, alone: bool, waits: bool
) -> None:
    assert may_wait_s(rest_s, left_s, alone=alone) == waits


def test_another_key_is_for_failures_of_a_key() -> None:
    assert sorted(PER_KEY) == ["auth_rejected", "forbidden", "quota_exhausted", "rate_limited"]


@given(
    st.sampled_from(ERROR_KINDS),
    st.builds(
        Situation,
        attempts=st.integers(0, 9),
        repeated=st.booleans(),
        called=st.booleans(),
        took_s=st.floats(0, 100),
        left_s=st.floats(-10, 200),
        own_chain=st.booleans(),
        another_key=st.booleans(),
        committed=st.booleans(),
        call_finished=st.booleans(),
        can_continue=st.booleans(),
        can_restart=st.booleans(),
    ),
    st.builds(
        FailoverEntry,
        on_auth=st.sampled_from(["continue", "stop"]),
        after_commit=st.sampled_from(["fail", "continue", "restart"]),
    ),
    st.one_of(st.none(), st.integers(0, 10**6)),
)
def test_whatever_the_situation(kind: Any, now: Situation, settings: FailoverEntry, wait_ms: int | None) -> None:
    found = step(kind, now, settings, retry_after_ms=wait_ms)
    if now.attempts >= MAX_ATTEMPTS or now.left_s <= 0:
        assert found == Stop()
    if isinstance(found, Repeat):
        assert MIN_PAUSE_S <= found.after_s <= MAX_PAUSE_S
        assert found.after_s < now.left_s
        assert now.called
        assert not now.repeated
    if now.committed and not isinstance(found, Stop):
        assert not now.call_finished
        assert found.way == settings.after_commit
    if not now.committed and not isinstance(found, Stop):
        assert found.way == "fresh"
