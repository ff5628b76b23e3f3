"""Turns what the files hold into candidates: whose key each is, for which address, and in which places it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from modelport.domain.key_imports.found import FoundFile, FoundKey, KeptLogIn, Place
from modelport.domain.key_imports.matching import chosen, is_placeholder, named, other_owner, owners
from modelport.domain.key_imports.tables import NewTable, new_tables
from modelport.domain.providers.credential import fits_header, means
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.protocol.secret import Secret

NO_KEY = "This is no key but a placeholder."
NOT_PLAIN = "A key has plain characters on one line, and this has others."


class Candidate(Struct, frozen=True, kw_only=True):
    """A key of one provider, with every place that it stands in; ``reason`` says why it cannot be imported."""

    provider: str
    secret: Secret | None
    base_url: str | None
    places: tuple[Place, ...]
    reason: str | None = None


class Candidates(Struct, frozen=True, kw_only=True):
    """Everything to import, in the order of the files."""

    keys: Sequence[Candidate]
    tables: Sequence[NewTable]


def candidates(files: Iterable[FoundFile], registry: Registry, only: Collection[str]) -> Candidates:
    """The candidates of all files; with ``only`` those of these providers, by id or by the name of a new table."""
    keys: list[Candidate] = []
    tables: dict[str, NewTable] = {}
    for file in files:
        renamed = new_tables(file.providers, registry) if file.providers is not None else {}
        for table in renamed.values():
            if (not only or table.name in only) and (table.settings or table.reason):
                tables.setdefault(table.name, table)
        keys += (one for key in file.keys if (one := _of_key(key, renamed, registry, only)))
        keys += (one for kept in file.log_ins if (one := _of_log_in(kept, renamed, registry, only)))
    return Candidates(keys=_merged(keys), tables=tuple(tables.values()))


def _of_key(
    key: FoundKey, tables: Mapping[str, NewTable], registry: Registry, only: Collection[str]
) -> Candidate | None:
    owner = _owner(key.variable, key.provider, key.secret, tables, registry, only)
    if owner is None:
        return None
    provider, row, address = owner
    if row is not None and address is None:
        address = _address(key, row)
    reason = NO_KEY if is_placeholder(key.secret) else None if fits_header(key.secret) else NOT_PLAIN
    # At an address of its own anything may be a key.
    if row is not None and reason is None and address is None and (other := other_owner(registry, row, key.secret)):
        reason = f"This is a key of {other.display_name}: modelport keys set {other.id} stores it there."
    return Candidate(provider=provider, secret=key.secret, base_url=address, places=(key.place,), reason=reason)


def _of_log_in(
    kept: KeptLogIn, tables: Mapping[str, NewTable], registry: Registry, only: Collection[str]
) -> Candidate | None:
    owner = _owner(kept.variable, kept.provider, None, tables, registry, only)
    if owner is None:
        return None
    return Candidate(provider=owner[0], secret=None, base_url=None, places=(kept.place,), reason=kept.reason)


def _owner(
    variable: str | None,
    name: str | None,
    secret: Secret | None,
    tables: Mapping[str, NewTable],
    registry: Registry,
    only: Collection[str],
) -> tuple[str, Provider | None, str | None] | None:
    """The provider of a key, its row where there is one, and the address that the file gives it."""
    if variable is not None:
        row = chosen(owners(registry, variable, secret), only)
        return (row.id, row, None) if row is not None else None
    if name is None:
        return None
    table = tables.get(name)
    row = registry.find(table.name) if table is not None else named(registry, name)
    provider = table.name if table is not None else row.id if row is not None else name
    if only and provider not in only:
        return None
    return provider, row, table.base_url if table is not None else None


def _address(key: FoundKey, row: Provider) -> str | None:
    """The address beside the key in its file, where that is not the provider's own."""
    address = next((key.addresses[name] for name in row.base_url_env_vars if key.addresses.get(name)), None)
    if address is None or (row.base_url is not None and means(address, row, row.base_url)):
        return None
    return address


def _merged(keys: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each key once, with all its places."""
    merged: dict[object, Candidate] = {}
    for one in keys:
        same = (one.provider, one.base_url, one.reason, one.secret or one.places)
        before = merged.get(same)
        places = one.places if before is None else (*before.places, *one.places)
        merged[same] = msgspec.structs.replace(one, places=tuple(dict.fromkeys(places)))
    return tuple(merged.values())
