"""Schemas in the words that Gemini takes: every word of the table, for both of its readers, and the vendor's own types."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.completions.fitting.subsets import ANY_NAME, OTHERS, SENTENCES
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Tool
from support.builders import call, fitted, json_form
from support.vendor_readers.types import gemini_parameters, gemini_schema

# The environment of test-newest has no vendors' clients; every other one does, and fails without them.
pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 14) and find_spec("google.genai") is None, reason="google-genai is not installed here"
)
TEXT = {"type": "string"}
NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
LIST = {"type": "array", "items": TEXT}
FREE = {"type": "object"}
WORD = {"a": TEXT}


def sent(schema: Any, dialect: str, **more: Any) -> Mapping[str, Any]:
    """What is sent of a property's schema, which the vendor's types accept."""
    parameters = {"type": "object", "properties": {"p": schema}} | more
    native = dialect == "gemini"
    asked = call(model="gemini-3-pro", tools=(Tool(name="pick", parameters=parameters),))
    whole = fitted(asked, "gemini" if native else "openai_chat").tools[0].parameters
    assert whole is not None
    (gemini_parameters if native else gemini_schema)(whole)
    return whole["properties"]["p"]


def told(words: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "description": words}


def matches(schema: str, beside: Mapping[str, Any] = FREE) -> dict[str, Any]:
    return told(f"Matches the JSON Schema {schema}.", beside)


def any_of(*schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(schemas)}


def between(low: float, high: float, kind: Mapping[str, Any] = WHOLE) -> dict[str, Any]:
    return {**kind, "minimum": low, "maximum": high}


# What is given, and what is sent to Gemini itself and behind Chat Completions; None: as it was given.
CASES: dict[str, tuple[Any, Any, Any]] = {
    "type": (TEXT, None, None),
    "title": ({**TEXT, "title": "T"}, None, None),
    "default": ({**TEXT, "default": "x"}, None, None),
    "minItems": ({**LIST, "minItems": 1, "maxItems": 3}, None, None),
    "minimum": (between(1, 3), None, None),
    "anyOf": (any_of(TEXT, NUMBER), None, None),
    "required": ({**FREE, "properties": WORD, "required": ["a"]}, None, None),
    "propertyOrdering": ({**FREE, "properties": WORD, "propertyOrdering": ["a"]}, None, None),
    # Unions.
    "oneOf": ({"oneOf": [TEXT, NUMBER]}, any_of(TEXT, NUMBER), any_of(TEXT, NUMBER)),
    "oneOf beside anyOf": (
        {"anyOf": [TEXT, NUMBER], "oneOf": [TEXT, WHOLE]},
        matches('{"oneOf":[{"type":"string"},{"type":"integer"}]}', any_of(TEXT, NUMBER)),
        matches('{"oneOf":[{"type":"string"},{"type":"integer"}]}', any_of(TEXT, NUMBER)),
    ),
    "types": ({"type": ["string", "null"]}, any_of(TEXT, {"type": "null"}), any_of(TEXT, {"type": "null"})),
    "allOf": (
        {"allOf": [{**FREE, "properties": WORD}, {"properties": {"a": {"description": "A"}, "b": NUMBER}, "required": ["a"]}]},
        {**FREE, "properties": {"a": {**TEXT, "description": "A"}, "b": NUMBER}, "required": ["a"]},
        {**FREE, "properties": {"a": {**TEXT, "description": "A"}, "b": NUMBER}, "required": ["a"]},
    ),
    "allOf of limits": ({**WHOLE, "minimum": 1, "allOf": [{"minimum": 2}, {"maximum": 9}, {"maximum": 7}]}, between(2, 7), between(2, 7)),
    "allOf of conditions": (
        {**FREE, "allOf": [{"if": {"required": ["a"]}, "then": {"required": ["b"]}}]},
        matches('{"if":{"required":["a"]},"then":{"required":["b"]}}'),
        matches('{"if":{"required":["a"]},"then":{"required":["b"]}}'),
    ),
    # Enumerations and constants.
    "enum": ({**TEXT, "enum": ["a", "b"]}, None, None),
    "enum without a type": ({"enum": ["a", "b"]}, {**TEXT, "enum": ["a", "b"]}, {**TEXT, "enum": ["a", "b"]}),
    "enum with nothing": (
        {**TEXT, "enum": ["", "a"]},
        any_of({**TEXT, "enum": ["a"]}, told("At most 0 characters.", TEXT)),
        any_of({**TEXT, "enum": ["a"]}, {**TEXT, "maxLength": 0}),
    ),
    "enum of nothing": ({**TEXT, "enum": [""]}, told('Always "".', TEXT), told('Always "".', TEXT)),
    "enum of whole numbers": ({**WHOLE, "enum": [1, 2, 3, 7]}, None, any_of(between(1, 3), between(7, 7))),
    "enum of a range": ({"enum": [3, 1, 2]}, {**WHOLE, "enum": [3, 1, 2]}, between(1, 3)),
    "enum of numbers": ({"enum": [1, 2.5]}, {**NUMBER, "enum": [1, 2.5]}, any_of(between(1, 1, NUMBER), between(2.5, 2.5, NUMBER))),
    "enum of many": (
        {**WHOLE, "enum": [*range(0, 40, 2)]},
        None,
        told(f"One of: {', '.join(map(str, range(0, 40, 2)))}.", WHOLE),
    ),
    "enum of numbers as text": ({**WHOLE, "enum": ["1", "2"]}, None, None),
    "enum of booleans": ({"enum": [True, False]}, {"type": "boolean"}, {"type": "boolean"}),
    "enum of true": ({"type": "boolean", "enum": [True]}, told("Always true.", {"type": "boolean"}), told("Always true.", {"type": "boolean"})),
    "enum and null": ({"enum": ["a", None]}, any_of({**TEXT, "enum": ["a"]}, {"type": "null"}), any_of({**TEXT, "enum": ["a"]}, {"type": "null"})),
    "enum of two types": (
        {"type": ["integer", "string"], "enum": [1, "auto"]},
        any_of({**WHOLE, "enum": [1]}, {**TEXT, "enum": ["auto"]}),
        any_of(between(1, 1), {**TEXT, "enum": ["auto"]}),
    ),
    "enum of objects": ({"enum": [{"a": 1}, {"a": 2}]}, told('One of: {"a":1}, {"a":2}.', FREE), told('One of: {"a":1}, {"a":2}.', FREE)),
    "enum of lists": (
        {"enum": [[1], [2]]},
        told("One of: [1], [2].", {"type": "array", "items": {}}),
        told("One of: [1], [2].", {"type": "array", "items": {}}),
    ),
    "enum of another type": ({**LIST, "enum": ["a"]}, told('Always "a".', LIST), told('Always "a".', LIST)),
    "anyOf of nothing": ({**TEXT, "anyOf": [], "oneOf": []}, TEXT, TEXT),
    "const": ({"const": "x"}, {**TEXT, "enum": ["x"]}, {**TEXT, "enum": ["x"]}),
    "const of a number": ({**WHOLE, "const": 3}, between(3, 3), between(3, 3)),
    "const of a boolean": ({"const": False}, told("Always false.", {"type": "boolean"}), told("Always false.", {"type": "boolean"})),
    "const of null": ({"const": None}, {"type": "null"}, {"type": "null"}),
    # Formats.
    "format": ({**TEXT, "format": "date-time"}, None, None),
    "format int32": ({**WHOLE, "format": "int32"}, None, None),
    "format double": ({**NUMBER, "format": "double"}, None, None),
    "format date": ({**TEXT, "format": "date"}, None, told("Format: date.", TEXT)),
    "format uri": ({**TEXT, "format": "uri", "description": "Where."}, told("Where. Format: uri.", TEXT), told("Where. Format: uri.", TEXT)),
    "format uint8": ({**WHOLE, "format": "uint8"}, told("Format: uint8.", WHOLE), told("Format: uint8.", WHOLE)),
    # Limits.
    "exclusiveMinimum of whole numbers": ({**WHOLE, "exclusiveMinimum": 0, "exclusiveMaximum": 9}, between(1, 8), between(1, 8)),
    "exclusiveMinimum": ({**NUMBER, "exclusiveMinimum": 0}, told("Greater than 0.", NUMBER), told("Greater than 0.", NUMBER)),
    "exclusiveMaximum": ({**NUMBER, "exclusiveMaximum": 1.5}, told("Less than 1.5.", NUMBER), told("Less than 1.5.", NUMBER)),
    "exclusiveMinimum of draft 4": ({**WHOLE, "minimum": 0, "exclusiveMinimum": True}, {**WHOLE, "minimum": 1}, {**WHOLE, "minimum": 1}),
    "multipleOf": ({**NUMBER, "multipleOf": 5}, told("A multiple of 5.", NUMBER), told("A multiple of 5.", NUMBER)),
    "minLength": ({**TEXT, "minLength": 1}, told("At least 1 characters.", TEXT), None),
    "maxLength": ({**TEXT, "maxLength": 9}, told("At most 9 characters.", TEXT), None),
    "pattern": ({**TEXT, "pattern": '^a"$'}, told('Matches the regular expression "^a\\"$".', TEXT), None),
    "minProperties": ({**FREE, "minProperties": 1}, told("At least 1 properties.", FREE), None),
    "maxProperties": ({**FREE, "maxProperties": 2}, told("At most 2 properties.", FREE), None),
    "maxItems": ({**LIST, "maxItems": 1000}, told("At most 1000 items.", LIST), told("At most 1000 items.", LIST)),
    "uniqueItems": ({**LIST, "uniqueItems": True}, told("No item twice.", LIST), told("No item twice.", LIST)),
    "uniqueItems false": ({**LIST, "uniqueItems": False}, LIST, LIST),
    "contentEncoding": ({**TEXT, "contentEncoding": "base64"}, told("Encoding: base64.", TEXT), told("Encoding: base64.", TEXT)),
    "contentMediaType": ({**TEXT, "contentMediaType": "image/png"}, told("Media type: image/png.", TEXT), told("Media type: image/png.", TEXT)),
    "examples": ({**TEXT, "examples": ["a", "b"]}, told('Examples: "a", "b".', TEXT), told('Examples: "a", "b".', TEXT)),
    "example": ({**TEXT, "example": "a"}, told("Example: a.", TEXT), told("Example: a.", TEXT)),
    # Objects.
    "additionalProperties": ({**FREE, "additionalProperties": NUMBER}, None, matches('{"additionalProperties":{"type":"number"}}')),
    "additionalProperties false": ({**FREE, "properties": WORD, "additionalProperties": False}, None, {**FREE, "properties": WORD}),
    "unevaluatedProperties": ({**FREE, "unevaluatedProperties": False}, FREE, FREE),
    "unevaluatedItems": ({**LIST, "unevaluatedItems": TEXT}, matches('{"unevaluatedItems":{"type":"string"}}', LIST), matches('{"unevaluatedItems":{"type":"string"}}', LIST)),
    "patternProperties": (
        {**FREE, "patternProperties": {"^x-": TEXT}},
        matches('{"patternProperties":{"^x-":{"type":"string"}}}'),
        matches('{"patternProperties":{"^x-":{"type":"string"}}}'),
    ),
    "propertyNames": ({**FREE, "propertyNames": {"pattern": "^a"}}, matches('{"propertyNames":{"pattern":"^a"}}'), matches('{"propertyNames":{"pattern":"^a"}}')),
    "propertyNames of any kind": ({**FREE, "propertyNames": TEXT}, FREE, FREE),
    "dependentRequired": ({**FREE, "dependentRequired": {"a": ["b"]}}, matches('{"dependentRequired":{"a":["b"]}}'), matches('{"dependentRequired":{"a":["b"]}}')),
    "dependentSchemas": ({**FREE, "dependentSchemas": {"a": {"minProperties": 2}}}, matches('{"dependentSchemas":{"a":{"minProperties":2}}}'), matches('{"dependentSchemas":{"a":{"minProperties":2}}}')),
    # Conditions.
    "not": ({**TEXT, "not": {"enum": ["x"]}}, matches('{"not":{"enum":["x"]}}', TEXT), matches('{"not":{"enum":["x"]}}', TEXT)),
    "if then else": (
        {**FREE, "if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
        matches('{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}'),
        matches('{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}'),
    ),
    "if": ({**FREE, "if": {"required": ["a"]}}, FREE, FREE),
    # Lists.
    "items": ({"type": "array"}, {"type": "array", "items": {}}, {"type": "array", "items": {}}),
    "items of any kind": ({"type": "array", "items": True}, {"type": "array", "items": {}}, {"type": "array", "items": {}}),
    "items of no kind": ({"type": "array", "items": False}, {"type": "array", "items": {}, "maxItems": 0}, {"type": "array", "items": {}, "maxItems": 0}),
    "prefixItems with a limit": (
        {"type": "array", "prefixItems": [NUMBER, NUMBER], "items": False, "maxItems": 1},
        {"type": "array", "prefixItems": [NUMBER, NUMBER], "maxItems": 1},
        matches('{"prefixItems":[{"type":"number"},{"type":"number"}]}', {"type": "array", "items": NUMBER, "maxItems": 1}),
    ),
    "prefixItems": (
        {"type": "array", "prefixItems": [TEXT, NUMBER]},
        None,
        matches('{"prefixItems":[{"type":"string"},{"type":"number"}]}', {"type": "array", "items": any_of(TEXT, NUMBER)}),
    ),
    "prefixItems of one kind": (
        {"type": "array", "prefixItems": [NUMBER, NUMBER], "items": False, "minItems": 2},
        {"type": "array", "prefixItems": [NUMBER, NUMBER], "minItems": 2, "maxItems": 2},
        matches('{"prefixItems":[{"type":"number"},{"type":"number"}]}', {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}),
    ),
    "contains": (
        {**LIST, "contains": {"const": "x"}, "minContains": 1, "maxContains": 2},
        matches('{"contains":{"type":"string","enum":["x"]},"minContains":1,"maxContains":2}', LIST),
        matches('{"contains":{"type":"string","enum":["x"]},"minContains":1,"maxContains":2}', LIST),
    ),
    # What says nothing of a value.
    "notes": ({**TEXT, "$schema": "s", "$id": "i", "$comment": "c", "readOnly": True, "x-order": 1, "cache_control": {}}, TEXT, TEXT),
}  # fmt: skip


@pytest.mark.parametrize("dialect", ["gemini", "openai_chat"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_sent(name: str, dialect: str) -> None:
    schema, native, behind = CASES[name]
    expected = native if dialect == "gemini" else behind
    assert sent(schema, dialect) == (schema if expected is None else expected)
    # And so at any depth.
    assert sent({**LIST, "items": {**FREE, "properties": {"q": schema}}}, dialect)["items"]["properties"]["q"] == sent(
        schema, dialect
    )


def test_every_word_that_is_told_has_a_case() -> None:
    words = {word for schema, *_ in CASES.values() for word in schema}
    assert SENTENCES.keys() - {"minimum", "maximum", "minItems"} <= words
    assert words >= OTHERS


@pytest.mark.parametrize("pattern", ANY_NAME)
def test_patterns_of_any_name_are_none(pattern: str) -> None:
    got = sent({**FREE, "patternProperties": {pattern: NUMBER}}, "gemini")
    assert got == {**FREE, "additionalProperties": NUMBER}


def test_limits_of_lists_count_together() -> None:
    lists = {f"l{n}": {**LIST, "maxItems": 100} for n in range(9)}
    assert sent({**FREE, "properties": lists}, "gemini") == {**FREE, "properties": lists}
    got = sent({**FREE, "properties": lists | {"more": {**LIST, "maxItems": 1}}}, "gemini")
    assert got["properties"]["l0"] == told("At most 100 items.", LIST)


@pytest.mark.parametrize("dialect", ["gemini", "openai_chat"])
@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [TEXT, NUMBER]},
        {"allOf": [{"properties": {"a": TEXT}}, {"properties": {"a": NUMBER}}]},
        {"allOf": [{"properties": {"a": TEXT}, "additionalProperties": False}, {"properties": {"b": TEXT}}]},
    ],
)
def test_parts_that_contradict_refuse_the_tool_by_name(schema: Any, dialect: str) -> None:
    with pytest.raises(InvalidParams, match='"pick" has an allOf whose parts') as refused:
        sent(schema, dialect)
    assert (refused.value.field, refused.value.kind) == ("tools[0].parameters", "unsupported")


TREE = {
    **FREE,
    "properties": {"name": TEXT, "left": {"$ref": "#/definitions/Tree", "title": "L"}},
    "required": ["name"],
}
LEFT = {"title": "L", "anyOf": [{"$ref": "#/$defs/Tree"}]}
SENT_TREE = {**FREE, "properties": {"name": TEXT, "left": LEFT}, "required": ["name"]}


def test_what_leads_back_to_itself_is_a_definition() -> None:
    parameters = {"type": "object", "properties": {"t": {"$ref": "#/definitions/Tree"}}, "definitions": {"Tree": TREE}}
    asked = call(model="gemini-3-pro", tools=(Tool(name="pick", parameters=parameters),))
    got = fitted(asked, "gemini").tools[0].parameters
    assert got == {
        "type": "object",
        "properties": {"t": {"$ref": "#/$defs/Tree"}},
        "$defs": {"Tree": SENT_TREE},
    }
    gemini_parameters(got)


def test_what_leads_to_a_place_in_the_schema_is_a_definition() -> None:
    item = {**FREE, "properties": {"child": {"$ref": "#/properties/p/items"}, "all": {"$ref": "#"}}}
    got = sent({"type": "array", "items": item}, "gemini")
    assert got["items"]["properties"] == {"child": {"$ref": "#/$defs/items"}, "all": {"$ref": "#/$defs/root"}}


@pytest.mark.parametrize(
    "schema",
    [
        {**FREE, "properties": {"t": {"$ref": "#/$defs/T"}}, "required": ["t"]},
        {**FREE, "properties": {"t": {"anyOf": [TEXT, {"$ref": "#/$defs/T"}]}}, "required": ["t"]},
        {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/T"}},
        {**FREE, "properties": {"t": {"$ref": "#/$defs/Nowhere"}, "u": {"$ref": "#/$defs/T"}}},
    ],
)
def test_a_circle_of_what_is_required_refuses_the_tool_by_name(schema: Any) -> None:
    with pytest.raises(InvalidParams, match='"pick" refers to itself over required properties, or to nothing'):
        sent({"$ref": "#/$defs/T"}, "gemini", **{"$defs": {"T": schema}})


@pytest.mark.parametrize(
    "schema",
    [
        {**FREE, "properties": {"t": {"anyOf": [{"$ref": "#/$defs/T"}, {"type": "null"}]}}, "required": ["t"]},
        {"type": "array", "items": {"$ref": "#/$defs/T"}},
    ],
)
def test_a_circle_that_may_end_is_kept(schema: Any) -> None:
    assert sent({"$ref": "#/$defs/T"}, "gemini", **{"$defs": {"T": schema}}) == {"$ref": "#/$defs/T"}


def test_a_reference_beside_alternatives_is_in_each() -> None:
    tree = {"type": "array", "items": {"$ref": "#/$defs/T"}}
    both = {"$ref": "#/$defs/T", "anyOf": [{"minItems": 1}, {"$ref": "#/$defs/T"}]}
    one = {"minItems": 1, "anyOf": [{"$ref": "#/$defs/T"}]}
    assert sent(both, "gemini", **{"$defs": {"T": tree}}) == any_of(one, {"$ref": "#/$defs/T"})


VALUES = st.sampled_from(["a", "", 1, 2, 2.5, 1e300, -1, True, False, None, {"a": 1}, [1]])
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "null", "array", "object"])
FEW = st.sampled_from([0, 1, 7, 2000])
SIMPLE: dict[str, Any] = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
    "enum": st.lists(VALUES, max_size=4),
    "const": VALUES,
    "format": st.sampled_from(["date-time", "date", "uri", "int32", "double"]),
    "description": st.sampled_from(["D.", "", None]),
    "uniqueItems": st.booleans(),
    "x-order": FEW,
    "exclusiveMinimum": FEW | st.sampled_from([2.5, True]),
} | dict.fromkeys(
    ("minimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems"),
    FEW,
)
REFERENCE = st.sampled_from(["#/$defs/A", "#/definitions/A", "#", "#/properties/p", "#/$defs/B"])


def with_parts(parts: Any) -> Any:
    """Schemas with these in them."""
    by_name = st.dictionaries(st.sampled_from(["a", "oneOf", "$ref"]), parts, max_size=2)
    schemas: dict[str, Any] = dict.fromkeys(
        ("items", "not", "if", "then", "contains", "propertyNames", "additionalProperties"), parts | st.booleans()
    )
    lists = dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), st.lists(parts, max_size=2))
    more = {"properties": by_name, "patternProperties": by_name, "dependentSchemas": by_name, "$ref": REFERENCE}
    required = {"required": st.sampled_from([["a"], ["a", "z"], True, []])}
    return st.fixed_dictionaries({}, optional=SIMPLE | schemas | lists | more | required)


SCHEMAS = st.recursive(st.fixed_dictionaries({}, optional=SIMPLE), with_parts, max_leaves=6)


@given(schema=SCHEMAS, definition=SCHEMAS)
def test_any_schema_is_accepted_or_refused(schema: Any, definition: Any) -> None:
    for dialect in ("gemini", "openai_chat"):
        with contextlib.suppress(InvalidParams):
            sent(schema, dialect, **{"$defs": {"A": definition}, "definitions": {"A": definition}})


def test_names_of_properties_are_no_words_of_a_schema() -> None:
    names = {"oneOf": TEXT, "not": TEXT, "format": TEXT, "exclusiveMinimum": TEXT, "enum": TEXT}
    assert sent({**FREE, "properties": names}, "gemini") == {**FREE, "properties": names}


@pytest.mark.parametrize("dialect", ["gemini", "openai_chat"])
def test_the_schema_of_an_answer_is_in_the_same_words(dialect: Any) -> None:
    form = json_form(schema={**FREE, "properties": {"a": {"oneOf": [{"const": "x"}, NUMBER]}}, "required": ["a"]})
    got = fitted(call(model="gemini-3-pro", answer_format=form), dialect).answer_format
    assert got is not None
    assert got.schema is not None
    assert got.schema["properties"]["a"] == any_of({**TEXT, "enum": ["x"]}, NUMBER)


def test_other_readers_get_every_word() -> None:
    tool = Tool(name="pick", parameters={**FREE, "properties": {"a": {**NUMBER, "exclusiveMinimum": 0}}})
    for dialect in ("openai_chat", "anthropic_messages", "ollama", "openai_responses"):
        assert fitted(call(tools=(tool,)), dialect).tools == (tool,)  # type: ignore[arg-type]
