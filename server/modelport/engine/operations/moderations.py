"""Judges whether texts are harmful."""

from __future__ import annotations

from collections.abc import Sequence

from modelport.domain.operations.calls import Judged, ModerationCall, Moderator, moderation_wire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.usage import Expected, tokens_of
from modelport.engine.calls.recorder import Caller
from modelport.engine.operations.calls import OperationCalls, OperationKind, Work
from modelport.engine.operations.embeddings import texts_of
from modelport.engine.operations.meter import OperationMeter
from modelport.protocol import types


class Moderations:
    """The use case of ``moderation/create``."""

    def __init__(self, calls: OperationCalls, operations: Moderator) -> None:
        self._calls = calls
        self._operations = operations

    async def create(self, params: types.CreateModerationParams, caller: Caller) -> types.CreateModerationResult:
        """The judgement on all texts together, and on each.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the provider has no moderation, or failed.
        """
        texts = texts_of(params.input)

        def plan(endpoint: Endpoint, model: str) -> Work[Judged] | None:
            wire = moderation_wire(endpoint)
            if wire is None:
                return None
            call = ModerationCall(endpoint=endpoint, wire=wire, model=model, texts=texts)

            async def work(meter: OperationMeter) -> Judged:
                judged = await self._operations.moderate(call)
                meter.add(judged.input_tokens, 0, sum(map(tokens_of, texts)))
                return judged

            return work

        expected = Expected(input_tokens=sum(map(tokens_of, texts)), max_output_tokens=0)
        done = await self._calls.run(params, MODERATION, caller, expected, plan)
        return _together(done.result.judgements, done.model, done.provider)


def _together(results: Sequence[types.Judgement], model: str, provider: str) -> types.CreateModerationResult:
    categories: dict[str, bool] = {}
    scores: dict[str, float] = {}
    for result in results:
        for name, flagged in result.categories.items():
            categories[name] = flagged or categories.get(name, False)
        for name, score in result.scores.items():
            scores[name] = max(score, scores.get(name, score))
    return types.CreateModerationResult(
        flagged=any(result.flagged for result in results),
        categories=categories,
        scores=scores,
        results=tuple(results),
        model=model,
        provider=provider,
    )


def _usual(row: Provider) -> str | None:
    return row.wire.moderation.default_model if row.wire.moderation else None


MODERATION = OperationKind("moderation", "moderation", _usual)
