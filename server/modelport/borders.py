"""What crosses the borders of the process: text, numbers and nesting, with one rule at each border.

Inside, text may hold halves of surrogate pairs: Python keeps the bytes of names that are not UTF-8 in them, so that a
path opens the file it names. Whatever leaves is text that every reader takes. Every layer may use it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeGuard

import msgspec

from modelport.protocol.shapes import is_list, is_object

MAX_DEPTH: Final = 128
"""Levels of arrays and objects in a value from outside: deeper ones are refused before anything walks through them."""
NOT_JSON: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What msgspec raises for a text from outside that is no JSON, not of the type, not UTF-8, or nested too deeply."""
MAX_WHOLE: Final = 2**53 - 1
"""The largest whole number of a field: larger ones are not exact in every language. Source: RFC 8259, 6."""

_encode = msgspec.json.Encoder().encode
_encode_numbers = msgspec.json.Encoder(decimal_format="number").encode


class Border(NamedTuple):
    """A way into or out of the process: the module that keeps its rule, and the rule."""

    name: str
    module: str
    rule: str


BORDERS: Final = (
    Border(
        "wire in",
        "frontends/rpc/bodies.py",
        "A byte that is not UTF-8 and half a surrogate pair are U+FFFD, but for an id, which goes back as it came. "
        "A number that no double holds is the nearest one. Params nested deeper than 128 levels are an error.",
    ),
    Border("wire out", "frontends/rpc/messages.py", "Half a surrogate pair is U+FFFD, in all but an id."),
    Border(
        "arguments",
        "frontends/cli/main.py",
        "UTF-8 whatever the locale; another byte is U+FFFD, but for the name of a file, which is opened as it is.",
    ),
    Border(
        "environment",
        "adapters/system/environment.py",
        "Kept byte for byte, so that a path opens what it names; an address or a key with such bytes is an error.",
    ),
    Border(
        "standard input, files given to chat",
        "frontends/cli/chat/attachments.py",
        "UTF-8 with or without a byte order mark, UTF-16 with one; else an error, and nothing is sent.",
    ),
    Border(
        "configuration",
        "adapters/configuration/file.py",
        "UTF-8 with or without a byte order mark; else a problem that is reported, and no setting.",
    ),
    Border("files of our own", "borders.py", "Written in UTF-8; half a surrogate pair is U+FFFD."),
    Border(
        "HTTP in",
        "adapters/wire/json_values.py",
        "A byte that is not UTF-8 and half a surrogate pair are U+FFFD. An answer nested too deeply is no answer; "
        "arguments of a tool call nested deeper than 128 levels stay text.",
    ),
    Border(
        "HTTP out",
        "adapters/provider_client/sender.py",
        "Half a surrogate pair is U+FFFD in a body; in an address, a key or a header it is an error.",
    ),
    Border(
        "terminal",
        "frontends/process.py",
        "A character that the encoding of the output lacks is a question mark, in JSON an escape; on standard error it "
        "is its escape.",
    ),
    Border("ledger", "engine/calls/recorder.py", "Half a surrogate pair is U+FFFD before the call is kept."),
    Border("keyring", "domain/providers/credential.py", "A key is printable ASCII, else it is refused."),
)


def readable(text: str) -> str:
    """The text as every encoding of Unicode takes it.

    Bytes that Python has kept are read as UTF-8; what is no character then, half a surrogate pair too, is U+FFFD.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        try:
            return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def text_of(content: bytes) -> str:
    """The text in the bytes of a file or of standard input: UTF-8, or what its byte order mark says.

    Raises:
        ValueError: it is in another encoding, or no text.
    """
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if utf_16 else "utf-8-sig")


def printable_json(value: Any, encoding: str, *, indent: int = 0) -> str:
    """A value as JSON that can be printed in an encoding: in escapes where it lacks a character."""
    text = json_text(value)
    text = msgspec.json.format(text, indent=indent) if indent else text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        import json

        return json.dumps(json.loads(text), indent=indent or None)
    return text


def readable_values(value: Any) -> Any:
    """A JSON value with every text in it ``readable``, names too. It must not be nested deeper than ``MAX_DEPTH``."""
    if isinstance(value, str):
        return readable(value)
    if is_list(value) or _is_tuple(value):
        return [readable_values(item) for item in value]
    if is_object(value):
        return {readable_values(key): readable_values(item) for key, item in value.items()}
    return value


def _is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def is_too_deep(value: Any) -> bool:
    """Whether a JSON value has more than ``MAX_DEPTH`` levels of arrays and objects. Does not recurse itself."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return False
    return True


def _parts(value: Any) -> Any:
    if is_object(value):
        return value.values()
    return value if is_list(value) else ()


def json_bytes(value: Any) -> bytes:
    """A value as JSON in UTF-8, with every text in it ``readable``."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(readable_values(msgspec.to_builtins(value)))


def json_with_numbers(value: Any) -> bytes:
    """A value as JSON in UTF-8 like that of ``json_bytes``, with decimal numbers as numbers and not as texts."""
    try:
        return _encode_numbers(value)
    except UnicodeEncodeError:
        return _encode_numbers(readable_values(msgspec.to_builtins(value, builtin_types=(Decimal,))))


def json_text(value: Any) -> str:
    """A value as JSON, with every text in it ``readable``."""
    return json_bytes(value).decode()
