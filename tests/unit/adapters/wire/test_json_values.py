"""JSON from providers, and what some of them get wrong."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct

from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.json_values import (
    Needed,
    decode,
    fields,
    is_set,
    refuse,
    whole_number,
)
from modelport.borders import readable_values


class Chunk(Struct):
    text: str = ""
    choices: Needed[list[Any] | None] = None
    usage: Raw = Raw()


DECODER = msgspec.json.Decoder(Chunk)


def read(data: bytes) -> Chunk:
    return decode(DECODER, data)


def test_good_json_is_decoded_as_it_is() -> None:
    assert read('{"text":"é東"}'.encode()).text == "é東"


def test_text_cut_inside_a_character_is_repaired() -> None:
    assert read(b'{"text":"a\xe6\x9d"}').text == "a\ufffd"
    assert read(b'{"text":"a\xffb"}').text == "a\ufffdb"


@pytest.mark.parametrize("escape", [b"\\ud83d", b"\\ude00", b"\\ud83dx", b"\\ude00\\ud83d"])
def test_half_a_surrogate_pair_becomes_a_replacement_character(escape: bytes) -> None:
    text = read(b'{"text":"a' + escape + b'"}').text
    assert text.startswith("a\ufffd")
    assert text.encode()


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert read(b'{"text":"\\ud83d\\ude00"}').text == "😀"
    assert read(b'{"text":"\\ud83d\\ude00\\ud83d"}').text == "😀\ufffd"


@pytest.mark.parametrize("usage", ["null", '{"prompt_tokens":3}', "[]", '"none"'])
def test_a_repaired_chunk_keeps_its_other_fields(usage: str) -> None:
    chunk = read(b'{"text":"a\xff","usage":' + usage.encode() + b"}")
    assert chunk.text == "a\ufffd"
    assert msgspec.json.decode(chunk.usage) == msgspec.json.decode(usage)


@pytest.mark.parametrize("broken", [b"", b"{", b"{text:1}", b'{"text":"a"} trailing', b"<html>", b"\xff\xfe", b"[DONE"])
def test_what_is_not_json_is_not_understood(broken: bytes) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read(broken)
    assert refused.value.data == broken


@pytest.mark.parametrize("wrong", [b'{"choices":5}', b"[]", b'"text"', b'{"choices":5,"a":"\xff"}'])
def test_json_of_another_shape_is_not_understood(wrong: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read(wrong)


def test_json_nested_without_end_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        read(b'{"text":"a","x":' + b"[" * 100_000)


@pytest.mark.parametrize("told", [{"error": "no"}, {"message": "no"}, {"detail": [1]}, {"errors": ["no"]}])
def test_an_error_in_any_form_is_a_refusal(told: Any) -> None:
    with pytest.raises(ProviderRefused):
        refuse(msgspec.json.encode(told))


@pytest.mark.parametrize("told", [{}, {"error": None}, {"id": 1}, [], 5, "text", None])
def test_what_holds_nothing_is_not_understood(told: Any) -> None:
    with pytest.raises(NotUnderstood):
        refuse(msgspec.json.encode(told))


def test_a_number_that_is_none_spoils_nothing() -> None:
    assert msgspec.json.decode(read(b'{"text":"a","usage":{"logprob":NaN}}').usage) == {"logprob": None}


def test_a_byte_order_mark_is_no_part_of_a_value() -> None:
    assert read(b'\xef\xbb\xbf{"text":"a"}').text == "a"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=[]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(JSON)
def test_whatever_is_cleaned_can_be_encoded_and_is_left_alone_after_that(value: Any) -> None:
    clean = readable_values(value)
    msgspec.json.encode(clean)
    assert readable_values(clean) == clean


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", False),
        (b"null", False),
        (b"{}", False),
        (b"[]", False),
        (b"false", False),
        (b'""', False),
        (b"{ }", False),
        (b"[\n]", False),
        (b'{"a":1}', True),
        (b'"text"', True),
        (b"true", True),
        (b"0", True),
    ],
)
def test_a_field_is_set_when_it_holds_something(raw: bytes, found: bool) -> None:
    assert is_set(Raw(raw)) is found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        (b'{"a":1e999,"b":2}', {"a": None, "b": 2}),
        (b"[1]", {}),
        (b'"text"', {}),
        (b"null", {}),
        (b"", {}),
    ],
)
def test_the_fields_of_what_is_no_object_are_none(raw: bytes, found: dict[str, Any]) -> None:
    assert fields(Raw(raw)) == found


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (5.0, 5),
        (0, 0),
        (None, None),
        (True, None),
        ("5", 5),
        ("many", None),
        (1e400, None),
        ([5], None),
        ({}, None),
    ],
)
def test_counts_are_whole_numbers_or_unknown(value: Any, number: int | None) -> None:
    assert whole_number(value) == number
