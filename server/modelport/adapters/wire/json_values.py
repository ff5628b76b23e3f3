"""Decoding JSON from providers, forgiving what some of them get wrong."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.protocol.shapes import is_list, is_object

T = TypeVar("T")
ABSENT: Final = msgspec.Raw()
"""The default of raw fields, so that most of them are compared by identity."""
_ANYTHING: Final = msgspec.json.Decoder()


def decode(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """Decodes, and repairs what is not JSON but nearly: characters cut in half, a byte order mark, NaN.

    Raises:
        NotUnderstood: not JSON, or not of the expected shape.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise NotUnderstood(data, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            value = without_lone_surrogates(json.loads(data.decode("utf-8-sig", "replace")))
            return decoder.decode(msgspec.json.encode(value))
        except (ValueError, RecursionError):
            raise NotUnderstood(data, "not JSON") from error


def refuse(data: bytes) -> NoReturn:
    """Ends a reply at an event that is neither an answer nor, in the format's own way, an error.

    Raises:
        ProviderRefused: it holds an error in some other form.
        NotUnderstood: it holds none.
    """
    value = decode(_ANYTHING, data)
    words = ("error", "errors", "detail", "message", "msg", "error_description", "title")
    if is_object(value) and any(value.get(word) for word in words):
        raise ProviderRefused(data)
    raise NotUnderstood(data, "neither an answer nor an error")


def without_lone_surrogates(value: Any) -> Any:
    """The value with every half of a surrogate pair that stands alone replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if is_list(value):
        return [without_lone_surrogates(item) for item in value]
    if is_object(value):
        return {without_lone_surrogates(key): without_lone_surrogates(item) for key, item in value.items()}
    return value


def is_set(raw: msgspec.Raw) -> bool:
    """Whether a raw field is there and not null, false, empty or nothing. Its default must be ``ABSENT``."""
    if raw is ABSENT or (text := bytes(raw)) in _NOTHING:
        return False
    return text.translate(None, b" \t\r\n") not in _NOTHING


_NOTHING = frozenset((b"", b"null", b"{}", b"[]", b"false", b'""'))


def fields(raw: msgspec.Raw) -> dict[str, Any]:
    """The fields of the object in a raw field; none when there is something else in it, or nothing."""
    try:
        value = decode(_ANYTHING, bytes(raw))
    except NotUnderstood:
        return {}
    return value if is_object(value) else {}


def whole_number(value: Any) -> int | None:
    """A token count however it is written, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)
