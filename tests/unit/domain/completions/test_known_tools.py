"""Tools that were fitted before: the same results, whatever callers do with what they gave and got."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.completions import known_tools
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.completions.fitting.rules import RULES
from modelport.domain.completions.known_tools import KnownTools
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Dialect, Tool
from support.builders import call, endpoint

DIALECTS: tuple[Dialect, ...] = tuple(RULES)
SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"city": {"type": "string"}}},
    {
        "type": "object",
        "properties": {"n": {"type": ["integer", "null"], "exclusiveMinimum": 1}},
        "required": ["n", "m"],
    },
    {"type": "object", "properties": {"n": {"type": ["integer", "null"], "exclusiveMinimum": True, "minimum": 1}}},
    {"$ref": "#/$defs/One", "$defs": {"One": {"type": "object", "properties": {"a": {"const": 1}}}}},
    {"type": "object", "properties": {"a": {"const": True}, "b": {"enum": [1, 1.0, True, None]}}},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}},
    {"type": "object", "properties": {"\udcff": {"type": "string"}}},
    {"type": "string"},
]
TOOLS = st.lists(st.builds(Tool, name=st.sampled_from("fg"), description=st.none() | st.just("Does."), parameters=st.none() | st.sampled_from(SCHEMAS)), max_size=3)  # fmt: skip


def outcome(tools: list[Tool], dialect: Dialect, known: KnownTools | None = None) -> Any:
    made = call(endpoint=endpoint(dialect=dialect), tools=tuple(copy.deepcopy(tools)))
    try:
        return fit(made, known.fit) if known else fit(made)
    except InvalidParams as error:
        return error.message, error.field


@given(turns=st.lists(st.tuples(TOOLS, st.sampled_from(DIALECTS)), max_size=6), size=st.sampled_from([1, 2, 256]))
def test_what_is_known_is_what_it_would_be_made(turns: list[tuple[list[Tool], Dialect]], size: int) -> None:
    known = KnownTools()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_tools, "MAX_TOOLS", size)
        for tools, dialect in turns:
            assert repr(outcome(tools, dialect, known)) == repr(outcome(tools, dialect))
        assert len(known._kept) <= size


def test_a_tool_is_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known, tools = KnownTools(), [Tool(name="f", parameters=schema) for schema in SCHEMAS[:-1]]
    first = outcome(tools, "gemini", known)
    monkeypatch.setattr(known_tools, "fitted_tool", lambda *_: pytest.fail("fitted again"))
    assert repr(outcome(tools, "gemini", known)) == repr(first)


def test_a_tool_that_is_long_is_not_kept() -> None:
    known = KnownTools()
    long = Tool(name="f", description="x" * known_tools.MAX_BYTES, parameters=SCHEMAS[1])
    assert outcome([long], "gemini", known) == outcome([long], "gemini")
    assert known._kept == {}


@pytest.mark.parametrize("schema", SCHEMAS[:2])
def test_what_a_caller_does_with_its_schema_later_changes_nothing(schema: dict[str, Any]) -> None:
    known, wanted = KnownTools(), outcome([Tool(name="f", parameters=schema)], "openai_chat")
    given_schema = copy.deepcopy(schema)
    made = call(endpoint=endpoint(dialect="openai_chat"), tools=(Tool(name="f", parameters=given_schema),))
    fit(made, known.fit)
    given_schema.get("required", []).append("more")
    given_schema["properties"].clear()
    assert outcome([Tool(name="f", parameters=schema)], "openai_chat", known) == wanted
