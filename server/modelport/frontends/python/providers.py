"""Listing providers, connecting to them, and finding local servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from typing_extensions import override

from modelport.frontends.python.inputs import secret_of
from modelport.frontends.python.session import Calls
from modelport.frontends.python.streams import Operation, ResultStream
from modelport.protocol import types
from modelport.protocol.secret import Secret

Servers = tuple[types.LocalServer, ...]


class ModelName(Struct, frozen=True):
    """A provider's id and a model as that provider spells it; as a text it is what ``model=`` takes."""

    provider: str
    model: str | None

    @override
    def __str__(self) -> str:
        return f"{self.provider}/{self.model}" if self.model else self.provider


class ProviderCalls(Calls):
    """The calls for providers and connections."""

    async def providers(
        self,
        *,
        connection_type: types.ConnectionType | None = None,
        category: str | None = None,
        configured_only: bool = False,
    ) -> tuple[types.Provider, ...]:
        """The providers that pass the filters, in the registry's order, each with the credential it would use."""
        params = types.ListProviderParams(
            connection_type=connection_type, category=category, configured_only=configured_only
        )
        return (await (await self._session.app()).providers.list(params)).providers

    async def provider(self, name: str) -> types.Provider:
        """One provider, by its id or an alias, in any case.

        Raises:
            InvalidParams: no provider has this name; the message offers the nearest ones.
        """
        return await (await self._session.app()).providers.get(name)

    async def resolve(self, model: str, *, provider: str | None = None) -> ModelName:
        """The provider and the model that a name means, without a request.

        A prefix that only repeats the provider is removed, one that belongs to the model's name is kept.

        Raises:
            InvalidParams: the name belongs to no provider, or to several.
        """
        target = await (await self._session.app()).connections.target(provider, model)
        return ModelName(target.provider.id, target.model)

    async def connect(
        self,
        provider: str | None = None,
        *,
        name: str | None = None,
        model: str | None = None,
        api_key: str | Secret | None = None,
        base_url: str | None = None,
        dialect: types.Dialect | None = None,
        headers: Mapping[str, str | Secret] | None = None,
        timeout_ms: int | None = None,
        verify_tls: bool = True,
        verify: bool = True,
        keep_overrides: bool = False,
    ) -> types.Connection:
        """Makes a provider the active connection, used by calls that name none; the settings apply to all its calls.

        ``verify`` checks it with the cheapest request that needs the key. ``timeout_ms`` is the idle timeout: how long
        the provider may send nothing. ``keep_overrides`` keeps the earlier settings that are not given here, unless
        ``base_url`` is another address. A key stays in memory. ``name`` makes it one of several connections to the
        provider, whose models are then ``name/model``.

        Raises:
            InvalidParams: a parameter is wrong, or neither a provider nor a model is named.
            RequestFailed: the check failed, and nothing has changed.
        """
        # In their place, so that this frame does not hold them while it waits.
        api_key = None if api_key is None else secret_of(api_key)
        headers = None if headers is None else {name: secret_of(text) for name, text in headers.items()}
        params = types.ConnectProviderParams(
            provider=provider,
            name=name,
            model=model,
            api_key=api_key,
            base_url=base_url,
            dialect=dialect,
            headers=headers,
            timeout_ms=timeout_ms,
            verify_tls=None if verify_tls else False,
            verify=verify,
            keep_overrides=keep_overrides or None,
        )
        return await (await self._session.app()).connections.connect(params)

    async def disconnect(self, provider: str | None = None) -> None:
        """Removes a connection, or all of them.

        Raises:
            InvalidParams: unknown provider.
        """
        (await self._session.app()).connections.disconnect(provider)

    async def status(self) -> types.StatusProviderResult:
        """The connection in use, all connections, and the health of each provider, as this client has seen it."""
        return await (await self._session.app()).health.status()

    def discover(
        self,
        *,
        timeout_ms: int | None = None,
        providers: Iterable[str] | None = None,
        ports: Iterable[int] | None = None,
    ) -> Operation[ResultStream[types.LocalServer, Servers], Servers]:
        """The model servers on this machine: awaited all of them, entered each as it answers.

        ``timeout_ms`` limits the whole search; 1500 if not given.

        Raises:
            InvalidParams: a parameter is wrong.
        """
        params = types.DiscoverProviderParams(
            timeout_ms=timeout_ms,
            providers=None if providers is None else tuple(providers),
            ports=None if ports is None else tuple(ports),
        )

        async def search(stream: ResultStream[types.LocalServer, Servers]) -> Servers:
            from modelport.engine.time_limit import TimeLimit

            limit = TimeLimit(timeout_ms)
            app = await limit.within(self._session.app)
            discovery = await limit.within(app.core.discovery.get)
            return (await discovery.find(params, stream.add, limit)).servers

        return Operation(ResultStream(), search)
