"""The servers of agents that are known by what they answer: a row of ``data/agent_servers.toml`` each."""

from __future__ import annotations

from typing import Self

import msgspec
from msgspec import Struct

from modelport.domain.local.fingerprints import Field, Probe
from modelport.protocol.types import AgentIdentity, AgentProtocol


class AgentServer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of server is known: all probes of one of its ``ways`` hold."""

    id: str
    name: str
    """What it is called where it does not say so itself."""
    protocol: AgentProtocol
    ways: tuple[tuple[Probe, ...], ...]
    checked: str
    """The day the facts of this row were checked, ISO 8601."""
    source: str
    """Where the facts come from, and whether they were seen on a running server."""
    agent_id: str | None = None
    """The row in ``agents.toml``, where it is a known agent that serves."""
    ports: tuple[int, ...] = ()
    """Where it listens when nobody says otherwise."""
    endpoint: str = ""
    """The path it is reached at."""
    version: Field | None = None
    identity: AgentIdentity = "confirmed"
    """``name-only`` for a shape that servers of many makers have."""
    open: bool = False
    """Whether it lets everybody in who reaches it, when it answers as one of the ways says and refuses nothing."""
    last: bool = False
    """Counts only when no other row fits and there is nothing left to ask."""


class AgentServers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file: the rows, those that could be taken for others first, and what to ask in which order."""

    waves: tuple[tuple[str, ...], ...]
    """Paths that are asked together, as far as they could decide, while the ones before them have not decided."""
    other_services: tuple[int, ...]
    """Ports of well-known services that take an HTTP request for an attack or an error; as for model servers."""
    server: tuple[AgentServer, ...]

    def without_ports(self) -> Self:
        """The same servers, with no port at which they are looked for unless something is known to listen there."""
        rows = tuple(msgspec.structs.replace(row, ports=()) for row in self.server)
        return msgspec.structs.replace(self, server=rows)
