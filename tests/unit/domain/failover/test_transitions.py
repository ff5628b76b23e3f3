"""Circuits open, half open and close: each rule with what comes before and after."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.failover import transitions
from modelport.domain.failover.circuits import Circuit, Route, Scope, route_of
from modelport.domain.failover.rests import RESTS
from modelport.domain.failover.transitions import Failure, applied
from modelport.protocol.types import ErrorKind
from support.builders import endpoint

T0 = 1_800_000_000_000
ROUTE = Route(provider="acme", address="https://acme.example/v1", key="k1", model="m", client="Zed")
Table = dict[Scope, Circuit]


def route(**changes: object) -> Route:
    return msgspec.structs.replace(ROUTE, **changes)


def fail(
    table: Table,
    at: int = 0,
    kind: ErrorKind = "rate_limited",
    hint: int | None = None,
    on: Route = ROUTE,
    jitter: float = 0.5,
) -> Table:
    """The circuits after a failure ``at`` seconds after the start."""
    failure = Failure(route=on, kind=kind, message="No.", retry_after_ms=hint, at_ms=T0 + at * 1000, jitter=jitter)
    return applied(table, transitions.fail(table, failure))


def until(table: Table, at: int, on: Route = ROUTE) -> float | None:
    """In how many seconds a route may be called; None where that is now."""
    now = T0 + at * 1000
    found = transitions.blocking(table, on, now)
    return None if found is None else (found.blocked_until_ms(now) - now) / 1000


def half_open(table: Table, at: int, on: Route = ROUTE) -> bool:
    return transitions.half_open(table, on, T0 + at * 1000)


def claim(table: Table, owner: str, at: int, on: Route = ROUTE) -> tuple[Table, bool]:
    now = T0 + at * 1000
    table = applied(table, transitions.claim(table, on, owner, now))
    return table, transitions.holds(table, on, owner, now)


def succeed(table: Table, at: int, on: Route = ROUTE) -> Table:
    return applied(table, transitions.succeed(table, on, T0 + at * 1000))


# Opening.


def test_a_route_without_a_failure_is_closed() -> None:
    assert until({}, 0) is None
    assert not half_open({}, 0)


def test_a_failure_keeps_the_route_from_being_called_for_as_long_as_the_provider_says() -> None:
    table = fail({}, hint=30_000)
    assert until(table, 0) == 30
    assert until(table, 29) == 1
    assert until(table, 30) is None
    assert half_open(table, 30)
    assert next(iter(table.values())).client == "Zed"


@pytest.mark.parametrize("kind", RESTS)
@pytest.mark.parametrize("key", ["k1", "k2"])
@pytest.mark.parametrize("model", ["m", "other"])
def test_what_rests_with_it(kind: ErrorKind, key: str, model: str) -> None:
    rest = RESTS[kind]
    rests = (key == "k1" or rest.any_key) and (model == "m" or rest.any_model)
    assert (until(fail({}, kind=kind), 0, route(key=key, model=model)) is not None) == rests


def test_another_address_or_provider_does_not_rest() -> None:
    table = fail({}, kind="network")
    assert until(table, 0, route(address="https://eu.acme.example/v1")) is None
    assert until(table, 0, route(provider="beta")) is None


@pytest.mark.parametrize(
    "kind", ["context_too_long", "content_filtered", "unsupported", "budget_exceeded", "keyring_unavailable"]
)
def test_what_says_nothing_about_the_route_opens_nothing(kind: ErrorKind) -> None:
    assert fail({}, kind=kind) == {}


def test_a_rest_is_never_shortened() -> None:
    table = fail({}, hint=60_000)
    assert until(fail(table, 1, hint=5_000), 1) == 59
    assert until(fail(table, 1, hint=90_000), 1) == 90


def test_failures_in_a_row_rest_longer_and_a_success_starts_over() -> None:
    table: Table = {}
    at, rests = 0, []
    for _ in range(5):
        table = fail(table, at)
        rests.append(until(table, at))
        at += int(rests[-1] or 0)
    assert rests == [5, 15, 45, 120, 120]
    assert until(fail(succeed(table, at), at), at) == 5


def test_calls_that_fail_side_by_side_are_one_failure() -> None:
    table: Table = {}
    for _ in range(5):
        table = fail(table, kind="provider_unavailable")
    assert until(table, 0) == 5
    assert next(iter(table.values())).failures == 1


def test_a_failure_long_ago_says_nothing() -> None:
    table = fail({}, hint=5_000)
    assert half_open(table, 5 + 599)
    assert not half_open(table, 5 + 600)
    assert until(fail(fail({}), 5 + 600), 5 + 600) == 5


def test_a_day_without_a_change_and_a_clock_that_was_put_back_end_every_rest() -> None:
    table = fail({}, kind="auth_rejected")
    assert until(table, 24 * 3600 - 1) == 1
    assert until(table, 24 * 3600) is None
    assert until(table, -59) is not None
    assert until(table, -61) is None
    assert applied(table, transitions.expire(table, T0 + 24 * 3600 * 1000)) == {}


# Keys.


def test_a_refused_key_rests_and_another_one_does_not() -> None:
    table = fail({}, kind="auth_rejected")
    assert until(table, 0, route(model="other")) == 24 * 3600
    assert until(table, 0, route(key="k2")) is None


def test_two_keys_with_the_same_wait_make_the_provider_rest() -> None:
    table = fail({}, hint=30_000)
    assert until(table, 0, route(key="k3")) is None
    table = fail(table, 1, hint=29_500, on=route(key="k2"))
    assert until(table, 1, route(key="k3")) == 29.5
    assert until(table, 1, route(key="k3", model="other")) is None, "limits are for a model"


def test_two_keys_with_waits_of_their_own_do_not() -> None:
    table = fail(fail({}, hint=30_000), hint=50_000, on=route(key="k2"))
    assert until(table, 0, route(key="k3")) is None
    table = fail(fail({}, hint=30_000), 1, kind="provider_unavailable", on=route(key="k2", model="other"))
    assert until(table, 1, route(key="k3")) is None


# Half open.


def test_exactly_one_call_tries_and_the_others_wait_for_it() -> None:
    table, first = claim(fail({}, hint=5_000), "a.1", 6)
    assert first
    assert until(table, 6) == 30
    again, second = claim(table, "b.1", 6)
    assert not second
    assert again == table


def test_the_call_that_tries_may_have_died() -> None:
    table, _ = claim(fail({}, hint=5_000), "a.1", 6)
    assert until(table, 35) == 1
    assert half_open(table, 36)
    assert claim(table, "b.1", 36)[1]


def test_its_success_closes_and_its_failure_opens_for_longer() -> None:
    table, _ = claim(fail({}), "a.1", 6)
    assert succeed(table, 7) == {}
    assert until(fail(table, 7), 7) == 15
    assert half_open(fail(table, 7), 7 + 15)


def test_a_call_that_was_cancelled_lets_another_one_try() -> None:
    table, _ = claim(fail({}), "a.1", 6)
    by_another = applied(table, transitions.release(table, ROUTE, T0 + 7000, owner="b."))
    assert until(by_another, 7) == 29
    released = applied(table, transitions.release(table, ROUTE, T0 + 7000, owner="a."))
    assert half_open(released, 7)


@pytest.mark.parametrize("kind", ["context_too_long", "model_not_found"])
def test_a_failure_of_another_kind_lets_another_call_try(kind: ErrorKind) -> None:
    """It neither closes what was open nor keeps it half open for the whole of the probe."""
    table, _ = claim(fail({}, kind="network"), "a.1", 6)
    assert half_open(fail(table, 7, kind=kind), 7, route(model="other"))


def test_a_call_tries_all_that_is_half_open_on_its_way() -> None:
    table = fail(fail({}, kind="network"), kind="rate_limited", hint=5_000)
    table, _ = claim(table, "a.1", 6)
    assert until(table, 6, route(model="other", key="k9")) == 30
    assert succeed(table, 7) == {}


# Closing.


def test_a_rate_limit_that_has_not_ended_outlasts_the_success_of_a_call_from_before() -> None:
    table = fail({}, hint=30_000)
    assert until(succeed(table, 10), 10) == 20
    assert succeed(table, 30) == {}
    assert succeed(fail({}, kind="provider_unavailable"), 1) == {}


def test_a_reset_closes_everything_of_a_provider() -> None:
    table = fail(fail(fail({}, kind="auth_rejected"), hint=60_000), kind="network", on=route(provider="beta"))
    assert {scope.provider for scope in applied(table, transitions.reset(table, "acme", T0))} == {"beta"}
    assert applied(table, transitions.reset(table, None, T0)) == {}
    kept = applied(table, transitions.reset(table, "acme", T0, keep_limits=True))
    assert sorted(one.kind for one in kept.values()) == ["network", "rate_limited"]


# Background.


def test_a_failure_behind_the_scenes_says_nothing_to_a_person() -> None:
    behind = route(background=True)
    table = fail({}, hint=30_000, on=behind)
    assert until(table, 0) is None
    assert until(table, 0, behind) == 30
    assert succeed(fail({}, kind="provider_unavailable", on=behind), 1) == {}


def test_a_failure_of_a_person_says_something_behind_the_scenes() -> None:
    behind = route(background=True)
    table = fail({}, kind="provider_unavailable")
    assert until(table, 0, behind) == 5
    assert succeed(table, 6, behind) == {}


@pytest.mark.parametrize("kind", ["auth_rejected", "quota_exhausted", "forbidden"])
def test_a_key_that_was_refused_in_the_background_is_refused_for_all(kind: ErrorKind) -> None:
    table = fail({}, kind=kind, on=route(background=True))
    assert until(table, 0) == until(table, 0, route(background=True)) is not None


def test_a_route_is_made_of_an_endpoint() -> None:
    made = route_of(endpoint(), "m", background=True, client="Zed")
    assert (made.provider, made.address, made.model, made.background, made.client) == (
        "acme",
        "https://acme.example/v1",
        "m",
        True,
        "Zed",
    )
    assert len(made.key) == 16


# Whatever happens.

ROUTES = [
    route(key=key, model=model, background=behind) for key in ("k1", "k2") for model in "mn" for behind in (False, True)
]
EVENTS = st.tuples(
    st.sampled_from(["fail", "succeed", "claim", "release"]),
    st.sampled_from(ROUTES),
    st.sampled_from(sorted(RESTS)),
    st.none() | st.integers(0, 100_000),
    st.integers(0, 50),
)


@given(st.lists(EVENTS, max_size=20))
def test_no_failure_shortens_a_rest_and_one_call_tries(
    events: Sequence[tuple[str, Route, ErrorKind, int | None, int]],
) -> None:
    table: Table = {}
    at = 0
    for event, on, kind, hint, seconds in events:
        at += seconds
        now = T0 + at * 1000
        match event:
            case "fail":
                before = {scope: one.until_ms for scope, one in table.items() if not one.is_over(now)}
                table = fail(table, at, kind, hint, on)
                assert all(table[scope].until_ms >= until_ms for scope, until_ms in before.items())
            case "succeed":
                table = succeed(table, at, on)
                found = transitions.blocking(table, on, now)
                assert found is None or found.kind == "rate_limited"
            case "claim" if half_open(table, at, on):
                table, held = claim(table, "a.1", at, on)
                assert held
                assert not claim(table, "b.1", at, on)[1]
            case _:
                table = applied(table, transitions.release(table, on, now))
                assert not [one for one in transitions._of(table, on, now) if one.probe_owner]
