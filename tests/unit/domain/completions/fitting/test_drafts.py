"""Schemas of every draft in the words of the newest: they mean the same, and vendors accept them."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.fitting.drafts import as_2020_12
from modelport.domain.completions.fitting.rules import RULES
from modelport.protocol.types import Dialect, Tool
from support.builders import call, fitted, json_form

TEXT, NUMBER = {"type": "string"}, {"type": "number"}
EARLIER: list[tuple[Any, Any]] = [
    # A list of anything, which OpenAI refuses as "array schema missing items".
    ({"type": "array"}, {"type": "array", "items": {}}),
    ({"type": ["array", "null"]}, {"type": ["array", "null"], "items": {}}),
    ({"anyOf": [{"type": "array"}, {"type": "null"}]}, {"anyOf": [{"type": "array", "items": {}}, {"type": "null"}]}),
    ({"type": "array", "items": {"type": "array"}}, {"type": "array", "items": {"type": "array", "items": {}}}),
    # Tuples of draft 7 and before.
    ({"type": "array", "items": [TEXT, NUMBER]}, {"type": "array", "prefixItems": [TEXT, NUMBER]}),
    ({"type": "array", "items": [TEXT], "additionalItems": False}, {"type": "array", "prefixItems": [TEXT], "items": False}),
    ({"items": [{"items": [TEXT]}], "additionalItems": TEXT}, {"prefixItems": [{"prefixItems": [TEXT]}], "items": TEXT}),
    # Limits of draft 4.
    ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 0}),
    ({"type": "integer", "maximum": 9, "exclusiveMaximum": False}, {"type": "integer", "maximum": 9}),
    ({"exclusiveMinimum": True}, {}),
    ({"exclusiveMinimum": 0, "maximum": 1}, {"exclusiveMinimum": 0, "maximum": 1}),
    # Truth values for schemas, as schemars and others write them.
    ({"properties": {"any": True, "none": False}}, {"properties": {"any": {}, "none": {"not": {}}}}),
    ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": False}),
    # What is required has a place, which Google asks for.
    ({"properties": {"a": TEXT}, "required": ["a", "b"]}, {"properties": {"a": TEXT, "b": {}}, "required": ["a", "b"]}),
    ({"type": "object", "required": ["a"]}, {"type": "object", "required": ["a"], "properties": {"a": {}}}),
    ({"type": "object", "properties": {}, "required": ["a"], "additionalProperties": False}, {"type": "object", "properties": {}, "required": ["a"], "additionalProperties": False}),
    ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
    ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
    # Drafts before 4 say it with the property itself.
    ({"properties": {"a": TEXT | {"required": True}, "b": TEXT | {"required": False}}}, {"properties": {"a": TEXT, "b": TEXT}, "required": ["a"]}),
    ({"type": "object", "properties": {"a": TEXT}, "required": None}, {"type": "object", "properties": {"a": TEXT}}),
    # PHP's empty object.
    ({"properties": {"a": {"type": "object", "properties": []}}}, {"properties": {"a": {"type": "object", "properties": {}}}}),
    ({"$defs": {"A": {"type": "array"}}, "$ref": "#/$defs/A"}, {"$defs": {"A": {"type": "array", "items": {}}}, "$ref": "#/$defs/A"}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "said"), EARLIER)
def test_what_is_said(given: Any, said: Any) -> None:
    assert as_2020_12(given) == said
    assert as_2020_12(said) == said, "what is said so already stays"


@pytest.mark.parametrize(("given", "said"), EARLIER)
@pytest.mark.parametrize(
    "dialect", ["anthropic_messages", "bedrock_converse", "cohere_chat", "ollama", "openai_responses"]
)
def test_a_parameter_reaches_every_reader_so(dialect: Dialect, given: Any, said: Any) -> None:
    (sent,) = fitted(call(tools=(Tool(name="f", parameters={"properties": {"x": given}}),)), dialect).tools
    assert sent.parameters == {"type": "object", "properties": {"x": said}}


@pytest.mark.parametrize("dialect", RULES)
def test_the_schema_of_an_answer_is_said_so_too(dialect: Dialect) -> None:
    form = json_form(schema={"type": "object", "properties": {"a": {"type": "array"}}, "required": ["a"]})
    sent = fitted(call(answer_format=form), dialect).answer_format
    assert sent is not None
    assert sent.schema is not None
    assert sent.schema["properties"] == {"a": {"type": "array", "items": {}}}


def test_what_was_given_is_not_changed() -> None:
    given = {"properties": {"a": {"items": [TEXT], "required": True}}, "required": ["b"]}
    before = repr(given)
    as_2020_12(given)
    assert repr(given) == before
