"""Reads the rows of agents' servers that ship with the package."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import msgspec

from modelport.domain.agents.servers.rows import AgentServers


def load_agent_servers() -> AgentServers:
    """Reads and checks ``data/agent_servers.toml``; call it off the event loop.

    The ports that are left alone are the same as for model servers, and stand with those.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    rows = _table("agent_servers.toml")
    return msgspec.convert({**rows, "other_services": _table("fingerprints.toml")["other_services"]}, AgentServers)


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("modelport.data").joinpath(name).read_text(encoding="utf-8"))
