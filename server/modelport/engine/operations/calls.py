"""What embeddings, images and moderations share: finding the provider, its refusal, and the record of the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.operations.calls import can
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Capability, Provider
from modelport.domain.spending.usage import price_of
from modelport.engine.calls.recorder import Caller, CallRecorder
from modelport.engine.providers.connections import Connections
from modelport.protocol import types

NAMED_OTHERS = 3

T = TypeVar("T")


class OperationMeter:
    """Sums what the requests of one call have used. An estimate of a part makes the whole an estimate."""

    finish_reason = None

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._input_tokens = 0
        self._output_tokens = 0
        self._estimated = False
        self._used = False

    def add(self, input_tokens: int | None, output_tokens: int | None, guess: int) -> None:
        """Adds what one request used; ``guess`` stands for an input that the provider did not count."""
        self._used = True
        self._estimated = self._estimated or input_tokens is None
        self._input_tokens += guess if input_tokens is None else input_tokens
        self._output_tokens += output_tokens or 0

    def usage(self, started_s: float, ended_s: float) -> types.Usage:
        """The usage of the whole call; where nothing was used it is an estimate of nothing."""
        return types.Usage(
            input_tokens=self._input_tokens,
            output_tokens=self._output_tokens,
            latency_ms=round((ended_s - started_s) * 1000, 3),
            usd_micros=price_of(self._endpoint),
            estimated=self._estimated or not self._used,
        )


class OperationCalls:
    """Finds the provider to call, and records the call and the provider's health."""

    def __init__(self, registry: Registry, connections: Connections, recorder: CallRecorder) -> None:
        self._registry = registry
        self._connections = connections
        self._recorder = recorder

    async def endpoint(
        self,
        provider: str | None,
        model: str | None,
        capability: Capability,
        usual: Callable[[Provider], str | None],
    ) -> tuple[Endpoint, str]:
        """The endpoint and the model of a request.

        ``usual`` gives a row's own model for the operation, which counts before that of a connection, since that one
        is for conversations.

        Raises:
            InvalidParams: the provider or the model is not known, or there is none.
            RequestFailed: the provider does not offer it, or needs a key and there is none.
        """
        target = self._connections.target(provider, model)
        row = target.provider
        if not can(row, capability):
            raise self.refusal(row, capability)
        chosen = (target.model if model else usual(row) or target.model) or ""
        if not chosen:
            raise InvalidParams(
                f"Name a model of {row.display_name}: write {row.id}/MODEL.", field="model", provider=row.id
            )
        return await self._connections.endpoint(row, chosen), chosen

    def refusal(self, row: Provider, capability: Capability) -> RequestFailed:
        """The error for a provider without a capability; names providers that have it."""
        others = [other.id for other in self._registry.all() if other.requires_api_key and can(other, capability)]
        what = {"embeddings": "embed texts", "images": "draw images", "moderation": "judge texts"}[capability]
        names = " or ".join([", ".join(others[: NAMED_OTHERS - 1]), *others[NAMED_OTHERS - 1 : NAMED_OTHERS]])
        return RequestFailed(
            "unsupported",
            f"{row.display_name} cannot {what}, as far as is known: use another provider, such as {names}.",
            provider=row.id,
            action="choose another provider",
        )

    async def run(
        self, endpoint: Endpoint, model: str, caller: Caller, work: Callable[[OperationMeter], Awaitable[T]]
    ) -> tuple[T, types.Usage]:
        """The result of the work, which adds to the meter what it used, and the usage that was recorded.

        Raises:
            InvalidParams: nothing was sent, so nothing is recorded.
            RequestFailed: it failed, which is recorded; carries what was used until then.
        """
        meter = OperationMeter(endpoint)
        try:
            result, usage = await self._recorder.run(endpoint, model, caller, meter, lambda: work(meter))
        except RequestFailed as failure:
            latency_ms = failure.usage.latency_ms if failure.usage else 0.0
            self._connections.record_health(endpoint.provider.id, latency_ms, failure)
            raise
        self._connections.record_health(endpoint.provider.id, usage.latency_ms, None)
        return result, usage
