"""Lists the models of a provider page by page, in whatever wire format it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from modelport.adapters.dialects.table import LISTS, WITHOUT_HTTP, ListOfModels, load_list, load_wire_format
from modelport.adapters.models.inference_profiles import InferenceProfiles
from modelport.adapters.models.ollama import OllamaModels
from modelport.adapters.models.pages import list_pages
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.models.listing import ListedModel, Listing
from modelport.domain.providers.connection import Endpoint, listing_endpoint
from modelport.domain.redaction import Redactor, is_random
from modelport.lazy import LazyTable
from modelport.protocol.types import Dialect

_TEXTS = (
    "display_name",
    "description",
    "retires_on",
    "successor",
    "notice",
    "quantization",
    "parameter_size",
    "revision",
)


def without_secrets(listing: Listing, endpoint: Endpoint) -> Listing:
    """The list without the key, should the provider repeat it; a model whose very name does is left out."""
    redact = Redactor(filter(is_random, endpoint.secrets()))
    models: list[ListedModel] = []
    for model in listing.models:
        if redact(model.id) != model.id:
            continue
        texts = {name: text for name in _TEXTS if (text := getattr(model, name))}
        changed = {name: clean for name, text in texts.items() if (clean := redact(text)) != text}
        models.append(msgspec.structs.replace(model, **changed) if changed else model)
    return msgspec.structs.replace(listing, models=tuple(models))


class ProviderModels:
    """A ``ModelLister`` and ``ModelStore`` over HTTP. What a wire format can do beyond listing has its own module."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client
        self._wires = LazyTable(load_wire_format)
        self._stores: Mapping[Dialect, OllamaModels] = {"ollama": OllamaModels(client)}
        self._lists = LazyTable[Dialect, ListOfModels](lambda dialect: load_list(dialect, client))
        self._profiles: Mapping[Dialect, InferenceProfiles] = {"bedrock_converse": InferenceProfiles(client)}

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        """The provider's list; the examples of the row where there is no address, or nothing is asked over HTTP."""
        row = endpoint.provider
        if not endpoint.base_url or endpoint.dialect in WITHOUT_HTTP:
            return Listing(models=tuple(ListedModel(id=name) for name in row.example_models))
        if endpoint.dialect in LISTS:
            return without_secrets(await (await self._lists.get(endpoint.dialect)).listing(endpoint), endpoint)
        wire = await self._wires.get(endpoint.dialect)
        path, target = wire.models_path(row), listing_endpoint(endpoint)
        if not path or target is None:
            return None
        if (profiles := self._profiles.get(endpoint.dialect)) is not None:
            return without_secrets(await profiles.listing(target, wire, path), endpoint)
        used = [endpoint]
        listing = await list_pages(self._client, target, wire, path, known, used.append)
        store = self._stores.get(endpoint.dialect)
        if store is not None and listing is not known:
            listing = await store.detailed(endpoint, listing, known)
        return listing if listing is known else without_secrets(listing, used[-1])

    def pulls(self, endpoint: Endpoint) -> bool:
        """Whether the wire format can fetch, and the provider is the user's own."""
        return endpoint.dialect in self._stores and endpoint.provider.connection_type == "local"

    async def pull(self, endpoint: Endpoint, model: str, progress: Any) -> None:
        """Fetches a model; only where ``pulls``."""
        await self._stores[endpoint.dialect].pull(endpoint, model, progress)

    async def delete(self, endpoint: Endpoint, model: str) -> None:
        """Deletes a model; only where ``pulls``."""
        await self._stores[endpoint.dialect].delete(endpoint, model)
