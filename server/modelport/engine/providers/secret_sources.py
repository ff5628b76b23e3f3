"""Reads the secrets that the configuration only refers to, in the environment or from a command, on first use."""

from __future__ import annotations

from pathlib import PurePath

import anyio

from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Commands, Environment
from modelport.domain.providers.configuration import ValueSource
from modelport.domain.providers.credential import fits_header
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.protocol.secret import Secret

PASSPHRASE = "MODELPORT_PASSPHRASE"  # noqa: S105  a name
"""The variable that holds the passphrase of the key file."""
OTLP_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
"""The variable of OpenTelemetry that may hold a key."""


class SecretSources:
    """Secrets from the environment and from commands, each of which runs once in the life of the process."""

    def __init__(self, registry: Registry, environment: Environment, commands: Commands) -> None:
        self._registry = registry
        self._environment = environment
        self._commands = commands
        self._cache: dict[tuple[str, ...], Secret] = {}
        self._locks: dict[tuple[str, ...], anyio.Lock] = {}

    async def find(self, source: Secret | ValueSource, row: Provider, what: str) -> Secret:
        """The value of a source; ``what`` names it in an error message.

        Raises:
            RequestFailed: the variable is not set, the command gives nothing, or the value cannot be sent.
        """
        if isinstance(source, Secret):
            return source
        if source.command is not None:
            value = await self.run_command(source.command, row, what)
        else:
            value = Secret(self._environment.variables().get(source.env or "", "").strip())
            if not value:
                raise _missing(row, f"{what} comes from {source.env}, which is not set", f"set {source.env}")
        if not fits_header(value):
            raise _missing(row, f"{what} holds characters that cannot be sent", "correct the configuration")
        return value

    async def run_command(self, command: tuple[str, ...], row: Provider, what: str) -> Secret:
        """The output of a command. Concurrent callers wait for one run.

        Raises:
            RequestFailed: it gives nothing.
        """
        async with self._locks.setdefault(command, anyio.Lock()):
            value = self._cache.get(command)
            if value is None:
                try:
                    value = await self._commands.output(command, self.secret_env_vars())
                except RequestFailed as error:
                    raise _missing(
                        row,
                        f"{what} comes from the command {name_of(command)}, which {error.message}",
                        "run the command in a terminal",
                    ) from error
                self._cache[command] = value
        return value

    def cached(self, command: tuple[str, ...]) -> Secret | None:
        """The output of a command, if it has been run."""
        return self._cache.get(command)

    def is_pending(self, source: Secret | ValueSource) -> bool:
        """Whether a source is a command that has not been run yet."""
        return isinstance(source, ValueSource) and source.command is not None and source.command not in self._cache

    def invalidate(self, row: Provider) -> None:
        """Drops the output of a provider's commands, because the provider refused it: they run again on next use."""
        overrides = self._registry.defaults(row)
        sources = (ValueSource(command=overrides.key_command), *overrides.header_sources.values())
        for source in sources:
            if isinstance(source, ValueSource) and source.command is not None:
                self._cache.pop(source.command, None)

    def secret_env_vars(self) -> frozenset[str]:
        """The variables that hold a secret of any provider or of the key file, which no child process gets."""
        rows = self._registry.all()
        names = {name for row in rows for name in row.api_key_env_vars}
        for row in rows:
            overrides = self._registry.defaults(row)
            for source in (overrides.proxy, *overrides.header_sources.values()):
                if isinstance(source, ValueSource) and source.env is not None:
                    names.add(source.env)
        return frozenset({PASSPHRASE, *names}) | self._telemetry_env_vars()

    def _telemetry_env_vars(self) -> frozenset[str]:
        """The variables that hold a header of the collector; none while telemetry is off."""
        entry = self._registry.telemetry
        if entry is None:
            return frozenset()
        sources = (source for source in entry.headers.values() if isinstance(source, ValueSource))
        return frozenset({OTLP_HEADERS, *(source.env for source in sources if source.env is not None)})


def name_of(command: tuple[str, ...]) -> str:
    """The name of a command in messages: its program, without folder and arguments."""
    return PurePath(command[0].replace("\\", "/")).name


def _missing(row: Provider, why: str, action: str) -> RequestFailed:
    return RequestFailed(
        "auth_required", f"{row.display_name} cannot be called: {why}: {action}.", provider=row.id, action=action
    )
