"""Reads the rows of agents that ship with the package."""

from __future__ import annotations

from modelport.adapters.data.rows import shipped
from modelport.domain.agents.rows import AgentBook


def load_agents() -> AgentBook:
    """Reads the rows of ``data/agents.toml``, from what is generated of them; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    return shipped("agents", AgentBook)
