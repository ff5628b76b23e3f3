"""Lays the user's own model files under everything besides completions: lists, vectors and counts."""

from __future__ import annotations

from msgspec.structs import replace

from modelport.domain.models.listing import ListedModel, Listing
from modelport.domain.models.ports import ModelHost, Progress
from modelport.domain.operations.calls import (
    CountCall,
    Credit,
    CreditCall,
    Drawn,
    Embedded,
    EmbeddingCall,
    ImageCall,
    Judged,
    ModerationCall,
    Operations,
    TokenCount,
)
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.model_file import ModelFile
from modelport.engine.local.model_files import LocalModels


class LocalOperations:
    """``Operations`` that start what they call, but for a count, which can be estimated."""

    def __init__(self, operations: Operations, local: LocalModels) -> None:
        self._operations = operations
        self._local = local

    async def embed(self, call: EmbeddingCall) -> Embedded:
        """A vector for each text of one batch."""
        if call.endpoint.folder is None:
            return await self._operations.embed(call)
        async with self._local.serving(call.endpoint, _nobody) as endpoint:
            return await self._operations.embed(replace(call, endpoint=endpoint))

    async def draw(self, call: ImageCall) -> Drawn:
        """Images of what a prompt describes."""
        return await self._operations.draw(call)

    async def moderate(self, call: ModerationCall) -> Judged:
        """A judgement on each text."""
        return await self._operations.moderate(call)

    async def count(self, call: CountCall) -> TokenCount | None:
        """The tokens that messages have as input; None where nobody is there who would count them."""
        if call.endpoint.folder is None:
            return await self._operations.count(call)
        if not await self._local.running(call.endpoint):
            return None
        async with self._local.serving(call.endpoint, _nobody) as endpoint:
            return await self._operations.count(replace(call, endpoint=endpoint))

    async def credit(self, call: CreditCall) -> Credit:
        """What an account has left."""
        return await self._operations.credit(call)


class LocalHost:
    """A ``ModelHost`` that lists the folder where that is what is meant."""

    def __init__(self, host: ModelHost, local: LocalModels) -> None:
        self._host = host
        self._local = local

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        """What the provider lists."""
        if endpoint.folder is None:
            return await self._host.models(endpoint, known)
        return Listing(models=tuple(self._listed(model) for model in await self._local.models()))

    def pulls(self, endpoint: Endpoint) -> bool:
        """Whether models can be fetched to the endpoint and deleted there; a folder is the user's own affair."""
        return endpoint.folder is None and self._host.pulls(endpoint)

    async def pull(self, endpoint: Endpoint, model: str, progress: Progress) -> None:
        """Fetches a model."""
        await self._host.pull(endpoint, model, progress)

    async def delete(self, endpoint: Endpoint, model: str) -> None:
        """Deletes a model."""
        await self._host.delete(endpoint, model)

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


def _nobody(message: str) -> None:
    """Nobody is told."""
