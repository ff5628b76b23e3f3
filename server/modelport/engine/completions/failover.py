"""Calls the targets of one request in turn until one has answered. The decisions are those of ``domain/failover``."""

from __future__ import annotations

import random

import anyio

from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.failover.rules import KEY_REFUSED, rule_of
from modelport.domain.failover.steps import MAX_ATTEMPTS, Repeat, Situation, Step, Stop, may_wait_s, next_step
from modelport.engine.completions.answering import Answering
from modelport.engine.completions.attempts import Attempt, attempt_of
from modelport.engine.completions.candidates import Candidate, Resting
from modelport.engine.completions.own_failures import model_of, resting
from modelport.engine.completions.preparation import Rests, Skipped
from modelport.protocol import types

MARGIN_S = 0.05
"""How much later than told a target is called again."""


class Failover:
    """The loop of one request."""

    def __init__(self, answering: Answering) -> None:
        self._own = answering
        self._resting: list[Resting] = []

    async def answer(self) -> types.Completion:
        """The whole answer.

        Raises:
            InvalidParams: the first target cannot take the request, and nothing was sent.
            RequestFailed: every target failed; carries every attempt.
        """
        candidates = self._own.candidates
        while True:
            candidate = candidates.take() if candidates else await self._rested()
            if candidate is None:
                raise self._own.error()
            completion = await self._visit(candidate)
            if completion is not None:
                return completion

    async def _visit(self, candidate: Candidate) -> types.Completion | None:
        """The answer of a target; None where another one follows."""
        own = self._own
        try:
            call = await own.prepared(candidate)
            return await self._call(candidate, call)
        except InvalidParams as error:
            if not own.outcomes.attempts:
                raise
            # A fallback that cannot take the request must not hide the failure before it.
            target = candidate.target
            failure = RequestFailed("unsupported", error.message, provider=target.provider.id, model=model_of(target))
            self._skip(candidate, failure)
        except Skipped as skipped:
            self._skip(candidate, skipped.failure, counts=skipped.counts)
        except Rests as rests:
            self._leave_out(candidate, rests)
        return None

    def _leave_out(self, candidate: Candidate, rests: Rests) -> None:
        """Goes on without a target that rests, with another of its keys where only this one does."""
        circuit = rests.circuit
        failure = resting(candidate.target, circuit, max(0.0, rests.at_s - anyio.current_time()))
        if circuit.kind in KEY_REFUSED:
            self._own.refuse_key(candidate, failure)
        if candidate.use_another_key(circuit.kind, self._own.refused):
            self._own.candidates.put_back(candidate)
            return
        if not candidate.repeated:
            self._resting.append(Resting(candidate, rests.at_s, circuit))
        self._skip(candidate, failure)

    def _skip(self, candidate: Candidate, failure: RequestFailed, *, counts: bool = True) -> None:
        """Goes on without a target to which nothing was sent.

        Raises:
            RequestFailed: no other target may be called after this failure.
        """
        own = self._own
        attempt = attempt_of(candidate.target, model_of(candidate.target), failure, took_s=0.0, called=False)
        own.outcomes.add(attempt, failure, counts=counts)
        now = Situation(
            attempts=own.outcomes.calls,
            called=False,
            left_s=own.deadline.left_s,
            own_chain=own.candidates.next_is_own or not own.candidates,
        )
        if isinstance(next_step(failure, now, own.settings, 0.0), Stop):
            raise own.error()

    async def _call(self, candidate: Candidate, call: ModelCall) -> types.Completion | None:
        """The answer to a call; None where it failed and another one follows."""
        own = self._own
        attempt = Attempt(candidate.target, call, own.partial)
        own.outcomes.announce()
        usage, failure = await own.run(attempt, is_last=not own.candidates and not self._resting)
        if usage is not None:
            return own.completion(attempt, usage)
        if failure is None:
            raise AssertionError("unreachable: a call is answered or fails")
        if failure.kind == "budget_exceeded":
            self._skip(candidate, failure)
            return None
        step = self._next_step(candidate, attempt, failure)
        if isinstance(step, Repeat):
            own.partial.take(attempt.answer, step.way)
            candidate.repeated = candidate.admitted = True
            own.candidates.put_back(candidate)
            await own.pause(step.after_s, call)
            return None
        await own.report_failure(call, failure)
        if isinstance(step, Stop):
            raise own.error(failure if attempt.answer.committed else None)
        own.partial.take(attempt.answer, step.way)
        await self._go_on(candidate, failure)
        return None

    def _next_step(self, candidate: Candidate, attempt: Attempt, failure: RequestFailed) -> Step:
        own, answer = self._own, attempt.answer
        if failure.kind in KEY_REFUSED:
            own.refuse_key(candidate, failure)
        now = Situation(
            attempts=own.outcomes.calls,
            repeated=candidate.repeated,
            took_s=attempt.took_s,
            left_s=own.deadline.left_s,
            own_chain=own.candidates.next_is_own or not own.candidates,
            another_key=candidate.has_another_key(own.refused),
            committed=answer.committed,
            call_begun=answer.has_tool_calls(),
            call_finished=answer.has_finished_call,
            can_continue=attempt.can_continue,
            can_restart=own.can_restart,
        )
        return next_step(failure, now, own.settings, random.random())  # noqa: S311  not for secrets

    async def _go_on(self, candidate: Candidate, failure: RequestFailed) -> None:
        """Chooses what follows: another key, larger windows only, or this target again at its own time."""
        own = self._own
        if candidate.use_another_key(failure.reason, own.refused):
            own.candidates.put_back(candidate)
        elif failure.kind == "context_too_long":
            for smaller, why in await own.candidates.keep_larger(candidate):
                self._skip(smaller, why, counts=False)
        elif rule_of(failure).waits and failure.retry_after_ms is not None and not candidate.repeated:
            at_s = anyio.current_time() + failure.retry_after_ms / 1000 + MARGIN_S
            self._resting.append(Resting(candidate, at_s, None))

    async def _rested(self) -> Candidate | None:
        """A target that rests, once it may be called; None where none is worth the wait."""
        own = self._own
        if own.outcomes.calls >= MAX_ATTEMPTS or own.partial.text:
            return None
        first = min(self._resting, key=lambda one: one.at_s, default=None)
        if first is None:
            return None
        rest_s = max(0.0, first.at_s - anyio.current_time())
        alone = own.candidates.count == 1 and first.circuit is not None
        if may_wait_s(rest_s, own.deadline.left_s, alone=alone):
            await own.pause(rest_s)
        else:
            free = (one for one in self._resting if one.costs_nothing)
            first = next(free, None) if own.outcomes.calls == 0 else None
            if first is None:
                return None
            first.candidate.admitted = True
        self._resting.remove(first)
        first.candidate.repeated = True
        return first.candidate
