"""Turns texts into vectors, in as many requests as the provider needs."""

from __future__ import annotations

from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import Embedder, EmbeddingCall, batches, embeddings_wire
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.usage import tokens_of
from modelport.engine.calls.recorder import Caller
from modelport.engine.operations.calls import OperationCalls, OperationMeter
from modelport.protocol import types

MAX_DIMENSIONS = 65_536

Vector = tuple[float, ...]


class Embeddings:
    """The use case of ``embedding/create``."""

    def __init__(self, calls: OperationCalls, operations: Embedder) -> None:
        self._calls = calls
        self._operations = operations

    async def create(self, params: types.CreateEmbeddingParams, caller: Caller) -> types.CreateEmbeddingResult:
        """A vector for each text, in their order.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider has no embeddings, or failed.
        """
        texts = texts_of(params.input)
        if params.dimensions is not None and not 1 <= params.dimensions <= MAX_DIMENSIONS:
            raise InvalidParams(f"dimensions must be from 1 to {MAX_DIMENSIONS}.", field="dimensions")
        endpoint, model = await self._calls.endpoint(params.provider, params.model, "embeddings", _usual)
        wire = embeddings_wire(endpoint)
        if wire is None:
            raise self._calls.refusal(endpoint.provider, "embeddings")
        calls = [
            EmbeddingCall(
                endpoint=endpoint,
                wire=wire,
                model=model,
                texts=batch,
                dimensions=params.dimensions,
                input_type=params.input_type,
            )
            for batch in batches(texts, wire)
        ]

        async def work(meter: OperationMeter) -> tuple[Vector, ...]:
            vectors: list[Vector] = []
            for call in calls:
                part = await self._operations.embed(call)
                vectors += part.vectors
                meter.add(part.input_tokens, 0, sum(map(tokens_of, call.texts)))
            return tuple(vectors)

        vectors, usage = await self._calls.run(endpoint, model, caller, work)
        return types.CreateEmbeddingResult(embeddings=vectors, model=model, usage=usage, provider=endpoint.provider.id)


def texts_of(given: str | tuple[str, ...]) -> tuple[str, ...]:
    """The texts of an input that is one text or several.

    Raises:
        InvalidParams: there is none, or one of them is empty.
    """
    if isinstance(given, str):
        if not given:
            raise InvalidParams("input must not be empty.", field="input")
        return (given,)
    if not given:
        raise InvalidParams("input must have a text.", field="input")
    for index, text in enumerate(given):
        if not text:
            raise InvalidParams(f"input[{index}] must not be empty.", field=f"input[{index}]")
    return given


def _usual(row: Provider) -> str | None:
    return row.wire.embeddings.default_model if row.wire.embeddings else None
