"""The arguments of a tool call, piece by piece."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.completions.tool_arguments import StreamedArguments, parse_arguments

JSON = st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=6)  # fmt: skip


def wholes(*pieces: str) -> list[bool]:
    arguments, found = StreamedArguments(), list[bool]()
    for piece in pieces:
        arguments.append(piece)
        found.append(arguments.whole)
    assert (arguments.text(), arguments.length) == ("".join(pieces), len("".join(pieces)))
    return found


def expected(*pieces: str) -> list[bool]:
    return [parse_arguments("".join(pieces[: end + 1])) is not None for end in range(len(pieces))]


@given(st.lists(st.text(alphabet='{}[]":,\\ a1\n', min_size=1, max_size=3), max_size=12))
def test_whole_is_what_parses(pieces: list[str]) -> None:
    assert wholes(*pieces) == expected(*pieces)


@given(JSON, st.integers(1, 5))
def test_an_object_is_whole_with_its_last_piece(value: object, size: int) -> None:
    text = json.dumps(value, ensure_ascii=False)
    pieces = [text[start : start + size] for start in range(0, len(text), size)] + [" ", "{}"]
    assert wholes(*pieces) == expected(*pieces)


@pytest.mark.parametrize("pieces", [(" ", "{", "}", " "), ('{"a":"\\', '"}"}'), ("{}", "{}"), ("[", "]", ""), ("1", "{}")])  # fmt: skip
def test_where_an_object_ends(pieces: tuple[str, ...]) -> None:
    assert wholes(*pieces) == expected(*pieces)


def test_no_arguments_are_whole() -> None:
    assert StreamedArguments().whole
