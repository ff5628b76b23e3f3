"""The counts of one call, and the arithmetic of many."""

from __future__ import annotations

import msgspec
import pytest

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import Measured, TokenCounts
from modelport.domain.spending.usage import add, billing, costs_nothing, estimate, subtract, usage_of
from modelport.protocol.types import Usage, UsageTotals
from support.builders import CANARY, RecordingListener, answer, call, credential, endpoint, row, tool, user


def count(made: ModelCall, built: Answer, *, started_s: float, ended_s: float) -> Usage:
    return usage_of(billing(made, built), built, started_s=started_s, ended_s=ended_s)


def test_the_providers_counts_are_taken_as_they_are() -> None:
    built = answer()
    built.text("hi")
    built.measure = lambda: Measured(
        counts=TokenCounts(input=100, output=50, cache_read=60, cache_write=5, reasoning=20)
    )
    usage = count(call(), built, started_s=1.0, ended_s=2.5)
    assert not usage.estimated
    # Input includes what came from the cache, output includes the reasoning.
    assert (usage.input_tokens, usage.output_tokens) == (100, 50)
    assert (usage.cache_read_tokens, usage.cache_write_tokens, usage.reasoning_tokens) == (60, 5, 20)


def cut(characters: int, output: int) -> Answer:
    """An answer that broke off after some text, with the counts that had come until then."""
    built = answer()
    built.text("x" * characters)
    built.measure = lambda: Measured(counts=TokenCounts(input=100, output=output, cache_read=60))
    return built


def test_what_was_cut_is_counted_by_its_text_where_the_count_lags_behind() -> None:
    """Anthropic counts one token of output at the beginning, and the others at the end."""
    usage = count(call(), cut(400, 1), started_s=0, ended_s=1)
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (100, 100, 60)
    assert usage.estimated


def test_what_was_cut_is_counted_as_reported_where_that_is_more() -> None:
    usage = count(call(), cut(400, 101), started_s=0, ended_s=1)
    assert (usage.output_tokens, usage.estimated) == (101, False)


def test_a_finished_answer_is_counted_as_reported() -> None:
    built = cut(400, 1)
    built.finish("stop")
    usage = count(call(), built, started_s=0, ended_s=1)
    assert (usage.output_tokens, usage.estimated) == (1, False)


def test_times_are_milliseconds_since_the_call_began() -> None:
    built = Answer(RecordingListener(), clock=lambda: 10.125)
    built.text("x")
    usage = count(call(), built, started_s=10.0, ended_s=10.5)
    assert (usage.time_to_first_token_ms, usage.latency_ms) == (125.0, 500.0)


def test_an_answer_that_never_began_has_no_time_to_its_first_token() -> None:
    assert count(call(), answer(), started_s=0, ended_s=1).time_to_first_token_ms is None


def test_without_counts_the_usage_is_an_estimate_and_says_so() -> None:
    built = answer()
    built.text("x" * 9)
    usage = count(call(user("y" * 5), tools=(tool(),)), built, started_s=0, ended_s=1)
    assert usage.estimated
    assert usage.output_tokens == 3
    assert usage.input_tokens > 2
    assert usage.cache_read_tokens is None


@pytest.mark.parametrize("count_", [-1, 2**41, 2**200])
@pytest.mark.parametrize("name", ["input", "output", "cache_read", "reasoning"])
def test_counts_that_no_call_can_have_are_not_believed(name: str, count_: int) -> None:
    built = answer()
    built.measure = lambda: Measured(counts=TokenCounts(**{"input": 1, "output": 1, name: count_}))
    assert count(call(), built, started_s=0, ended_s=1).estimated


def test_a_call_that_got_no_answer_is_estimated_as_nothing() -> None:
    assert estimate(call(user("y" * 400)), answer()) == TokenCounts(input=0, output=0)


def test_an_empty_answer_that_finished_has_used_its_input() -> None:
    built = answer()
    built.finish("stop")
    assert estimate(call(user("y" * 400)), built) == TokenCounts(input=100, output=0)


@pytest.mark.parametrize(
    ("connection_type", "category", "secret", "base_url", "free"),
    [
        ("local", "Local", None, "http://localhost:11434", True),
        ("local", "Local", None, "http://server.lan:11434", True),
        ("local", "Local", CANARY, "http://127.0.0.1:8000/v1", True),
        # A key that goes to another machine is likely to be charged.
        ("local", "Local", CANARY, "https://gateway.example/v1", False),
        # A gateway on this machine passes calls on to others.
        ("local", "Gateways", None, "http://localhost:4000", False),
        ("byok", "US Labs", CANARY, "https://api.example/v1", False),
        ("cloud", "Gateways", CANARY, "https://api.example/v1", False),
        ("oauth", "US Labs", CANARY, "https://api.example/v1", False),
    ],
)
def test_the_users_own_servers_are_free_and_the_rest_is_not(
    connection_type: str, category: str, secret: str | None, base_url: str, free: bool
) -> None:
    provider = row(connection_type=connection_type, category=category)
    assert costs_nothing(endpoint(provider, credential=credential(secret), base_url=base_url)) == free


def test_the_sum_of_totals_is_taken_field_by_field() -> None:
    names = msgspec.structs.asdict(UsageTotals()).keys()
    one, two = (UsageTotals(**{name: n * factor for n, name in enumerate(names, 1)}) for factor in (1, 10))
    assert msgspec.structs.asdict(add([one, two])) == {name: 11 * n for n, name in enumerate(names, 1)}
    assert add([]) == UsageTotals()


def test_the_difference_of_two_snapshots_is_taken_field_by_field() -> None:
    names = msgspec.structs.asdict(UsageTotals()).keys()
    after = UsageTotals(**{name: 10 * n for n, name in enumerate(names, 1)})
    before = UsageTotals(**dict.fromkeys(names, 1))
    assert msgspec.structs.asdict(subtract(after, before)) == {name: 10 * n - 1 for n, name in enumerate(names, 1)}


def test_an_answer_that_a_budget_ended_is_paid_for_as_far_as_it_came() -> None:
    asked, cut = call(user("x" * 40)), answer()
    cut.text("abcd" * 25)
    # What Anthropic counts before the first delta.
    cut.add_usage(b'{"input_tokens": 12, "output_tokens": 1}', lambda _: TokenCounts(input=12, output=1))
    cut.finish("budget")
    found = billing(asked, cut)
    assert (found.counts.input, found.counts.output, found.estimated) == (12, 25, True)
