"""Answers a completion request: reads it, finds its targets, and lets the loop of failover call them."""

from __future__ import annotations

from modelport.domain.completions.call import CallListener
from modelport.engine.calls.recorder import Caller, Chain, Origin
from modelport.engine.completions.answering import Answering
from modelport.engine.completions.failover import Failover
from modelport.engine.completions.parts import CompletionParts
from modelport.engine.completions.targets import Targets
from modelport.engine.time_limit import TimeLimit
from modelport.protocol import types


class Completions:
    """The use case of ``completion/create``."""

    def __init__(self, parts: CompletionParts) -> None:
        self._parts = parts
        self._targets = Targets(parts)

    async def create(
        self,
        params: types.CreateCompletionParams,
        listener: CallListener,
        origin: Origin,
        limit: TimeLimit | None = None,
    ) -> types.Completion:
        """The whole answer; its deltas go to the listener while it is made.

        ``limit`` began when the request arrived; without one its ``timeout_ms`` begins now.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: every target failed, or the time was up; carries what had arrived.
        """
        limit = limit or TimeLimit(params.timeout_ms)
        preparation = await self._targets.prepare(params, limit, origin.client)
        caller = Caller(origin, listener.recorded, params.role or "chat", Chain())
        answering = Answering(preparation, listener, caller, can_restart=params.resets is not False)
        with self._parts.recorder.request(caller):
            return await Failover(answering).answer()
