"""The public registry of agents: its entries, and a copy of it."""

from __future__ import annotations

from msgspec import Struct

from modelport.protocol.types import AgentRegistry


class RegistryEntry(Struct, frozen=True, kw_only=True):
    """The fields of an entry that concern this machine."""

    id: str
    name: str
    version: str
    package: str | None = None
    """The package it is run from, without a version, as ``npm:NAME`` or ``pypi:NAME``."""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}


class RegistryCopy(Struct, frozen=True, kw_only=True):
    """A downloaded copy of the registry."""

    about: AgentRegistry
    entries: tuple[RegistryEntry, ...]
