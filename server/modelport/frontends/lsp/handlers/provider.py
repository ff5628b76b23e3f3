"""``provider/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc import messages
from modelport.protocol import types


async def list_provider(session: Session, params: types.ListProviderParams) -> types.ListProviderResult:
    """Lists providers."""
    return await (await session.app()).providers.list(params)


async def discover_provider(session: Session, params: types.DiscoverProviderParams) -> types.DiscoverProviderResult:
    """Finds local servers, and tells a client that asked for it of each as it is found."""
    # The id is taken before anything is waited for: of two requests that want it, the first gets it.
    with (
        session.pieces(params.stream_id, _found) as send,
        session.progress(params.work_done_token, "Looking for local model servers") as report,
    ):

        def tell(server: types.LocalServer) -> None:
            send(server)
            report(f"{server.provider} at {server.base_url}")

        return await (await (await session.app()).core.discovery.get()).find(params, tell)


async def connect_provider(session: Session, params: types.ConnectProviderParams) -> types.Connection:
    """Makes a provider the active connection."""
    return await (await session.app()).connections.connect(params)


async def disconnect_provider(session: Session, params: types.DisconnectProviderParams) -> types.Empty:
    """Forgets a connection, or all."""
    (await session.app()).connections.disconnect(params.provider)
    return types.Empty()


async def status_provider(session: Session, params: types.StatusProviderParams) -> types.StatusProviderResult:
    """Tells the connections and the providers' health."""
    return (await session.app()).connections.status()


def _found(stream_id: str, seq: int, server: types.LocalServer) -> bytes:
    update = types.ServerUpdate(server=server)
    return messages.notification(
        "provider/update", types.ProviderUpdateParams(stream_id=stream_id, seq=seq, update=update)
    )
