"""What comes back with the next turn, in the order of the answer it came in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.completions.turn_state import in_order
from support.builders import answer

A, B = {"type": "thinking", "n": 1}, {"type": "thinking", "n": 2}


def made(*steps: Any) -> Any:
    """An answer of texts, kept objects, and tool calls by their index."""
    built = answer()
    for step in steps:
        if isinstance(step, str):
            built.text(step)
        elif isinstance(step, int):
            built.tool_call(step, call_id=f"id-{step}", name="f", arguments="{}")
        else:
            built.attach_state(step)
    return built


def again(built: Any) -> list[Any]:
    """The stretches of the turn when it comes back."""
    calls = [call.id for call in built.tool_calls()]
    return [kept or text or call for kept, text, call in in_order(built.whole_state(), built.whole_text(), calls)]


@pytest.mark.parametrize(
    ("steps", "order"),
    [
        ((A, "text"), [A, "text"]),
        ((A, "te", "xt", B, 0), [A, "text", B, "id-0"]),
        (("text", A, 0, 1, B, "more"), ["text", A, "id-0", "id-1", B, "more"]),
        ((A, 0, 0, 1), [A, "id-0", "id-1"]),
        ((A,), []),
        ((A, "text", B), [A, "text"]),
        ((A, 0, B, " \n"), [A, "id-0"]),
    ],
)
def test_a_turn_comes_back_in_its_own_order(steps: Any, order: list[Any]) -> None:
    assert again(made(*steps)) == order


def test_an_answer_that_kept_nothing_has_no_state() -> None:
    assert made("text", 0, "more").whole_state() == {}


def new_in(steps: Any, at: int) -> bool:
    """Whether a step says something: a text that is not blank, or a call that has not begun before."""
    step = steps[at]
    return bool(step.strip()) if isinstance(step, str) else isinstance(step, int) and step not in steps[:at]


@given(st.lists(st.one_of(st.sampled_from([A, B]), st.text(min_size=1), st.integers(0, 3))))
def test_nothing_is_lost_and_nothing_twice(steps: list[Any]) -> None:
    built = made(*steps)
    if not built.whole_state():
        return
    found = again(built)
    # What was kept behind everything that was said has nothing to stand before.
    last = max((at for at, step in enumerate(steps) if new_in(steps, at)), default=0)
    kept = [entry for entry in found if isinstance(entry, dict)]
    # Calls that began in another order than their own are not in the order of the answer any more.
    calls = [step for at, step in enumerate(steps) if isinstance(step, int) and new_in(steps, at)]
    end = last if calls == sorted(calls) else len(steps)
    assert kept == [one for one in steps[:end] if isinstance(one, dict)]
    calls = [call.id for call in built.tool_calls()]
    spoken = "".join(entry for entry in found if isinstance(entry, str) and entry not in calls)
    assert sorted(spoken) == sorted(built.whole_text()) or set(calls) & set(steps)


@pytest.mark.parametrize(
    ("text", "calls", "order"),
    [
        ("other text", ["id-0"], [A, B, "other text", "id-0"]),
        ("text", [], [A, B, "text"]),
        ("", ["id-0"], [A, B, "id-0"]),
        ("text", ["id-0", "new"], [A, B, "text", "id-0", "new"]),
    ],
)
def test_a_turn_that_was_changed_has_what_was_kept_first(text: str, calls: list[str], order: list[Any]) -> None:
    state = made(A, "text", B, 0).whole_state()
    assert [kept or said or call for kept, said, call in in_order(state, text, calls)] == order


@pytest.mark.parametrize(
    "odd", [{"outline": 5}, {"outline": [5]}, {"outline": [{"kept": "x"}]}, {"outline": [{"text": "5"}]}, {"x": 1}, {"outline": [{"text": -5}]}]
)  # fmt: skip
def test_a_state_that_is_not_ours_changes_nothing(odd: dict[str, Any]) -> None:
    assert [text or call for _, text, call in in_order(odd, "text", ["id"])] == ["text", "id"]
