"""One attempt at one target: the call, its record, and what the client learns of it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio

from modelport.domain.completions.call import Answer, CallListener, ModelCall
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.completions.request import CompletionRequest
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Dialects
from modelport.domain.providers.registry import Target
from modelport.domain.spending import usage as spending
from modelport.engine.calls.recorder import Caller, CallRecorder
from modelport.engine.providers.connections import Connections
from modelport.protocol import types

ErrorEnricher = Callable[[RequestFailed, ModelCall], Awaitable[None]]
"""Adds to a failure what to do about it, within a fraction of a second."""


class AnswerMeter:
    """What a completion has used: the provider's counts, or an estimate by what has arrived."""

    def __init__(self, call: ModelCall, answer: Answer) -> None:
        self._call = call
        self._answer = answer

    @property
    def finish_reason(self) -> types.FinishReason | None:
        """Why the answer ended."""
        return self._answer.finish_reason

    def usage(self, started_s: float, ended_s: float) -> types.Usage:
        """The usage of the call between two readings of the monotonic clock."""
        return spending.count(self._call, self._answer, started_s=started_s, ended_s=ended_s)


class Attempt:
    """An attempt at a target until ``deadline`` on the loop's clock, and the answer as it builds up."""

    def __init__(
        self, target: Target, listener: CallListener, caller: Caller, deadline: float, timeout_ms: int | None
    ) -> None:
        self.target = target
        self.provider = target.provider.id
        self.model = target.model or target.provider.default_model or ""
        self.caller = caller
        self.deadline = deadline
        self.timeout_ms = timeout_ms
        self.answer = Answer(listener)
        self.called = False
        self.provider_state: dict[str, Any] | None = None

    def may_fall_back(self, error: RequestFailed) -> bool:
        """Whether another provider may do better: not once an answer has begun, or where the request is at fault.

        A server's own failure over a request, such as its model's chat template, is no fault of the request.
        """
        at_fault = error.kind in ("content_filtered", "unsupported") and (error.http_status or 400) < 500
        return not self.answer.begun and not (self.called and at_fault)

    def outcome(self, started_s: float, failure: RequestFailed | None) -> types.Attempt:
        """The attempt as the client sees it."""
        return types.Attempt(
            provider=self.provider,
            model=self.model,
            outcome="failed" if failure else "ok",
            error=types.AttemptError(kind=failure.reason, message=failure.message) if failure else None,
            latency_ms=round((time.monotonic() - started_s) * 1000, 3),
        )

    def completion(self, usage: types.Usage, attempts: Sequence[types.Attempt]) -> types.Completion:
        """The whole answer."""
        return types.Completion(
            text=self.answer.whole_text(),
            reasoning=self.answer.whole_reasoning(),
            tool_calls=self.answer.tool_calls(),
            finish_reason=self.answer.finish_reason or "other",
            provider=self.provider,
            model=self.model,
            provider_state=self.provider_state,
            usage=usage,
            attempts=tuple(attempts),
        )

    def out_of_time(self) -> RequestFailed:
        """The failure for an answer that was not complete at the deadline."""
        name = self.target.provider.display_name
        return RequestFailed(
            "timeout",
            f"{name} was not done after {self.timeout_ms} ms: allow more with timeoutMs, or ask for less.",
            provider=self.provider,
            model=self.model,
            action="allow more time",
        )


class AttemptRunner:
    """Makes the call of an attempt."""

    def __init__(
        self, connections: Connections, dialects: Dialects, recorder: CallRecorder, enrich: ErrorEnricher | None
    ) -> None:
        self._connections = connections
        self._dialects = dialects
        self._recorder = recorder
        self._enrich = enrich

    async def run(self, request: CompletionRequest, attempt: Attempt) -> types.Usage:
        """Fills the attempt's answer; returns the usage that was recorded.

        Raises:
            InvalidParams: nothing was sent; the provider or its wire format cannot take the request.
            RequestFailed: it failed, or the time was up; carries what had arrived.
        """
        call = await self._prepare(request, attempt)
        completer = await self._dialects.get(call.endpoint)
        attempt.called = True

        async def work() -> None:
            with anyio.CancelScope(deadline=attempt.deadline) as scope:
                await completer.complete(call, attempt.answer)
            if scope.cancelled_caught:
                raise attempt.out_of_time()
            attempt.provider_state = call.pack_state(attempt.answer.whole_state())

        meter = AnswerMeter(call, attempt.answer)
        try:
            _, usage = await self._recorder.run(call.endpoint, call.model, attempt.caller, meter, work)
        except InvalidParams:
            attempt.called = False
            raise
        except RequestFailed as failure:
            failure.text, failure.reasoning = attempt.answer.whole_text(), attempt.answer.whole_reasoning()
            if failure.kind == "model_not_found" and self._enrich is not None:
                await self._enrich(failure, call)
            raise
        return usage

    async def _prepare(self, request: CompletionRequest, attempt: Attempt) -> ModelCall:
        row = attempt.target.provider
        if not attempt.model:
            raise InvalidParams(
                f"Name a model of {row.display_name}: write {row.id}/MODEL.", field="model", provider=row.id
            )
        call = ModelCall(
            endpoint=await self._connections.endpoint(row, attempt.model),
            model=attempt.model,
            messages=request.messages,
            tools=request.tools,
            tool_choice=request.tool_choice,
            named_tool=request.named_tool,
            answer_format=request.answer_format,
            parameters=request.parameters,
            cache=request.cache,
        )
        return fit(call)
