"""The ports of agent discovery, as protocols that adapters implement.

Those of the static level are synchronous, so that the command line works without an event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from modelport.domain.agents.observations import HandshakeResult, Launch, Machine, Running
    from modelport.domain.agents.registry import RegistryCopy
    from modelport.domain.agents.rows import AgentBook
    from modelport.domain.local.servers import ServerAddress
    from modelport.protocol.types import Agent


class MachineView(Protocol):
    """Observes files and variables, and nothing else."""

    def look(self, book: AgentBook, copy: RegistryCopy | None) -> Machine:
        """What concerns the rows and the registry's entries on this machine. What cannot be read is left out."""
        ...

    def start_path(self) -> str:
        """The PATH to start agents with: without the folders from which nothing is started."""
        ...

    def refresh(self, *, older_than_s: float) -> None:
        """Caches the login shell's PATH, unless the shell was run within the last ``older_than_s`` seconds.

        Blocks, for a few seconds at most.
        """
        ...


class RegistryCache(Protocol):
    """The copy of the public registry on this machine."""

    def read(self) -> RegistryCopy | None:
        """The copy; None where there is none, or it cannot be read."""
        ...

    async def fetch(self, url: str | None) -> RegistryCopy:
        """Downloads, checks and stores a new copy; None is the registry's own address.

        Raises:
            InvalidParams: the address is not allowed.
            RequestFailed: the download failed, or does not fit the registry's schema.
        """
        ...


class HandshakeCache(Protocol):
    """Handshake results by the fingerprint of the program that was started."""

    def get(self, launch: Launch) -> HandshakeResult | None:
        """The result of exactly this program, as it is on disk now, with these arguments."""
        ...

    def put(self, launch: Launch, result: HandshakeResult) -> None:
        """Stores a result. A cache that cannot be written to is no error."""
        ...


class Processes(Protocol):
    """The processes of this user."""

    async def running(self) -> Sequence[Running]:
        """Those that are visible, without this one; none on a system that does not list them."""
        ...


class Instances(Protocol):
    """Agents and servers that have announced themselves in a file."""

    def announced(self) -> Sequence[Agent]:
        """A record per running instance. Files of processes that have ended are removed."""
        ...


class Handshakes(Protocol):
    """Handshakes with agents over standard input and output."""

    async def start(
        self, launch: Launch, environment: Mapping[str, str], *, timeout_s: float, session: bool
    ) -> HandshakeResult:
        """Starts an agent in an empty folder, runs the handshake, and ends all its processes. A failure is a result.

        ``environment`` is its whole environment. ``session`` also opens a session, and closes it.
        """
        ...


class TcpHandshakes(Protocol):
    """Handshakes over a bare TCP connection, to this machine only."""

    async def may_listen(self, address: ServerAddress, *, wait_s: float) -> bool:
        """Whether the peer may be waiting for lines.

        That is: it answers an HTTP request with a JSON-RPC message, or with nothing for ``wait_s``.
        """
        ...

    async def ask(self, address: ServerAddress, *, timeout_s: float) -> HandshakeResult | None:
        """The result of ``initialize``; None if the peer did not answer in time."""
        ...


class HttpHandshakes(Protocol):
    """Handshakes over HTTP; the protocol connection is ended again."""

    async def ask(self, address: ServerAddress, path: str, *, timeout_s: float) -> HandshakeResult:
        """The result of ``initialize``."""
        ...
