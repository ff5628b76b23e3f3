"""Downloads models to local servers, and deletes them there."""

from __future__ import annotations

from modelport.domain.errors import InvalidParams
from modelport.domain.models.ports import ModelStore, Progress
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Registry
from modelport.engine.models.provider_lists import ModelLists
from modelport.engine.providers.connections import Connections


class ModelDownloads:
    """The use cases of ``model/pull`` and ``model/delete``."""

    def __init__(self, registry: Registry, connections: Connections, store: ModelStore, lists: ModelLists) -> None:
        self._registry = registry
        self._connections = connections
        self._store = store
        self._lists = lists

    async def pull(self, provider: str | None, model: str, progress: Progress) -> None:
        """Downloads a model and reports its progress; when cancelled it stops at once, and can be resumed later.

        Raises:
            InvalidParams: the provider does not download models, or a name is unknown.
            RequestFailed: the download failed.
        """
        endpoint, name = await self._resolve(provider, model)
        await self._store.pull(endpoint, name, progress)
        await self._lists.invalidate(endpoint)

    async def delete(self, provider: str | None, model: str) -> None:
        """Deletes a model.

        Raises:
            InvalidParams: the provider does not download models, or a name is unknown.
            RequestFailed: it is missing, or could not be deleted.
        """
        endpoint, name = await self._resolve(provider, model)
        await self._store.delete(endpoint, name)
        await self._lists.invalidate(endpoint)

    async def _resolve(self, provider: str | None, model: str) -> tuple[Endpoint, str]:
        target = self._registry.resolve(provider, model.strip())
        row = target.provider
        if not target.model:
            raise InvalidParams(f"Name a model of {row.display_name}.", field="model", provider=row.id)
        if row.connection_type != "local":
            # This needs no key, so it is reported before a missing key would be.
            raise _unsupported(row.id, row.display_name)
        endpoint = await self._connections.endpoint(row, target.model)
        if not self._store.pulls(endpoint):
            raise _unsupported(row.id, row.display_name)
        return endpoint, target.model


def _unsupported(provider: str, name: str) -> InvalidParams:
    return InvalidParams(
        f"{name} does not download models on request: name a local server that does, or use {name}'s own tools.",
        kind="unsupported",
        field="provider",
        provider=provider,
        action="name another provider",
    )
