"""Puts the result of a handshake into a record."""

from __future__ import annotations

import msgspec

from modelport.domain.agents.observations import HandshakeResult
from modelport.protocol.types import Agent, AgentStatus

ANSWERED: frozenset[AgentStatus] = frozenset({"ready", "auth_required", "not_configured"})
"""Statuses that hold until the program changes; the cause of any other may have gone."""
FIXED: frozenset[AgentStatus] = frozenset({"needs_install", "stub"})
"""Statuses that files prove and no answer disproves: an adapter answers also without the program it adapts."""


def with_result(agent: Agent, result: HandshakeResult) -> Agent:
    """The record, updated with the result of a handshake."""
    info = result.agent_info or {}
    reported = info.get("version")
    version = agent.version or (reported if isinstance(reported, str) else "")
    fixed = agent.status in FIXED
    return msgspec.structs.replace(
        agent,
        status=agent.status if fixed else result.status,
        detail=" ".join(filter(None, (agent.detail, result.detail))),
        version=version,
        argv=result.argv or agent.argv,
        auth=result.auth,
        verified_at=result.verified_at,
        protocol_version=result.protocol_version,
        agent_info=result.agent_info,
        capabilities=result.capabilities,
        auth_methods=result.auth_methods,
        models=result.models,
        latency_ms=result.latency_ms,
        stdout_noise=result.stdout_noise,
        stderr_tail=result.stderr_tail,
        exits_cleanly=result.exits_cleanly,
    )
