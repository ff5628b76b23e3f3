"""Lists the models of a provider page by page, in whatever wire format it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.adapters.dialects.table import load_wire_format
from modelport.adapters.models.inference_profiles import InferenceProfiles
from modelport.adapters.models.ollama import OllamaModels
from modelport.adapters.models.pages import list_pages
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.models.listing import ListedModel, Listing
from modelport.domain.providers.connection import Endpoint, listing_endpoint
from modelport.lazy import LazyTable
from modelport.protocol.types import Dialect


class ProviderModels:
    """A ``ModelLister`` and ``ModelStore`` over HTTP. What a wire format can do beyond listing has its own module."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client
        self._wires = LazyTable(load_wire_format)
        self._stores: Mapping[Dialect, OllamaModels] = {"ollama": OllamaModels(client)}
        self._profiles: Mapping[Dialect, InferenceProfiles] = {"bedrock_converse": InferenceProfiles(client)}

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        """The provider's list; a row without an address has the examples of the row."""
        row = endpoint.provider
        if not endpoint.base_url:
            return Listing(models=tuple(ListedModel(id=name) for name in row.example_models))
        wire = await self._wires.get(endpoint.dialect)
        path, target = wire.models_path(row), listing_endpoint(endpoint)
        if not path or target is None:
            return None
        if (profiles := self._profiles.get(endpoint.dialect)) is not None:
            return await profiles.listing(target, wire, path)
        listing = await list_pages(self._client, target, wire, path, known)
        store = self._stores.get(endpoint.dialect)
        return listing if store is None or listing is known else await store.detailed(endpoint, listing, known)

    def pulls(self, endpoint: Endpoint) -> bool:
        """Whether the wire format can fetch, and the provider is the user's own."""
        return endpoint.dialect in self._stores and endpoint.provider.connection_type == "local"

    async def pull(self, endpoint: Endpoint, model: str, progress: Any) -> None:
        """Fetches a model; only where ``pulls``."""
        await self._stores[endpoint.dialect].pull(endpoint, model, progress)

    async def delete(self, endpoint: Endpoint, model: str) -> None:
        """Deletes a model; only where ``pulls``."""
        await self._stores[endpoint.dialect].delete(endpoint, model)
