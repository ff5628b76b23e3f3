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

        Level ``static`` reads files only; ``probe`` also sends requests to this user's listening ports; ``verify`` also
        starts the agents found, in an empty folder and without keys, and sends each the protocol's first request.
        ``everything`` adds known agents that are not installed, ``refresh`` restarts those whose result is cached,
        ``sessions`` opens a session with each, and ``registry`` downloads the public registry first: ``latest`` or an
        https address.

        Raises:
            InvalidParams: a parameter is wrong.
            RequestFailed: the registry could not be downloaded.
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

        async def search(stream: ResultStream[types.Agent, Agents]) -> Agents:
            from modelport.engine.time_limit import TimeLimit

            limit = TimeLimit(timeout_ms)
            app = await limit.within(self._session.app)
            discovery = await limit.within(app.core.agents.get)
            return (await discovery.find(params, stream.add, limit)).agents

        return Operation(ResultStream(), search)
