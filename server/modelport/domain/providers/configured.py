"""Lays the configuration over the rows that ship: the providers there are, and what is set for calls of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.address import is_loopback, is_proxy, tidy
from modelport.domain.providers.configuration import (
    Configuration,
    Finding,
    KeyPath,
    LocalModelsEntry,
    ProviderEntry,
    ValueSource,
    did_you_mean,
)
from modelport.domain.providers.connection import Overrides, is_header
from modelport.domain.providers.credential import fits_header
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider, Wire
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_object

ORGANIZATION = "OpenAI-Organization"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)
_SECRET_HEADER = re.compile(r"(authorization|api-?key|token|secret|password|cookie)$", re.IGNORECASE)


def configured(configuration: Configuration, shipped: Sequence[Provider]) -> tuple[Registry, list[Finding]]:
    """The providers under a configuration, and what is wrong with it; with an error, the registry is of no use."""
    merge = _Merge(configuration, shipped)
    for name, entry in configuration.document.providers.items():
        merge.add(name, entry)
    if configuration.document.local_models is not None:
        merge.check_local_models(configuration.document.local_models)
    return merge.registry(), merge.findings


class _Merge:
    def __init__(self, configuration: Configuration, shipped: Sequence[Provider]) -> None:
        self._configuration = configuration
        self._shipped = Registry(shipped)
        self._rows = {row.id: row for row in shipped}
        self._overrides: dict[str, Overrides] = {}
        self.findings: list[Finding] = []

    def add(self, name: str, entry: ProviderEntry) -> None:
        """Takes one provider of the file."""
        place = ("providers", name)
        known = self._shipped.find(name)
        row = known or self._own(name, entry)
        if row is None:
            return
        if row.id in self._overrides:
            self._wrong(place, f"Another table is about {row.id} already: put both into one.")
            return
        self._names(place, row, entry)
        base_url = self._address(place, row, entry)
        wire = self._configuration.wire.get(name, {})
        self._rows[row.id] = msgspec.structs.replace(
            _changed(row, entry, wire), **({"base_url": base_url} if base_url and known is None else {})
        )
        self._overrides[row.id] = Overrides(
            base_url=base_url,
            silence_s=entry.timeout_s,
            verify_tls=entry.verify_tls,
            ca_file=entry.ca_file,
            proxy=self._proxy((*place, "proxy"), entry.proxy),
            key_command=entry.api_key_command or (),
            file_key=self._configuration.keys.get(name),
            header_sources=self._headers(place, entry),
        )

    def check_local_models(self, entry: LocalModelsEntry) -> None:
        """Looks whether the command can serve any model."""
        place = ("local_models", "command")
        words = " ".join(entry.command)
        for placeholder in ("{model}", "{port}"):
            if placeholder not in words:
                self._wrong(place, f"The command must hold {placeholder}, which is filled in when it is run.")
        if not entry.command[0].strip():
            self._wrong(place, "The command must begin with a program.")

    def registry(self) -> Registry:
        """The providers, once every one of the file has been taken."""
        if any(finding.level == "error" for finding in self.findings):
            return self._shipped
        registry = Registry(self._rows.values(), self._overrides)
        registry.local_models = self._configuration.document.local_models
        model = self._configuration.document.default_model
        if model is not None:
            try:
                registry.default = registry.resolve(None, model)
            except InvalidParams as error:
                self._wrong(("default_model",), error.message)
        return registry

    def _wrong(self, place: KeyPath, message: str) -> None:
        self.findings.append(Finding(place, message))

    def _own(self, name: str, entry: ProviderEntry) -> Provider | None:
        place = ("providers", name)
        if not _ID.fullmatch(name):
            self._wrong(place, "The name of a provider has letters, digits, dots, hyphens and underscores only.")
            return None
        if entry.base_url is None and entry.dialect != "mock":
            names = tuple(word for row in self._rows.values() for word in (row.id, *row.aliases))
            hint = did_you_mean(name, names)
            self._wrong(place, f"No provider is called this{hint}, and one of your own needs a base_url.")
            return None
        return _own_row(name, entry)

    def _names(self, place: KeyPath, row: Provider, entry: ProviderEntry) -> None:
        for alias in entry.aliases or ():
            taken = [other for other in self._rows.values() if alias.casefold() in map(str.casefold, _names_of(other))]
            if any(other.id != row.id for other in taken) or "/" in alias:
                self._wrong((*place, "aliases"), "An alias is the name of another provider, or holds a slash.")
        if any(
            row.id.casefold() in map(str.casefold, _names_of(other)) for other in self._rows.values() if other != row
        ):
            self._wrong(place, "Another provider of the file has this name.")

    def _address(self, place: KeyPath, row: Provider, entry: ProviderEntry) -> str | None:
        if entry.base_url is None:
            return None
        try:
            return tidy(entry.base_url, row, "base_url")
        except InvalidParams:
            # The message would repeat the address, which may hold a password.
            self._wrong((*place, "base_url"), "This is no address: write something like https://host/path.")
            return None

    def _headers(self, place: KeyPath, entry: ProviderEntry) -> dict[str, Secret | ValueSource]:
        found: dict[str, Secret | ValueSource] = {}
        if entry.organization is not None:
            found[ORGANIZATION] = Secret(entry.organization)
        for name, value in (entry.headers or {}).items():
            here = (*place, "headers", name)
            if not is_header(name):
                self._wrong(here, "This is no name of a header that may be set.")
            elif isinstance(value, ValueSource):
                self._source(here, value)
                found[name] = value
            elif _SECRET_HEADER.search(name) or self._is_key(value):
                self._wrong(
                    here, 'Secrets do not belong into this file: write { env = "NAME" } or { command = [...] }.'
                )
            elif not fits_header(Secret(value)):
                self._wrong(here, "A header has plain characters on one line.")
            else:
                found[name] = Secret(value)
        return found

    def _is_key(self, value: str) -> bool:
        """Whether a text begins as the keys of some provider do."""
        prefixes = [row.key_prefix for row in self._shipped.all() if row.key_prefix]
        return any(value.removeprefix("Bearer ").startswith(prefix) for prefix in prefixes)

    def _proxy(self, place: KeyPath, value: str | ValueSource | None) -> Secret | ValueSource | None:
        if isinstance(value, ValueSource):
            self._source(place, value)
            return value
        if value is None or value == "":
            return None if value is None else Secret("")
        if "@" in value:
            self._wrong(place, 'A password does not belong into this file: write { env = "NAME" }.')
        elif not is_proxy(value):
            self._wrong(place, "This is no proxy: write something like http://proxy.example:3128.")
        return Secret(value)

    def _source(self, place: KeyPath, value: ValueSource) -> None:
        if (value.env is None) == (value.command is None):
            self._wrong(place, "Name one of the two, env or command.")


def _names_of(row: Provider) -> tuple[str, ...]:
    return (row.id, *row.aliases)


def _own_row(name: str, entry: ProviderEntry) -> Provider:
    """A provider of the user's own, before its fields are laid over it."""
    dialect = entry.dialect or "openai_chat"
    address = entry.base_url or ""
    local = is_loopback(address if "://" in address else f"http://{address}")
    keyed = entry.api_key_env is not None or entry.api_key_command is not None
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


def _changed(row: Provider, entry: ProviderEntry, flags: Mapping[str, object]) -> Provider:
    """The row with the fields of the file in the place of its own."""
    if entry.dialect is not None and entry.dialect != row.dialect:
        # What the row says of its servers is about another wire format.
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
        "api_key_env_vars": (entry.api_key_env,) if entry.api_key_env else None,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    wire = _laid_over(msgspec.to_builtins(row.wire), flags)
    if entry.chat_path is not None:
        wire["chat_path"] = "/" + entry.chat_path.lstrip("/")
    return msgspec.structs.replace(row, **changes, wire=msgspec.convert(wire, Wire))


def _laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two JSON objects as one; where both have an object, its fields likewise."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _laid_over(old, value) if is_object(old) and is_object(value) else value
    return merged
