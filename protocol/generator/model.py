"""Reads ``model.json`` into plain values and refuses one that contradicts itself."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE_TYPES = frozenset({"string", "integer", "number", "boolean", "secret", "object"})
RESULTS = frozenset({"null", "any"})


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
    literal: str | None = None
    limits: tuple[int | None, int | None] = (None, None)
    absent_means: str | float | bool | None = None

    @property
    def python_name(self) -> str:
        """The wire name in snake case."""
        return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", self.name).lower()


@dataclass(frozen=True, slots=True)
class Structure:
    """A type with fields. One that belongs to a union has its ``tag`` among them, as a literal."""

    name: str
    documentation: str
    fields: tuple[Field, ...]
    lsp: bool = False

    @property
    def tag(self) -> tuple[str, str] | None:
        """The (field, value) that tells it from the other members of its union."""
        return next(((f.name, f.literal) for f in self.fields if f.literal is not None), None)


@dataclass(frozen=True, slots=True)
class Model:
    """The whole protocol, in the order of the file; ``methods`` and ``notifications`` without those of the LSP."""

    version: str
    methods: tuple[dict[str, Any], ...]
    notifications: tuple[dict[str, Any], ...]
    lsp_messages: tuple[dict[str, Any], ...]
    enumerations: tuple[dict[str, Any], ...]
    structures: tuple[Structure, ...]
    unions: tuple[dict[str, Any], ...]
    errors: tuple[dict[str, Any], ...]

    @property
    def messages(self) -> tuple[dict[str, Any], ...]:
        """Every message, those of the LSP last."""
        return (*self.methods, *self.notifications, *self.lsp_messages)

    @property
    def own_structures(self) -> tuple[Structure, ...]:
        """The types without those that only messages of the LSP need."""
        return tuple(s for s in self.structures if not s.lsp)


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
        ValueError: it is not JSON, a name is used that is not defined, or defined twice, or a member of a union
            lacks its tag, or an object does not say what it holds.
    """
    raw = read_json(path)
    structures = tuple(
        Structure(t["name"], t["documentation"], tuple(map(_field, t["fields"])), t.get("lsp", False))
        for t in raw["types"]
    )
    model = Model(
        raw["protocolVersion"],
        tuple(m for m in raw["methods"] if not m.get("lsp")),
        tuple(n for n in raw["notifications"] if not n.get("lsp")),
        tuple(m for m in (*raw["methods"], *raw["notifications"]) if m.get("lsp")),
        tuple(raw["enumerations"]),
        structures,
        tuple(raw["unions"]),
        tuple(raw["errors"]),
    )
    _check_names(model)
    _check_objects(raw["types"])
    _check_tags(model)
    _check_errors(model)
    return model


def _field(raw: dict[str, Any]) -> Field:
    return Field(
        name=raw["name"],
        alternatives=parse_type(raw["type"]),
        required=raw.get("required", False),
        nullable=raw.get("nullable", False),
        default=raw.get("default"),
        has_default="default" in raw,
        documentation=raw["documentation"] + (f" Open: {raw['holds']}." if "holds" in raw else ""),
        spelling=raw["type"],
        literal=raw.get("literal"),
        limits=(raw.get("minimum"), raw.get("maximum")),
        absent_means=raw.get("absentMeans"),
    )


def _check_names(model: Model) -> None:
    defined = [s.name for s in model.structures]
    defined += [e["name"] for e in model.enumerations] + [u["name"] for u in model.unions]
    twice = sorted({name for name in defined if defined.count(name) > 1})
    known = BASE_TYPES | set(defined)
    used = {ref.name for s in model.structures for f in s.fields for ref in f.alternatives}
    used |= {m["params"] for m in model.messages}
    used |= {m["result"] for m in model.messages if "result" in m} - RESULTS
    used |= {member for u in model.unions for member in u["members"].values()}
    unknown = sorted(used - known)
    if twice:
        raise ValueError(f"model.json: defined twice: {', '.join(twice)}")
    if unknown:
        raise ValueError(f"model.json: used and not defined: {', '.join(unknown)}")


def _check_objects(types: list[dict[str, Any]]) -> None:
    """Every object without a type of its own says what it holds, and nothing else does."""
    for structure in types:
        for field in structure["fields"]:
            bare = any(ref.name == "object" for ref in parse_type(field["type"]))
            if bare != ("holds" in field):
                wrong = "needs holds" if bare else "is no object, so it holds nothing"
                raise ValueError(f"model.json: {structure['name']}.{field['name']} {wrong}")


def _check_tags(model: Model) -> None:
    structures = {s.name: s for s in model.structures}
    for union in model.unions:
        for value, member in union["members"].items():
            if structures[member].tag != (union["tag"], value):
                raise ValueError(f'model.json: {member} needs the field {union["tag"]} with the literal "{value}"')


def _check_errors(model: Model) -> None:
    kinds = {v["value"] for e in model.enumerations if e["name"] == "ErrorKind" for v in e["values"]}
    used = {kind for m in model.messages for kind in m.get("errors", ())}
    if unknown := sorted(used - kinds):
        raise ValueError(f"model.json: no kinds of ErrorKind: {', '.join(unknown)}")
