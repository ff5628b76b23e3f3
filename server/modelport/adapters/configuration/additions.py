"""Adds providers to ``config.toml``. What stands there already stays as it is, byte for byte, comments too."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from modelport.adapters.configuration.checking import check
from modelport.adapters.configuration.file import NAMES
from modelport.adapters.system.private_files import private_folder, write_private
from modelport.adapters.system.regular_files import read_whole
from modelport.borders import json_text
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.configuration import Configuration, Document
from modelport.domain.providers.registry_builder import build_registry
from modelport.domain.providers.rows import Provider
from modelport.protocol.shapes import is_object

MAX_BYTES = 1024 * 1024
Tables = Mapping[str, Mapping[str, Any]]


class LocalConfigurationTables:
    """The providers of the file in a folder; ``shipped`` reads the rows that it is laid over. Both methods block."""

    def __init__(self, folder: Path, shipped: Callable[[], Sequence[Provider]]) -> None:
        self._folder = folder
        self._shipped = shipped

    def refusals(self, tables: Tables) -> Mapping[str, str]:
        """Why some of these tables cannot be added to the file as it is."""
        try:
            text = self._text()
            raw = tomllib.loads(text.replace("\r\n", "\n"))
        except (OSError, ValueError, RecursionError):
            return dict.fromkeys(tables, "config.toml cannot be read: see modelport config check.")
        other = next((name for name in NAMES if (self._folder / name).exists()), NAMES[0])
        if other != NAMES[0]:
            return dict.fromkeys(
                tables, f"{other} is the configuration: modelport config import makes a config.toml of it."
            )
        shipped = self._shipped()
        if _mistake(raw, shipped) is not None:
            return dict.fromkeys(tables, "config.toml has an error: see modelport config check.")
        refused: dict[str, str] = {}
        for name, settings in tables.items():
            why = _refusal(raw, name, settings, shipped)
            if why is not None:
                refused[name] = why
            else:
                raw.setdefault("providers", {})[name] = dict(settings)
        if (fit := {name: one for name, one in tables.items() if name not in refused}) and _joined(
            text, fit, {}
        ) is None:
            refused |= dict.fromkeys(fit, "config.toml has its providers in one value: write them as [providers.NAME].")
        return refused

    def add(self, tables: Tables, comments: Mapping[str, str]) -> str:
        """Appends tables to the file and returns its path.

        Raises:
            RequestFailed: it cannot be written.
        """
        # A link, such as into a folder of dot files, stays one.
        path = (self._folder / NAMES[0]).resolve()
        try:
            text = _joined(self._text(), tables, comments)
            if text is None:
                raise RequestFailed("unsupported", "config.toml takes no more tables: see modelport config check.")
            private_folder(path.parent)
            write_private(path, text.encode("utf-8"))
        except (OSError, ValueError) as error:
            raise RequestFailed(
                "unsupported", "config.toml cannot be written: make it a file that you can change, then try again."
            ) from error
        return str(path)

    def _text(self) -> str:
        try:
            return read_whole(self._folder / NAMES[0], MAX_BYTES).decode("utf-8-sig")
        except FileNotFoundError:
            return ""


def _refusal(raw: Mapping[str, Any], name: str, settings: Mapping[str, Any], shipped: Sequence[Provider]) -> str | None:
    """Why a table cannot stand beside those that are there."""
    ids = {alias.casefold(): row.id for row in shipped for alias in (row.id, *row.aliases)}
    there = raw.get("providers")
    names = {ids.get(other.casefold(), other.casefold()) for other in (there if is_object(there) else ())}
    if ids.get(name.casefold(), name.casefold()) in names:
        return "config.toml has a table about it already, which stays as it is."
    providers = {**(there if is_object(there) else {}), name: dict(settings)}
    mistake = _mistake({**raw, "providers": providers}, shipped)
    return f"Its settings do not fit: {mistake}" if mistake is not None else None


def _mistake(raw: dict[str, Any], shipped: Sequence[Provider]) -> str | None:
    """The first error of a document, in a sentence without a value of it."""
    for finding in check(raw):
        if finding.level == "error":
            return f"{'.'.join(finding.key_path)}: {finding.message}"
    tables = raw.get("providers", {})
    wire = {name: table["wire"] for name, table in tables.items() if is_object(table) and "wire" in table}
    _, findings = build_registry(Configuration(document=msgspec.convert(raw, Document), wire=wire), shipped)
    wrong = next((finding for finding in findings if finding.level == "error"), None)
    return f"{'.'.join(wrong.key_path)}: {wrong.message}" if wrong is not None else None


def _joined(text: str, tables: Tables, comments: Mapping[str, str]) -> str | None:
    """The text of the file with tables behind it; None where it is no such file any more then."""
    newline = "\r\n" if "\r\n" in text else "\n"
    added = _toml(tables, comments)
    joined = text + (newline if text and not text.endswith("\n") else "")
    joined += (newline if joined.strip() else "") + added.replace("\n", newline)
    try:
        tomllib.loads(joined.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return joined


def _toml(tables: Tables, comments: Mapping[str, str]) -> str:
    import tomlkit

    document = tomlkit.document()
    providers = tomlkit.table(is_super_table=True)
    for name, settings in tables.items():
        table = tomlkit.table()
        if name in comments:
            # A name of a file may hold a line end.
            table.add(tomlkit.comment(json_text(comments[name]).strip('"')))
        for setting, value in settings.items():
            table.add(setting, _inline(value))
        providers.add(name, table)
    document.add("providers", providers)
    return tomlkit.dumps(document)


def _inline(value: Any) -> Any:
    """A table within a provider's own on one line."""
    import tomlkit

    if not is_object(value):
        return value
    table = tomlkit.inline_table()
    for name, part in value.items():
        table.add(name, _inline(part))
    return table
