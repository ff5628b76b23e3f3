"""One request while it is answered: its time, its candidates, what it has sent, and the outcome of each attempt."""

from __future__ import annotations

import anyio
import msgspec

from modelport.domain.completions.call import CallListener, ModelCall
from modelport.domain.errors import RequestFailed
from modelport.engine.calls.recorder import Caller
from modelport.engine.completions.attempts import Attempt, AttemptRunner
from modelport.engine.completions.candidates import Candidate
from modelport.engine.completions.outcomes import Outcomes
from modelport.engine.completions.own_failures import out_of_time
from modelport.engine.completions.partial_answer import PartialAnswer, can_continue
from modelport.engine.completions.preparation import Preparation, Skipped
from modelport.protocol import types


class Answering:
    """What the loop of a request changes as it goes."""

    def __init__(
        self, preparation: Preparation, listener: CallListener, caller: Caller, *, can_restart: bool = True
    ) -> None:
        self.preparation = preparation
        self.candidates = preparation.candidates
        self.deadline = preparation.deadline
        self.outcomes = Outcomes(listener)
        self.partial = PartialAnswer(listener)
        self._parts = preparation.parts
        self.settings = self._parts.connections.configured.failover
        self.can_restart = can_restart
        """Whether the client takes back what was sent."""
        self._runner = AttemptRunner(self._parts)
        self._listener = listener
        self._caller = caller
        self._refusals: dict[str, tuple[Candidate, RequestFailed]] = {}

    @property
    def refused(self) -> set[str]:
        """The fingerprints of the keys that were refused."""
        return set(self.preparation.refused)

    def refuse_key(self, candidate: Candidate, failure: RequestFailed) -> None:
        """Notes that a key was refused, so that no other target is called with it."""
        endpoint = candidate.endpoint
        if endpoint is not None and (fingerprint := endpoint.credential.fingerprint):
            self.preparation.refused.add(fingerprint)
            self._refusals[fingerprint] = candidate, failure

    async def prepared(self, candidate: Candidate) -> ModelCall:
        """The call of a target.

        Raises:
            InvalidParams: it cannot take the request.
            Skipped: nothing is sent to it.
            Rests: it is not to be called now.
        """
        limit, target = self.deadline.limit, candidate.target
        try:
            with anyio.CancelScope(deadline=limit.ends_s):
                target = await self._parts.connections.answering(target)
            if target.model is None and self._parts.default_model is not None:
                with anyio.CancelScope(deadline=limit.ends_s):
                    target = msgspec.structs.replace(target, model=await self._parts.default_model(target))
            candidate.target = target
            request = self.partial.continued(self.preparation.request)
            call = await limit.within(
                lambda: self.preparation.call(candidate, request), lambda: out_of_time(target, limit)
            )
        except RequestFailed as failure:
            self._parts.connections.record_health(target.provider.id, 0.0, failure, target.connection)
            raise Skipped(failure) from failure
        if self.partial.text and not can_continue(call):
            why = f"{call.model} cannot go on with an answer that another call has begun: begin again."
            failure = RequestFailed("unsupported", why, provider=target.provider.id, model=call.model)
            raise Skipped(failure, counts=False)
        if not candidate.admitted:
            await self.preparation.admit(call)
        return call

    async def run(self, attempt: Attempt, *, is_last: bool) -> tuple[types.Usage | None, RequestFailed | None]:
        """Makes the call of an attempt and adds its outcome; the usage, or the failure.

        Raises:
            InvalidParams: nothing was sent, since the wire format cannot take the request.
        """
        call, target = attempt.call, attempt.target
        first_delta_s = self.deadline.first_delta_s(call.endpoint, is_last=is_last)
        usage, failure = None, None
        try:
            usage = await self._runner.run(attempt, self._caller, self.deadline, first_delta_s)
            await self._parts.circuits.succeeded(self.preparation.route(call))
        except RequestFailed as error:
            failure = error
        finally:
            if usage is None and (failure is None or failure.kind == "budget_exceeded"):
                await self._abandon(call)
        if failure is not None and failure.kind == "budget_exceeded":
            return None, failure
        self.deadline.spend(call.endpoint, attempt.took_s, committed=attempt.answer.committed)
        outcome = attempt.outcome(failure)
        self.outcomes.add(outcome, failure)
        self._parts.connections.record_health(target.provider.id, outcome.latency_ms, failure, target.connection)
        return usage, failure

    async def report_failure(self, call: ModelCall, failure: RequestFailed) -> None:
        """Opens the circuit of a target that is not called again at once.

        The limit of a request says nothing about its target.
        """
        if failure.kind == "timeout" and self.deadline.is_over:
            await self._abandon(call)
        elif await self._parts.circuits.failed(self.preparation.route(call), failure):
            self._parts.warnings.met(call.endpoint.credential.fingerprint, failure)

    async def pause(self, seconds: float, call: ModelCall | None = None) -> None:
        """Waits; where that is cancelled, another request may try the target of ``call``."""
        done = False
        try:
            await anyio.sleep(seconds)
            done = True
        finally:
            if call is not None and not done:
                await self._abandon(call)

    def completion(self, attempt: Attempt, usage: types.Usage) -> types.Completion:
        """The whole answer; warns of the keys that were refused on the way."""
        for fingerprint, (refused, failure) in self._refusals.items():
            if self._parts.warnings.due(fingerprint):
                row, by = refused.target.provider, attempt.target.provider
                self._listener.warning(self._parts.warnings.text(row, by, failure))
        return attempt.completion(usage, self.outcomes.attempts)

    def error(self, committed: RequestFailed | None = None) -> RequestFailed:
        """The error of the request: of an attempt whose deltas the client has, else that of the first target."""
        if committed is not None:
            return self.outcomes.completed(committed)
        failure = self.outcomes.error(out_of_time=self.deadline.is_over)
        failure.text, failure.reasoning = self.partial.text, self.partial.reasoning
        return failure

    async def _abandon(self, call: ModelCall) -> None:
        with anyio.CancelScope(shield=True):
            await self._parts.circuits.abandoned(self.preparation.route(call))
