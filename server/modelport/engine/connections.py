"""This session's connections: which provider is active, what the user set for each, how each has been doing."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import msgspec

from modelport.domain.connection import Endpoint, OpenConnection, Overrides
from modelport.domain.credential import fits_header
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Dialects, Verification
from modelport.domain.provider import Provider
from modelport.domain.registry import Registry, Target
from modelport.engine.credentials import Credentials
from modelport.engine.endpoints import Endpoints
from modelport.protocol import types

HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})


class Connections:
    """Keeps what the user connected, and finds targets and endpoints by it."""

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
            InvalidParams: nothing is named and nothing is connected, or the name leads nowhere.
        """
        active = self._open.get(self._active or "")
        if provider is None and model is None:
            if active is None:
                raise InvalidParams(
                    "Name a model, or connect a provider first with provider/connect.",
                    field="model",
                    action="name a model",
                )
            return Target(active.provider, active.view.model)
        if provider is None and model is not None and active is not None and not self._registry.knows(model):
            # A name that means nothing to anybody else is a model of the connection in use.
            return Target(active.provider, model)
        target = self._registry.resolve(provider, model)
        open_ = self._open.get(target.provider.id)
        return Target(target.provider, target.model or (open_.view.model if open_ else None))

    async def endpoint(self, row: Provider, model: str | None) -> Endpoint:
        """Where and how to call a provider, with the overrides of its connection.

        Raises:
            InvalidParams: it has no address.
            RequestFailed: this build does not speak its wire format, or it needs a key and there is none.
        """
        return await self._endpoints.make(row, model, self.overrides(row))

    async def connect(self, params: types.ConnectProviderParams) -> types.Connection:
        """Makes a provider the active connection; on failure nothing changes.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider did not pass the check.
        """
        target = self._registry.resolve(params.provider, params.model)
        row = target.provider
        overrides = _overrides(params, target.model)
        if overrides.api_key and overrides.base_url is None:
            self._credentials.check_prefix(row, overrides.api_key, "apiKey")
        model = target.model or row.default_model
        endpoint = await self._endpoints.make(row, model, overrides)
        completer = await self._dialects.get(endpoint.dialect)
        check, elapsed_ms = Verification(verified=False, models=()), None
        if params.verify is not False:
            started = time.monotonic()
            check = await completer.verify(endpoint)
            elapsed_ms = round((time.monotonic() - started) * 1000, 3)
        await completer.prepare(endpoint)
        view = types.Connection(
            provider=row.id,
            model=target.model or _default(row, check.models),
            adapter=row.adapter,
            dialect=endpoint.dialect,
            base_url=endpoint.base_url or None,
            credential=endpoint.credential.status(),
            verified=check.verified,
            latency_ms=elapsed_ms if check.verified else None,
            notice=row.notice,
        )
        self._open.pop(row.id, None)
        self._open[row.id] = OpenConnection(provider=row, overrides=overrides, view=view)
        self._active = row.id
        return view

    def disconnect(self, provider: str | None) -> None:
        """Forgets a connection, or all; the newest of the rest becomes the active one.

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
        """What the user set for it."""
        open_ = self._open.get(row.id)
        return open_.overrides if open_ else Overrides()

    def status(self) -> types.StatusProviderResult:
        """What ``provider/status`` answers."""
        active = self._open.get(self._active or "")
        return types.StatusProviderResult(
            active=active.view if active else None,
            connections=tuple(open_.view for open_ in self._open.values()),
            health=tuple(self._health.values()),
        )

    def note(self, provider: str, latency_ms: float, error: RequestFailed | None) -> None:
        """Remembers how a call went."""
        old = self._health.get(provider) or types.Health(provider=provider, ok=True, calls=0, failures=0)
        self._health[provider] = msgspec.structs.replace(
            old,
            ok=error is None,
            calls=old.calls + 1,
            failures=old.failures + (error is not None),
            last_error=types.AttemptError(kind=error.reason, message=error.message) if error else old.last_error,
            last_latency_ms=latency_ms,
        )


def _overrides(params: types.ConnectProviderParams, model: str | None) -> Overrides:
    for name, value in (("timeoutMs", params.timeout_ms),):
        if value is not None and value <= 0:
            raise InvalidParams(f"{name} must be more than 0.", field=name)
    for name, value in (params.headers or {}).items():
        if not HEADER_NAME.fullmatch(name) or name.casefold() in FRAMING or not fits_header(value):
            raise InvalidParams(
                "headers must have names of letters, digits and hyphens, values in plain characters on one line, "
                "and nothing that frames the message.",
                field="headers",
            )
    api_key = params.api_key.strip() if params.api_key else None
    if api_key and not fits_header(api_key):
        raise InvalidParams("apiKey must be the key itself, in plain characters on one line.", field="apiKey")
    return Overrides(
        model=model,
        base_url=params.base_url,
        api_key=api_key or None,
        dialect=params.dialect,
        headers=params.headers or {},
        silence_s=params.timeout_ms / 1000 if params.timeout_ms else None,
        verify_tls=params.verify_tls is not False,
    )


def _default(row: Provider, served: Sequence[str]) -> str | None:
    """The row's default where it is served, else what a local server has loaded."""
    if row.default_model and (not served or row.default_model in served or row.connection_type != "local"):
        return row.default_model
    return served[0] if served else None
