"""The level that starts nothing and sends nothing. Synchronous, so that it needs no event loop."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from modelport.domain.agents.editors.settings import Candidate
from modelport.domain.agents.handshake_result import ANSWERED, with_result
from modelport.domain.agents.ports import HandshakeCache, Instances, MachineView, RegistryCache
from modelport.domain.agents.records import records
from modelport.domain.agents.rows import AgentBook
from modelport.protocol.types import Agent, AgentRegistry, DiscoverAgentResult


class FileListing(Struct, frozen=True):
    """The agents that the files of this machine name."""

    candidates: tuple[Candidate, ...]
    announced: tuple[Agent, ...]
    registry: AgentRegistry | None
    ids: frozenset[str] = frozenset()
    """The ids in the request; none means all agents."""

    def result(self) -> DiscoverAgentResult:
        """The listing as the contract has it."""
        agents = (*(one.agent for one in self.candidates), *self.announced)
        return DiscoverAgentResult(agents=agents, registry=self.registry)


class FileLevel:
    """Lists agents from files alone."""

    def __init__(
        self, book: AgentBook, view: MachineView, cache: RegistryCache, handshakes: HandshakeCache, instances: Instances
    ) -> None:
        self.book = book
        self.view = view
        self.cache = cache
        self._handshakes = handshakes
        self._instances = instances

    def list(self, names: Collection[str] = (), *, everything: bool = False, strict: bool = True) -> FileListing:
        """The agents of this machine. ``everything`` adds those that are known and missing here.

        With ``strict`` an unknown name raises InvalidParams. Without it the name is kept, since a later level may find
        that agent.

        Raises:
            InvalidParams: no agent has the name; the message offers the nearest names.
        """
        copy = self.cache.read()
        machine = self.view.look(self.book, copy)
        candidates = [self._with_handshake(one) for one in records(self.book, copy.entries if copy else (), machine)]
        announced = list(self._instances.announced())
        ids = frozenset[str]()
        if names:
            ids = self._ids(names, [*(one.agent for one in candidates), *announced], strict=strict)
            candidates = [one for one in candidates if one.agent.agent_id in ids]
            announced = [agent for agent in announced if agent.agent_id in ids]
        elif not everything:
            candidates = [one for one in candidates if one.agent.sources]
        return FileListing(tuple(candidates), tuple(announced), copy.about if copy else None, ids)

    def _with_handshake(self, candidate: Candidate) -> Candidate:
        if candidate.launch is None:
            return candidate
        result = self._handshakes.get(candidate.launch)
        if result is None or result.status not in ANSWERED:
            return candidate
        agent = with_result(candidate.agent, result)
        return Candidate(agent=agent, launch=candidate.launch, consent=candidate.consent)

    def _ids(self, names: Collection[str], agents: Iterable[Agent], *, strict: bool) -> frozenset[str]:
        known = {agent.agent_id.lower(): agent.agent_id for agent in agents}
        ids: set[str] = set()
        for name in names:
            row = self.book.named(name)
            if strict and row is None and name.lower() not in known:
                raise unknown(name, known)
            ids.add(row.id if row else known.get(name.lower(), name))
        return frozenset(ids)


def unknown(name: str, known: Iterable[str]) -> Exception:
    """The error for a name that no agent has."""
    # Loaded for the message only: the listing is quicker without.
    from modelport.domain.errors import InvalidParams
    from modelport.domain.models.search import nearest

    near = nearest(name, sorted(known))
    offer = f" (did you mean {' or '.join(near)}?)" if near else ""
    return InvalidParams(f"No agent is called {name[:80]}{offer}.", field="ids")
