"""Parses TOML and JSON as users write it; what cannot be a configuration is an error, with its line if it has one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from modelport.adapters.configuration.key_lines import json_lines, toml_lines
from modelport.adapters.system.regular_files import read_start
from modelport.borders import readable_values
from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_list, is_object

MAX_FILE_BYTES = 1024 * 1024
MAX_DEPTH = 50
"""Levels of tables. No setting has as many, and readers of the value call themselves once for each."""
TOO_MANY_DIGITS = "A number in it has more digits than any setting."


class Unparsable(Exception):
    """A file that is no document: a sentence without a value of it, and the line where it is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def parsed(path: Path) -> tuple[Any, Callable[[], Mapping[KeyPath, int]]]:
    """The value in a file, TOML by the end of its name, else JSON; and what finds the lines of its keys.

    Raises:
        Unparsable: it cannot be read, is no such document, or is nested too deeply.
    """
    text = _text(path)
    is_toml = path.suffix == ".toml"
    name, parse, lines = ("TOML", _toml, toml_lines) if is_toml else ("JSON", _json, json_lines)
    try:
        value = parse(text)
    except RecursionError as error:
        raise _too_deep(name, text) from error
    if _is_deeper(value, MAX_DEPTH):
        raise _too_deep(name, text)
    return readable_values(value), partial(lines, text)


def _text(path: Path) -> str:
    try:
        content = read_start(path, MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise Unparsable(f"The file has more than {MAX_FILE_BYTES} bytes.")
        # tomllib wants plain line ends, and neither format a byte order mark.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Unparsable("The file is not text in UTF-8.") from error
    except OSError as error:
        raise Unparsable(f"The file cannot be read ({error.strerror or type(error).__name__}).") from error


def _toml(text: str) -> Any:
    # Loaded only where there is such a file.
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).rpartition(" (at ")
        line = re.match(r"line (\d+)", where)
        # The messages of tomllib name characters and keys, never a value.
        raise Unparsable(f"This is not valid TOML: {what}.", int(line[1]) if line else _last_line(text)) from error
    except ValueError as error:
        raise Unparsable(TOO_MANY_DIGITS) from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unparsable(f"This is not valid JSON: {error.msg}.", error.lineno) from error
    except ValueError as error:
        raise Unparsable(TOO_MANY_DIGITS) from error


def _too_deep(name: str, text: str) -> Unparsable:
    return Unparsable(f"This {name} is nested too deeply.", _last_line(text))


def _last_line(text: str) -> int:
    return text.rstrip("\n").count("\n") + 1


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether a value holds others at more than so many levels."""
    level = [value]
    for _ in range(depth):
        level = [part for one in level for part in (one.values() if is_object(one) else one if is_list(one) else ())]
    return bool(level)
