"""``agent/*``."""

from __future__ import annotations

import msgspec

from modelport.engine.time_limit import TimeLimit
from modelport.frontends.lsp.handlers.titles import LOOKING_FOR_AGENTS
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc import messages
from modelport.protocol import types


async def discover_agent(session: Session, params: types.DiscoverAgentParams) -> types.DiscoverAgentResult:
    """Finds agents; with a stream id or a token each is sent to the client as soon as it is known."""
    stream_id = params.stream_id
    if stream_id is None and params.work_done_token is not None:
        stream_id = str(params.work_done_token)
    limit = TimeLimit(params.timeout_ms)
    # The id is reserved before the first await: of two requests with the same id, the earlier one gets it.
    with (
        session.numbered(stream_id, _update) as send,
        session.progress(params.work_done_token, LOOKING_FOR_AGENTS) as report,
    ):

        def on_agent(agent: types.Agent) -> None:
            send(agent)
            report(f"{agent.display_name}: {agent.status}")

        app = await limit.within(session.app)
        agents = await limit.within(app.core.agents.get)
        return await agents.find(params, on_agent, limit)


def _update(stream_id: str, seq: int, agent: types.Agent) -> bytes:
    update = {"kind": "agent", "agent": msgspec.to_builtins(agent)}
    return messages.notification("agent/update", types.AgentUpdateParams(stream_id=stream_id, seq=seq, update=update))
