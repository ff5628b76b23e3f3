"""Schemas in the words of JSON Schema 2020-12, whatever draft they were written for; they mean the same.

Vendors check schemas against that draft, and insist on what it leaves open: what a list holds, and a place for each
property that is required.
Source: JSON Schema 2020-12, "Core" and "Validation", with its release notes on what earlier drafts said otherwise;
error messages of OpenAI (``array schema missing items``), Anthropic (``It must match JSON Schema draft 2020-12``) and
Google (``property is not defined``).
"""

from __future__ import annotations

from typing import Any

from modelport.protocol.shapes import is_list, is_object

Schema = dict[str, Any]
BY_NAME = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SINGLE = (
    "items",
    "additionalProperties",
    "unevaluatedProperties",
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
)
CONDITIONS = ("not", "if", "then", "else")
LIMITS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def as_2020_12(schema: Schema, *, alone: bool = True) -> Schema:
    """The schema, and every schema in it, in the words of the draft.

    ``alone``: it describes a value by itself; else it says more of one that another schema describes.
    """
    result = _with_tuple(_with_limits(_with_required(schema, alone=alone)))
    for name, value in result.items():
        if name in BY_NAME:
            # PHP writes an empty object as a list.
            inner: Schema = value if is_object(value) else {}
            if is_object(value) or value == []:
                result[name] = {key: _inner(one) for key, one in inner.items()}
        elif name in LISTS and is_list(value):
            result[name] = [_inner(one, alone=name == "prefixItems") for one in value]
        elif name in SINGLE and is_object(value):
            result[name] = as_2020_12(value, alone=name not in CONDITIONS)
    kind = result.get("type")
    if (kind == "array" or (is_list(kind) and "array" in kind)) and not {"items", "prefixItems"} & result.keys():
        result["items"] = {}
    return result


def _inner(schema: Any, *, alone: bool = True) -> Any:
    """A schema in an object or in a list; readers know no truth value there."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return as_2020_12(schema, alone=alone) if is_object(schema) else schema


def _with_required(schema: Schema, *, alone: bool) -> Schema:
    """``required`` as the list of names, each with a place among the properties."""
    result = {name: value for name, value in schema.items() if name != "required" or is_list(value)}
    properties = schema.get("properties")
    if not is_object(properties):
        properties = {}
    named = list(result.get("required", ()))
    # Up to draft 3 a property said of itself that it is required.
    named += [
        name for name, one in properties.items() if is_object(one) and one.get("required") is True and name not in named
    ]
    if named:
        result["required"] = named
    missing = [name for name in named if isinstance(name, str) and name not in properties]
    combined = {"additionalProperties", "patternProperties", *LISTS} & schema.keys()
    if missing and alone and not combined:
        result["properties"] = properties | {name: {} for name in missing}
    return result


def _with_limits(schema: Schema) -> Schema:
    """A limit that is excluded as a number of its own, and not as a mark of the other."""
    result = dict(schema)
    for limit, exclusive in LIMITS:
        if isinstance(marked := schema.get(exclusive), bool):
            del result[exclusive]
            if marked and limit in result:
                result[exclusive] = result.pop(limit)
    return result


def _with_tuple(schema: Schema) -> Schema:
    """What stands at each place of a list under its own name; ``items`` says what follows."""
    if not is_list(schema.get("items")):
        return dict(schema)
    result = {name: value for name, value in schema.items() if name not in ("items", "additionalItems")}
    result["prefixItems"] = schema["items"]
    if "additionalItems" in schema:
        result["items"] = schema["additionalItems"]
    return result
