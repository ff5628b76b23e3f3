"""Turns a configuration document of another program into a commented ``config.toml``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from modelport.adapters.agents.sources.editors.jsonc import members
from modelport.adapters.configuration.checking import check
from modelport.adapters.configuration.forms.table import translated
from modelport.adapters.configuration.forms.translated import Find
from modelport.domain.errors import InvalidParams
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_object

MAX_BYTES = 1024 * 1024


class Imported(Struct, frozen=True):
    """A document as ours: the text of a ``config.toml``, the keys that stood in the document, and what was left out."""

    program: str
    text: str
    keys: Mapping[str, Secret]
    addresses: Mapping[str, str]
    """The base URLs of the providers that have one of their own."""
    notes: tuple[str, ...]


def import_document(path: Path, find: Find) -> Imported:
    """Reads a document by its form, whatever its name. Blocks.

    Raises:
        InvalidParams: it cannot be read, or is of no program that is known here, or cannot be used.
    """
    raw = _parsed(path)
    program, done = translated(raw, find)
    wrong = [*done.findings, *check(done.raw)]
    errors = [finding.problem(None) for finding in wrong if finding.level == "error"]
    if errors:
        raise InvalidParams(f"{path.name} cannot be used: {errors[0].key}: {errors[0].message}", field="file")
    notes = tuple(f"{problem.key}: {problem.message}" for problem in (one.problem(None) for one in done.findings))
    addresses = {name: table["base_url"] for name, table in done.raw["providers"].items() if "base_url" in table}
    return Imported(program, _toml(done.raw, program, path.name, notes, done.keys), done.keys, addresses, notes)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES).decode("utf-8-sig")
        value = _read(path.suffix, text)
    except OSError as error:
        raise InvalidParams(f"{path.name} cannot be read ({error.strerror}).", field="file") from error
    except (ValueError, RecursionError) as error:
        # Among them what each format raises; its words may repeat the document.
        raise InvalidParams(f"{path.name} is not valid {path.suffix.lstrip('.') or 'text'}.", field="file") from error
    if not is_object(value):
        raise InvalidParams(f"{path.name} holds no settings.", field="file")
    return value


def _read(suffix: str, text: str) -> Any:
    match suffix:
        case ".toml":
            return tomllib.loads(text.replace("\r\n", "\n"))
        case ".yaml" | ".yml":
            import yaml

            try:
                return yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise ValueError from error
        case _:
            # Editors' settings have comments.
            return {name: json.loads(bytes(value)) for name, value in members(text.encode()).items()}


def _toml(raw: dict[str, Any], program: str, name: str, notes: tuple[str, ...], keys: Mapping[str, Secret]) -> str:
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(":schema ./config.schema.json"))
    document.add(tomlkit.comment(f"From {program}'s {name}."))
    for note in notes:
        document.add(tomlkit.comment(f"Left out: {note}" if not _is_key(note) else note))
    document.add(tomlkit.nl())
    for setting, value in raw.items():
        if not is_object(value):
            document.add(setting, value)
    for section in ("chains", "failover", "local_models"):
        if section in raw:
            document.add(section, tomlkit.item(raw[section]))
    providers = tomlkit.table(is_super_table=True)
    for provider, settings in raw["providers"].items():
        table = tomlkit.table()
        if provider in keys:
            table.add(tomlkit.comment(f"The key is not here: keep it with modelport keys set {provider}."))
        for setting, value in settings.items():
            table.add(setting, _inline(value))
        providers.add(provider, table)
    if raw["providers"]:
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


def _is_key(note: str) -> bool:
    return "A key in a file can be read" in note
