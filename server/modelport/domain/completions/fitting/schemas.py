"""Schemas of tools as providers accept them: an object with properties, without what the reader refuses.

Source: OpenAI, "Function calling" and "Structured outputs" (supported schemas); Anthropic API reference, Messages,
``tools.input_schema``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.drafts import as_2020_12
from modelport.domain.completions.fitting.references import CannotWriteOut, merged, self_contained, target_of
from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.domain.completions.fitting.subsets import CannotSay, in_subset
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.wire.history import References
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import Tool

Schema = dict[str, Any]
PROPERTY_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
UNIONS = ("allOf", "anyOf", "oneOf")
MAX_REFERENCES = 16


def fitted_tool(tool: Tool, position: int, call: ModelCall, rules: HistoryRules) -> Tool:
    """The tool with a schema that the provider accepts and that means the same.

    Alternatives that differ only in what they require are told in the description instead.

    Raises:
        InvalidParams: the schema is not that of an object, or cannot be rewritten without loss.
    """
    schema: Schema = as_2020_12(_referenced(tool.parameters or {}))
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
    try:
        schema = in_subset(self_contained(schema, rules.references), rules.schema_subset)
    except CannotWriteOut:
        raise _refused(tool, position, call, _REFERENCES[rules.references]) from None
    except CannotSay as word:
        raise _refused(tool, position, call, f"has {word}, which this model refuses: put its parts together") from None
    properties = schema.get("properties")
    if not is_object(properties):
        properties = schema["properties"] = {}
    if rules.property_names == "word":
        _check_names(properties, lambda why: _refused(tool, position, call, why))
    description = "\n\n".join(part for part in (tool.description, *told) if part)
    if schema == tool.parameters and not told:
        return tool
    return structs.replace(tool, parameters=schema, description=description or None)


_REFERENCES: Mapping[References, str] = {
    "replaced": "refers to itself or to nothing, which this model refuses: say each thing where it stands",
    "acyclic": "refers to itself over required properties, or to nothing, which this model refuses: make one optional",
}
_UNION = "is a union at its top, which this model refuses: put the alternatives into a property"


def _check_names(properties: Schema, refuse: Callable[[str], InvalidParams]) -> None:
    odd = next((name for name in properties if not PROPERTY_NAME.fullmatch(name)), None)
    if odd is not None:
        raise refuse(f'has the parameter "{odd}": this model takes names of 64 letters, digits, dots, "_" and "-"')


def _referenced(schema: Schema) -> Schema:
    """The schema with the definition that it points at as a whole in its place."""
    for _ in range(MAX_REFERENCES):
        if not isinstance(schema.get("$ref"), str):
            return schema
        try:
            target = target_of(schema, schema["$ref"])
        except CannotWriteOut:
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
            both = merged(rest, _referenced_in(rest, member))
            if both is None:
                raise refuse()
            rest = both
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
