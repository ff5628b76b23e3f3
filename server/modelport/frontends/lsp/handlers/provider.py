"""``provider/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def list_provider(session: Session, params: types.ListProviderParams) -> types.ListProviderResult:
    """Lists providers."""
    return await (await session.app()).providers.list(params)


async def discover_provider(session: Session, params: types.DiscoverProviderParams) -> types.DiscoverProviderResult:
    """Finds local servers, and reports each as it is found."""
    discovery = await (await session.app()).discovery()
    with session.progress(params.work_done_token, "Looking for local model servers") as report:
        return await discovery.find(params, lambda server: report(f"{server.provider} at {server.base_url}"))


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
