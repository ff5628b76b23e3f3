"""Writes values as Lua."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

KEYWORDS = frozenset((
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
))  # fmt: skip


class Code(str):
    """Lua code, written without quotes."""

    __slots__ = ()


Value = str | bool | int | Code | Mapping[str, "Value"] | Sequence["Value"]


def written(value: Value) -> str:
    """A value as an expression: a table over several lines, a list or an empty table on one.

    Source: the Lua 5.1 reference manual, 2.1 and 2.5.7; Neovim runs Lua 5.1.
    """
    match value:
        case Code():
            return value
        case str():
            return quoted(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Mapping():
            lines = [f"  {_key(name)} = {indented(written(inner))},\n" for name, inner in value.items()]
            return f"{{\n{''.join(lines)}}}" if lines else "{}"
        case _:
            return f"{{ {', '.join(written(inner) for inner in value)} }}" if value else "{}"


def quoted(text: str) -> str:
    """A text as a string: quotes, backslashes and what is not printable escaped, everything else as it is."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def indented(code: str) -> str:
    """Code of several lines, those after the first indented."""
    return code.replace("\n", "\n  ")


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() and name not in KEYWORDS else f"[{quoted(name)}]"


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else "".join(f"\\{byte:03}" for byte in character.encode())
