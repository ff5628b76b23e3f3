"""Reads the rows of agents' servers that ship with the package."""

from __future__ import annotations

from modelport.adapters.data.rows import shipped
from modelport.domain.agents.servers.rows import AgentServers


def load_agent_servers() -> AgentServers:
    """Reads the rows of ``data/agent_servers.toml``, from what is generated of them; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    return shipped("agent_servers", AgentServers)
