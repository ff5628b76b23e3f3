"""This session's connections: the active provider, the overrides of each, the health of each."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Dialects
from modelport.domain.providers.connection import (
    Endpoint,
    OpenConnection,
    Overrides,
    Verification,
    layered,
    over_previous,
    read_overrides,
)
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.rows import Provider
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.endpoints import Endpoints
from modelport.protocol import types


class Connections:
    """The connections of a session; finds targets and endpoints by them."""

    def __init__(self, registry: Registry, credentials: Credentials, endpoints: Endpoints, dialects: Dialects) -> None:
        self._registry = registry
        self._credentials = credentials
        self._endpoints = endpoints
        self._dialects = dialects
        self._open: dict[str, OpenConnection] = {}
        self._active: str | None = None
        self._health: dict[str, types.Health] = {}

    def target(self, provider: str | None, model: str | None) -> Target:
        """The target of a request; without a provider and a model the active connection, if there is one.

        Raises:
            InvalidParams: nothing is named and nothing is connected, or the name is unknown.
        """
        active = self._open.get(self._active or "")
        if provider is None and model is None:
            return self._unnamed(active)
        if provider is None and model is not None and active is not None:
            row = self._current(active)
            # A model that the active connection lists is meant there, and so is a name without a prefix that no other
            # provider has. An unknown prefix is a mistake, which must not send a prompt to another company.
            listed = row in self._registry.serves(model) or model in active.models
            if listed or not ("/" in model or self._registry.names_provider(model)):
                return Target(row, model)
        target = self._registry.resolve(provider, model)
        open_ = self._open.get(target.provider.id)
        return Target(target.provider, target.model or (open_.view.model if open_ else None))

    @property
    def chosen(self) -> bool:
        """Whether a request that names nothing has a target: a connection, or the default of the configuration."""
        return self._active is not None or self._registry.default_target is not None

    async def endpoint(
        self, row: Provider, model: str | None, *, keyless: bool = False, unlock: bool = True
    ) -> Endpoint:
        """Where and how to call a provider, with the overrides of its connection; ``keyless`` where no key is needed.

        Without ``unlock`` a locked keyring stays locked, and the endpoint is without its key.

        Raises:
            InvalidParams: it has no address.
            RequestFailed: this build does not speak its wire format, or it needs a key and there is none.
        """
        return await self._endpoints.make(row, model, self.overrides(row), keyless=keyless, unlock=unlock)

    def needs_no_command(self, row: Provider) -> bool:
        """Whether the endpoint of a provider can be made without running a command of the configuration."""
        return self._endpoints.needs_no_command(self.overrides(row))

    def _unnamed(self, active: OpenConnection | None) -> Target:
        if active is not None:
            return Target(self._current(active), active.view.model)
        if self._registry.default_target is None:
            raise InvalidParams(
                "Name a model, or connect a provider first with provider/connect.", field="model", action="name a model"
            )
        return self._registry.default_target

    def _current(self, open_: OpenConnection) -> Provider:
        """The row of a connection as the configuration has it now."""
        return self._registry.find(open_.provider.id) or open_.provider

    async def connect(self, params: types.ConnectProviderParams) -> types.Connection:
        """Makes a provider the active connection; on failure nothing changes.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider did not pass the check.
        """
        target = self._registry.resolve(params.provider, params.model)
        row = target.provider
        own = read_overrides(params, target.model)
        if params.keep_overrides and (before := self._open.get(row.id)):
            own = over_previous(own, before)
        overrides = layered(own, self._registry.defaults(row), row)
        if overrides.api_key and overrides.base_url is None:
            self._credentials.check_prefix(row, overrides.api_key, "apiKey")
        model = own.model or row.default_model
        endpoint = await self._endpoints.make(row, model, overrides, unlock=params.verify is not False)
        completer = await self._dialects.get(endpoint)
        check, elapsed_ms = Verification(verified=False, models=()), None
        if params.verify is not False:
            started = time.monotonic()
            check = await completer.verify(endpoint)
            elapsed_ms = round((time.monotonic() - started) * 1000, 3)
        await completer.prepare(endpoint)
        view = types.Connection(
            provider=row.id,
            model=own.model or _default(row, check.models),
            adapter=row.adapter,
            dialect=endpoint.dialect,
            base_url=endpoint.address or None,
            credential=endpoint.credential.status(),
            verified=check.verified,
            latency_ms=elapsed_ms if check.verified else None,
            notice=row.notice,
        )
        self._open.pop(row.id, None)
        self._open[row.id] = OpenConnection(
            provider=row, overrides=own, view=view, models=frozenset(filter(None, (own.model, *check.models)))
        )
        self._active = row.id
        return view

    def disconnect(self, provider: str | None) -> None:
        """Closes a connection, or all; the newest of the others becomes the active one.

        Raises:
            InvalidParams: unknown provider.
        """
        if provider is None:
            self._open.clear()
        else:
            self._open.pop(self._registry.get(provider).id, None)
        if self._active not in self._open:
            self._active = next(reversed(self._open), None)

    def connected(self, row: Provider) -> bool:
        """Whether the session has a connection to it."""
        return row.id in self._open

    def overrides(self, row: Provider) -> Overrides:
        """The overrides for it, of its connection and of the configuration."""
        open_, defaults = self._open.get(row.id), self._registry.defaults(row)
        return layered(open_.overrides, defaults, row) if open_ else defaults

    def status(self) -> types.StatusProviderResult:
        """The result of ``provider/status``."""
        active = self._open.get(self._active or "")
        return types.StatusProviderResult(
            active=active.view if active else None,
            connections=tuple(open_.view for open_ in self._open.values()),
            health=tuple(self._health.values()),
        )

    def record_health(self, provider: str, latency_ms: float, error: RequestFailed | None) -> None:
        """Records the outcome of a call. The output of a key command is dropped if the key was refused."""
        if error is not None and error.kind == "auth_rejected" and (row := self._registry.find(provider)):
            self._credentials.invalidate(row)
        old = self._health.get(provider) or types.Health(provider=provider, ok=True, calls=0, failures=0)
        self._health[provider] = msgspec.structs.replace(
            old,
            ok=error is None,
            calls=old.calls + 1,
            failures=old.failures + (error is not None),
            last_error=types.AttemptError(kind=error.reason, message=error.message) if error else old.last_error,
            last_latency_ms=latency_ms,
        )


def _default(row: Provider, served: Sequence[str]) -> str | None:
    """The row's default where it is served, else what a local server has loaded."""
    if row.default_model and (not served or row.default_model in served or row.connection_type != "local"):
        return row.default_model
    return served[0] if served else None
