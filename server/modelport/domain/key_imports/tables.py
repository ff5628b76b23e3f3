"""Which providers of another program's file become tables of ours, and under which names.

A provider that is known here needs no table where it is at its own address: its row says more than the file does, and
a list of models would take the place of the row's. One elsewhere gets a name of its own, so that what the known name
means does not change; but a server on this machine, which has no one address, is the known one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from modelport.domain.key_imports.found import FoundProviders
from modelport.domain.key_imports.matching import named
from modelport.domain.providers.base_urls import server_part, shown
from modelport.domain.providers.configuration import LOG_IN_SETTINGS
from modelport.domain.providers.credential import means
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider

OVER_A_ROW = (*LOG_IN_SETTINGS, "organization", "headers", "timeout_s", "ca_file", "proxy")
"""The settings that are worth a table of a provider at its own address."""
_UNFIT = re.compile(r"[^a-z0-9._-]+")


class NewTable(Struct, frozen=True, kw_only=True):
    """A table to add to the configuration; without settings there is nothing to add."""

    name: str
    settings: Mapping[str, Any]
    base_url: str | None
    """The address that keys of the file are for, where that is not the provider's own."""
    program: str
    path: str
    reason: str | None = None
    """Why it is not added."""

    @property
    def shown_address(self) -> str | None:
        """The address without a log-in in it."""
        return shown(self.base_url) if self.base_url else None


def new_tables(found: FoundProviders, registry: Registry) -> dict[str, NewTable]:
    """The tables of a file, by the names that the file has for their providers."""
    return {name: _table(found, name, dict(settings), registry) for name, settings in found.tables.items()}


def _table(found: FoundProviders, name: str, settings: dict[str, Any], registry: Registry) -> NewTable:
    row, address = named(registry, name), settings.get("base_url")
    address = address if isinstance(address, str) and address else None
    if row is None:
        ours = _UNFIT.sub("-", name.casefold()).strip("-._") or "provider"
        reason = None if address else "The file gives no address for it."
        return _new(found, ours, settings, address, reason)
    if address is None or (row.base_url is not None and means(address, row, row.base_url)):
        kept = {setting: settings[setting] for setting in OVER_A_ROW if setting in settings}
        return _new(found, row.id, kept, None)
    settings.pop("display_name", None)
    if _has_no_one_address(row):
        settings.pop("dialect", None)
        return _new(found, row.id, settings, address)
    host = _UNFIT.sub("-", server_part(address).partition("://")[2].partition("/")[0].casefold()).strip("-._")
    return _new(found, f"{row.id}-{host}", {"dialect": row.dialect, **settings}, address)


def _new(
    found: FoundProviders, name: str, settings: Mapping[str, Any], address: str | None, reason: str | None = None
) -> NewTable:
    return NewTable(
        name=name, settings=settings, base_url=address, program=found.program, path=found.path, reason=reason
    )


def _has_no_one_address(row: Provider) -> bool:
    return row.connection_type == "local" or row.base_url is None or "{" in row.base_url
