"""Names of fields in camel case, which some proxies send in snake case, as Google's protocol buffers have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from modelport.borders import json_bytes
from modelport.protocol.shapes import is_list, is_object

_SNAKE_KEY = re.compile(rb'"[a-z]+(?:_[a-z]+)+"\s*:')
_NOT_OURS = frozenset({"args", "error"})
"""What holds names that are not those of the format."""
_ANYTHING = msgspec.json.Decoder()


def in_camel_case(data: bytes) -> bytes:
    """The JSON with the format's own names in camel case; as it came where it has no other, or is no JSON.

    A quotation mark within a text is escaped, so that only names match.
    """
    if _SNAKE_KEY.search(data) is None:
        return data
    try:
        return json_bytes(_renamed(_ANYTHING.decode(data)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return data


def _renamed(value: Any) -> Any:
    if is_object(value):
        return _fields(value)
    return [_renamed(one) for one in value] if is_list(value) else value


def _fields(value: Mapping[str, Any]) -> dict[str, Any]:
    return {_camel(name): inner if name in _NOT_OURS else _renamed(inner) for name, inner in value.items()}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others) if first else name
