"""``provider/*``."""

from __future__ import annotations

from modelport.engine.time_limit import TimeLimit
from modelport.frontends.lsp.handlers.titles import LOOKING_FOR_SERVERS
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc import messages
from modelport.protocol import types


async def list_provider(session: Session, params: types.ListProviderParams) -> types.ListProviderResult:
    """Lists providers."""
    return await (await session.app()).providers.list(params)


async def discover_provider(session: Session, params: types.DiscoverProviderParams) -> types.DiscoverProviderResult:
    """Finds local servers; with a stream id or a token each is sent to the client as it is found."""
    limit = TimeLimit(params.timeout_ms)
    # The id is reserved before the first await: of two requests with the same id, the earlier one gets it.
    with (
        session.numbered(params.stream_id, _update) as send,
        session.progress(params.work_done_token, LOOKING_FOR_SERVERS) as report,
    ):

        def on_server(server: types.LocalServer) -> None:
            send(server)
            report(f"{server.provider} at {server.base_url}")

        app = await limit.within(session.app)
        discovery = await limit.within(app.core.discovery.get)
        return await discovery.find(params, on_server, limit)


async def connect_provider(session: Session, params: types.ConnectProviderParams) -> types.Connection:
    """Makes a provider the active connection."""
    return await (await session.app()).connections.connect(params)


async def disconnect_provider(session: Session, params: types.DisconnectProviderParams) -> types.Empty:
    """Removes a connection, or all."""
    (await session.app()).connections.disconnect(params.provider)
    return types.Empty()


async def status_provider(session: Session, params: types.StatusProviderParams) -> types.StatusProviderResult:
    """Returns the connections and the providers' health."""
    return await (await session.app()).health.status()


def _update(stream_id: str, seq: int, server: types.LocalServer) -> bytes:
    update = types.ServerUpdate(server=server)
    return messages.notification(
        "provider/update", types.ProviderUpdateParams(stream_id=stream_id, seq=seq, update=update)
    )
