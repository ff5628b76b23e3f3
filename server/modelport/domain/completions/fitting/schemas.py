"""Schemas of tools as providers accept them: an object with properties, and no union at the top where it is refused.

Source: OpenAI, "Function calling" and "Structured outputs" (supported schemas); Anthropic API reference, Messages,
``tools.input_schema``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import Tool

Schema = dict[str, Any]
UNIONS = ("allOf", "anyOf", "oneOf")
MAX_REFERENCES = 16


def fitted_tool(tool: Tool, position: int, call: ModelCall, rules: HistoryRules) -> Tool:
    """The tool with a schema that the provider accepts and that means the same.

    Alternatives that differ only in what they require are told in the description instead.

    Raises:
        InvalidParams: the schema is not that of an object, or is a union that cannot be rewritten without loss.
    """
    schema: Schema = _referenced(tool.parameters or {})
    kind = schema.get("type", "object")
    if kind != "object" and not (is_list(kind) and "object" in kind):
        raise _refused(tool, position, call, "has to describe an object, since a call's arguments are one")
    schema = schema | {"type": "object"}
    told: list[str] = []
    if rules.top_unions == "refused":
        for union in UNIONS:
            if union in schema:
                schema, words = _without_union(schema, union, lambda: _refused(tool, position, call, _UNION))
                told += words
    if not is_object(schema.get("properties")):
        schema["properties"] = {}
    description = "\n\n".join(part for part in (tool.description, *told) if part)
    if schema == tool.parameters and not told:
        return tool
    return structs.replace(tool, parameters=schema, description=description or None)


def strict_schema(schema: Schema) -> Schema | None:
    """The schema as strict output takes it, or None where it cannot be rewritten without loss.

    Strict output wants every object closed and every property required.
    """
    return _closed(schema)


_UNION = "is a union at its top, which this model refuses: put the alternatives into a property"


def _referenced(schema: Schema) -> Schema:
    """The schema with the definition that it points at as a whole in its place."""
    for _ in range(MAX_REFERENCES):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        target: Any = schema
        for name in reference.removeprefix("#/").split("/"):
            target = target.get(name.replace("~1", "/").replace("~0", "~")) if is_object(target) else None
        if not is_object(target):
            return schema
        schema = {name: value for name, value in schema.items() if name != "$ref"} | target
    return schema


def _without_union(schema: Schema, union: str, refuse: Any) -> tuple[Schema, list[str]]:
    members = schema[union]
    rest: Schema = {name: value for name, value in schema.items() if name != union}
    if not is_list(members) or not members:
        return rest, []
    objects = [member for member in members if is_object(member)]
    if len(objects) < len(members):
        raise refuse()
    if union == "allOf" or len(objects) == 1:
        for member in objects:
            merged = _merged(rest, _referenced_in(rest, member))
            if merged is None:
                raise refuse()
            rest = merged
        return rest, []
    if all(
        set(member) <= {"required", "title", "description"} and is_list(member.get("required")) for member in objects
    ):
        sets = [" and ".join(map(str, member["required"])) for member in objects]
        how = "exactly one" if union == "oneOf" else "at least one"
        return rest, [f"Give {how} of: {'; '.join(sets)}."]
    raise refuse()


def _referenced_in(schema: Schema, member: Schema) -> Schema:
    definitions = {name: schema[name] for name in ("$defs", "definitions") if name in schema}
    found = _referenced(definitions | member)
    return {name: value for name, value in found.items() if name not in definitions}


def _merged(one: Schema, other: Schema) -> Schema | None:
    """Both schemas in one; None where they speak of the same thing in two ways."""
    if one.get("additionalProperties") is False or other.get("additionalProperties") is False:
        return None
    merged = dict(one)
    for name, value in other.items():
        before = merged.get(name)
        if name not in merged or before == value:
            merged[name] = value
        elif name == "required" and is_list(before) and is_list(value):
            merged[name] = list(dict.fromkeys([*before, *value]))
        elif name == "properties" and is_object(before) and is_object(value):
            if any(before[key] != value[key] for key in before.keys() & value.keys()):
                return None
            merged[name] = before | value
        elif name not in ("title", "description"):
            return None
    return merged


def _closed(schema: Any) -> Any:
    """The schema with every object closed; None where a property is optional or other properties are allowed."""
    if is_list(schema):
        closed = [_closed(member) if is_object(member) else member for member in schema]
        return None if any(member is None for member in closed) else closed
    result: Schema = dict(schema)
    for name, value in schema.items():
        inner = _closed_inside(name, value)
        if inner is None and value is not None:
            return None
        result[name] = inner
    if schema.get("type") == "object" or "properties" in schema:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        required: Sequence[Any] = schema.get("required") or ()
        if schema.get("additionalProperties", False) is not False or set(properties) - set(required):
            return None
        result["additionalProperties"] = False
    return result


def _closed_inside(name: str, value: Any) -> Any:
    if name in ("properties", "$defs", "definitions") and is_object(value):
        closed = {key: _closed(inner) if is_object(inner) else inner for key, inner in value.items()}
        return None if any(inner is None for inner in closed.values()) else closed
    if name in ("items", "anyOf", "oneOf", "allOf", "prefixItems") and (is_object(value) or is_list(value)):
        return _closed(value)
    return value


def _refused(tool: Tool, position: int, call: ModelCall, why: str) -> InvalidParams:
    row = call.endpoint.provider
    return InvalidParams(
        f'The schema of the tool "{tool.name}" {why}.',
        kind="unsupported",
        field=f"tools[{position}].parameters",
        provider=row.id,
        model=call.model,
        action="change the schema of the tool",
    )
