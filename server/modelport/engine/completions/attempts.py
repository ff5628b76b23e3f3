"""One attempt at one target: the call, its record, and what the client learns of it."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.registry import Target
from modelport.engine.calls.recorder import Caller
from modelport.engine.completions.deadline import Deadline
from modelport.engine.completions.model_calls import AnswerMeter
from modelport.engine.completions.own_failures import out_of_time, too_slow
from modelport.engine.completions.partial_answer import PartialAnswer, can_continue
from modelport.engine.completions.parts import CompletionParts
from modelport.protocol import types


class Attempt:
    """A call of a target, and the answer as it builds up."""

    def __init__(self, target: Target, call: ModelCall, begun: PartialAnswer) -> None:
        self.target = target
        self.call = call
        self.answer: Answer = begun.next_answer(call)
        self._text_before, self._reasoning_before = begun.text, begun.reasoning
        self._started_s = anyio.current_time()

    @property
    def text(self) -> str:
        """The text that the client has, with that of the attempts that this one goes on with."""
        return self._text_before + self.answer.whole_text()

    @property
    def reasoning(self) -> str:
        """The reasoning that the client has."""
        return self._reasoning_before + self.answer.whole_reasoning()

    @property
    def can_continue(self) -> bool:
        """Whether another call of the model goes on with what the client has."""
        return not self.text or can_continue(self.call)

    @property
    def took_s(self) -> float:
        """Seconds since the attempt began."""
        return anyio.current_time() - self._started_s

    def outcome(self, failure: RequestFailed | None) -> types.Attempt:
        """The attempt as the client sees it."""
        return attempt_of(self.target, self.call.model, failure, took_s=self.took_s, called=True)

    def completion(self, usage: types.Usage, attempts: Sequence[types.Attempt]) -> types.Completion:
        """The whole answer."""
        # The state says where in the text its parts belong, of which this answer has only the end.
        state = None if self._text_before else self.call.pack_state(self.answer.whole_state())
        return types.Completion(
            text=self.text,
            reasoning=self.reasoning,
            tool_calls=self.answer.tool_calls(),
            finish_reason=self.answer.finish_reason or "other",
            provider=self.target.provider.id,
            model=self.call.model,
            provider_state=state,
            notes=self.call.notes or None,
            usage=usage,
            attempts=tuple(attempts),
            resolved_by=self.target.resolved_by,
        )


def attempt_of(
    target: Target, model: str, failure: RequestFailed | None, *, took_s: float, called: bool
) -> types.Attempt:
    """An attempt at a target as the client sees it; not ``called`` where nothing was sent."""
    return types.Attempt(
        provider=target.provider.id,
        model=model,
        outcome="failed" if failure else "ok",
        skipped=None if called else True,
        error=types.AttemptError(kind=failure.reason, message=failure.message) if failure else None,
        latency_ms=round(took_s * 1000, 3),
        resolved_by=target.resolved_by,
        reason=target.reason,
    )


class AttemptRunner:
    """Makes the call of an attempt."""

    def __init__(self, parts: CompletionParts) -> None:
        self._dialects, self._recorder, self._enrich = parts.dialects, parts.recorder, parts.enrich

    async def run(self, attempt: Attempt, caller: Caller, deadline: Deadline, first_delta_s: float) -> types.Usage:
        """Fills the attempt's answer; returns the usage that was recorded.

        Raises:
            InvalidParams: nothing was sent; the wire format cannot take the request.
            RequestFailed: it failed, or the time was up; carries what had arrived.
        """
        call, target, answer = attempt.call, attempt.target, attempt.answer
        completer = await deadline.limit.within(
            lambda: self._dialects.get(call.endpoint), lambda: out_of_time(target, deadline.limit)
        )
        answer.given_names = call.given_names
        meter = AnswerMeter(call, answer)

        async def complete() -> None:
            with anyio.CancelScope(deadline=anyio.current_time() + first_delta_s) as scope:
                answer.on_begin = lambda: setattr(scope, "deadline", float("inf"))
                await meter.within_budget(lambda: completer.complete(call, answer))
                return
            raise too_slow(target, first_delta_s)

        async def work() -> None:
            await deadline.limit.within(complete, lambda: out_of_time(target, deadline.limit))

        try:
            _, usage = await self._recorder.run(call.endpoint, call.model, caller, meter, work, meter.hold)
        except RequestFailed as failure:
            failure.text, failure.reasoning = attempt.text, attempt.reasoning
            if failure.kind == "model_not_found" and self._enrich is not None:
                await self._enrich(failure, call)
            raise
        return usage
