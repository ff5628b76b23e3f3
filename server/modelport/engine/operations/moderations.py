"""Judges whether texts are harmful."""

from __future__ import annotations

from collections.abc import Sequence

from modelport.domain.operations.calls import Judged, ModerationCall, Moderator, moderation_wire
from modelport.domain.providers.rows import Provider
from modelport.domain.spending.usage import tokens_of
from modelport.engine.calls.recorder import Caller
from modelport.engine.operations.calls import OperationCalls, OperationMeter
from modelport.engine.operations.embeddings import texts_of
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
        endpoint, model = await self._calls.endpoint(params.provider, params.model, "moderation", _usual)
        wire = moderation_wire(endpoint)
        if wire is None:
            raise self._calls.refusal(endpoint.provider, "moderation")
        call = ModerationCall(endpoint=endpoint, wire=wire, model=model, texts=texts)

        async def work(meter: OperationMeter) -> Judged:
            judged = await self._operations.moderate(call)
            meter.add(judged.input_tokens, 0, sum(map(tokens_of, texts)))
            return judged

        judged, _ = await self._calls.run(endpoint, model, caller, work)
        return _together(judged.judgements, model, endpoint.provider.id)


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
