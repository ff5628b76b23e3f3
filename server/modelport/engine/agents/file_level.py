"""The level that runs nothing and asks nobody. Synchronous, so that it needs no event loop."""

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
    """What the files of this machine say."""

    found: tuple[Candidate, ...]
    announced: tuple[Agent, ...]
    registry: AgentRegistry | None
    ids: frozenset[str] = frozenset()
    """The agents that were asked for, by their ids; none means all."""

    def result(self) -> DiscoverAgentResult:
        """As the contract tells it."""
        agents = (*(one.agent for one in self.found), *self.announced)
        return DiscoverAgentResult(agents=agents, registry=self.registry)


class FileLevel:
    """Lists agents from files alone."""

    def __init__(
        self, book: AgentBook, view: MachineView, cache: RegistryCache, verdicts: HandshakeCache, instances: Instances
    ) -> None:
        self.book = book
        self.view = view
        self.cache = cache
        self._verdicts = verdicts
        self._instances = instances

    def list(self, names: Collection[str] = (), *, everything: bool = False, strict: bool = True) -> FileListing:
        """The agents of this machine. ``everything`` adds those that are known and not here.

        A name that nobody has is an error, unless ``strict`` says that somebody may still turn up.

        Raises:
            InvalidParams: nobody is called so; the message offers the nearest names.
        """
        copy = self.cache.read()
        machine = self.view.look(self.book, copy)
        found = [self._with_verdict(one) for one in records(self.book, copy.entries if copy else (), machine)]
        announced = list(self._instances.announced())
        ids = frozenset[str]()
        if names:
            ids = self._ids(names, [*(one.agent for one in found), *announced], strict=strict)
            found = [one for one in found if one.agent.agent_id in ids]
            announced = [agent for agent in announced if agent.agent_id in ids]
        elif not everything:
            found = [one for one in found if one.agent.sources]
        return FileListing(tuple(found), tuple(announced), copy.about if copy else None, ids)

    def _with_verdict(self, found: Candidate) -> Candidate:
        if found.launch is None:
            return found
        verdict = self._verdicts.get(found.launch)
        if verdict is None or verdict.status not in ANSWERED:
            return found
        agent = with_result(found.agent, verdict)
        return Candidate(agent=agent, launch=found.launch, consent=found.consent)

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
    # Loaded for the remark only: the listing is quicker without.
    from modelport.domain.errors import InvalidParams
    from modelport.domain.models.search import nearest

    near = nearest(name, sorted(known))
    offer = f" (did you mean {' or '.join(near)}?)" if near else ""
    return InvalidParams(f"No agent is called {name[:80]}{offer}.", field="ids")
