"""Lists the models of a provider page by page, in whatever wire format it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.adapters.dialects.table import load_wire_format
from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.models.inference_profiles import InferenceProfiles
from modelport.adapters.models.ollama import OllamaModels
from modelport.adapters.models.reading import read_list
from modelport.adapters.provider_client.client import HttpRequest, ProviderClient
from modelport.domain.models.listing import ListedModel, Listing
from modelport.domain.providers.connection import Endpoint, listing_endpoint
from modelport.lazy import LazyTable
from modelport.protocol.types import Dialect

TIMEOUT_S = 15.0
"""For one page."""
MOST_PAGES = 50


class ProviderModels:
    """A ``ModelHost`` over HTTP; what a wire format can do beyond listing is in a module of its own."""

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
        path, place = wire.models_path(row), listing_endpoint(endpoint)
        if not path or place is None:
            return None
        if (profiles := self._profiles.get(endpoint.dialect)) is not None:
            return await profiles.listing(place, wire, path)
        listing = await self._pages(place, wire, path, known)
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

    async def _pages(self, endpoint: Endpoint, wire: WireFormat, path: str, known: Listing | None) -> Listing:
        """All pages as one list. Only a list of one page has a mark that tells whether it has changed."""
        ask = {"If-None-Match": known.etag} if known and known.etag else {}
        outgoing = HttpRequest(path, {**wire.headers, **ask}, wire.key_header)
        reply = await self._client.fetch("GET", endpoint, "", outgoing, TIMEOUT_S)
        if not reply.changed and known:
            return known
        page = await read_list(endpoint, reply.body)
        if page.more is None:
            return Listing(models=page.models, etag=reply.etag)
        models, asked = {model.id: model for model in page.models}, {page.more}
        while page.more and len(asked) < MOST_PAGES:
            further = HttpRequest(path + ("&" if "?" in path else "?") + page.more, wire.headers, wire.key_header)
            page = await read_list(endpoint, await self._client.get(endpoint, "", further, TIMEOUT_S))
            models |= {model.id: model for model in page.models if model.id not in models}
            if page.more in asked:
                break
            asked.add(page.more or "")
        return Listing(models=tuple(models.values()))
