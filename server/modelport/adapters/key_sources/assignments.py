"""Reads assignments of variables in ``.env`` files and in start files of shells, without running anything.

A value that a command prints or another variable holds is no value here: only the shell knows it.

Source: "Shell Parameters", "Quoting" and "Definitions" in Bash's manual, "set" and "Universal variables" in fish's
documentation, and the documentation of python-dotenv and of Node's dotenv.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from msgspec import Struct

_NAME = r"[A-Za-z_]\w*|\d\w*_API_KEY"
_WORD = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s;&|"'()<>\\#]|(?<=\S)\#)+"""
_TOKEN = re.compile(rf"\s+|\#.*|[;&|()<>]+|({_WORD})|.", re.DOTALL)
_ASSIGNED = re.compile(rf"({_NAME})=(.*)", re.DOTALL)
_DOTENV = re.compile(rf"\s*(?:export\s+)?({_NAME})\s*=[ \t]*(.*)")
_QUOTED = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_COMPUTED = re.compile(r"\$(?:[\w{(]|$)|`")
_UNIVERSAL = re.compile(rf"SETUVAR\s+(?:--?\w+\s+)*({_NAME}):(\S*)")
MAX_LINE_CHARS = 20_000
"""A longer line holds no key."""


class Assignment(Struct, frozen=True):
    """A variable with its value, None where only a shell knows it."""

    name: str
    value: str | None
    line: int
    is_whole_line: bool


def dotenv(text: str) -> Iterator[Assignment]:
    """The assignments of an ``.env`` file."""
    for number, line in _lines(text):
        found = _DOTENV.fullmatch(line)
        if found is None:
            continue
        quoted = _QUOTED.match(found[2])
        raw = quoted[2] if quoted is not None else _COMMENT.sub("", found[2]).strip()
        is_plain = quoted is not None and quoted[1] == "'"
        # A quote without its end begins a value of several lines.
        is_open = quoted is None and raw[:1] in ('"', "'", "`")
        value = None if is_open or (not is_plain and _COMPUTED.search(raw)) else raw
        yield Assignment(found[1], value, number, is_whole_line=not is_open)


def shell(text: str) -> Iterator[Assignment]:
    """The assignments of a start file of a POSIX shell, in whatever command they stand."""
    for number, line in _lines(text):
        words = [token[1] for token in _TOKEN.finditer(line) if token[1]]
        assigned = [match for word in words if (match := _ASSIGNED.fullmatch(word))]
        alone = len(assigned) == 1 and all(
            word in ("export", "declare", "typeset", "-x", "-gx") or word.startswith(assigned[0][1]) for word in words
        )
        for match in assigned:
            yield Assignment(match[1], _unquoted(match[2]), number, alone)


def fish(text: str) -> Iterator[Assignment]:
    """The assignments of fish's start file, and of the file of its universal variables."""
    for number, line in _lines(text):
        if universal := _UNIVERSAL.match(line):
            yield Assignment(universal[1], _universal_value(universal[2]), number, is_whole_line=True)
            continue
        words = [token[1] for token in _TOKEN.finditer(line) if token[1]]
        for position, word in enumerate(words):
            given = [one for one in words[position + 1 :] if not one.startswith("-")]
            if word == "set" and len(given) == 2:
                yield Assignment(given[0], _unquoted(given[1]), number, is_whole_line=position == 0)


def last_values(assignments: Iterator[Assignment], names: Collection[str]) -> list[Assignment]:
    """The last assignment of each of these variables, which is the one that counts, in the order of the file."""
    last = {one.name: one for one in assignments if one.name in names}
    return sorted(last.values(), key=lambda one: one.line)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) <= MAX_LINE_CHARS:
            yield number, line.rstrip("\r")


def _unquoted(word: str) -> str | None:
    """A word without its quotes; None where a part of it is computed."""
    parts: list[str] = []
    for part in re.findall(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^'"\\]+""", word, re.DOTALL):
        if part[0] == "'":
            parts.append(part[1:-1])
            continue
        if _COMPUTED.search(part):
            return None
        parts.append(re.sub(r"\\(.)", r"\1", part[1:-1] if part[0] == '"' else part))
    return "".join(parts)


def _universal_value(text: str) -> str | None:
    r"""The value of a universal variable, in which fish writes other characters as ``\x2d``; None for a list."""
    if "\\x1e" in text:
        return None
    return re.sub(r"\\x([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), text)
