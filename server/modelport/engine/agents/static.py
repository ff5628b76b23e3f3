"""The level that runs nothing and asks nobody. Synchronous, so that it needs no event loop."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from modelport.domain.agents.ports import Instances, MachineView, RegistryCache, Verdicts
from modelport.domain.agents.records import records
from modelport.domain.agents.registry import RegistryCopy, RegistryEntry
from modelport.domain.agents.rows import AgentBook
from modelport.domain.agents.settings import Found
from modelport.domain.agents.verdicts import ANSWERED, with_verdict
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Agent, AgentRegistry


class Listing(Struct, frozen=True):
    """What the files of this machine say."""

    found: tuple[Found, ...]
    announced: tuple[Agent, ...]
    registry: AgentRegistry | None


class StaticAgents:
    """Lists agents from files alone."""

    def __init__(
        self, book: AgentBook, view: MachineView, cache: RegistryCache, verdicts: Verdicts, instances: Instances
    ) -> None:
        self.book = book
        self.view = view
        self.cache = cache
        self._verdicts = verdicts
        self._instances = instances

    def list(self, ids: Collection[str] = (), *, everything: bool = False) -> Listing:
        """The agents of this machine. ``everything`` adds those that are known and not here.

        Raises:
            InvalidParams: nobody is called so; the message offers the nearest names.
        """
        copy = self.cache.read()
        machine = self.view.look(self.book, copy)
        found = [self._with_verdict(one) for one in records(self.book, _entries(copy), machine)]
        announced = list(self._instances.announced())
        if ids:
            wanted = self._ids(ids, found, announced)
            found = [one for one in found if one.agent.agent_id in wanted]
            announced = [agent for agent in announced if agent.agent_id in wanted]
        elif not everything:
            found = [one for one in found if one.agent.sources]
        return Listing(tuple(found), tuple(announced), copy.about if copy else None)

    def _with_verdict(self, found: Found) -> Found:
        if found.launch is None:
            return found
        verdict = self._verdicts.known(found.launch)
        if verdict is None or verdict.status not in ANSWERED:
            return found
        return Found(agent=with_verdict(found.agent, verdict), launch=found.launch, consent=found.consent)

    def _ids(self, names: Collection[str], found: list[Found], announced: list[Agent]) -> frozenset[str]:
        known = {one.agent.agent_id.lower(): one.agent.agent_id for one in found}
        known |= {agent.agent_id.lower(): agent.agent_id for agent in announced}
        ids: set[str] = set()
        for name in names:
            row = self.book.named(name)
            if row is None and name.lower() not in known:
                # Loaded only for the remark.
                from modelport.domain.model_search import nearest

                near = nearest(name, sorted(known))
                offer = f" (did you mean {' or '.join(near)}?)" if near else ""
                raise InvalidParams(f"No agent is called {name[:80]}{offer}.", field="ids")
            ids.add(row.id if row else known[name.lower()])
        return frozenset(ids)


def _entries(copy: RegistryCopy | None) -> tuple[RegistryEntry, ...]:
    return copy.entries if copy else ()
