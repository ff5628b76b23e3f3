"""What a verdict changes in a record."""

from __future__ import annotations

import msgspec

from modelport.domain.agents.observations import HandshakeResult
from modelport.protocol.types import Agent, AgentStatus

ANSWERED: frozenset[AgentStatus] = frozenset({"ready", "auth_required", "not_configured"})
"""The verdicts that hold until the program changes; the others may have had a reason that has gone."""
FIXED: frozenset[AgentStatus] = frozenset({"needs_install", "stub"})
"""What files prove, and no answer disproves: an adapter answers also without the program it adapts."""


def with_result(agent: Agent, verdict: HandshakeResult) -> Agent:
    """The record with what came of talking to the agent."""
    info = verdict.agent_info or {}
    said = info.get("version")
    version = agent.version or (said if isinstance(said, str) else "")
    fixed = agent.status in FIXED
    return msgspec.structs.replace(
        agent,
        status=agent.status if fixed else verdict.status,
        detail=" ".join(filter(None, (agent.detail, verdict.detail))),
        version=version,
        argv=verdict.argv or agent.argv,
        auth=verdict.auth,
        verified_at=verdict.verified_at,
        protocol_version=verdict.protocol_version,
        agent_info=verdict.agent_info,
        capabilities=verdict.capabilities,
        auth_methods=verdict.auth_methods,
        models=verdict.models,
        latency_ms=verdict.latency_ms,
        stdout_noise=verdict.stdout_noise,
        stderr_tail=verdict.stderr_tail,
        exits_cleanly=verdict.exits_cleanly,
    )
