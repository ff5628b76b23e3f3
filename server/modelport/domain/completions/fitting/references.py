"""Schemas that say each thing where it stands, for readers that know no references, constants or lists of types.

Source: Google, "Gemini API: OpenAI compatibility", the ``Schema`` of its function declarations, and the error messages
of their JSON Schema (``reference to undefined schema``, ``ref loops are only supported if they include optional``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelport.domain.providers.wire.history import References
from modelport.protocol.shapes import is_list, is_object

Schema = dict[str, Any]
MAX_NODES = 10_000
"""So that references within references end."""
NOTES = ("$schema", "$id", "$comment", "$defs", "definitions")
"""What describes no value."""
BY_NAME = ("properties", "patternProperties", "dependentSchemas")
INSIDE = ("items", "additionalProperties", "not", "contains", "anyOf", "oneOf", "allOf", "prefixItems")


class CannotWriteOut(Exception):
    """A reference leads nowhere, to itself, or to too much."""


class LeadsNowhere(CannotWriteOut):
    """A reference leads nowhere."""


def self_contained(schema: Schema, references: References) -> Schema:
    """The schema with its references written out; where they lead back to themselves, with them in ``$defs``.

    Raises:
        CannotWriteOut: the reader takes no reference that leads back, or not this one; or it leads nowhere.
    """
    if references == "taken":
        return schema
    try:
        return WrittenOut(schema).schema()
    except LeadsNowhere:
        raise
    except CannotWriteOut:
        if references == "replaced":
            raise
        return WithDefinitions(schema).schema()


class WrittenOut:
    """One schema with its references."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema
        self._left = MAX_NODES

    def schema(self) -> Schema:
        """The schema written out; it means the same.

        Raises:
            CannotWriteOut: it cannot be said without references.
        """
        return self._written(self._root, ())

    def _written(self, schema: Schema, within: tuple[str, ...]) -> Schema:
        self._left -= 1
        if self._left < 0:
            raise CannotWriteOut
        while "$ref" in schema:
            reference = schema["$ref"]
            if reference in within:
                raise CannotWriteOut
            within = (*within, reference)
            schema = target_of(self._root, reference) | {name: schema[name] for name in schema if name != "$ref"}
        return one_type(without_constant(_each_inside(schema, lambda inner: self._written(inner, within))))


