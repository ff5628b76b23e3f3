"""Reads ``model.json`` into plain values and refuses one that contradicts itself."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE_TYPES = frozenset({"string", "integer", "number", "boolean", "secret", "object"})


@dataclass(frozen=True, slots=True)
class TypeRef:
    """One alternative of a field's type: a name, how often it is a list, whether it is a map."""

    name: str
    lists: int
    is_map: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a type; ``name`` is its wire name."""

    name: str
    alternatives: tuple[TypeRef, ...]
    required: bool
    nullable: bool
    default: Any
    has_default: bool
    documentation: str
    spelling: str

    @property
    def python_name(self) -> str:
        """The wire name in snake case."""
        return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", self.name).lower()


@dataclass(frozen=True, slots=True)
class Structure:
    """A type with fields. ``tag`` is its (field, value) in the union it belongs to."""

    name: str
    documentation: str
    fields: tuple[Field, ...]
    tag: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Model:
    """The whole protocol, in the order of the file."""

    version: str
    methods: tuple[dict[str, str], ...]
    notifications: tuple[dict[str, str], ...]
    enumerations: tuple[dict[str, Any], ...]
    structures: tuple[Structure, ...]
    unions: tuple[dict[str, Any], ...]
    errors: tuple[dict[str, Any], ...]


def parse_type(spelling: str) -> tuple[TypeRef, ...]:
    """Reads the small type language of the file, as described in ``model.schema.json``."""
    return tuple(_parse_alternative(part) for part in spelling.split(" | "))


def _parse_alternative(spelling: str) -> TypeRef:
    bare = spelling.rstrip("[]")
    is_map = bare.startswith("map<")
    return TypeRef(bare[4:-1] if is_map else bare, spelling.count("[]"), is_map)


def read_json(path: Path) -> Any:
    """The content of a file.

    Raises:
        ValueError: it is not JSON; the message names the file and the line.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error


def load(path: Path) -> Model:
    """Reads the model.

    Raises:
        ValueError: it is not JSON, or a name is used that is not defined, or defined twice.
    """
    raw = read_json(path)
    tags = {member: (union["tag"], value) for union in raw["unions"] for value, member in union["members"].items()}
    structures = tuple(
        Structure(t["name"], t["documentation"], tuple(map(_field, t["fields"])), tags.get(t["name"]))
        for t in raw["types"]
    )
    model = Model(
        raw["protocolVersion"],
        tuple(raw["methods"]),
        tuple(raw["notifications"]),
        tuple(raw["enumerations"]),
        structures,
        tuple(raw["unions"]),
        tuple(raw["errors"]),
    )
    _check_names(model)
    return model


def _field(raw: dict[str, Any]) -> Field:
    return Field(
        name=raw["name"],
        alternatives=parse_type(raw["type"]),
        required=raw.get("required", False),
        nullable=raw.get("nullable", False),
        default=raw.get("default"),
        has_default="default" in raw,
        documentation=raw["documentation"],
        spelling=raw["type"],
    )


def _check_names(model: Model) -> None:
    defined = [s.name for s in model.structures]
    defined += [e["name"] for e in model.enumerations] + [u["name"] for u in model.unions]
    twice = sorted({name for name in defined if defined.count(name) > 1})
    known = BASE_TYPES | set(defined)
    used = {ref.name for s in model.structures for f in s.fields for ref in f.alternatives}
    used |= {m["params"] for m in (*model.methods, *model.notifications)}
    used |= {m["result"] for m in model.methods}
    used |= {member for u in model.unions for member in u["members"].values()}
    unknown = sorted(used - known)
    if twice:
        raise ValueError(f"model.json: defined twice: {', '.join(twice)}")
    if unknown:
        raise ValueError(f"model.json: used and not defined: {', '.join(unknown)}")
