"""Reasoning between tags at the beginning of the text, wherever the chunks cut the tags."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.json import encode

from modelport.adapters.dialects.openai.chat import OpenAIChat
from support.builders import answer, call, row

TAGGED = row(wire={"think_tags": True})


def split(*chunks: str) -> tuple[str, str]:
    """The reasoning and the text of a stream with these chunks, read to its end."""
    built = answer()
    decoder = OpenAIChat().decoder(call(provider=TAGGED), built)
    for chunk in chunks:
        decoder.event(b"", encode({"choices": [{"index": 0, "delta": {"content": chunk}}]}))
    decoder.event(b"", encode({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    decoder.event(b"", b"[DONE]")
    return built.whole_reasoning(), built.whole_text()


def cut(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *sorted(min(position, len(text)) for position in cuts), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


PLACES = st.lists(st.integers(0, 40), max_size=10)


@given(PLACES)
def test_tags_are_found_wherever_they_are_cut(cuts: list[int]) -> None:
    assert split(*cut("<think>Hm, a < b.</think>Yes.", cuts)) == ("Hm, a < b.", "Yes.")


@given(PLACES)
@example([16, 17])
def test_the_line_breaks_around_the_tags_are_no_text_wherever_they_are_cut(cuts: list[int]) -> None:
    assert split(*cut("<think>\nHm.\n</think>\n\nYes.\n", cuts)) == ("Hm.\n", "Yes.\n")


@given(PLACES, st.text(alphabet="<>/think \n", max_size=30))
@example([3], "<thi")
@example([], "<")
@example([], " ")
@example([], "\n")
@example([], "<thinking>no</thinking>")
def test_text_without_the_tag_at_its_beginning_is_left_alone(cuts: list[int], text: str) -> None:
    if not text.lstrip().startswith("<think>"):
        assert split(*cut(text, cuts)) == ("", text)


@given(PLACES)
def test_a_tag_later_on_is_text(cuts: list[int]) -> None:
    text = "Write <think> and </think> around it."
    assert split(*cut(text, cuts)) == ("", text)


@given(PLACES)
def test_a_second_passage_is_text(cuts: list[int]) -> None:
    text = "<think>a</think>b<think>c</think>"
    assert split(*cut(text, cuts)) == ("a", "b<think>c</think>")


@pytest.mark.parametrize("end", ["", "</", "</think"])
def test_a_passage_that_never_ends_is_all_reasoning(end: str) -> None:
    text = "<think>on and on" + end
    assert split(*text) == ("on and on" + end, "")


def test_an_empty_passage_is_no_reasoning() -> None:
    assert split("<think>", "</think>", "Yes.") == ("", "Yes.")


def test_space_in_front_of_the_tag_is_no_text() -> None:
    assert split(" ", "\n<think>a</think>b") == ("a", "b")


def test_reasoning_in_its_own_field_leaves_the_text_alone() -> None:
    built = answer()
    decoder = OpenAIChat().decoder(call(provider=TAGGED), built)
    decoder.event(b"", encode({"choices": [{"delta": {"reasoning_content": "Hm."}}]}))
    decoder.event(b"", encode({"choices": [{"delta": {"content": "Yes."}}]}))
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.", "Yes.")


def test_a_provider_without_the_flag_keeps_the_tags_in_the_text() -> None:
    built = answer()
    decoder = OpenAIChat().decoder(call(), built)
    decoder.event(b"", encode({"choices": [{"delta": {"content": "<think>a</think>b"}}]}))
    assert built.whole_text() == "<think>a</think>b"
