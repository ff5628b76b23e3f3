"""Rows with the configuration laid over them, and the rows of providers of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from modelport.domain.log_ins.entry import log_in_of, mistakes_in
from modelport.domain.loopback import is_loopback
from modelport.domain.providers.base_urls import CHAT_PATHS, read_base_url
from modelport.domain.providers.configuration import ProviderEntry
from modelport.domain.providers.rows import Provider, Wire, laid_over


def own_row(name: str, entry: ProviderEntry) -> Provider:
    """The row of a provider of the user's own, before the fields of the file are laid over it."""
    dialect = entry.dialect or "openai_chat"
    address = entry.base_url or ""
    local = is_loopback(address if "://" in address else f"http://{address}")
    keyed = any((entry.api_key_env, entry.api_key_envs, entry.api_key_command, entry.login))
    return Provider(
        id=name,
        display_name=name,
        adapter="openai_compatible" if dialect == "openai_chat" else dialect,
        dialect=dialect,
        connection_type="local" if local else "byok",
        category="Local" if local else "Custom",
        auth="bearer" if keyed else "none",
        requires_api_key=keyed,
        checked="",
        source="the configuration file",
        key_header=None,
    )


def changed_row(row: Provider, entry: ProviderEntry, flags: Mapping[str, object]) -> Provider:
    """The row with the fields that the file sets."""
    if entry.dialect is not None and entry.dialect != row.dialect:
        # The row's flags are about another wire format.
        row = msgspec.structs.replace(
            row, dialect=entry.dialect, dialect_rules=(), with_key=None, key_header=None, wire=Wire()
        )
    as_it_is = entry.key_header is not None and entry.key_header.casefold() != "authorization"
    changes: dict[str, Any] = {
        "display_name": entry.display_name,
        "aliases": entry.aliases,
        "default_model": entry.default_model,
        "example_models": entry.models,
        "capabilities": entry.capabilities,
        "connection_type": entry.connection_type,
        "requires_api_key": entry.requires_api_key,
        "auth": entry.auth or ("key" if as_it_is else None),
        "key_header": entry.key_header,
        "login": log_in_of(row.login, entry.login) if entry.login is not None else None,
        "api_key_env_vars": (entry.api_key_env,) if entry.api_key_env else entry.api_key_envs,
    }
    log_in = changes["login"]
    if log_in is not None and entry.login is not None and entry.login.host and log_in.other_host_base_url:
        changes["base_url"] = log_in.address(log_in.other_host_base_url)
    changes = {name: value for name, value in changes.items() if value is not None}
    wire = laid_over(msgspec.to_builtins(row.wire), flags)
    if entry.chat_path is not None:
        wire["chat_path"] = "/" + entry.chat_path.lstrip("/")
    return msgspec.structs.replace(row, **changes, wire=msgspec.convert(wire, Wire))


def own_base_url(row: Provider, entry: ProviderEntry) -> str | None:
    """The base URL that the file gives a row; None where it gives none.

    Raises:
        InvalidParams: it is none.
    """
    if entry.base_url is None:
        return None
    # A dialect of the file drops what the row says about its own.
    own = CHAT_PATHS[entry.dialect] if entry.dialect and entry.dialect != row.dialect else None
    return read_base_url(entry.base_url, row, "base_url", entry.chat_path or own).text


def log_in_mistakes(row: Provider, entry: ProviderEntry) -> Sequence[tuple[str, str]]:
    """What is wrong with the log-in of the file, as ``mistakes_in`` says it."""
    return [] if entry.login is None else [*mistakes_in(entry.login, log_in_of(row.login, entry.login))]
