"""The parts that answer completions, shared by all requests of a client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct, field

from modelport.domain.completions.known_tools import KnownTools
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import Circuits, OpenCircuit, Route
from modelport.domain.ports import Clock, Dialects
from modelport.domain.providers.registry import Target
from modelport.engine.calls.recorder import CallRecorder
from modelport.engine.completions.key_warnings import KeyWarnings
from modelport.engine.completions.lookups import DefaultModel, ErrorEnricher, FactsOf
from modelport.engine.providers.connections import Connections


class Defaults(Protocol):
    """The targets of a request that names nothing."""

    async def targets(self) -> Sequence[Target]:
        """In the order in which they are called."""
        ...


class NullCircuits:
    """Circuits that are always closed."""

    async def admit(self, route: Route) -> OpenCircuit | None:
        """None: the route may be called."""

    async def failed(self, route: Route, failure: RequestFailed) -> bool:
        """Ignored; True."""
        return True

    async def succeeded(self, route: Route) -> None:
        """Ignored."""

    async def abandoned(self, route: Route) -> None:
        """Ignored."""


class CompletionParts(Struct, frozen=True, kw_only=True):
    """What every completion needs; ``warnings`` and ``circuits`` are shared by all clients of the process."""

    connections: Connections
    dialects: Dialects
    recorder: CallRecorder
    clock: Clock
    warnings: KeyWarnings
    circuits: Circuits = NullCircuits()
    defaults: Defaults | None = None
    default_model: DefaultModel | None = None
    enrich: ErrorEnricher | None = None
    facts_of: FactsOf | None = None
    known_tools: KnownTools = field(default_factory=KnownTools)
