"""Starts agents for a handshake: which, how many at once, in which environment, and when a cached result is enough."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection

import anyio
import anyio.to_thread
import msgspec

from modelport.domain.agents.editors.settings import Candidate
from modelport.domain.agents.environment import start_environment
from modelport.domain.agents.handshake_result import ANSWERED, with_result
from modelport.domain.agents.observations import HandshakeResult, Launch
from modelport.domain.agents.ports import HandshakeCache, Handshakes, MachineView
from modelport.domain.ports import Environment
from modelport.protocol.types import Agent, DiscoverAgentParams

MAX_STARTS_AT_ONCE = 3
"""Agents that are started at the same time: each takes up to half a gigabyte."""
LATE = "The time was over before it could be started."


class AgentStarter:
    """Starts agents, unless the result of an earlier handshake with exactly this program is cached."""

    def __init__(
        self,
        handshakes: Handshakes,
        cache: HandshakeCache,
        environment: Environment,
        view: MachineView,
        secret_env_vars: Callable[[], Awaitable[Collection[str]]],
    ) -> None:
        self.cache = cache
        self._handshakes = handshakes
        self._environment = environment
        self._view = view
        self._secret_env_vars = secret_env_vars

    def begin(self, params: DiscoverAgentParams, end: float) -> StartBudget:
        """One search's starts, until ``end`` on the loop's clock."""
        return StartBudget(self, params, end)

    async def start(self, launch: Launch, *, timeout_s: float, session: bool) -> HandshakeResult:
        """Starts an agent. An answer is cached; the result of a session is not, since a log-in may end."""
        secrets = await self._secret_env_vars()
        given = await anyio.to_thread.run_sync(self._given, launch, session, secrets)
        result = await self._handshakes.start(launch, given, timeout_s=timeout_s, session=session)
        if result.status in ANSWERED and not session:
            await anyio.to_thread.run_sync(self.cache.put, launch, result)
        return result

    def _given(self, launch: Launch, session: bool, secrets: Collection[str]) -> dict[str, str]:  # noqa: FBT001
        variables = {**self._environment.variables(), "PATH": self._view.start_path()}
        return start_environment(variables, launch, secrets, keys=session, separator=os.pathsep)


class StartBudget:
    """How agents are started in one search: a few at once, until the time is over."""

    def __init__(self, starter: AgentStarter, params: DiscoverAgentParams, end: float) -> None:
        self._starter = starter
        self._named = bool(params.ids)
        self._fresh = bool(params.refresh)
        self._session = bool(params.sessions)
        self._end = end
        self._limiter = anyio.CapacityLimiter(MAX_STARTS_AT_ONCE)

    def may(self, candidate: Candidate) -> bool:
        """Whether a candidate is started: one known only by a generic program name needs its id in the request."""
        return candidate.launch is not None and (self._named or not candidate.consent)

    async def agent(self, candidate: Candidate) -> Agent:
        """The record with the result of the start."""
        result = await self._result(candidate.launch) if candidate.launch else None
        if result is None:
            return msgspec.structs.replace(candidate.agent, detail=f"{candidate.agent.detail} {LATE}".strip())
        agent = with_result(candidate.agent, result)
        # A program that answers is an agent, whatever other programs have its name.
        return msgspec.structs.replace(agent, installed=agent.installed or result.status in ANSWERED)

    async def _result(self, launch: Launch) -> HandshakeResult | None:
        """None where the time is over before it is started."""
        if not self._fresh and not self._session:
            known = await anyio.to_thread.run_sync(self._starter.cache.get, launch)
            if known is not None and known.status in ANSWERED:
                return known
        async with self._limiter:
            left = self._end - anyio.current_time()
            if left <= 0:
                return None
            limit = min(launch.start_s, left)
            return await self._starter.start(launch, timeout_s=limit, session=self._session)
