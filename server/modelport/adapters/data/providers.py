"""Reads the provider rows that ship with the package."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import msgspec

from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider


def load_registry() -> Registry:
    """Reads and checks ``data/providers.toml``; takes about 15 ms, so call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
        ValueError: two rows share a name; likewise.
    """
    text = files("modelport.data").joinpath("providers.toml").read_text(encoding="utf-8")
    return Registry([_row(raw) for raw in tomllib.loads(text)["provider"]])


def _row(raw: dict[str, Any]) -> Provider:
    try:
        return msgspec.convert(raw, Provider)
    except msgspec.ValidationError as error:
        name = raw.get("id", "a row without an id")
        raise msgspec.ValidationError(f"providers.toml, {name}: {error}") from error
