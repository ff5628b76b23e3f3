"""Reads the rows of agents that ship with the package."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec

from modelport.domain.agents.rows import AgentBook


def load_agents() -> AgentBook:
    """Reads and checks ``data/agents.toml``; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    text = files("modelport.data").joinpath("agents.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), AgentBook)
