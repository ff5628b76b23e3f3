"""The values that a type allows at a path in it, for the sentence about a wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, TypeGuard, get_args, get_origin, get_type_hints

from msgspec import Struct, structs

_STEP = re.compile(r"\[[^\]]*\]|[^.\[\]]+")


def allowed_values(kind: type[Struct], path: str) -> tuple[str, ...]:
    """The values of the enumeration at ``path``, or of the tag of the union there; empty where there is neither.

    Where an object is allowed besides, the last item says so. ``path`` is written as msgspec does: names with dots,
    ``[0]`` or ``[...]`` for an item.
    """
    kinds: list[Any] = [kind]
    for step in _STEP.findall(path):
        kinds = [part for whole in kinds for part in _parts(whole, step)]
    values = [value for found in kinds for value in _literals(found)]
    if values and any(_is_struct(one) for found in kinds for one in _alternatives(found)):
        values.append("or an object")
    return tuple(dict.fromkeys(values))


def _parts(kind: Any, step: str) -> Iterator[Any]:
    """What a type holds under a field's name or, for a step in brackets, as an item."""
    for one in _alternatives(kind):
        if _is_struct(one):
            if one.__struct_config__.tag_field == step:
                yield Literal[one.__struct_config__.tag]
            for field in structs.fields(one):
                if field.encode_name == step:
                    yield get_type_hints(one)[field.name]
        elif step.startswith("[") and get_origin(one) in (tuple, dict):
            yield get_args(one)[0 if get_origin(one) is tuple else 1]


def _is_struct(kind: Any) -> TypeGuard[type[Struct]]:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _literals(kind: Any) -> Iterator[str]:
    for one in _alternatives(kind):
        if get_origin(one) is Literal:
            yield from get_args(one)


def _alternatives(kind: Any) -> Iterator[Any]:
    """The members of a union, or the type itself."""
    if get_origin(kind) in (tuple, dict, Literal) or not get_args(kind):
        yield kind
        return
    for one in get_args(kind):
        yield from _alternatives(one)
