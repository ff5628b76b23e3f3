"""Schemas in the words of JSON Schema that a reader takes; other words are rewritten, or told in the description.

A model reads the schema of a tool as it reads a description, so that a sentence says the same as a word which its
vendor refuses or leaves out.
Source: Gemini API reference, ``responseJsonSchema`` (the words that it takes) and ``Schema``, with their error messages
(``Unknown name "exclusiveMinimum"``, ``only 'enum' and 'date-time' are supported for STRING type``, ``$ref was set
alongside unsupported fields``); googleapis/python-genai, issue 2170 (limits of lists).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from modelport.borders import json_text
from modelport.domain.completions.fitting.enumerations import fitted_enum
from modelport.domain.completions.fitting.references import merged, one_type, without_constant
from modelport.domain.providers.wire.history import SchemaSubset
from modelport.protocol.shapes import is_list, is_object

Schema = dict[str, Any]


class CannotSay(Exception):
    """A schema cannot be said in the words that a reader takes."""


class Subset(Struct, frozen=True, kw_only=True):
    """What a reader takes of JSON Schema."""

    words: frozenset[str]
    formats: Mapping[str, frozenset[str]]
    """By type."""
    listed: frozenset[str]
    """The types whose values an enumeration may list."""
    max_items: int
    """The largest sum of the limits of all lists."""


_EVERYWHERE = frozenset(
    {"type", "format", "title", "description", "enum", "items", "minItems", "maxItems", "minimum", "maximum"}
    | {"anyOf", "properties", "required", "default", "propertyOrdering"}
)
_NUMBERS = {"integer": frozenset({"int32", "int64"}), "number": frozenset({"float", "double"})}
SUBSETS: Mapping[SchemaSubset, Subset] = {
    "documented": Subset(
        words=_EVERYWHERE | {"$ref", "$defs", "prefixItems", "additionalProperties"},
        formats=_NUMBERS | {"string": frozenset({"date-time", "date", "time"})},
        listed=frozenset({"string", "integer", "number"}),
        max_items=900,
    ),
    "openapi": Subset(
        words=_EVERYWHERE | {"nullable", "minLength", "maxLength", "minProperties", "maxProperties", "pattern"},
        formats=_NUMBERS | {"string": frozenset({"date-time", "enum"})},
        listed=frozenset({"string"}),
        max_items=900,
    ),
}
SENTENCES: Mapping[str, str] = {
    "minimum": "At least {}.",
    "maximum": "At most {}.",
    "exclusiveMinimum": "Greater than {}.",
    "exclusiveMaximum": "Less than {}.",
    "multipleOf": "A multiple of {}.",
    "minLength": "At least {} characters.",
    "maxLength": "At most {} characters.",
    "pattern": "Matches the regular expression {}.",
    "format": "Format: {}.",
    "contentEncoding": "Encoding: {}.",
    "contentMediaType": "Media type: {}.",
    "minItems": "At least {} items.",
    "maxItems": "At most {} items.",
    "uniqueItems": "No item twice.",
    "minProperties": "At least {} properties.",
    "maxProperties": "At most {} properties.",
    "examples": "Examples: {}.",
    "example": "Example: {}.",
}
"""What is told of a word that the reader does not take."""
OTHERS = frozenset(
    {"not", "if", "then", "else", "contains", "minContains", "maxContains", "dependentRequired", "dependentSchemas"}
    | {"propertyNames", "patternProperties", "additionalProperties", "unevaluatedProperties", "unevaluatedItems"}
    | {"prefixItems", "oneOf"}
)
"""What is told as it stands. A word that is in no table here says nothing of a value, and is left out."""
CONDITIONS = frozenset({"if", "then", "else", "not"})
ANY_NAME = ("", "^", "^.*", "^.*$", ".*", "^(.*)$", "(.*)", "^.+$", ".+")
"""Patterns of ``patternProperties`` that every name matches."""
_BESIDE_REFERENCE = frozenset({"$ref", "description", "default"})


def in_subset(schema: Schema, name: SchemaSubset) -> Schema:
    """The schema in the words of a subset, with the same meaning.

    Raises:
        CannotSay: it joins schemas that speak of the same thing in two ways.
    """
    if name == "all":
        return schema
    subset = SUBSETS[name]
    if _sum_of_limits(schema) > subset.max_items:
        subset = structs.replace(subset, words=subset.words - {"maxItems"})
    return _fitted(schema, subset)


def _fitted(schema: Schema, subset: Subset) -> Schema:
    node, told = _with_all(schema)
    node = _with_alternatives(one_type(without_constant(node)))
    node, words = fitted_enum(node, subset.listed)
    told.append(words)
    node = _with_tuple(_with_properties(_with_limits(node)), subset)
    kept = {name: value for name, value in node.items() if name in subset.words and _is_taken(name, node, subset)}
    told += _told({name: value for name, value in node.items() if name not in kept})
    for name, value in kept.items():
        kept[name] = _inner(name, value, subset)
    sentences = " ".join(text for text in (kept.get("description"), *told) if isinstance(text, str) and text)
    if sentences:
        kept["description"] = sentences
    return _with_reference(kept)


def _inner(name: str, value: Any, subset: Subset) -> Any:
    if name in ("properties", "$defs") and is_object(value):
        return {key: _fitted(one, subset) if is_object(one) else one for key, one in value.items()}
    if name in ("anyOf", "prefixItems") and is_list(value):
        return [_fitted(one, subset) if is_object(one) else one for one in value]
    return _fitted(value, subset) if name in ("items", "additionalProperties") and is_object(value) else value


def _with_all(schema: Schema) -> tuple[Schema, list[str]]:
    """The schema with the members of ``allOf`` in it, and what is told of those that are conditions."""
    members = schema.get("allOf")
    rest = {name: value for name, value in schema.items() if name != "allOf"}
    told: list[str] = []
    for member in members if is_list(members) else ():
        if not is_object(member):
            raise CannotSay("allOf")
        inner, more = _with_all(member)
        told += more
        if inner and inner.keys() <= CONDITIONS:
            told += _told(inner)
            continue
        both = merged(rest, inner)
        if both is None:
            raise CannotSay("an allOf whose parts speak of the same thing in two ways")
        rest = both
    return rest, told


def _with_alternatives(schema: Schema) -> Schema:
    """``oneOf`` as ``anyOf``, which is what it is read as; a list of no alternatives is left out."""
    result = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf") or value}
    if not is_list(result.get("oneOf")) or "anyOf" in result:
        return result
    return {("anyOf" if name == "oneOf" else name): value for name, value in result.items()}


def _with_limits(schema: Schema) -> Schema:
    """Limits of whole numbers that are excluded as the next ones that are not."""
    result = dict(schema)
    if schema.get("type") != "integer":
        return result
    for limit, excluded, step, tighter in (
        ("minimum", "exclusiveMinimum", 1, max),
        ("maximum", "exclusiveMaximum", -1, min),
    ):
        value = result.get(excluded)
        if isinstance(value, int | float) and float(value).is_integer():
            own = result.get(limit)
            next_one = int(value) + step
            result[limit] = tighter(own, next_one) if isinstance(own, int | float) else next_one
            del result[excluded]
    return result


def _with_properties(schema: Schema) -> Schema:
    """``patternProperties`` for any name as ``additionalProperties``, and without what allows every name."""
    result = dict(schema)
    patterns = result.get("patternProperties")
    if is_object(patterns) and len(patterns) == 1 and next(iter(patterns)) in ANY_NAME:
        del result["patternProperties"]
        result["additionalProperties"] = next(iter(patterns.values()))
    if result.get("propertyNames") in ({}, {"type": "string"}, True):
        del result["propertyNames"]
    return result


def _with_tuple(schema: Schema, subset: Subset) -> Schema:
    """The end of a list of fixed length as its largest size, and for readers that know no places any of the items."""
    result = dict(schema)
    places = result.get("prefixItems")
    if isinstance(result.get("items"), bool) and result.pop("items") is False:
        length, limit = len(places) if is_list(places) else 0, result.get("maxItems")
        result["maxItems"] = min(limit, length) if isinstance(limit, int) else length
    if is_list(places) and "prefixItems" not in subset.words and "items" not in result:
        different = [one for position, one in enumerate(places) if one not in places[:position]]
        result["items"] = different[0] if len(different) == 1 else {"anyOf": different}
    if result.get("type") == "array" and not {"items", "prefixItems"} & result.keys():
        result["items"] = {}
    return result


def _is_taken(name: str, schema: Schema, subset: Subset) -> bool:
    if name != "format":
        return True
    kind = schema.get("type")
    return isinstance(kind, str) and schema["format"] in subset.formats.get(kind, frozenset())


def _told(schema: Schema) -> list[str]:
    """What is told of the words of a schema."""
    told = [_sentence(name, value) for name, value in schema.items() if name in SENTENCES and value is not False]
    others = {
        name: value for name, value in schema.items() if name in OTHERS and not _says_nothing(name, value, schema)
    }
    if others:
        told.append(f"Matches the JSON Schema {json_text(others)}.")
    return told


def _sentence(name: str, value: Any) -> str:
    text = value if isinstance(value, str) and name != "pattern" else json_text(value)
    return SENTENCES[name].format(", ".join(map(json_text, value)) if is_list(value) else text)


def _says_nothing(name: str, value: Any, schema: Schema) -> bool:
    """A property or an item that is not named is none that the model would make up, whether it is allowed or not."""
    if name in ("additionalProperties", "unevaluatedProperties", "unevaluatedItems"):
        return isinstance(value, bool) or value == {}
    return name == "if" and not {"then", "else"} & schema.keys()


def _with_reference(schema: Schema) -> Schema:
    """A reference beside other words as the only alternative, and one beside alternatives in each of them."""
    if "$ref" not in schema or schema.keys() <= _BESIDE_REFERENCE:
        return schema
    reference = {"$ref": schema["$ref"]}
    alternatives = [_with_reference(reference | one) for one in schema.get("anyOf", ({},)) if is_object(one)]
    return {name: value for name, value in schema.items() if name != "$ref"} | {"anyOf": alternatives}


def _sum_of_limits(value: Any) -> int:
    if is_list(value):
        return sum(map(_sum_of_limits, value))
    if not is_object(value):
        return 0
    own = value.get("maxItems")
    return (own if isinstance(own, int) else 0) + sum(map(_sum_of_limits, value.values()))
