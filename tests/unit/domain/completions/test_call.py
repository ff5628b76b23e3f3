"""An answer as it builds up: the listener receives what the caller gets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.completions.call import Answer
from modelport.domain.completions.request import input_characters
from modelport.domain.completions.tool_arguments import parse_arguments
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall
from support.builders import RecordingListener, answer, tool, user


@given(st.lists(st.tuples(st.sampled_from(["text", "reasoning"]), st.text(max_size=4))))
def test_text_and_reasoning_equal_the_deltas_in_any_order(deltas: list[tuple[str, str]]) -> None:
    listener = RecordingListener()
    built = Answer(listener)
    for kind, delta in deltas:
        getattr(built, kind)(delta)
    assert built.whole_text() == listener.said("text") == "".join(p for kind, p in deltas if kind == "text")
    assert built.whole_reasoning() == listener.said("reasoning") == "".join(p for k, p in deltas if k == "reasoning")
    assert listener.events == [(kind, delta) for kind, delta in deltas if delta]


def test_an_empty_delta_is_no_delta() -> None:
    built = answer()
    built.text("")
    built.reasoning("")
    assert not built.begun
    assert built.listener.events == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "begin", [lambda a: a.text("x"), lambda a: a.reasoning("x"), lambda a: a.tool_call(0, call_id="c", name="f")]
)
def test_the_first_delta_of_any_kind_starts_the_clock_once(begin: Any) -> None:
    times = iter([5.0, 9.0])
    built = Answer(RecordingListener(), clock=lambda: next(times))
    begin(built)
    begin(built)
    built.text("more")
    built.reasoning("more")
    assert built.begun
    assert built.first_delta_at == 5.0


def test_the_deltas_of_a_tool_call_have_its_id_and_name_once() -> None:
    listener = RecordingListener()
    built = Answer(listener)
    built.tool_call(0, call_id="c1", name="weather", arguments="")
    built.tool_call(0, call_id="c1", name="weather", arguments='{"city"')
    built.tool_call(0, arguments=': "Paris"}')
    assert listener.events == [
        ("toolCall", 0, "c1", "weather", ""),
        ("toolCall", 0, None, None, '{"city"'),
        ("toolCall", 0, None, None, ': "Paris"}'),
    ]
    assert built.tool_calls() == (ToolCall(id="c1", name="weather", arguments={"city": "Paris"}),)
    assert built.has_tool_calls()


def test_an_id_and_a_name_may_come_late() -> None:
    listener = RecordingListener()
    built = Answer(listener)
    built.tool_call(0, arguments="{")
    built.tool_call(0, call_id="c1", arguments="}")
    built.tool_call(0, name="f")
    assert built.tool_calls() == (ToolCall(id="c1", name="f", arguments={}),)
    assert [event[2:4] for event in listener.events] == [(None, None), ("c1", None), (None, "f")]


def test_a_delta_that_adds_nothing_is_not_reported() -> None:
    listener = RecordingListener()
    built = Answer(listener)
    built.tool_call(0, call_id="c1", name="f")
    built.tool_call(0)
    built.tool_call(0, call_id="c2", name="g")
    assert len(listener.events) == 1


def test_calls_come_in_the_order_of_their_indices_and_get_an_id_when_they_have_none() -> None:
    built = answer()
    built.tool_call(4, name="second", arguments="{}")
    built.tool_call(1, name="first", arguments="{}")
    assert [(c.id, c.name) for c in built.tool_calls()] == [("call_1", "first"), ("call_0", "second")]


def test_a_made_up_id_stays_and_is_the_id_of_no_other_call() -> None:
    built, other = Answer(RecordingListener()), Answer(RecordingListener())
    for one in (built, other):
        one.tool_call(0, name="f", arguments="{}")
    made = built.tool_calls()
    assert built.tool_calls() == made
    assert made[0].id != other.tool_calls()[0].id


@given(st.lists(st.tuples(st.integers(0, 3), st.text(alphabet='{}":,ab1 ', max_size=5))))
def test_the_deltas_of_each_call_join_to_its_arguments(deltas: list[tuple[int, str]]) -> None:
    listener = RecordingListener()
    built = Answer(listener)
    for index, text in deltas:
        built.tool_call(index, arguments=text)
    for position, index in enumerate(sorted({index for index, _ in deltas})):
        text = "".join(delta for i, delta in deltas if i == index)
        assert "".join(event[4] for event in listener.events if event[1] == index) == text
        made = built.tool_calls()[position]
        assert made.arguments == parse_arguments(text)
        assert made.arguments_text == (text if made.arguments is None else None)


@pytest.mark.parametrize("text", ["[1]", '"text"', "5", "null", "true", "{", '{"a":}', "city=Paris", "\ud800"])
def test_arguments_that_are_no_object_come_as_text(text: str) -> None:
    built = answer()
    built.tool_call(0, name="f", arguments=text)
    (made,) = built.tool_calls()
    assert (made.arguments, made.arguments_text) == (None, text)


@pytest.mark.parametrize("endless", ["[" * 100_000, '{"a":' * 100_000, '{"a":[' * 100_000])
def test_a_model_that_loops_over_brackets_breaks_nothing(endless: str) -> None:
    assert parse_arguments(endless) is None


def test_arguments_nested_too_deeply_stay_text() -> None:
    assert parse_arguments('{"a":%s1%s}' % ("[" * 127, "]" * 127)) is not None  # noqa: UP031
    assert parse_arguments('{"a":%s1%s}' % ("[" * 128, "]" * 128)) is None  # noqa: UP031


@pytest.mark.parametrize("text", ["", "  ", "\n", "{}", " {} "])
def test_no_arguments_are_an_empty_object(text: str) -> None:
    assert parse_arguments(text) == {}


def test_how_much_was_said_counts_text_reasoning_and_arguments() -> None:
    built = answer()
    built.text("12345")
    built.reasoning("123")
    built.tool_call(0, name="f", arguments="{}")
    assert built.output_characters() == 10


def test_how_much_was_asked_counts_texts_tools_calls_and_images() -> None:
    weather = tool()
    per_tool = len(weather.name) + len(weather.description or "") + len(str(weather.parameters))
    called = Message(role="assistant", tool_calls=(ToolCall(id="c", name="f", arguments={"a": 1}),))
    parts = user([TextPart(text="1234"), ImagePart(url="https://x")])
    assert input_characters([user("12345"), parts], [weather]) == 5 + 4 + 3000 + per_tool
    assert input_characters([called], []) == len(str({"a": 1}))
