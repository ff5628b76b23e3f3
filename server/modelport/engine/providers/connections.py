"""This session's connections: the active provider, the overrides of each, the health of each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection

import msgspec

from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Dialects
from modelport.domain.providers.connection import (
    Endpoint,
    OpenConnection,
    Overrides,
    Verification,
    default_model,
    layered,
    over_previous,
    read_overrides,
)
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.endpoints import Endpoints
from modelport.engine.providers.listener_guard import ListenerGuard
from modelport.engine.providers.stored_connections import StoredConnections
from modelport.protocol import types

Answering = Callable[[Target, Overrides], Awaitable[Target]]
"""The target that answers, for the overrides of the calls to its provider: another where that has no key."""


class Connections:
    """The connections of a session; finds targets and endpoints by them.

    ``answered`` is called with the id of a provider that has passed the check of a connection.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        endpoints: Endpoints,
        dialects: Dialects,
        guard: ListenerGuard,
        answered: Callable[[str], Awaitable[None]] | None = None,
        answering: Answering | None = None,
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._endpoints = endpoints
        self._dialects = dialects
        self._guard = guard
        self._answered = answered
        self._stand_ins = answering
        self._stored = StoredConnections(registry, credentials)
        self._open: dict[str, OpenConnection] = {}
        self._active: str | None = None
        self._health: dict[str, types.Health] = {}

    async def target(
        self, provider: str | None, model: str | None, resolution: types.Resolution | None = None
    ) -> Target:
        """The target of a request, by the steps of ``domain/providers/resolution``.

        Raises:
            InvalidParams: nothing is named and nothing is connected, a name is unknown, or the provider is not named
                and must be.
        """
        return await self._stored.target(self._newest_first(), provider, model, resolution)

    async def answering(self, target: Target) -> Target:
        """The target, or that of the provider that answers in its place where it has no key."""
        return await self._answering(target, lambda: self.overrides(target.provider, target.connection))

    async def _answering(self, target: Target, overrides: Callable[[], Overrides]) -> Target:
        if self._stand_ins is None or target.provider.without_key is None:
            return target
        return await self._stand_ins(target, overrides())

    def takes_defaults(self, resolution: types.Resolution | None) -> bool:
        """Whether a request that names nothing has neither a connection nor the configuration's default model.

        With explicit resolution it has no target at all.
        """
        chosen = self._active is not None or self._registry.default_target is not None
        return not chosen and not self.is_explicit(resolution)

    def is_explicit(self, resolution: types.Resolution | None) -> bool:
        """Whether a request must name its provider."""
        return self._registry.is_explicit(resolution)

    @property
    def has_chain(self) -> bool:
        """Whether the configuration says where a request goes that names nothing and has no role."""
        return bool(self._registry.chains.get("default"))

    @property
    def configured(self) -> Registry:
        """The providers with the configuration's chains and settings."""
        return self._registry

    def _newest_first(self) -> list[OpenConnection]:
        """The connections, the active one first."""
        newest_first = list(reversed(self._open.values()))
        return sorted(newest_first, key=lambda open_: open_.name != self._active)

    async def endpoint(
        self,
        row: Provider,
        model: str | None,
        *,
        connection: str | None = None,
        keyless: bool = False,
        unlock: bool = True,
        step: types.ResolutionStep = "request",
        tried: Collection[str] = (),
    ) -> Endpoint:
        """Where and how to call a provider, with the overrides of a connection; ``keyless`` where no key is needed.

        ``connection`` is the name of one of several to the provider, ``step`` is what chose the provider, ``tried``
        are fingerprints of keys that another one is wanted for: see ``next_endpoint``.

        Without ``unlock`` a locked keyring stays locked, and the endpoint is without its key.

        Raises:
            InvalidParams: it has no address.
            RequestFailed: this build does not speak its wire format, it needs a key and there is none, or the program
                that listens at its usual port is another user's.
        """
        overrides = self.overrides(row, connection)
        if connection is not None and self._is_stored(row, connection):
            overrides = await self._stored.addressed(row, connection, unlock=unlock)
        endpoint = await self._endpoints.make(row, model, overrides, keyless=keyless, unlock=unlock, tried=tried)
        return await self._guard.permitted(endpoint, step)

    async def next_endpoint(
        self,
        row: Provider,
        model: str | None,
        tried: Collection[str],
        *,
        connection: str | None = None,
        step: types.ResolutionStep = "request",
    ) -> Endpoint | None:
        """The endpoint with the next key of a provider, or None after the last.

        ``tried`` are the values of ``endpoint.credential.fingerprint`` that a request has had so far, none at first:
        the key in use comes first and the others follow in their order. The last one that is returned stays in use.
        A provider without a key, or with one, has one endpoint.

        Raises:
            InvalidParams: it has no address.
            RequestFailed: as ``endpoint``.
        """
        endpoint = await self.endpoint(row, model, connection=connection, step=step, tried=tried)
        return None if endpoint.credential.fingerprint in tried else endpoint

    def needs_no_command(self, row: Provider, connection: str | None = None) -> bool:
        """Whether the endpoint of a provider can be made without running a command of the configuration."""
        return self._endpoints.needs_no_command(self.overrides(row, connection))

    async def connect(self, params: types.ConnectProviderParams) -> types.Connection:
        """Makes a provider the active connection; on failure nothing changes.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider did not pass the check.
        """
        target = self._registry.resolve(params.provider, params.model)
        if params.api_key is None:
            given = layered(read_overrides(params, None), self._registry.defaults(target.provider), target.provider)
            target = await self._answering(target, lambda: given)
        row = target.provider
        name = self._name(params.name, row)
        own = read_overrides(params, target.model)
        if name != row.id:
            own = msgspec.structs.replace(own, connection=name)
        if params.keep_overrides and (before := self._open.get(name)):
            own = over_previous(own, before)
        overrides = layered(own, self._registry.defaults(row), row)
        if overrides.api_key and overrides.base_url is None:
            self._registry.check_prefix(row, overrides.api_key, "apiKey")
        model = own.model or row.default_model
        endpoint = await self._endpoints.make(row, model, overrides, unlock=params.verify is not False)
        completer = await self._dialects.get(endpoint)
        check, elapsed_ms = Verification(verified=False, models=()), None
        if params.verify is not False:
            started = time.monotonic()
            check = await completer.verify(await self._guard.permitted(endpoint, "request"))
            elapsed_ms = round((time.monotonic() - started) * 1000, 3)
            if check.verified and self._answered is not None:
                await self._answered(row.id)
        await completer.prepare(endpoint)
        view = types.Connection(
            name=name,
            provider=row.id,
            model=own.model or default_model(row, check.models),
            adapter=row.adapter,
            dialect=endpoint.dialect,
            base_url=endpoint.address or None,
            credential=endpoint.credential.status(row, endpoint.base_url),
            verified=check.verified,
            latency_ms=elapsed_ms if check.verified else None,
            notice=" ".join(filter(None, (target.reason and f"{target.reason}.", row.notice))) or None,
        )
        self._open.pop(name, None)
        listed = frozenset(filter(None, (own.model, *check.models)))
        self._open[name] = OpenConnection(name=name, provider=row, overrides=own, view=view, models=listed)
        self._active = name
        return view

    def _name(self, given: str | None, row: Provider) -> str:
        """The name of a connection to a provider.

        Raises:
            InvalidParams: it is not made of what names are made of, or is the name of another provider.
        """
        name = self._registry.connection_name(given, row)
        known = self.find(name) if name else None
        return known.name if known else name or row.id

    def disconnect(self, provider: str | None) -> None:
        """Closes a connection, or all; the newest of the others becomes the active one.

        Raises:
            InvalidParams: unknown provider.
        """
        if provider is None:
            self._open.clear()
        else:
            known = self.find(provider)
            self._open.pop(known.name if known else self._registry.get(provider).id, None)
        if self._active not in self._open:
            self._active = next(reversed(self._open), None)

    def find(self, name: str) -> OpenConnection | None:
        """The connection of this name, in any case."""
        return next((open_ for open_ in self._open.values() if open_.name.casefold() == name.casefold()), None)

    def of(self, row: Provider) -> list[str]:
        """The names of the connections to a provider, the oldest first."""
        return [open_.name for open_ in self._open.values() if open_.provider.id == row.id]

    def connected(self, row: Provider) -> bool:
        """Whether the session has a connection to it."""
        return self._of(row) is not None

    def overrides(self, row: Provider, connection: str | None = None) -> Overrides:
        """The overrides for it, of a connection and of the configuration."""
        if connection is not None and self._is_stored(row, connection):
            return self._stored.overrides(row, connection)
        open_, defaults = self._open.get(connection or "") or self._of(row), self._registry.defaults(row)
        return layered(open_.overrides, defaults, row) if open_ else defaults

    def _is_stored(self, row: Provider, connection: str) -> bool:
        """Whether a connection was not opened in this session, so that all there is of it is its key."""
        return connection not in self._open and connection != row.id

    def _of(self, row: Provider) -> OpenConnection | None:
        """The connection with the provider's name, else the newest of its others."""
        others = (open_ for open_ in reversed(self._open.values()) if open_.provider.id == row.id)
        return self._open.get(row.id) or next(others, None)

    def status(self) -> types.StatusProviderResult:
        """The result of ``provider/status``."""
        active = self._open.get(self._active or "")
        return types.StatusProviderResult(
            active=active.view if active else None,
            connections=tuple(open_.view for open_ in self._open.values()),
            health=tuple(self._health.values()),
        )

    def record_health(
        self, provider: str, latency_ms: float, error: RequestFailed | None, connection: str | None = None
    ) -> None:
        """Records the outcome of a call, for its connection where that has a name of its own.

        The output of a key command is dropped if the key was refused. A call that a budget refused was not sent.
        """
        if error is not None and error.kind == "budget_exceeded":
            return
        if error is not None and error.kind == "auth_rejected" and (row := self._registry.find(provider)):
            self._credentials.invalidate(row)
        name = connection or provider
        old = self._health.get(name) or types.Health(
            provider=provider, connection=None if name == provider else name, ok=True, calls=0, failures=0
        )
        self._health[name] = msgspec.structs.replace(
            old,
            ok=error is None,
            calls=old.calls + 1,
            failures=old.failures + (error is not None),
            last_error=types.AttemptError(kind=error.reason, message=error.message) if error else old.last_error,
            last_latency_ms=latency_ms,
        )
