"""The JSON Schema of the configuration file, made from the types that the check uses."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec import Struct

from modelport.domain.providers.configuration import Document
from modelport.protocol.shapes import is_list, is_object

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema, with the docstring under each field as its description. Takes some 50 ms."""
    (top,), components = msgspec.json.schema_components(
        [Document], schema_hook=_anything, ref_template="#/$defs/{name}"
    )
    types = {kind.__name__: kind for kind in _structs(Document)}
    definitions = {name: _described(types[name], part) for name, part in sorted(components.items())}
    whole = definitions.pop(str(top["$ref"]).rpartition("/")[2])
    return {"$schema": DRAFT, **_without_null(whole), "$defs": _without_null(definitions)}


def _anything(_: type) -> dict[str, Any]:
    # msgspec takes an empty schema for none.
    return {"title": "any value"}


def _structs(kind: Any) -> Iterator[type[Struct]]:
    """The table types that a type is made of, itself among them."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
        for field in msgspec.structs.fields(kind):
            yield from _structs(field.type)
    for part in get_args(kind):
        yield from _structs(part)


def _described(kind: type[Struct], definition: dict[str, Any]) -> dict[str, Any]:
    texts = _field_texts(kind)
    properties: dict[str, dict[str, Any]] = definition.get("properties", {})
    described = {
        field: part | {"description": texts[field]} if field in texts else part for field, part in properties.items()
    }
    return definition | {"properties": described}


def _field_texts(kind: type[Struct]) -> dict[str, str]:
    """The docstrings that stand under the fields of a type."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101  the source of a class
    found: dict[str, str] = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            found[field.target.id] = " ".join(below.value.value.split())
    return found


def _without_null(part: Any) -> Any:
    """The schema without the alternative that stands for an absent field: neither form writes it down."""
    if is_list(part):
        return [_without_null(item) for item in part]
    if not is_object(part):
        return part
    kept = {name: _without_null(item) for name, item in part.items() if not (name == "default" and item is None)}
    choices = kept.get("anyOf")
    if not is_list(choices) or {"type": "null"} not in choices:
        return kept
    left = [choice for choice in choices if choice != {"type": "null"}]
    rest = {name: item for name, item in kept.items() if name != "anyOf"}
    return {**rest, **left[0]} if len(left) == 1 else {**rest, "anyOf": left}
