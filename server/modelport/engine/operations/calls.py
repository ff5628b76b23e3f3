"""What embeddings, images and moderations share: finding the provider, its refusal, and the record of the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.operations.calls import can
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import Capability, Provider
from modelport.domain.spending.usage import Expected, Operation
from modelport.engine.calls.recorder import Caller, CallRecorder, Chain
from modelport.engine.operations.attempts import KeyAttempts
from modelport.engine.operations.meter import OperationMeter
from modelport.engine.providers.connections import Connections
from modelport.protocol import types

NAMED_OTHERS = 3

T = TypeVar("T")
Named = types.CreateEmbeddingParams | types.CreateImageParams | types.CreateModerationParams


Work = Callable[[OperationMeter], Awaitable[T]]
"""Sends the requests of one call, and adds to the meter what each has used."""
Plan = Callable[[Endpoint, str], Work[T] | None]
"""The work for an endpoint and a model; None where the endpoint's wire format has no such requests."""


class OperationKind(Struct, frozen=True):
    """What a request is for."""

    operation: Operation
    """Its name in telemetry."""
    capability: Capability
    usual: Callable[[Provider], str | None]
    """The model of a row for it; None where the row names none."""


class Answered(Struct, Generic[T], frozen=True):
    """What a request has come to, and by which provider and model."""

    result: T
    usage: types.Usage
    provider: str
    model: str


class OperationCalls:
    """Finds the provider to call, and records the call and the provider's health."""

    def __init__(self, connections: Connections, recorder: CallRecorder, attempts: KeyAttempts) -> None:
        self._connections = connections
        self._recorder = recorder
        self._attempts = attempts

    async def run(
        self, params: Named, kind: OperationKind, caller: Caller, expected: Expected, plan: Plan[T]
    ) -> Answered[T]:
        """The result of the work that ``plan`` makes of an endpoint and a model, with the usage that was recorded.

        ``kind`` gives a row's own model for it, which counts before that of a connection, since that one is for
        conversations.

        Raises:
            InvalidParams: the provider or the model is not known, or there is none, or it cannot take the request;
                nothing was sent, so nothing is recorded.
            RequestFailed: the provider does not offer it, or needs a key and there is none; or it failed, which is
                recorded; carries what was used until then.
        """
        target = await self._connections.target(params.provider, params.model, params.resolution)
        row = target.provider
        if not can(row, kind.capability):
            raise self._refusal(row, kind.capability)
        model = (target.model if params.model else kind.usual(row) or target.model) or ""
        if not model:
            raise InvalidParams(
                f"Name a model of {row.display_name}: write {row.id}/MODEL.", field="model", provider=row.id
            )
        # The calls with several keys are made for one request.
        chained = msgspec.structs.replace(caller, chain=Chain())

        async def call(endpoint: Endpoint) -> Answered[T]:
            work = plan(endpoint, model)
            if work is None:
                raise self._refusal(row, kind.capability)
            return await self._recorded(endpoint, model, chained, OperationMeter(model, expected, kind.operation), work)

        return await self._attempts.run(target, model, caller.origin.client, caller.warn, call)

    def _refusal(self, row: Provider, capability: Capability) -> RequestFailed:
        """The error for a provider without a capability; names providers that have it."""
        others = [
            other.id
            for other in self._connections.configured.all()
            if other.requires_api_key and can(other, capability)
        ]
        what = {"embeddings": "embed texts", "images": "draw images", "moderation": "judge texts"}[capability]
        names = " or ".join([", ".join(others[: NAMED_OTHERS - 1]), *others[NAMED_OTHERS - 1 : NAMED_OTHERS]])
        return RequestFailed(
            "unsupported",
            f"{row.display_name} cannot {what}, as far as is known: use another provider, such as {names}.",
            provider=row.id,
            action="choose another provider",
        )

    async def _recorded(
        self, endpoint: Endpoint, model: str, caller: Caller, meter: OperationMeter, work: Work[T]
    ) -> Answered[T]:
        try:
            result, usage = await self._recorder.run(endpoint, model, caller, meter, lambda: work(meter))
        except RequestFailed as failure:
            latency_ms = failure.usage.latency_ms if failure.usage else 0.0
            self._connections.record_health(endpoint.provider.id, latency_ms, failure, endpoint.connection)
            raise
        self._connections.record_health(endpoint.provider.id, usage.latency_ms, None, endpoint.connection)
        return Answered(result, usage, endpoint.provider.id, model)
