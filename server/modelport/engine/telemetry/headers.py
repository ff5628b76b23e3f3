"""The values of telemetry's headers: from the environment, from commands, or as they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Commands, Environment
from modelport.domain.providers.configuration import ValueSource
from modelport.domain.providers.credential import fits_header
from modelport.domain.telemetry.destination import NoDestination
from modelport.protocol.secret import Secret


class HeaderValues:
    """Looks up headers; each command runs once, and again after ``invalidate``."""

    def __init__(
        self, environment: Environment, commands: Commands, secret_env_vars: Callable[[], Collection[str]]
    ) -> None:
        self._environment = environment
        self._commands = commands
        self._secret_env_vars = secret_env_vars
        self._printed: dict[tuple[str, ...], Secret] = {}

    async def find(self, sources: Mapping[str, Secret | ValueSource]) -> dict[str, Secret]:
        """The headers with their values.

        Raises:
            NoDestination: a variable is not set, a command prints nothing, or a value cannot be sent.
        """
        return {name: await self._value(name, source) for name, source in sources.items()}

    def invalidate(self) -> None:
        """Drops what commands printed, because the collector refused it."""
        self._printed.clear()

    async def _value(self, name: str, source: Secret | ValueSource) -> Secret:
        if isinstance(source, ValueSource):
            value = await self._command(name, source.command) if source.command else self._variable(name, source.env)
        else:
            value = source
        if not fits_header(value):
            raise NoDestination(f"The header {name} of [telemetry] holds characters that cannot be sent: correct it.")
        return value

    def _variable(self, name: str, variable: str | None) -> Secret:
        value = self._environment.variables().get(variable or "", "").strip()
        if not value:
            raise NoDestination(f"The header {name} of [telemetry] comes from {variable}, which is not set: set it.")
        return Secret(value)

    async def _command(self, name: str, command: tuple[str, ...]) -> Secret:
        if command not in self._printed:
            try:
                self._printed[command] = await self._commands.output(command, self._secret_env_vars())
            except RequestFailed as error:
                why = f"The header {name} of [telemetry] comes from a command, which {error.message}"
                raise NoDestination(f"{why}: run it in a terminal.") from error
        return self._printed[command]
