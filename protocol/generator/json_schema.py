"""Writes the JSON Schema of one type, for those who read what the command line prints."""

from __future__ import annotations

import json
from typing import Any

from generator.model import Field, Model, Structure, TypeRef

DRAFT = "https://json-schema.org/draft/2020-12/schema"
BASE: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
}


def schema(model: Model, name: str) -> str:
    """The schema of a type and of all it is made of, as the text of a file. Further fields may come with a version."""
    structures = {s.name: s for s in model.structures}
    enumerations = {e["name"]: e for e in model.enumerations}
    definitions: dict[str, dict[str, Any]] = {}
    waiting = [ref.name for field in structures[name].fields for ref in field.alternatives]
    while waiting:
        part = waiting.pop()
        if part in definitions or part in BASE:
            continue
        if part in enumerations:
            definitions[part] = _enumeration(enumerations[part])
            continue
        definitions[part] = _structure(structures[part])
        waiting += [ref.name for field in structures[part].fields for ref in field.alternatives]
    whole = {"$schema": DRAFT, "title": name, **_structure(structures[name])}
    whole["$defs"] = dict(sorted(definitions.items()))
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _enumeration(enumeration: dict[str, Any]) -> dict[str, Any]:
    values = [{"const": v["value"], "description": v["documentation"]} for v in enumeration["values"]]
    return {"description": enumeration["documentation"], "oneOf": values}


def _structure(structure: Structure) -> dict[str, Any]:
    return {
        "description": structure.documentation,
        "type": "object",
        "properties": {field.name: _field(field) for field in structure.fields},
        "required": [field.name for field in structure.fields if field.required],
    }


def _field(field: Field) -> dict[str, Any]:
    if field.literal is not None:
        return {"description": field.documentation, "const": field.literal}
    choices = [_reference(ref) for ref in field.alternatives]
    return {"description": field.documentation, **(choices[0] if len(choices) == 1 else {"anyOf": choices})}


def _reference(ref: TypeRef) -> dict[str, Any]:
    part = BASE.get(ref.name) or {"$ref": f"#/$defs/{ref.name}"}
    for _ in range(ref.lists):
        part = {"type": "array", "items": part}
    return {"type": "object", "additionalProperties": part} if ref.is_map else part
