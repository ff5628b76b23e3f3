"""Enumerations as readers take them: values of one type, which is said, and of the types that they list.

Other values are said by the limits of a number, by alternatives, or in words.
Source: Gemini API reference, Schema (``enum`` holds text) and its error messages (``enum[0]: cannot be empty``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from modelport.borders import json_text
from modelport.protocol.shapes import is_list, is_object

Schema = dict[str, Any]
NUMBER = re.compile(r"-?\d+(\.\d+)?")
MAX_RANGES = 16
"""More ranges of numbers than these are told in words."""
_BESIDE = ("title", "description", "default")


def fitted_enum(schema: Schema, listed: Collection[str]) -> tuple[Schema, str]:
    """A schema without an enumeration that the reader refuses, and what has to be told of its values in words.

    ``listed``: the types whose values the reader takes in an enumeration.
    """
    values: Any = schema.get("enum")
    rest = {name: value for name, value in schema.items() if name != "enum"}
    if not is_list(values) or not values:
        return rest, ""
    given = schema.get("type")
    kind = given.casefold() if isinstance(given, str) else None
    if kind in ("integer", "number") and all(isinstance(value, str) and NUMBER.fullmatch(value) for value in values):
        # Google's own way to list numbers.
        return schema, ""
    if kind is not None:
        possible = [value for value in values if _is(value, kind)]
        return _of_type(rest, kind, possible, listed) if possible else (rest, told(values))
    kinds = _kinds(values)
    if len(kinds) == 1:
        return _of_type(rest | {"type": kinds[0]}, kinds[0], values, listed)
    if "anyOf" in rest:
        return rest, told(values)
    beside = {name: rest[name] for name in _BESIDE if name in rest}
    inner = {name: value for name, value in rest.items() if name not in beside}
    alternatives = [inner | {"type": one, "enum": [value for value in values if _is(value, one)]} for one in kinds]
    return beside | {"anyOf": alternatives}, ""


def told(values: Sequence[Any]) -> str:
    """The sentence that says what the values are."""
    texts = [json_text(value) for value in values]
    return f"One of: {', '.join(texts)}." if len(texts) > 1 else f"Always {texts[0]}."


def _of_type(rest: Schema, kind: str, values: list[Any], listed: Collection[str]) -> tuple[Schema, str]:
    match kind:
        case "null":
            return rest, ""
        case "boolean" if len(set(values)) == 2:
            return rest, ""
        case "string" if "" in values and len(values) > 1 and "anyOf" not in rest:
            named = {"type": kind, "enum": [value for value in values if value]}
            empty = {"type": kind, "maxLength": 0}
            return {name: value for name, value in rest.items() if name != "type"} | {"anyOf": [named, empty]}, ""
        case "string" if "" in values:
            return rest, told(values)
        case "integer" | "number" if kind not in listed:
            return _ranges(rest, kind, values)
        case _ if kind in listed:
            return rest | {"enum": values}, ""
        case _:
            return rest, told(values)


def _ranges(rest: Schema, kind: str, values: list[Any]) -> tuple[Schema, str]:
    """The numbers as ranges: whole ones in a row are one range, others one each."""
    ranges: list[list[Any]] = []
    for value in sorted(set(values)):
        if kind == "integer" and ranges and value == ranges[-1][1] + 1:
            ranges[-1][1] = value
        else:
            ranges.append([value, value])
    if not ranges or len(ranges) > MAX_RANGES or {"anyOf", "minimum", "maximum"} & rest.keys():
        return rest, told(values)
    limits = [{"minimum": low, "maximum": high} for low, high in ranges]
    if len(limits) == 1:
        return rest | limits[0], ""
    outer = {name: value for name, value in rest.items() if name != "type"}
    return outer | {"anyOf": [{"type": kind} | limit for limit in limits]}, ""


def _kinds(values: Sequence[Any]) -> list[str]:
    kinds = list(dict.fromkeys(_kind(value) for value in values))
    return [kind for kind in kinds if kind != "integer"] if "number" in kinds else kinds


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "object" if is_object(value) else "array"


def _is(value: Any, kind: str) -> bool:
    own = _kind(value)
    return own == kind or (kind == "number" and own == "integer")
