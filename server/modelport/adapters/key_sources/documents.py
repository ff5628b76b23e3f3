"""Reads the text and the value of a file that any program may have written."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Collection
from typing import Any

from msgspec import Struct

from modelport.adapters.agents.sources.editors.jsonc import members
from modelport.adapters.key_sources.table import Source
from modelport.adapters.system.regular_files import read_whole
from modelport.borders import is_too_deep, text_of
from modelport.domain.key_imports.found import FoundFile, Place
from modelport.protocol.shapes import is_object

MAX_FILE_BYTES = 1024 * 1024
MAX_YAML_CHARS = 64 * 1024
"""YAML is read a hundred times more slowly than JSON."""


class Unreadable(Exception):
    """A file that is there and cannot be read: the rest of a sentence about it."""


class Document(Struct, frozen=True, kw_only=True):
    """A file with its text."""

    source: Source
    path: str
    """As shown to a person."""
    text: str

    def place(self, entry: str, value: str, *, line: int | None = None, is_whole_line: bool = False) -> Place:
        """The place of a value, on the first line that holds it where no line is given."""
        return Place(
            program=self.source.program,
            path=self.path,
            entry=entry,
            line=line or self._line(value),
            is_whole_line=is_whole_line,
        )

    def _line(self, value: str) -> int | None:
        at = self.text.find(value) if value else -1
        return self.text.count("\n", 0, at) + 1 if at >= 0 else None


Reader = Callable[[Document, Collection[str]], FoundFile]
"""Finds the keys in a document; of variables those that are named.

It raises ``Unreadable`` for a document that is broken.
"""


def file_text(path: str, *, others: bool = False) -> str | None:
    """The text of a file; None where there is none. Bytes that are no text are U+FFFD.

    A file of another user is refused unless ``others`` is set: it may hold a key of theirs.

    Raises:
        Unreadable: see above; or it is no regular file, too large, or may not be read.
    """
    try:
        status = os.stat(path)  # noqa: PTH116  texts are cheaper than paths
        if os.name != "nt" and not others and status.st_uid not in (os.geteuid(), 0):
            raise Unreadable("belongs to another user: name it with --from to read it")
        content = read_whole(path, MAX_FILE_BYTES)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or type(error).__name__})") from error
    except ValueError:
        # It holds a character that no path has.
        return None
    try:
        return text_of(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def json_object(text: str) -> dict[str, Any]:
    """The object in a text of JSON, with comments and commas too many.

    Raises:
        Unreadable: it is no such object.
    """
    try:
        found = {name: json.loads(bytes(value)) for name, value in members(text.encode()).items()}
    except (ValueError, RecursionError) as error:
        raise Unreadable("is not valid JSON") from error
    if not found and text.split() not in ([], ["{}"], ["{", "}"]):
        raise Unreadable("is not valid JSON")
    return _shallow(found, "JSON")


def toml_object(text: str) -> dict[str, Any]:
    """The table in a text of TOML.

    Raises:
        Unreadable: it is none.
    """
    try:
        return _shallow(tomllib.loads(text.replace("\r\n", "\n")), "TOML")
    except (ValueError, RecursionError) as error:
        raise Unreadable("is not valid TOML") from error


def yaml_object(text: str) -> dict[str, Any]:
    """The mapping in a text of YAML.

    Raises:
        Unreadable: it is none, or is too long.
    """
    import yaml

    if len(text) > MAX_YAML_CHARS:
        raise Unreadable(f"has more than {MAX_YAML_CHARS // 1024} KiB of YAML")
    try:
        found: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable("is not valid YAML") from error
    return _shallow(found if is_object(found) else {}, "YAML")


def _shallow(found: dict[str, Any], form: str) -> dict[str, Any]:
    if is_too_deep(found):
        raise Unreadable(f"holds {form} that is nested too deeply")
    return {str(name): value for name, value in found.items()}
