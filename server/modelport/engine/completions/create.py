"""Answers a completion request: finds the targets, tries them in turn, and puts the answer together."""

from __future__ import annotations

import time

import anyio

from modelport.domain.completions.call import CallListener
from modelport.domain.completions.request import CompletionRequest, read_request
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.ports import Dialects
from modelport.domain.providers.registry import Target
from modelport.engine.calls.recorder import Caller, CallRecorder, Origin
from modelport.engine.completions.attempts import Attempt, AttemptRunner, ErrorEnricher
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.default_chain import DefaultChain
from modelport.protocol import types


class Completions:
    """The use case of ``completion/create``."""

    def __init__(
        self,
        connections: Connections,
        dialects: Dialects,
        recorder: CallRecorder,
        defaults: DefaultChain | None = None,
        enrich: ErrorEnricher | None = None,
    ) -> None:
        self._connections = connections
        self._runner = AttemptRunner(connections, dialects, recorder, enrich)
        self._defaults = defaults

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
        caller = Caller(origin, listener.recorded)
        attempts: list[types.Attempt] = []
        for position, target in enumerate(targets):
            attempt = Attempt(target, listener, caller, deadline, params.timeout_ms)
            try:
                return await self._attempt(request, attempt, attempts)
            except RequestFailed as error:
                last = position == len(targets) - 1 or anyio.current_time() >= deadline
                if last or not attempt.may_fall_back(error):
                    error.attempts = attempts
                    raise
                listener.attempt(attempt.provider, attempt.model, error.reason)
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

    async def _attempt(
        self, request: CompletionRequest, attempt: Attempt, attempts: list[types.Attempt]
    ) -> types.Completion:
        started_s = time.monotonic()
        try:
            usage = await self._runner.run(request, attempt)
        except InvalidParams as error:
            if not attempts:
                raise
            # A fallback that cannot take the request must not hide the failure before it.
            failure = RequestFailed("unsupported", error.message, provider=attempt.provider, model=attempt.model)
            attempts.append(attempt.outcome(started_s, failure))
            raise failure from error
        except RequestFailed as error:
            self._record(attempt, attempts, started_s, error)
            raise
        self._record(attempt, attempts, started_s, None)
        return attempt.completion(usage, attempts)

    def _record(
        self, attempt: Attempt, attempts: list[types.Attempt], started_s: float, failure: RequestFailed | None
    ) -> None:
        outcome = attempt.outcome(started_s, failure)
        self._connections.record_health(attempt.provider, outcome.latency_ms, failure)
        attempts.append(outcome)
