"""Writes the rows that the server reads, ``data/*.json``, from the TOML files that people edit; ``--check`` compares.

Run by ``make generate``. Each row is a line, so that a change of a row is a change of one line.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from modelport.adapters.data.providers import ProviderFile
from modelport.adapters.key_sources.table import SourceFile
from modelport.domain.agents.rows import AgentBook
from modelport.domain.agents.servers.rows import AgentServers
from modelport.domain.local.fingerprints import Fingerprints
from modelport.domain.providers.registry import Registry

FOLDER = Path(__file__).parents[1] / "server" / "modelport" / "data"
FILES: dict[str, type[Any]] = {
    "providers": ProviderFile,
    "agents": AgentBook,
    "fingerprints": Fingerprints,
    "agent_servers": AgentServers,
    "key_sources": SourceFile,
}
"""The files, by name, with the type that explains their fields."""


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Writes the files, or reports with ``--check`` which of them is stale; 1 where one is stale or has a wrong row."""
    failed = False
    for name in FILES:
        target = folder / f"{name}.json"
        try:
            text = document(name, folder)
        except ValueError as error:
            print(f"data/{error}")
            failed = True
            continue
        if target.is_file() and target.read_bytes() == text:
            print(f"data/{name}.json is up to date")
        elif "--check" in arguments:
            print(f"data/{name}.json is stale, {name}.toml has changed: run make generate")
            failed = True
        else:
            target.write_bytes(text)
            print(f"wrote data/{name}.json: {len(text):,} bytes")
    return int(failed)


def document(name: str, folder: Path = FOLDER) -> bytes:
    """The content of ``NAME.json``, from ``NAME.toml``.

    Raises:
        ValueError: a row does not fit its type, two providers share a name, or the file is no TOML. The message names
            the file and, where it can, the row.
    """
    try:
        raw = _source(name, folder)
        _checked(raw, FILES[name])
    except ValueError as error:
        raise ValueError(f"{name}.toml, {error}") from error
    return _lines(raw)


def _source(name: str, folder: Path) -> dict[str, Any]:
    raw = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    if name == "agent_servers":
        # The ports that are left alone are the same as for model servers, and stand with those.
        raw["other_services"] = _source("fingerprints", folder)["other_services"]
    return raw


def _checked(raw: dict[str, Any], kind: type[Any]) -> None:
    rows = {name: value for name, value in raw.items() if _is_rows(value)}
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for name in rows.keys() & types.keys():
        for row in rows[name]:
            try:
                msgspec.convert([row], types[name])
            except msgspec.ValidationError as error:
                raise ValueError(f"{row.get('id') or row.get('program', 'a row without an id')}: {error}") from error
    book = msgspec.convert(raw, kind)
    if isinstance(book, ProviderFile):
        Registry(book.provider)


def _lines(raw: Mapping[str, Any]) -> bytes:
    encode: Callable[[object], bytes] = msgspec.json.encode
    fields: list[bytes] = []
    for name, value in raw.items():
        text = b"[\n" + b",\n".join(map(encode, value)) + b"\n]" if _is_rows(value) else encode(value)
        fields.append(encode(name) + b":" + text)
    return b"{" + b",\n".join(fields) + b"}\n"


def _is_rows(value: object) -> bool:
    """Whether this is a list of tables."""
    return isinstance(value, list) and any(isinstance(row, dict) for row in value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
