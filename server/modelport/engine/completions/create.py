"""Answers a completion request: finds the target, sends it, tries the fallbacks, records every call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio
from msgspec import Struct

from modelport.domain.completions.call import Answer, CallListener, ModelCall
from modelport.domain.completions.request import CompletionRequest, read_request
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Clock, Dialects, UsageLedger
from modelport.domain.providers.registry import Target
from modelport.domain.spending import usage as accounting
from modelport.domain.spending.usage import CallRecord
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.default_chain import DefaultChain, Log
from modelport.protocol import types


class Origin(Struct, frozen=True):
    """Who asks, for the ledger: the editor or program, and the workspace it works in."""

    client: str | None = None
    project: str | None = None


ErrorEnricher = Callable[[RequestFailed, ModelCall], Awaitable[None]]
"""Adds to a failure what to do about it; must not take long."""


async def _no_advice(error: RequestFailed, call: ModelCall) -> None:
    """What a failure says by itself has to do."""


class Completions:
    """The use case of ``completion/create``."""

    def __init__(
        self,
        connections: Connections,
        dialects: Dialects,
        ledger: UsageLedger,
        clock: Clock,
        log: Log,
        defaults: DefaultChain | None = None,
        advise: ErrorEnricher = _no_advice,
    ) -> None:
        self._connections = connections
        self._dialects = dialects
        self._ledger = ledger
        self._clock = clock
        self._log = log
        self._defaults = defaults
        self._advise = advise

    async def create(
        self, params: types.CreateCompletionParams, listener: CallListener, origin: Origin
    ) -> types.Completion:
        """The whole answer; its deltas go to the listener while it is made.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: every target failed, or the time was up; carries what had arrived.
        """
        request = read_request(params)
        targets = await self._targets(params)
        if params.timeout_ms is not None and params.timeout_ms <= 0:
            raise InvalidParams("timeoutMs must be more than 0.", field="timeoutMs")
        deadline = anyio.current_time() + params.timeout_ms / 1000 if params.timeout_ms else float("inf")
        attempts: list[types.Attempt] = []
        for position, target in enumerate(targets):
            run = _Run(target, listener, origin, deadline, params.timeout_ms)
            try:
                return await self._attempt(request, run, attempts)
            except RequestFailed as error:
                last = position == len(targets) - 1 or anyio.current_time() >= deadline
                if last or run.answer.begun or not _worth_another(error, run):
                    error.attempts = attempts
                    raise
                listener.attempt(target.provider.id, run.model, error.reason)
        raise AssertionError("unreachable: the last target returns or raises")

    async def _targets(self, params: types.CreateCompletionParams) -> list[Target]:
        targets: list[Target] = []
        if params.provider is None and params.model is None and not self._connections.chosen and self._defaults:
            targets = await self._defaults.targets()
        targets = targets or [self._connections.target(params.provider, params.model)]
        for position, name in enumerate(params.fallbacks or ()):
            try:
                targets.append(self._connections.target(None, name))
            except InvalidParams as error:
                error.field = f"fallbacks[{position}]"
                raise
        return targets

    async def _attempt(self, request: CompletionRequest, run: _Run, attempts: list[types.Attempt]) -> types.Completion:
        started = time.monotonic()
        try:
            usage = await self._call(request, run)
        except InvalidParams as error:
            if not attempts:
                raise
            # A fallback that cannot take the request must not hide why it was asked at all.
            failure = RequestFailed("unsupported", error.message, provider=run.provider, model=run.model)
            attempts.append(_attempted(run, started, failure))
            raise failure from error
        except RequestFailed as failure:
            self._record_health(run, attempts, started, failure)
            raise
        self._record_health(run, attempts, started, None)
        return _completion(run, usage, attempts)

    def _record_health(
        self, run: _Run, attempts: list[types.Attempt], started: float, failure: RequestFailed | None
    ) -> None:
        attempt = _attempted(run, started, failure)
        self._connections.record_health(run.provider, attempt.latency_ms, failure)
        attempts.append(attempt)

    async def _call(self, request: CompletionRequest, run: _Run) -> types.Usage:
        call = await self._prepare(request, run)
        completer = await self._dialects.get(call.endpoint.dialect)
        run.called = True
        begun_ms, begun_s = self._clock.now_ms(), time.monotonic()
        outcome: types.CallOutcome | None = "cancelled"
        failure: RequestFailed | None = None
        try:
            with anyio.CancelScope(deadline=run.deadline) as scope:
                await completer.complete(call, run.answer)
            if scope.cancelled_caught:
                raise _out_of_time(call, run.timeout_ms)
            outcome, run.provider_state = "ok", call.pack_state(run.answer.whole_state())
        except InvalidParams:
            # Nothing was sent, so there is nothing to record.
            run.called, outcome = False, None
            raise
        except RequestFailed as error:
            outcome, failure = "failed", error
            if error.kind == "model_not_found":
                await self._advise(error, call)
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            usage = accounting.count(call, run.answer, started_s=begun_s, ended_s=time.monotonic())
            if failure is not None:
                failure.text, failure.reasoning = run.answer.whole_text(), run.answer.whole_reasoning()
                failure.usage = usage
            if outcome is not None:
                await self._record(run, call, begun_ms, outcome, failure.kind if failure else None, usage)
        return usage

    async def _prepare(self, request: CompletionRequest, run: _Run) -> ModelCall:
        row = run.target.provider
        if not run.model:
            raise InvalidParams(
                f"Name a model of {row.display_name}: write {row.id}/MODEL.", field="model", provider=row.id
            )
        return ModelCall(
            endpoint=await self._connections.endpoint(row, run.model),
            model=run.model,
            messages=request.messages,
            tools=request.tools,
            tool_choice=request.tool_choice,
            named_tool=request.named_tool,
            answer_format=request.answer_format,
            parameters=request.parameters,
        )

    async def _record(
        self,
        run: _Run,
        call: ModelCall,
        begun_ms: int,
        outcome: types.CallOutcome,
        kind: types.ErrorKind | None,
        usage: types.Usage,
    ) -> None:
        """Writes the call to the ledger, also while it is being cancelled; a broken ledger spoils no answer."""
        record = CallRecord(
            started_at_ms=begun_ms,
            provider=call.endpoint.provider.id,
            model=call.model,
            client=run.origin.client,
            project=run.origin.project,
            outcome=outcome,
            error_kind=kind,
            finish_reason=run.answer.finish_reason,
            usage=usage,
        )
        with anyio.CancelScope(shield=True):
            try:
                run.listener.recorded(await self._ledger.record(record))
            except RequestFailed as error:
                self._log.warning("a call was not recorded: %s", error.message)


class _Run:
    """One attempt at one target."""

    def __init__(
        self, target: Target, listener: CallListener, origin: Origin, deadline: float, timeout_ms: int | None
    ) -> None:
        self.target = target
        self.provider = target.provider.id
        self.model = target.model or target.provider.default_model or ""
        self.listener = listener
        self.origin = origin
        self.deadline = deadline
        self.timeout_ms = timeout_ms
        self.answer = Answer(listener)
        self.called = False
        self.provider_state: dict[str, Any] | None = None


def _attempted(run: _Run, started_s: float, failure: RequestFailed | None) -> types.Attempt:
    return types.Attempt(
        provider=run.provider,
        model=run.model,
        outcome="failed" if failure else "ok",
        error=types.AttemptError(kind=failure.reason, message=failure.message) if failure else None,
        latency_ms=round((time.monotonic() - started_s) * 1000, 3),
    )


def _completion(run: _Run, usage: types.Usage, attempts: Sequence[types.Attempt]) -> types.Completion:
    answer = run.answer
    return types.Completion(
        text=answer.whole_text(),
        reasoning=answer.whole_reasoning(),
        tool_calls=answer.tool_calls(),
        finish_reason=answer.finish_reason or "other",
        provider=run.provider,
        model=run.model,
        provider_state=run.provider_state,
        usage=usage,
        attempts=tuple(attempts),
    )


def _worth_another(error: RequestFailed, run: _Run) -> bool:
    """Whether another provider may do better: not where a provider found the request itself at fault."""
    return not run.called or error.kind not in ("content_filtered", "unsupported")


def _out_of_time(call: ModelCall, timeout_ms: int | None) -> RequestFailed:
    row = call.endpoint.provider
    return RequestFailed(
        "timeout",
        f"{row.display_name} was not done after {timeout_ms} ms: allow more with timeoutMs, or ask for less.",
        provider=row.id,
        model=call.model,
        action="allow more time",
    )
