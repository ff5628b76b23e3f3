"""Turns texts into vectors, in as many requests as the provider needs."""

from __future__ import annotations

from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import Embedder, EmbeddingCall, batches, embeddings_wire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.usage import Expected, tokens_of
from modelport.engine.calls.recorder import Caller
from modelport.engine.operations.calls import OperationCalls, OperationKind, Work
from modelport.engine.operations.meter import OperationMeter
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
        vectors: list[Vector] = []

        def plan(endpoint: Endpoint, model: str) -> Work[tuple[Vector, ...]] | None:
            wire = embeddings_wire(endpoint)
            if wire is None:
                return None

            async def work(meter: OperationMeter) -> tuple[Vector, ...]:
                # Another key goes on with the texts that the one before it has not embedded.
                for batch in batches(texts[len(vectors) :], wire):
                    call = EmbeddingCall(
                        endpoint=endpoint,
                        wire=wire,
                        model=model,
                        texts=batch,
                        dimensions=params.dimensions,
                        input_type=params.input_type,
                    )
                    part = await self._operations.embed(call)
                    vectors.extend(part.vectors)
                    meter.add(part.input_tokens, 0, sum(map(tokens_of, batch)))
                return tuple(vectors)

            return work

        expected = Expected(input_tokens=sum(map(tokens_of, texts)), max_output_tokens=0)
        done = await self._calls.run(params, EMBEDDINGS, caller, expected, plan)
        return types.CreateEmbeddingResult(
            embeddings=done.result, model=done.model, usage=done.usage, provider=done.provider
        )


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


EMBEDDINGS = OperationKind("embeddings", "embeddings", _usual)
