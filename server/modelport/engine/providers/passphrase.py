"""The passphrase of the key file: given at the terminal, in the environment, or printed by a command."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Commands, Environment
from modelport.domain.providers.registry import Registry
from modelport.engine.providers.secret_sources import PASSPHRASE, name_of
from modelport.protocol.secret import Secret


class Passphrase:
    """Finds the passphrase; a command runs once in the life of the process, unless it fails."""

    def __init__(
        self,
        registry: Registry,
        environment: Environment,
        commands: Commands,
        secret_env_vars: Callable[[], frozenset[str]],
    ) -> None:
        self._registry = registry
        self._environment = environment
        self._commands = commands
        self._secret_env_vars = secret_env_vars
        self._given: Secret | None = None
        self._printed: dict[tuple[str, ...], Secret] = {}
        self._lock = anyio.Lock()

    def give(self, passphrase: Secret) -> None:
        """Takes the one that was typed; it counts before all others."""
        self._given = passphrase

    async def find(self, *, unlock: bool) -> Secret | None:
        """The passphrase, or None; without ``unlock`` no command is run, since it may ask for a password.

        Raises:
            RequestFailed: the command gives nothing.
        """
        if self._given is not None:
            return self._given
        if given := self._environment.variables().get(PASSPHRASE):
            return Secret(given)
        command = self._registry.passphrase_command
        if not command:
            return None
        async with self._lock:
            if command not in self._printed and unlock:
                self._printed[command] = await self._run(command)
            return self._printed.get(command)

    def is_pending(self) -> bool:
        """Whether a command prints it that has not been run yet."""
        if self._given is not None or self._environment.variables().get(PASSPHRASE):
            return False
        command = self._registry.passphrase_command
        return bool(command) and command not in self._printed

    async def _run(self, command: tuple[str, ...]) -> Secret:
        try:
            return await self._commands.output(command, self._secret_env_vars())
        except RequestFailed as error:
            raise RequestFailed(
                "keyring_unavailable",
                f"The passphrase of the key file comes from the command {name_of(command)}, which {error.message}: "
                "run the command in a terminal.",
                action="run the command in a terminal",
            ) from error
