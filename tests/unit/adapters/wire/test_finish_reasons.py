"""The table of reasons to finish, and what an answer makes of them."""

from __future__ import annotations

import pytest

from modelport.adapters.wire.finish_reasons import FAILURES, FINISH_REASONS, NONE, ends, finish
from support.builders import answer


def test_a_reason_has_one_meaning_and_is_written_in_lower_case() -> None:
    reasons = [*FINISH_REASONS, *FAILURES, *NONE]
    assert len(set(reasons)) == len(reasons)
    assert all(reason == reason.casefold() for reason in reasons)


@pytest.mark.parametrize(("reason", "meant"), [*FINISH_REASONS.items(), ("new", "other"), (None, "other"), (1, "stop")])
@pytest.mark.parametrize("called", [True, False])
def test_calls_and_only_calls_end_in_calls(reason: str | int | None, meant: str, called: bool) -> None:
    built = answer()
    built.text("x")
    if called:
        built.tool_call(0, call_id="a", name="f")
    finish(built, reason.upper() if isinstance(reason, str) else reason)
    # A limit or a filter may have cut the calls.
    kept = meant if meant in ("length", "contentFilter") else "toolCalls" if called else None
    assert built.finish_reason == (kept or ("other" if meant == "toolCalls" else meant))
    assert not built.failure


def test_calls_that_come_after_the_reason_count_too() -> None:
    built = answer()
    finish(built, "stop")
    built.tool_call(0, call_id="a", name="f")
    assert built.finish_reason == "toolCalls"


@pytest.mark.parametrize("reason", sorted(FAILURES))
def test_a_failure_is_told_in_the_providers_words_or_by_its_reason(reason: str) -> None:
    for words, told in ((None, reason.upper()), ("It broke.", "It broke.")):
        built = answer()
        built.text("x")
        finish(built, reason.upper(), words)
        assert told in built.failure


@pytest.mark.parametrize("reason", ["new", "tool_calls", "unexpected_tool_call"])
def test_a_reason_that_explains_nothing_is_a_failure_where_nothing_has_come(reason: str) -> None:
    built = answer()
    finish(built, reason)
    assert reason in built.failure
    finish(without_a_reason := answer(), None)
    assert not without_a_reason.failure


@pytest.mark.parametrize("reason", [None, *sorted(NONE), "NULL", 0])
def test_what_is_no_reason_ends_nothing(reason: str | int | None) -> None:
    assert not ends(reason)
    assert ends("stop")
    assert ends(1)
