"""The targets of a request that are still to be called, and what is looked up about them before they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from modelport.domain.completions.timeouts import is_own_server
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import OpenCircuit
from modelport.domain.failover.fitness import (
    MIN_CHECKED_TOKENS,
    UNKNOWN,
    ModelFacts,
    Needs,
    by_window,
    is_too_small,
    missing_feature,
)
from modelport.domain.failover.rules import PER_KEY, costs_nothing
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Target
from modelport.engine.completions.lookups import FactsOf
from modelport.engine.completions.own_failures import model_of
from modelport.protocol.types import ErrorKind


class Candidate:
    """A target that may be called, with what the request has learned of it."""

    def __init__(self, target: Target, *, own: bool) -> None:
        self.target = target
        self.own = own
        """Whether the user wrote it, in the request or in a chain."""
        self.endpoint: Endpoint | None = None
        """The endpoint with the key to use; None until it is made."""
        self.tried: set[str] = set()
        """Fingerprints of the keys that were tried, or are known to be refused."""
        self.repeated = False
        """Whether the next call of it is not the first."""
        self.admitted = False
        """Whether its circuit lets the next call pass."""
        self.facts: ModelFacts | None = None

    def has_another_key(self, refused: Collection[str]) -> bool:
        """Whether the provider has a key besides those that were tried or refused."""
        if self.endpoint is None:
            return False
        spent = {self.endpoint.credential.fingerprint, *self.tried, *refused}
        return any(key.fingerprint not in spent for key in self.endpoint.credential.alternatives)

    def use_another_key(self, kind: ErrorKind, refused: Collection[str]) -> bool:
        """Turns to another key after a failure that one may not have; returns whether there is one."""
        if self.endpoint is None or kind not in PER_KEY or not self.has_another_key(refused):
            return False
        self.tried.add(self.endpoint.credential.fingerprint)
        self.endpoint, self.admitted, self.repeated = None, False, False
        return True


class Resting:
    """A target that may be called again at a time on the loop's clock."""

    def __init__(self, candidate: Candidate, at_s: float, circuit: OpenCircuit | None) -> None:
        self.candidate = candidate
        self.at_s = at_s
        self.circuit = circuit
        """The circuit that kept it from being called; None where this request has called it."""

    @property
    def costs_nothing(self) -> bool:
        """Whether it may be called before that time, where nothing else is left."""
        endpoint = self.candidate.endpoint
        own_server = endpoint is not None and is_own_server(endpoint)
        return self.circuit is not None and costs_nothing(self.circuit.kind, own_server=own_server)


class Candidates:
    """The targets in the order in which they are called."""

    def __init__(self, candidates: Iterable[Candidate], needs: Needs, facts_of: FactsOf | None) -> None:
        self._waiting = deque(candidates)
        self.count = len(self._waiting)
        self._needs = needs
        self._facts_of = facts_of if self.count > 1 else None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self) -> Candidate:
        """The next one."""
        return self._waiting.popleft()

    def put_back(self, candidate: Candidate) -> None:
        """Makes a candidate the next one again."""
        self._waiting.appendleft(candidate)

    @property
    def next_is_own(self) -> bool:
        """Whether there is a next one that the user wrote."""
        return bool(self._waiting) and self._waiting[0].own

    async def unfit(self, candidate: Candidate) -> RequestFailed | None:
        """Why nothing is sent to a target: its model is known to lack what the request needs."""
        if self._needs.are_common or self._facts_of is None:
            return None
        facts = await self._facts(candidate)
        target = candidate.target
        if lacks := missing_feature(facts, self._needs):
            return _skipped("unsupported", target, f"{model_of(target)} {lacks}: name another model.")
        if self._needs.tokens > MIN_CHECKED_TOKENS and is_too_small(facts, self._needs.tokens):
            others = [await self._facts(other) for other in self._waiting]
            if any(not is_too_small(other, self._needs.tokens) for other in others):
                return _too_small(target, facts)
        return None

    async def keep_larger(self, failed: Candidate) -> list[tuple[Candidate, RequestFailed]]:
        """Leaves out the targets whose context window is not known to be larger than an input that did not fit.

        Those of unknown size come last. Returns those that are left out, with the reason.
        """
        known = [(candidate, await self._facts(candidate)) for candidate in self._waiting]
        above = max(self._needs.tokens, (await self._facts(failed)).window or 0)
        kept = by_window(known, above)
        self._waiting = deque(kept)
        return [(one, _too_small(one.target, facts)) for one, facts in known if one not in kept]

    async def _facts(self, candidate: Candidate) -> ModelFacts:
        if candidate.facts is None:
            candidate.facts = await self._facts_of(candidate.target) if self._facts_of else UNKNOWN
        return candidate.facts


def _too_small(target: Target, facts: ModelFacts) -> RequestFailed:
    words = f"The input does not fit the {facts.window} tokens of {model_of(target)}: shorten it."
    return _skipped("context_too_long", target, words)


def _skipped(kind: ErrorKind, target: Target, message: str) -> RequestFailed:
    return RequestFailed(kind, message, provider=target.provider.id, model=model_of(target))
