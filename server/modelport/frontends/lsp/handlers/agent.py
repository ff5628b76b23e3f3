"""``agent/*``."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

import msgspec

from modelport.frontends.lsp import messages
from modelport.frontends.lsp.session import Session
from modelport.protocol import types

Tell = Callable[[types.Agent], None]


async def discover_agent(session: Session, params: types.DiscoverAgentParams) -> types.DiscoverAgentResult:
    """Finds agents, and tells a client that asked for it of each as soon as it is known."""
    stream_id = params.stream_id
    if stream_id is None and params.work_done_token is not None:
        stream_id = str(params.work_done_token)
    # The id is taken before anything is waited for: of two requests that want it, the first gets it.
    with (
        _updates(session, stream_id) as send,
        session.progress(params.work_done_token, "Looking for agents") as report,
    ):

        def tell(agent: types.Agent) -> None:
            send(agent)
            report(f"{agent.display_name}: {agent.status}")

        return await (await (await session.app()).agents()).find(params, tell)


@contextmanager
def _updates(session: Session, stream_id: str | None) -> Generator[Tell]:
    """A way to send ``agent/update`` notifications, numbered from 0; without a stream id it sends none."""
    if stream_id is None:
        yield lambda _: None
        return
    sequence = 0

    def send(agent: types.Agent) -> None:
        nonlocal sequence
        update = {"kind": "agent", "agent": msgspec.to_builtins(agent)}
        params = types.AgentUpdateParams(stream_id=stream_id, seq=sequence, update=update)
        session.outbox.send(messages.notification("agent/update", params))
        sequence += 1

    session.open_stream(stream_id)
    try:
        yield send
    finally:
        session.close_stream(stream_id)
