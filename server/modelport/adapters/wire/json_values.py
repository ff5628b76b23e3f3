"""Decoding JSON from providers, forgiving what some of them get wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from modelport.adapters.wire import lenient
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.borders import NOT_JSON, json_bytes, readable_values
from modelport.protocol.shapes import is_list, is_object

T = TypeVar("T")
Needed = Annotated[T, Meta(extra={"needed": True})]
"""A field that an answer stands or falls with: of another type it is an error."""
ABSENT: Final = msgspec.Raw()
"""The default of raw fields, so that most of them are compared by identity."""
MAX_DIGITS = 19
"""A longer number counts nothing, and takes long to write out."""
_ANYTHING: Final = msgspec.json.Decoder()


def decode(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decodes, and repairs what is not JSON but nearly: characters cut in half, a byte order mark, NaN.

    A field of another type than documented is converted or left out, unless it is ``Needed``.

    Raises:
        NotUnderstood: not JSON, or not of the expected shape.
        ProviderRefused: not of the expected shape, but an error.
    """
    try:
        return decoder.decode(data)
    except NOT_JSON as error:
        value = _value(data)
        try:
            return lenient.convert(value, decoder.type)
        except (msgspec.ValidationError, RecursionError):
            if _is_error(value):
                raise ProviderRefused(data) from error
            why = str(error) if isinstance(error, msgspec.ValidationError) else "not of the expected shape"
            raise NotUnderstood(data, why) from error


def decode_or_none(decoder: msgspec.json.Decoder[T], data: msgspec.Raw | bytes) -> T | None:
    """What ``decode`` returns, or None for what cannot be read: for details that no answer may end over."""
    try:
        return decode(decoder, bytes(data))
    except (NotUnderstood, ProviderRefused):
        return None


def _value(data: bytes) -> Any:
    try:
        return _ANYTHING.decode(data)
    except NOT_JSON:
        pass
    try:
        value = readable_values(json.loads(data.decode("utf-8-sig", "replace")))
        return _ANYTHING.decode(json_bytes(value))
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(data, "not JSON") from error


def refuse(data: bytes) -> NoReturn:
    """Ends a reply at an event that is neither an answer nor, in the format's own way, an error.

    Raises:
        ProviderRefused: it holds an error in some other form.
        NotUnderstood: it holds none.
    """
    refuse_error(data)
    raise NotUnderstood(data, "neither an answer nor an error")


def refuse_error(data: bytes) -> None:
    """Ends a reply at an event that holds an error in some other form than the format's own.

    Raises:
        ProviderRefused: it holds one.
        NotUnderstood: it is not JSON.
    """
    if _is_error(_value(data)):
        raise ProviderRefused(data)


def _is_error(value: Any) -> bool:
    if is_list(value):
        value = value[0] if value else None
    return is_object(value) and any(isinstance(value.get(word) or 0, _WORDS) for word in _ERROR_WORDS)


_WORDS = (str, dict, list)
_ERROR_WORDS = ("error", "errors", "detail", "message", "msg", "error_description", "title")


def find_error(reply: bytes) -> Any:
    """The first error in the events of a reply, however deep it stands in one; None where there is none."""
    for line in (reply, *reply.splitlines()):
        try:
            value = _ANYTHING.decode(line.partition(b":")[2] if line[:1] not in (b"{", b"[") else line)
        except NOT_JSON:
            continue
        if found := _inner_error(value, 5):
            return found
    return None


def _inner_error(value: Any, depth: int) -> Any:
    if is_object(value):
        if found := value.get("error") or value.get("errors"):
            return value if found is True else found
        value = list(value.values())
    if depth and is_list(value):
        return next((found for item in value if (found := _inner_error(item, depth - 1))), None)
    return None


def is_set(raw: msgspec.Raw) -> bool:
    """Whether a raw field is there and not null, false, empty or nothing. Its default must be ``ABSENT``."""
    if raw is ABSENT or (text := bytes(raw)) in _NOTHING:
        return False
    return text.translate(None, b" \t\r\n") not in _NOTHING


_NOTHING = frozenset((b"", b"null", b"{}", b"[]", b"false", b'""'))


def is_error(raw: msgspec.Raw) -> bool:
    """Whether a raw field for errors holds one: some servers send it with nothing in it."""
    if not is_set(raw):
        return False
    value = decode_or_none(_ANYTHING, raw)
    return any(value.values()) if is_object(value) else bool(value)


def fields(raw: msgspec.Raw) -> dict[str, Any]:
    """The fields of the object in a raw field; none when there is something else in it, or nothing."""
    value = decode_or_none(_ANYTHING, raw)
    return value if is_object(value) else {}


def json_text(value: str | dict[str, Any] | None) -> str:
    """A value that is JSON text, or the object that it should have been the text of; empty for none."""
    return value or "" if isinstance(value, str | None) else json_bytes(value).decode()


def arguments_in(raw: msgspec.Raw) -> str:
    """The arguments of a call in a raw field, as JSON: an object, or the text of one; empty for none."""
    if not is_set(raw):
        return ""
    value = decode_or_none(_ANYTHING, raw)
    return value if isinstance(value, str) else bytes(raw).decode()


def whole_number(value: Any) -> int | None:
    """A token count however it is written, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, Decimal) and value.adjusted() > MAX_DIGITS:
        return None
    try:
        return int(float(value)) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return None


def count(usage: Mapping[str, Any], *paths: str) -> int | None:
    """The first positive count at one of the paths, 0 where there are only zeros, None where there is no count."""
    numbers = [number for path in paths if (number := _number_at(usage, path)) is not None]
    return next((number for number in numbers if number), 0 if numbers else None)


def text_at(usage: Mapping[str, Any], name: str) -> str:
    """The text of a field; empty for anything else."""
    value = usage.get(name)
    return value if isinstance(value, str) else ""


def _number_at(usage: Mapping[str, Any], path: str) -> int | None:
    value: Any = usage
    for name in path.split("."):
        value = value.get(name) if is_object(value) else None
    number = whole_number(value)
    return number if number is not None and number >= 0 else None
