"""The lenient reading: what a type needs is strict, everything else is converted or left out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct

from modelport.adapters.wire.json_values import ABSENT, Needed, decode
from modelport.adapters.wire.lenient import convert


class Inner(Struct):
    name: str = ""
    text: str | None = None


class Outer(Struct, rename="camel"):
    needed_list: Needed[list[Inner] | None] = None
    text: str | list[Any] | None = None
    count: int | None = None
    number: int | float | None = None
    done: bool = False
    inner: Inner | None = None
    items: list[Inner] | None = None
    table: dict[str, Any] | None = None
    data: bytes | None = None
    raw: Raw = ABSENT


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("count", "5", 5),
        ("count", 5.0, 5),
        ("count", 5.5, None),
        ("count", True, None),
        ("count", [], None),
        ("number", 5.5, 5.5),
        ("number", "5.5", 5.5),
        ("number", "many", None),
        ("text", 5, "5"),
        ("text", False, None),
        ("text", {"text": "a"}, "a"),
        ("text", {"a": "b"}, [{"a": "b"}]),
        ("text", ["a"], ["a"]),
        ("done", "true", True),
        ("done", 1, True),
        ("done", "perhaps", False),
        ("done", {}, False),
        ("inner", {"name": 5, "text": {}}, Inner("5")),
        ("inner", "x", None),
        ("items", {"name": "a"}, [Inner("a")]),
        ("items", {}, None),
        ("items", "a", [Inner(text="a")]),
        ("items", [{"name": "a"}, 5, None, {"name": []}], [Inner("a"), Inner("")]),
        ("items", 5, None),
        ("table", {"a": 1}, {"a": 1}),
        ("table", [1], None),
        ("data", "aGk=", b"hi"),
        ("data", "%", None),
        ("data", 5, None),
        ("neededList", [{"name": 5}], [Inner("5")]),
        ("neededList", {"name": "a"}, [Inner("a")]),
    ],
)
def test_a_field_is_converted_where_its_meaning_is_clear_and_else_left_out(field: str, value: Any, read: Any) -> None:
    found = convert({field: value, "unknown": 1}, Outer)
    name = {"neededList": "needed_list"}.get(field, field)
    assert msgspec.structs.asdict(found)[name] == read


@pytest.mark.parametrize("value", [5, "x", True, {}, [5], ["x"], [[]]])
def test_what_is_needed_has_to_fit(value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert({"neededList": value, "text": "a"}, Outer)


@pytest.mark.parametrize("value", [5, "x", None, [], True])
def test_the_value_itself_has_to_fit(value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert(value, Outer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "text"]), inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.sampled_from(["text", "count", "number", "done", "inner", "items", "table", "data", "raw"])


@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_no_field_that_is_not_needed_ends_an_event(event: dict[str, Any]) -> None:
    found = decode(msgspec.json.Decoder(Outer), msgspec.json.encode(event | {"neededList": [{"name": "a"}]}))
    assert found.needed_list == [Inner("a")]
