"""Which calls budgets count, whether one more fits, and how far they are used up."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.budgets.budget import (
    Budget,
    CallScope,
    Scope,
    Standing,
    Window,
    extended,
    fits,
    fraction,
    glob,
    refusing,
    state,
    worse,
)
from modelport.domain.budgets.reading import read_budgets
from modelport.domain.budgets.reservations import USUAL_OUTPUT_TOKENS, Offer
from modelport.domain.budgets.settings import BudgetEntry

CALL = CallScope(
    provider="openrouter", model="acme/large", client="Neovim", project="harbour", role="chat", session="s"
)


def budget(limit: int = 100, **changes: Any) -> Budget:
    return Budget(**({"name": "b", "period": "day", "limit_usd_micros": limit} | changes))


def window(limit: int = 100, **changes: Any) -> Window:
    return Window(budget=budget(limit, **changes), now_ms=0, since_ms=0, until_ms=1)


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        (Scope(), True),
        (Scope(provider="openrouter"), True),
        (Scope(provider="openai"), False),
        (Scope(model="acme/large"), True),
        (Scope(model="openrouter/acme/large"), True),
        (Scope(model="acme/*"), True),
        (Scope(model="*large"), True),
        (Scope(model="large"), False),
        (Scope(model="openai/*"), False),
        (Scope(client="Neo*"), True),
        (Scope(client="neovim"), False),
        (Scope(project="harbour"), True),
        (Scope(project="pier"), False),
        (Scope(role="chat"), True),
        (Scope(role="inline"), False),
        (Scope(provider="openrouter", project="harbour", role="chat", model="*", client="*"), True),
        (Scope(provider="openrouter", project="pier"), False),
    ],
)
def test_a_call_counts_where_everything_fits(scope: Scope, counts: bool) -> None:
    assert scope.covers(CALL) is counts


@given(st.text("ab*?[]!^-", max_size=6), st.text("ab?[]!^-*", max_size=6))
def test_a_pattern_means_the_same_to_the_rules_and_to_the_ledger(text: str, pattern: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        (found,) = connection.execute("SELECT ? GLOB ?", (text, glob(pattern))).fetchone()
    connection.close()
    assert fits(text, pattern) is bool(found)


def test_only_a_star_stands_for_other_text() -> None:
    assert fits("gpt-5.5-mini", "gpt-5*")
    assert not fits("gpt-5", "gpt-?")
    assert fits("a[b]?", "a[b]?")


def test_a_call_fits_exactly() -> None:
    standing = Standing(spent=60, reserved=30)
    assert refusing([window(100)], [standing], 10) is None
    assert refusing([window(100)], [standing], 11) == 0


def test_the_tightest_of_those_that_refuse_names_itself() -> None:
    windows = [window(1000), window(100), window(90), window(1, action="warn"), window(95)]
    assert refusing(windows, [Standing(spent=50)] * 5, 60) == 2


def test_a_budget_that_only_warns_refuses_nothing() -> None:
    assert refusing([window(1, action="warn")], [Standing(spent=1000)], 1000) is None


def test_what_costs_nothing_fits_into_a_budget_that_is_overdrawn() -> None:
    assert refusing([window(100)], [Standing(spent=130)], 0) is None
    assert refusing([window(0)], [Standing()], 0) is None
    assert refusing([window(0)], [Standing()], 1) == 0


def test_a_raise_lifts_the_limit() -> None:
    standing = Standing(spent=100, raised=50)
    assert refusing([window(100)], [standing], 50) is None
    assert refusing([window(100)], [standing], 51) == 0
    assert fraction(budget(100), standing) == pytest.approx(100 / 150)


@pytest.mark.parametrize(
    ("spent", "told", "expected"),
    [
        (0, "ok", "ok"),
        (79, "ok", "ok"),
        (80, "ok", "warned"),
        (99, "warned", "warned"),
        (100, "warned", "exceeded"),
        (1000, "ok", "exceeded"),
        # A call was refused.
        (85, "exceeded", "exceeded"),
    ],
)
def test_states(spent: int, told: Any, expected: str) -> None:
    assert state(budget(100), Standing(spent=spent, told=told)) == expected


def test_a_limit_of_nothing_is_exceeded_by_anything() -> None:
    assert state(budget(0), Standing()) == "ok"
    assert state(budget(0), Standing(spent=1)) == "exceeded"


def test_states_only_get_worse() -> None:
    assert worse("warned", "ok")
    assert worse("exceeded", "ok")
    assert not worse("ok", "warned")
    assert not worse("warned", "warned")


def offer(**changes: Any) -> Offer:
    given = {"input_tokens": 10, "input_usd": Decimal("0.0000105"), "usd_per_output_token": Decimal("0.000002")}
    return Offer(**(given | changes))


def test_the_output_is_what_the_model_seldom_exceeds_within_the_limit_of_the_request() -> None:
    assert offer().usd_micros(100) == 211
    assert offer(max_output_tokens=50).usd_micros(100) == 111
    assert offer(max_output_tokens=500).usd_micros(100) == 211
    assert offer(max_output_tokens=0).usd_micros(100) == 11
    assert offer().usd_micros(0) == 11
    assert offer().usd_micros(None) == 11 + 2 * USUAL_OUTPUT_TOKENS
    assert offer().input_usd_micros == 11


def test_budgets_are_read_with_the_ids_of_their_providers() -> None:
    entries = {
        "a": BudgetEntry(period="day", usd=0.1, provider="Claude"),
        "b": BudgetEntry(period="month", usd=2.5e-06),
    }
    budgets, mistakes = read_budgets(entries, {"anthropic": "anthropic", "claude": "anthropic"})
    assert not mistakes
    assert [(found.name, found.limit_usd_micros, found.scope.provider) for found in budgets] == [
        ("a", 100_000, "anthropic"),
        ("b", 2, None),
    ]


@given(st.integers(0, 10_000_000))
def test_the_output_that_an_amount_pays_costs_no_more_than_it(micros: int) -> None:
    tokens = offer().output_tokens(micros)
    assert tokens is not None
    assert tokens == 0 or offer().usd_micros_of(tokens) <= micros
    assert offer().usd_micros_of(tokens + 1) > micros
    assert offer(usd_per_output_token=Decimal(0)).output_tokens(micros) is None


@pytest.mark.parametrize(
    ("standings", "wanted", "expected"),
    [
        # 10 of what is reserved are its own.
        ([Standing(spent=50, reserved=10)], 40, 40),
        ([Standing(spent=50, reserved=10)], 90, 50),
        ([Standing(spent=50, reserved=30)], 90, 30),
        ([Standing(spent=95, reserved=10)], 90, 10),
        ([Standing(spent=95, reserved=10, raised=20)], 90, 25),
        ([Standing(reserved=10)], 5, 10),
        ([Standing(reserved=10), Standing(spent=80, reserved=10)], 90, 20),
    ],
)
def test_a_reservation_grows_into_what_is_left(standings: list[Standing], wanted: int, expected: int) -> None:
    windows = [window(100, cut=True)] * len(standings)
    assert extended(windows, standings, 10, wanted) == expected
    assert extended([window(100)] * len(standings), standings, 10, wanted) == max(10, wanted)


def test_a_budget_that_warns_cannot_cut() -> None:
    cuts = {name: BudgetEntry(period="day", usd=1, cut=True, action=name) for name in ("refuse", "warn")}
    budgets, mistakes = read_budgets(cuts, {})
    assert [(found.name, found.cut) for found in budgets] == [("refuse", True)]
    assert [place for place, _ in mistakes] == [("budgets", "warn", "cut")]


def test_mistakes_name_their_place() -> None:
    entries = {"a": BudgetEntry(period="day", usd=1, provider="anthropc", timezone="Mars/Olympus")}
    budgets, mistakes = read_budgets(entries, {"anthropic": "anthropic"})
    assert budgets == ()
    assert mistakes == [
        (("budgets", "a", "provider"), "No provider is called this (did you mean anthropic?)."),
        (
            ("budgets", "a", "timezone"),
            "No time zone is called this here: write one such as Europe/Berlin, or leave it out for that of this machine.",
        ),
    ]
