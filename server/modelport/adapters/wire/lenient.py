"""Reads JSON into a type where only the fields that an answer cannot do without are strict.

The slow way, for an event in which some field has another type than documented: the field is converted where its
meaning is clear (a number as a text, a text as a number, one value for a list of one), and left out where it is not.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from modelport.borders import json_bytes
from modelport.protocol.shapes import is_list, is_object

if TYPE_CHECKING:
    from msgspec import inspect

T = TypeVar("T")
_TEXT_FIELDS = ("text", "content", "value")


def convert(value: Any, wanted: type[T]) -> T:
    """The value as the type, with every field that does not fit converted or left out. One with ``Meta`` has to fit.

    Raises:
        msgspec.ValidationError: the value itself does not fit, or a needed field of it.
    """
    return _convert(value, _described(wanted), needed=True)


@cache
def _described(wanted: Any) -> inspect.Type:
    from msgspec import inspect

    return inspect.type_info(wanted)


def _convert(value: Any, to: inspect.Type, *, needed: bool = False) -> Any:
    """The value in the first of the possible types that takes it.

    Raises:
        msgspec.ValidationError: none does.
    """
    from msgspec import inspect

    if isinstance(to, inspect.Metadata):
        to = to.type
    choices = to.types if isinstance(to, inspect.UnionType) else (to,)
    for choice in choices:
        found = _as(value, choice, needed=needed)
        if found is not _NO:
            return found
    for choice in choices:
        found = _one_item(value, choice, needed=True) if needed else _as_another(value, choice)
        if found is not _NO:
            return found
    raise msgspec.ValidationError(f"`{type(value).__name__}` has no place here")


_NO = object()


def _as(value: Any, to: inspect.Type, *, needed: bool) -> Any:
    """The value in a type that it has."""
    from msgspec import inspect

    match to:
        case inspect.NoneType():
            return None if value is None else _NO
        case inspect.RawType():
            return msgspec.Raw(json_bytes(value))
        case inspect.StructType():
            return _struct(value, to) if is_object(value) else _NO
        case inspect.ListType():
            return _items(value, to.item_type, needed=needed) if is_list(value) else _NO
        case inspect.DictType():
            return value if is_object(value) else _NO
        case _:
            return _plain(value, to, strict=True)


def _one_item(value: Any, to: inspect.Type, *, needed: bool) -> Any:
    """A list of one, where the one came without the list."""
    from msgspec import inspect

    if not value or not isinstance(to, inspect.ListType):
        return _NO
    item = to.item_type
    if (
        not needed
        and isinstance(value, str)
        and isinstance(item, inspect.StructType)
        and any(f.name == "text" for f in item.fields)
    ):
        # A plain text where parts are expected.
        value = {"text": value, "type": "text"}
    if not is_object(value):
        return _NO
    return _items([value], to.item_type, needed=needed)


def _as_another(value: Any, to: inspect.Type) -> Any:
    """The value in a type that it does not have, where its meaning is clear."""
    from msgspec import inspect

    if isinstance(to, inspect.StrType):
        return _text(value)
    return _one_item(value, to, needed=False) if isinstance(to, inspect.ListType) else _plain(value, to, strict=False)


def _plain(value: Any, to: inspect.Type, *, strict: bool) -> Any:
    from msgspec import inspect

    scalars: dict[type[inspect.Type], type[Any]] = {
        inspect.StrType: str,
        inspect.BytesType: bytes,
        inspect.BoolType: bool,
        inspect.IntType: int,
        inspect.FloatType: float,
        inspect.AnyType: object,
    }
    if type(to) not in scalars:
        return _NO
    try:
        return msgspec.convert(value, scalars[type(to)], strict=strict)
    except msgspec.ValidationError:
        return _NO


def _text(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return _NO
    if is_list(value):
        return "".join(text for item in value if isinstance(text := _text(item), str))
    if is_object(value):
        return next((value[name] for name in _TEXT_FIELDS if isinstance(value.get(name), str)), _NO)
    return str(value)


def _items(values: list[Any], to: inspect.Type, *, needed: bool) -> list[Any]:
    found: list[Any] = []
    for value in values:
        try:
            found.append(_convert(value, to, needed=needed))
        except msgspec.ValidationError:
            if needed:
                raise
    return found


def _struct(value: dict[str, Any], to: inspect.StructType) -> Any:
    from msgspec import inspect

    given: dict[str, Any] = {}
    for field in to.fields:
        if field.encode_name not in value:
            continue
        needed = isinstance(field.type, inspect.Metadata)
        try:
            given[field.name] = _convert(value[field.encode_name], field.type, needed=needed)
        except msgspec.ValidationError:
            if needed or field.required:
                raise
    try:
        return to.cls(**given)
    except TypeError as error:
        raise msgspec.ValidationError(str(error)) from error
