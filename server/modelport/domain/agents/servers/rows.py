"""The servers of agents that are recognised by their answers: a row of ``data/agent_servers.toml`` each."""

from __future__ import annotations

from typing import Self

import msgspec
from msgspec import Struct

from modelport.domain.local.fingerprints import Field, Probe
from modelport.protocol.types import AgentIdentity, AgentProtocol


class AgentServer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of server, recognised when all probes of one of its ``ways`` hold."""

    id: str
    name: str
    """Its name where it reports none itself."""
    protocol: AgentProtocol
    ways: tuple[tuple[Probe, ...], ...]
    checked: str
    """The day the facts of this row were checked, ISO 8601."""
    source: str
    """Where the facts come from, and whether they were seen on a running server."""
    agent_id: str | None = None
    """The row in ``agents.toml``, where it is a known agent that serves."""
    ports: tuple[int, ...] = ()
    """Its default ports."""
    endpoint: str = ""
    """The path it is reached at."""
    version: Field | None = None
    identity: AgentIdentity = "confirmed"
    """``name-only`` for a shape that servers of many makers have."""
    open: bool = False
    """Whether it is open to every peer, when its answers match one of the ways and none is a refusal."""
    last: bool = False
    """Counts only when no other row fits and no request is left to send."""


class AgentServers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file: the rows, those that could be mistaken for others first, and the paths to request."""

    waves: tuple[tuple[str, ...], ...]
    """Request paths, in waves. A wave is sent only while the earlier ones are inconclusive, and only the paths that
    could still settle it."""
    other_services: tuple[int, ...]
    """Ports of well-known services that treat an HTTP request as an attack or an error; as for model servers."""
    server: tuple[AgentServer, ...]

    def without_ports(self) -> Self:
        """The same servers without their default ports, so that only ports known to be listened on are probed."""
        rows = tuple(msgspec.structs.replace(row, ports=()) for row in self.server)
        return msgspec.structs.replace(self, server=rows)
