"""``agent/*``."""

from __future__ import annotations

import msgspec

from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc import messages
from modelport.protocol import types


async def discover_agent(session: Session, params: types.DiscoverAgentParams) -> types.DiscoverAgentResult:
    """Finds agents, and tells a client that asked for it of each as soon as it is known."""
    stream_id = params.stream_id
    if stream_id is None and params.work_done_token is not None:
        stream_id = str(params.work_done_token)
    # The id is taken before anything is waited for: of two requests that want it, the first gets it.
    with (
        session.pieces(stream_id, _found) as send,
        session.progress(params.work_done_token, "Looking for agents") as report,
    ):

        def tell(agent: types.Agent) -> None:
            send(agent)
            report(f"{agent.display_name}: {agent.status}")

        return await (await (await session.app()).core.agents.get()).find(params, tell)


def _found(stream_id: str, seq: int, agent: types.Agent) -> bytes:
    update = {"kind": "agent", "agent": msgspec.to_builtins(agent)}
    return messages.notification("agent/update", types.AgentUpdateParams(stream_id=stream_id, seq=seq, update=update))