class WithDefinitions:
    """One schema whose references stay, each as one to a definition of its top."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema
        self._names: dict[str, str] = {}
        self._definitions: dict[str, Schema] = {}

    def schema(self) -> Schema:
        """The schema with its definitions.

        Raises:
            CannotWriteOut: a reference leads back to itself over required properties alone.
            LeadsNowhere: a reference leads nowhere.
        """
        found = self._placed(self._root)
        needs = {name: _needed(one) for name, one in self._definitions.items()}
        if any(name in _all_needed(name, needs) for name in needs):
            raise CannotWriteOut
        return found | {"$defs": self._definitions}

    def _placed(self, schema: Schema) -> Schema:
        result = _each_inside(schema, self._placed)
        if "$ref" in schema:
            result["$ref"] = f"#/$defs/{self._name(schema['$ref'])}"
        return result

    def _name(self, reference: Any) -> str:
        if reference not in self._names:
            target = target_of(self._root, reference)
            plain = re.sub(r"[^a-zA-Z0-9_]+", "_", str(reference).rpartition("/")[2]).strip("_") or "root"
            name = plain if plain not in self._definitions else f"{plain}_{len(self._definitions)}"
            self._names[reference] = name
            self._definitions[name] = {}
            self._definitions[name] = self._placed(target)
        return self._names[reference]


def _each_inside(schema: Schema, step: Callable[[Schema], Schema]) -> Schema:
    """The schema without what describes no value, and with ``step`` taken for every schema in it."""

    def inner(name: str, value: Any) -> Any:
        if name in BY_NAME and is_object(value):
            return {key: step(one) if is_object(one) else one for key, one in value.items()}
        if name in INSIDE and is_object(value):
            return step(value)
        if name in INSIDE and is_list(value):
            return [step(one) if is_object(one) else one for one in value]
        return value

    return {name: inner(name, value) for name, value in schema.items() if name not in NOTES}


def _needed(schema: Schema) -> set[str]:
    """The definitions that every value of a schema holds, but for alternatives of which one is null."""
    found = {schema["$ref"].removeprefix("#/$defs/")} if "$ref" in schema else set[str]()
    alternatives = [one for one in schema.get("anyOf") or schema.get("oneOf") or () if is_object(one)]
    if not any(one.get("type") == "null" for one in alternatives):
        found = found.union(*map(_needed, alternatives))
    if schema.get("minItems") and is_object(schema.get("items")):
        found |= _needed(schema["items"])
    properties = schema.get("properties")
    if is_object(properties):
        required = [properties.get(name) for name in schema.get("required") or ()]
        found = found.union(*(_needed(one) for one in required if is_object(one)))
    return found


def _all_needed(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """What every value of a definition holds, however deep."""
    found: set[str] = set()
    left = [*needs[name]]
    while left:
        needed = left.pop()
        if needed not in found:
            found.add(needed)
            left += needs[needed]
    return found


def target_of(root: Mapping[str, Any], reference: Any) -> Schema:
    """The part of a schema that a reference such as ``#/$defs/Name`` points at.

    Raises:
        LeadsNowhere: there is none.
    """
    target: Any = root
    for name in str(reference).removeprefix("#").removeprefix("/").split("/") if reference != "#" else ():
        target = target.get(name.replace("~1", "/").replace("~0", "~")) if is_object(target) else None
    if not is_object(target):
        raise LeadsNowhere
    return target


def without_constant(schema: Schema) -> Schema:
    """``const`` as the only value of an enumeration, or as both limits of a number."""
    if "const" not in schema:
        return schema
    value = schema["const"]
    rest = {name: schema[name] for name in schema if name != "const"}
    if isinstance(value, str):
        return {"type": "string"} | rest | {"enum": [value]}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"type": "number"} | rest | {"minimum": value, "maximum": value}
    return rest | {"enum": [value]}


def one_type(schema: Schema) -> Schema:
    """A list of types as alternatives of one type each, with nothing beside them but their description."""
    kinds = schema.get("type")
    if not is_list(kinds) or not kinds:
        return schema
    if len(kinds) == 1:
        return schema | {"type": kinds[0]}
    beside = {name: schema[name] for name in ("title", "description", "default") if name in schema}
    inner = {name: value for name, value in schema.items() if name not in beside and name != "type"}
    return beside | {"anyOf": [{"type": kind} | ({} if kind == "null" else inner) for kind in kinds]}


_TIGHTER: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
"""Of two limits, the one that implies the other."""


def merged(one: Schema, other: Schema) -> Schema | None:
    """Both schemas in one; None where they speak of the same thing in two ways."""
    if one.get("additionalProperties") is False or other.get("additionalProperties") is False:
        return None
    both = dict(one)
    for name, value in other.items():
        before = both.get(name)
        if name not in both or before == value:
            both[name] = value
        elif name in _TIGHTER and isinstance(before, int | float) and isinstance(value, int | float):
            both[name] = _TIGHTER[name](before, value)
        elif name == "required" and is_list(before) and is_list(value):
            both[name] = list(dict.fromkeys([*before, *value]))
        elif name == "properties" and is_object(before) and is_object(value):
            properties = _merged_properties(before, value)
            if properties is None:
                return None
            both[name] = properties
        elif name not in ("title", "description"):
            return None
    return both


def _merged_properties(one: Schema, other: Schema) -> Schema | None:
    both = one | other
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            inner = merged(one[name], other[name]) if is_object(one[name]) and is_object(other[name]) else None
            if inner is None:
                return None
            both[name] = inner
    return both
