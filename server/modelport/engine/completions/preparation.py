"""Makes the call of a target: its model, its endpoint with a key, and whether its circuit lets a call pass."""

from __future__ import annotations

import anyio

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.request import CompletionRequest
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.failover.circuits import OpenCircuit, Route, route_of
from modelport.engine.completions.candidates import Candidate, Candidates
from modelport.engine.completions.deadline import Deadline
from modelport.engine.completions.model_calls import model_call
from modelport.engine.completions.parts import CompletionParts
from modelport.engine.time_limit import TimeLimit
from modelport.protocol.types import CompletionRole

BACKGROUND: frozenset[CompletionRole] = frozenset({"inline", "next_edit", "small"})
"""The roles of completions that no person waits for."""


class Rests(Exception):
    """A target is not to be called before a time on the loop's clock."""

    def __init__(self, circuit: OpenCircuit, at_s: float) -> None:
        super().__init__(circuit.message)
        self.circuit = circuit
        self.at_s = at_s


class Skipped(Exception):
    """Nothing is sent to a target.

    Without ``counts`` its model is known to lack what the request needs, which is told only where there is no other
    failure.
    """

    def __init__(self, failure: RequestFailed, *, counts: bool = True) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.counts = counts


class Preparation:
    """Prepares the calls of one request."""

    def __init__(
        self,
        parts: CompletionParts,
        candidates: Candidates,
        request: CompletionRequest,
        limit: TimeLimit,
        *,
        role: str,
        client: str | None,
    ) -> None:
        self.parts = parts
        self.candidates = candidates
        self.request = request
        self.deadline = Deadline(limit)
        self.refused: set[str] = set()
        """The fingerprints of the keys that were refused: no target is called with one of them."""
        self._background = role in BACKGROUND
        self._client = client

    async def call(self, candidate: Candidate, request: CompletionRequest) -> ModelCall:
        """The call of a target for the request, or for that with the beginning of its answer.

        Raises:
            InvalidParams: it cannot take the request.
            RequestFailed: it has no address or no key that was not refused, or cannot be reached by this build.
            Skipped: its model cannot take the request.
        """
        target, row = candidate.target, candidate.target.provider
        model = target.model or row.default_model
        if not model:
            raise InvalidParams(
                f"Name a model of {row.display_name}: write {row.id}/MODEL.", field="model", provider=row.id
            )
        if candidate.endpoint is None:
            candidate.endpoint = await self.parts.connections.next_endpoint(
                row, model, candidate.tried | self.refused, connection=target.connection, step=target.resolved_by
            )
        if candidate.endpoint is None:
            why = f"The key of {row.display_name} was refused, and there is no other: give another key."
            raise RequestFailed("auth_rejected", why, provider=row.id, model=model, action="give another key")
        if failure := await self.candidates.unfit(candidate):
            raise Skipped(failure, counts=False)
        return model_call(request, model, candidate.endpoint, self.parts.known_tools)

    async def admit(self, call: ModelCall) -> None:
        """Returns where the circuit of a call lets it pass, which makes it the one that tries after a failure.

        Raises:
            Rests: it is not to be called now.
        """
        circuit = await self.parts.circuits.admit(self.route(call))
        if circuit is not None:
            rest_s = max(0.0, (circuit.until_ms - self.parts.clock.now_ms()) / 1000)
            raise Rests(circuit, anyio.current_time() + rest_s)

    def route(self, call: ModelCall) -> Route:
        """What fails where a call does."""
        return route_of(call.endpoint, call.model, background=self._background, client=self._client)
