"""Finding the agents of this machine."""

from __future__ import annotations

from collections.abc import Iterable

from modelport.frontends.python.session import Calls
from modelport.frontends.python.streams import Operation, ResultStream
from modelport.protocol import types

Agents = tuple[types.Agent, ...]


class AgentCalls(Calls):
    """The calls about agents."""

    def agents(
        self,
        *,
        level: types.DiscoverLevel = "static",
        timeout_ms: int | None = None,
        ids: Iterable[str] | None = None,
        everything: bool = False,
        refresh: bool = False,
        sessions: bool = False,
        registry: str | None = None,
    ) -> Operation[ResultStream[types.Agent, Agents], Agents]:
        """The agents of this machine: awaited all of them, entered each as soon as it is known.

        Level ``static`` reads files only; ``probe`` also asks this user's listening ports; ``verify`` also starts what
        was found, in an empty folder and without keys, and asks for the protocol's first answer. ``everything`` adds
        agents that are known and not here, ``refresh`` starts also what has answered before, ``sessions`` opens a
        session with each, and ``registry`` downloads the public registry first: ``latest`` or an https address.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the registry could not be had.
        """
        params = types.DiscoverAgentParams(
            level=level,
            timeout_ms=timeout_ms,
            ids=None if ids is None else tuple(ids),
            all=everything,
            refresh=refresh,
            sessions=sessions,
            registry=registry,
        )

        async def search(feed: ResultStream[types.Agent, Agents]) -> Agents:
            discovery = await (await self._session.app()).core.agents.get()
            return (await discovery.find(params, feed.add)).agents

        return Operation(ResultStream(), search)
