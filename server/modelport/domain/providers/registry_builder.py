"""Builds the registry: the shipped rows with the configuration laid over them, and the overrides of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.address import is_collector, is_proxy
from modelport.domain.providers.configuration import (
    Configuration,
    Finding,
    KeyPath,
    LocalModelsEntry,
    ProviderEntry,
    TelemetryEntry,
    ValueSource,
    did_you_mean,
)
from modelport.domain.providers.connection import Overrides, is_header
from modelport.domain.providers.credential import fits_header, is_secret_header
from modelport.domain.providers.merged_rows import changed_row, log_in_mistakes, own_base_url, own_row
from modelport.domain.providers.registry import Registry, Target, chain_findings
from modelport.domain.providers.rows import Provider
from modelport.protocol.secret import Secret

ORGANIZATION = "OpenAI-Organization"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)


def build_registry(configuration: Configuration, shipped: Sequence[Provider]) -> tuple[Registry, list[Finding]]:
    """The registry for a configuration, and the findings; with an error among them, the registry is not to be used."""
    merge = _Merge(configuration, shipped)
    for name, entry in configuration.document.providers.items():
        merge.add(name, entry)
    if configuration.document.local_models is not None:
        merge.check_local_models(configuration.document.local_models)
    if configuration.document.telemetry is not None:
        merge.check_telemetry(configuration.document.telemetry)
    registry = merge.registry()
    if configuration.document.budgets:
        # Only a file with budgets has the time zones loaded.
        from modelport.domain.budgets.reading import read_budgets

        registry.budgets, mistakes = read_budgets(configuration.document.budgets, merge.ids())
        merge.findings += [Finding(*mistake) for mistake in mistakes]
    return registry, merge.findings


class _Merge:
    def __init__(self, configuration: Configuration, shipped: Sequence[Provider]) -> None:
        self._configuration = configuration
        self._shipped = Registry(shipped)
        self._rows = {row.id: row for row in shipped}
        self._overrides: dict[str, Overrides] = {}
        self._common = Overrides(idle_timeout_s=configuration.document.timeout_s)
        self.findings: list[Finding] = []

    def add(self, name: str, entry: ProviderEntry) -> None:
        """Merges one provider of the file."""
        key_path = ("providers", name)
        known = self._shipped.find(name)
        row = known or self._own(name, entry)
        if row is None:
            return
        if row.id in self._overrides:
            self._wrong(key_path, f"Another table is about {row.id} already: put both into one.")
            return
        self._names(key_path, row, entry)
        if entry.api_key_env and entry.api_key_envs:
            self._wrong((*key_path, "api_key_envs"), "Name one of the two, api_key_env or api_key_envs.")
        base_url = self._address(key_path, row, entry)
        self._log_in(key_path, row, entry)
        wire = self._configuration.wire.get(name, {})
        self._rows[row.id] = msgspec.structs.replace(
            changed_row(row, entry, wire), **({"base_url": base_url} if base_url and known is None else {})
        )
        self._overrides[row.id] = Overrides(
            base_url=base_url,
            idle_timeout_s=entry.timeout_s or self._common.idle_timeout_s,
            verify_tls=entry.verify_tls,
            ca_file=entry.ca_file,
            proxy=self._proxy((*key_path, "proxy"), entry.proxy),
            key_command=entry.api_key_command or (),
            several_keys=entry.api_key_envs is not None,
            file_key=self._configuration.keys.get(name),
            file_name=self._configuration.file_name,
            header_sources=self._headers(key_path, entry),
            variables=self._variables(key_path, row, entry),
            prices=entry.prices or {},
        )

    def check_local_models(self, entry: LocalModelsEntry) -> None:
        """Checks that the command can serve a model."""
        key_path = ("local_models", "command")
        words = " ".join(entry.command)
        for placeholder in ("{model}", "{port}"):
            if placeholder not in words:
                self._wrong(key_path, f"The command must hold {placeholder}, which is filled in when it is run.")
        if not entry.command[0].strip():
            self._wrong(key_path, "The command must begin with a program.")

    def ids(self) -> dict[str, str]:
        """The id of each provider by its id and its aliases."""
        return {name: row.id for row in self._rows.values() for name in _names_of(row)}

    def check_telemetry(self, entry: TelemetryEntry) -> None:
        """Checks the address of the collector, and that no secret stands in the file."""
        if entry.otlp_endpoint is not None and not is_collector(entry.otlp_endpoint):
            # The message would repeat the address, which may hold a password.
            self._wrong(("telemetry", "otlp_endpoint"), "Write an http or https address without a log-in.")
        self._sources(("telemetry",), entry.headers)

    def registry(self) -> Registry:
        """The registry, once every provider of the file has been merged."""
        if any(finding.level == "error" for finding in self.findings):
            return self._shipped
        registry = Registry(self._rows.values(), self._overrides, self._common)
        document = self._configuration.document
        registry.local_models, registry.telemetry = document.local_models, document.telemetry
        registry.passphrase_command = document.credentials.passphrase_command or ()
        registry.resolution = document.defaults.resolution
        registry.failover, registry.chains = document.failover, document.chains
        self.findings += chain_findings(registry)
        model = document.default_model
        if model is not None:
            registry.default_target = self._default(registry, model)
        return registry

    def _default(self, registry: Registry, model: str) -> Target | None:
        key_path = ("default_model",)
        try:
            target = registry.resolve(None, model)
        except InvalidParams as error:
            self._wrong(key_path, error.message)
            return None
        if registry.resolution == "explicit":
            unused = "This is not used, since [defaults] resolution is explicit: remove one of the two."
            self.findings.append(Finding(key_path, unused, "warning"))
        reason = "default_model of config.toml names it"
        return msgspec.structs.replace(target, resolved_by="defaultModel", reason=reason)

    def _wrong(self, key_path: KeyPath, message: str) -> None:
        self.findings.append(Finding(key_path, message))

    def _own(self, name: str, entry: ProviderEntry) -> Provider | None:
        key_path = ("providers", name)
        if not _ID.fullmatch(name):
            self._wrong(key_path, "The name of a provider has letters, digits, dots, hyphens and underscores only.")
            return None
        if entry.base_url is None and entry.dialect != "mock":
            names = tuple(word for row in self._rows.values() for word in (row.id, *row.aliases))
            hint = did_you_mean(name, names)
            self._wrong(key_path, f"No provider is called this{hint}, and one of your own needs a base_url.")
            return None
        return own_row(name, entry)

    def _names(self, key_path: KeyPath, row: Provider, entry: ProviderEntry) -> None:
        for alias in entry.aliases or ():
            taken = [other for other in self._rows.values() if alias.casefold() in map(str.casefold, _names_of(other))]
            if any(other.id != row.id for other in taken) or "/" in alias:
                self._wrong((*key_path, "aliases"), "An alias is the name of another provider, or holds a slash.")
        if any(
            row.id.casefold() in map(str.casefold, _names_of(other)) for other in self._rows.values() if other != row
        ):
            self._wrong(key_path, "Another provider of the file has this name.")

    def _address(self, key_path: KeyPath, row: Provider, entry: ProviderEntry) -> str | None:
        try:
            return own_base_url(row, entry)
        except InvalidParams as error:
            # The message would repeat the address, which may hold a password.
            self._wrong((*key_path, "base_url"), f"This is no address: {error.action}.")
            return None

    def _headers(self, key_path: KeyPath, entry: ProviderEntry) -> dict[str, Secret | ValueSource]:
        headers: dict[str, Secret | ValueSource] = {}
        if entry.organization is not None:
            headers[ORGANIZATION] = Secret(entry.organization)
        return headers | self._sources(key_path, entry.headers or {})

    def _sources(self, key_path: KeyPath, given: Mapping[str, str | ValueSource]) -> dict[str, Secret | ValueSource]:
        headers: dict[str, Secret | ValueSource] = {}
        for name, value in given.items():
            header_path = (*key_path, "headers", name)
            if not is_header(name):
                self._wrong(header_path, "This is no name of a header that may be set.")
            elif isinstance(value, ValueSource):
                self._source(header_path, value)
                headers[name] = value
            elif is_secret_header(name) or self._is_key(value):
                self._wrong(
                    header_path, 'Secrets do not belong into this file: write { env = "NAME" } or { command = [...] }.'
                )
            elif not fits_header(Secret(value)):
                self._wrong(header_path, "A header has plain characters on one line.")
            else:
                headers[name] = Secret(value)
        return headers

    def _variables(self, key_path: KeyPath, row: Provider, entry: ProviderEntry) -> dict[str, str]:
        """The settings for a log-in, under the names of the variables in whose place they stand."""
        variables: dict[str, str] = {}
        for name, value in entry.log_in_settings().items():
            if name in row.file_settings:
                variables[row.file_settings[name]] = value
            else:
                owners = [other.id for other in self._shipped.all() if name in other.file_settings]
                self._wrong((*key_path, name), f"This is a setting of {' and '.join(owners)} only.")
        return variables

    def _log_in(self, key_path: KeyPath, row: Provider, entry: ProviderEntry) -> None:
        for name, mistake in log_in_mistakes(row, entry):
            self._wrong((*key_path, "login", name) if name else (*key_path, "login"), mistake)

    def _is_key(self, value: str) -> bool:
        """Whether a text begins with the key prefix of a provider."""
        prefixes = [row.key_prefix for row in self._shipped.all() if row.key_prefix]
        return any(value.removeprefix("Bearer ").startswith(prefix) for prefix in prefixes)

    def _proxy(self, key_path: KeyPath, value: str | ValueSource | None) -> Secret | ValueSource | None:
        if isinstance(value, ValueSource):
            self._source(key_path, value)
            return value
        if value is None or value == "":
            return None if value is None else Secret("")
        if "@" in value:
            self._wrong(key_path, 'A password does not belong into this file: write { env = "NAME" }.')
        elif not is_proxy(value):
            self._wrong(key_path, "This is no proxy: write something like http://proxy.example:3128.")
        return Secret(value)

    def _source(self, key_path: KeyPath, value: ValueSource) -> None:
        if (value.env is None) == (value.command is None):
            self._wrong(key_path, "Name one of the two, env or command.")


def _names_of(row: Provider) -> tuple[str, ...]:
    return (row.id, *row.aliases)
