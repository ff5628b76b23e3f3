"""Reads the rows of agents that ship with the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from modelport.domain.agents.rows import AgentBook


def load_agents() -> AgentBook:
    """Reads and checks ``data/agents.toml``; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    # Not importlib.resources, which takes longer to load than this to read.
    path = Path(__file__).parents[2] / "data" / "agents.toml"
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), AgentBook)
