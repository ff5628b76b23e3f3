"""Starting agents to find out about them: which, how many at once, with what, and when what is known is enough."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

import anyio
import anyio.to_thread
import msgspec

from modelport.domain.agents.editors.settings import Found
from modelport.domain.agents.environment import start_environment
from modelport.domain.agents.handshake_result import ANSWERED, with_verdict
from modelport.domain.agents.observations import Launch, Verdict
from modelport.domain.agents.ports import Handshakes, MachineView, Verdicts
from modelport.domain.ports import Environment
from modelport.protocol.types import Agent, DiscoverAgentParams

AT_ONCE = 3
"""Agents that are started at the same time: each takes up to half a gigabyte."""
LATE = "The time was over before it could be started."


class Starter:
    """Starts agents, unless what is known of exactly this program holds."""

    def __init__(
        self,
        handshakes: Handshakes,
        verdicts: Verdicts,
        environment: Environment,
        view: MachineView,
        withheld: Callable[[], Collection[str]],
    ) -> None:
        self.verdicts = verdicts
        self._handshakes = handshakes
        self._environment = environment
        self._view = view
        self._withheld = withheld

    def begin(self, params: DiscoverAgentParams, end: float) -> Starts:
        """One search's starts, until ``end`` on the loop's clock."""
        return Starts(self, params, end)

    async def start(self, launch: Launch, *, timeout_s: float, session: bool) -> Verdict:
        """What comes of starting it. An answer is kept; what a session told is not, since a log-in may end."""
        given = await anyio.to_thread.run_sync(self._given, launch, session)
        verdict = await self._handshakes.start(launch, given, timeout_s=timeout_s, session=session)
        if verdict.status in ANSWERED and not session:
            await anyio.to_thread.run_sync(self.verdicts.keep, launch, verdict)
        return verdict

    def _given(self, launch: Launch, session: bool) -> dict[str, str]:  # noqa: FBT001  a thread's
        variables = {**self._environment.variables(), "PATH": self._view.start_path()}
        return start_environment(variables, launch, self._withheld(), keys=session, separator=os.pathsep)


class Starts:
    """How agents are started in one search: a few at once, until the time is over."""

    def __init__(self, starter: Starter, params: DiscoverAgentParams, end: float) -> None:
        self._starter = starter
        self._named = bool(params.ids)
        self._fresh = bool(params.refresh)
        self._session = bool(params.sessions)
        self._end = end
        self._limiter = anyio.CapacityLimiter(AT_ONCE)

    def may(self, found: Found) -> bool:
        """Whether this one is to be started. Whoever is known by a generic name alone must be named for it."""
        return found.launch is not None and (self._named or not found.consent)

    async def agent(self, found: Found) -> Agent:
        """The record with what came of it."""
        verdict = await self._verdict(found.launch) if found.launch else None
        if verdict is None:
            return msgspec.structs.replace(found.agent, detail=f"{found.agent.detail} {LATE}".strip())
        agent = with_verdict(found.agent, verdict)
        # Whoever answers is an agent, whatever else has its name.
        return msgspec.structs.replace(agent, installed=agent.installed or verdict.status in ANSWERED)

    async def _verdict(self, launch: Launch) -> Verdict | None:
        """None where the time is over before it is started."""
        if not self._fresh and not self._session:
            known = await anyio.to_thread.run_sync(self._starter.verdicts.known, launch)
            if known is not None and known.status in ANSWERED:
                return known
        async with self._limiter:
            left = self._end - anyio.current_time()
            if left <= 0:
                return None
            limit = min(launch.start_s, left)
            return await self._starter.start(launch, timeout_s=limit, session=self._session)
