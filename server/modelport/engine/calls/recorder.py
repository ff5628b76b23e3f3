"""What embeddings, images and judgements have in common: who is called, and that the call is written down."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import anyio
from msgspec import Struct

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.operations.calls import can
from modelport.domain.ports import Clock, UsageLedger
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Capability, Provider
from modelport.domain.spending.usage import CallRecord, price_of
from modelport.engine.providers.connections import Connections
from modelport.protocol import types

NAMED_OTHERS = 3

T = TypeVar("T")


class Log(Protocol):
    """The part of a logger that is needed here."""

    def warning(self, msg: object, *args: object) -> None:
        """Writes a line."""
        ...


class Caller(Struct, frozen=True):
    """Who asks, for the ledger, and who is told of what was written there."""

    client: str | None
    project: str | None
    recorded: Callable[[types.Call], None]


class Meter:
    """What a call has used so far. An estimate of a part makes the whole an estimate."""

    def __init__(self) -> None:
        self.input_tokens = 0
        self.output_tokens = 0
        self.estimated = False
        self.used = False

    def add(self, input_tokens: int | None, output_tokens: int | None, guess: int) -> None:
        """Adds what one request used; ``guess`` stands for an input that the provider did not count."""
        self.used = True
        self.estimated = self.estimated or input_tokens is None
        self.input_tokens += guess if input_tokens is None else input_tokens
        self.output_tokens += output_tokens or 0

    def usage(self, endpoint: Endpoint, latency_s: float) -> types.Usage:
        """The usage of the whole call; where nothing was used it is an estimate of nothing."""
        return types.Usage(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            latency_ms=round(latency_s * 1000, 3),
            usd_micros=price_of(endpoint),
            estimated=self.estimated or not self.used,
        )


class RecordedCalls:
    """Finds who is called, and sees to it that a call that was sent is in the ledger before its reply leaves."""

    def __init__(
        self, registry: Registry, connections: Connections, ledger: UsageLedger, clock: Clock, log: Log
    ) -> None:
        self._registry = registry
        self._connections = connections
        self._ledger = ledger
        self._clock = clock
        self._log = log

    async def endpoint(
        self,
        provider: str | None,
        model: str | None,
        capability: Capability,
        usual: Callable[[Provider], str | None],
    ) -> tuple[Endpoint, str]:
        """How to call the provider that a request means, and its model.

        ``usual`` tells a row's own model for what is asked, which counts before that of a connection, since that
        one is for conversations.

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
        """That a provider does not offer something, and who does."""
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
        self, endpoint: Endpoint, model: str, caller: Caller, work: Callable[[Meter], Awaitable[T]]
    ) -> tuple[T, types.Usage]:
        """The result of the work, which tells the meter what it used, and the usage that was recorded.

        Raises:
            InvalidParams: nothing was sent, so nothing is recorded.
            RequestFailed: it failed, which is recorded; carries what was used until then.
        """
        meter = Meter()
        begun_ms, begun_s = self._clock.now_ms(), time.monotonic()
        outcome: types.CallOutcome | None = "cancelled"
        failure: RequestFailed | None = None
        usage = meter.usage(endpoint, 0.0)
        try:
            result = await work(meter)
            outcome = "ok"
        except InvalidParams:
            outcome = None
            raise
        except RequestFailed as error:
            outcome, failure = "failed", error
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            usage = meter.usage(endpoint, time.monotonic() - begun_s)
            if failure is not None:
                failure.usage = usage
            if outcome in ("ok", "failed"):
                self._connections.record_health(endpoint.provider.id, usage.latency_ms, failure)
            if outcome is not None:
                record = CallRecord(
                    started_at_ms=begun_ms,
                    provider=endpoint.provider.id,
                    model=model,
                    client=caller.client,
                    project=caller.project,
                    outcome=outcome,
                    error_kind=failure.kind if failure else None,
                    finish_reason=None,
                    usage=usage,
                )
                await self._record(record, caller)
        return result, usage

    async def _record(self, record: CallRecord, caller: Caller) -> None:
        """Writes a call to the ledger, also while it is being cancelled; a broken ledger spoils no answer."""
        with anyio.CancelScope(shield=True):
            try:
                caller.recorded(await self._ledger.record(record))
            except RequestFailed as error:
                self._log.warning("a call was not recorded: %s", error.message)
