"""Logs users in and out: one log-in at a time for each entry of the store, and none that could not be kept."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import msgspec

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Clock, CredentialStore
from modelport.domain.providers.credential import entry_name
from modelport.domain.providers.log_ins import LogInFlow, LogInFlows
from modelport.domain.providers.registry import Registry
from modelport.engine.log_ins.outcomes import LogInBegun, begun_of, key_of
from modelport.engine.log_ins.requests import LogInRequests
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.secret_sources import SecretSources
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus, CredentialStoreId, LoginMethod


class _Running:
    def __init__(self, flow: LogInFlow) -> None:
        self.flow = flow
        self.scope = anyio.CancelScope()
        self.ended = anyio.Event()
        self.replaced = False


class LoggingIn:
    """The log-ins of a process."""

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        store: CredentialStore,
        secrets: SecretSources,
        flows: LogInFlows,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._store = store
        self._requests = LogInRequests(registry, secrets)
        self._flows = flows
        self._clock = clock
        self._running: dict[str, _Running] = {}

    async def log_in(
        self,
        provider: str,
        method: LoginMethod | None,
        name: str | None,
        tell: Callable[[LogInBegun], None],
        *,
        store: CredentialStoreId | None = None,
    ) -> CredentialStatus:
        """Logs in to a provider, and stores what it gives; ``tell`` is called when the user can begin.

        A later log-in for the same entry takes the place of this one. Without ``store`` it goes where a key would.

        Raises:
            InvalidParams: unknown provider, or a name that no connection may have.
            RequestFailed: the provider has no such log-in, the store cannot be used, or the log-in has failed.
        """
        row = self._registry.get(provider)
        connection = self._registry.connection_name(name, row)
        request = await self._requests.make(row, method)
        entry = entry_name(row.id, connection)
        await self._replace(entry)
        # Nobody logs in for a token that cannot be kept.
        await self._store.check(entry, store)
        running = _Running(await self._flows.make(request))
        await self._replace(entry)
        self._running[entry] = running
        try:
            with running.scope:
                tokens = await running.flow.run(
                    lambda prompt: tell(begun_of(request, connection, prompt, self._clock.now_ms()))
                )
                kept = key_of(request, tokens, self._clock.now_ms())
                # Once the provider has given a token, it is kept whatever comes.
                with anyio.CancelScope(shield=True):
                    return await self._credentials.keep(row, connection, kept, store)
        finally:
            del self._running[entry]
            running.ended.set()
        if running.replaced:
            raise _replaced(row.id, row.display_name)
        raise AssertionError("only a later log-in cancels the scope")

    def paste(self, provider: str, name: str | None, text: Secret) -> None:
        """Gives a log-in under way what the provider's page shows.

        Raises:
            InvalidParams: unknown provider, no log-in is under way, or the text does not belong to it.
        """
        row = self._registry.get(provider)
        running = self._running.get(entry_name(row.id, self._registry.connection_name(name, row)))
        if running is None:
            raise InvalidParams(
                f"No log-in to {row.display_name} is under way: begin one first.", field="provider", provider=row.id
            )
        running.flow.paste(text)

    async def log_out(self, provider: str, name: str | None) -> CredentialStatus:
        """Ends a log-in that is under way, and deletes what one has stored; a key that was typed in stays.

        Returns the status of what is used instead.

        Raises:
            InvalidParams: unknown provider, or a name that no connection may have.
            RequestFailed: there is no usable store.
        """
        row = self._registry.get(provider)
        connection = self._registry.connection_name(name, row)
        entry = entry_name(row.id, connection)
        await self._replace(entry)
        stored = await self._store.get(entry, fresh=True)
        if stored is not None and stored.log_in is not None:
            return await self._credentials.delete(row.id, connection)
        own = msgspec.structs.replace(self._registry.defaults(row), connection=connection)
        return (await self._credentials.statuses([(row, own, None)]))[0]

    async def _replace(self, entry: str) -> None:
        """Ends a log-in for the same entry, and returns when its port is free."""
        while (before := self._running.get(entry)) is not None:
            before.replaced = True
            before.scope.cancel()
            await before.ended.wait()


def _replaced(provider: str, name: str) -> RequestFailed:
    return RequestFailed(
        "auth_required",
        f"The log-in to {name} was ended by a later one or by a log-out: begin again if you want to log in.",
        provider=provider,
        action="log in again",
    )
