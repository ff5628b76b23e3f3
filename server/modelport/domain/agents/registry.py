"""The public registry of agents: what one of its entries says."""

from __future__ import annotations

from msgspec import Struct

from modelport.protocol.types import AgentRegistry


class RegistryEntry(Struct, frozen=True, kw_only=True):
    """What an entry says that concerns this machine."""

    id: str
    name: str
    version: str
    package: str | None = None
    """The package it is run from, without a version, as ``npm:NAME`` or ``pypi:NAME``."""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}


class RegistryCopy(Struct, frozen=True, kw_only=True):
    """A copy of the registry that was downloaded and kept."""

    about: AgentRegistry
    entries: tuple[RegistryEntry, ...]
