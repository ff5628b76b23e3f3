"""Finds the line of a key in the text of a configuration file; it runs only when there is a problem to report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_object

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n')
MAX_STATEMENT_LINES = 200
"""A longer value is passed over."""


def toml_lines(text: str) -> dict[KeyPath, int]:
    """The line each key of a sound TOML file is first written on, counted from 1."""
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    lines = text.splitlines()
    position = 0
    while position < len(lines):
        length, value = _statement(lines, position)
        if lines[position].lstrip().startswith("["):
            table = next(_paths(value), ())
            named = {table[: depth + 1] for depth in range(len(table))}
        else:
            named = {table + path[: depth + 1] for path in _paths(value) for depth in range(len(path))}
        for place in named:
            found.setdefault(place, position + 1)
        position += length
    return found


def json_lines(text: str) -> dict[KeyPath, int]:
    """The line each key of a sound JSON file is first written on, counted from 1."""
    found: dict[KeyPath, int] = {}
    line, path, name = 1, [""], ""
    for match in _JSON_TOKEN.finditer(text):
        mark = match[0]
        if mark == "\n":
            line += 1
        elif mark == ":":
            path[-1] = name
            found.setdefault(tuple(part for part in path if part), line)
        elif mark in "{[":
            path.append("")
        elif mark in "}]":
            path.pop()
        elif mark != ",":
            name = mark[1:-1]
    return found


def _statement(lines: list[str], start: int) -> tuple[int, dict[str, Any]]:
    """How many lines the statement has that begins here, and its value by itself."""
    import tomllib

    for length in range(1, min(MAX_STATEMENT_LINES, len(lines) - start) + 1):
        try:
            return length, tomllib.loads("\n".join(lines[start : start + length]))
        except tomllib.TOMLDecodeError:
            continue
    return 1, {}


def _paths(value: Any) -> Iterator[KeyPath]:
    if not is_object(value) or not value:
        yield ()
        return
    for name, part in value.items():
        for rest in _paths(part):
            yield (name, *rest)
