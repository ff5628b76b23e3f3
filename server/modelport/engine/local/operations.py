"""Serves the user's own model files for what is no completion: lists, vectors and counts."""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from modelport.domain.models.listing import ListedModel, Listing
from modelport.domain.models.ports import ModelLister
from modelport.domain.operations.calls import CountCall, Embedded, Embedder, EmbeddingCall, TokenCount, TokenCounter
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.model_file import ModelFile
from modelport.engine.local.model_files import LocalModels


class EmbedsAndCounts(Embedder, TokenCounter, Protocol):
    """What ``LocalOperations`` stands on."""


class LocalOperations:
    """Embeds and counts; starts the server of a model file for vectors, and not for a count, which can be estimated."""

    def __init__(self, operations: EmbedsAndCounts, local: LocalModels) -> None:
        self._operations = operations
        self._local = local

    async def embed(self, call: EmbeddingCall) -> Embedded:
        """A vector for each text of one batch."""
        if call.endpoint.folder is None:
            return await self._operations.embed(call)
        async with self._local.serving(call.endpoint, _ignore) as endpoint:
            return await self._operations.embed(replace(call, endpoint=endpoint))

    async def count(self, call: CountCall) -> TokenCount | None:
        """The tokens that messages have as input; None where no server runs to count them."""
        if call.endpoint.folder is None:
            return await self._operations.count(call)
        if not await self._local.running(call.endpoint):
            return None
        async with self._local.serving(call.endpoint, _ignore) as endpoint:
            return await self._operations.count(replace(call, endpoint=endpoint))


class LocalLister:
    """A ``ModelLister`` that lists the folder of model files where an endpoint is that folder."""

    def __init__(self, lister: ModelLister, local: LocalModels) -> None:
        self._lister = lister
        self._local = local

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        """The provider's list, or the folder's."""
        if endpoint.folder is None:
            return await self._lister.models(endpoint, known)
        return Listing(models=tuple(self._listed(model) for model in await self._local.models()))

    def _listed(self, model: ModelFile) -> ListedModel:
        header = model.header
        return ListedModel(
            id=model.id,
            display_name=header.name if header else None,
            context_window=self._local.context_length(model),
            capabilities=("embeddings",) if header and header.task == "embeddings" else (),
            size_bytes=model.size_bytes,
            quantization=header.quantization if header else None,
            parameter_size=header.size if header else None,
        )


def _ignore(message: str) -> None:
    """Drops the progress of a start: the client asked for a result, not for a stream."""
