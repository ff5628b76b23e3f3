"""Endpoints that are not to be called now."""

from __future__ import annotations

import msgspec

from modelport.domain.completions.timeouts import is_own_server
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import OpenCircuit
from modelport.domain.failover.rules import costs_nothing
from modelport.domain.failover.steps import MAX_REST_S
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.registry import Target
from modelport.engine.completions.own_failures import resting


class Resting(msgspec.Struct, frozen=True):
    """An endpoint whose circuit is open."""

    endpoint: Endpoint
    circuit: OpenCircuit
    rest_s: float

    @classmethod
    def of(cls, endpoint: Endpoint, circuit: OpenCircuit, now_ms: int) -> Resting:
        """The endpoint, with how long it rests from now."""
        return cls(endpoint, circuit, max(0.0, (circuit.until_ms - now_ms) / 1000))

    @property
    def may_be_called(self) -> bool:
        """Whether it is called all the same where no other key is left, if need be after a moment."""
        free = costs_nothing(self.circuit.kind, own_server=is_own_server(self.endpoint))
        return free or self.rest_s <= MAX_REST_S

    @property
    def wait_s(self) -> float:
        """The moment to wait before that."""
        return self.rest_s if self.rest_s <= MAX_REST_S else 0.0

    def failure(self, target: Target) -> RequestFailed:
        """The failure of a target that is not called for it."""
        return resting(target, self.circuit, self.rest_s)
