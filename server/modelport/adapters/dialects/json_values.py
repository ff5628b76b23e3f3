"""Decoding JSON from providers, forgiving what some of them get wrong."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from modelport.protocol.shapes import is_list, is_object

T = TypeVar("T")


def decode(decoder: msgspec.json.Decoder[T], data: bytes, target: type[T]) -> T:
    """Decodes, and repairs text that was cut inside a character: broken UTF-8 and lone surrogates.

    Raises:
        msgspec.DecodeError: not JSON; ``msgspec.ValidationError``: not the expected shape.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            value = json.loads(data.decode("utf-8", "replace"))
        except ValueError:
            raise msgspec.DecodeError(str(error)) from error
        return msgspec.convert(without_lone_surrogates(value), target)


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
    """Whether a raw field is there and not null, false, empty or nothing."""
    return bytes(raw) not in (b"", b"null", b"{}", b"[]", b"false", b'""')


def whole_number(value: Any) -> int | None:
    """A token count however it is written, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)
