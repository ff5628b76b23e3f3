"""What agent discovery needs from the outside, as protocols that adapters fulfil.

What the static level needs is synchronous, so that the command line answers without an event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from modelport.domain.agents.observations import HandshakeResult, Launch, Machine, Running
from modelport.domain.agents.registry import RegistryCopy
from modelport.domain.agents.rows import AgentBook
from modelport.protocol.types import Agent


class MachineView(Protocol):
    """Looks at files, and at nothing else."""

    def look(self, book: AgentBook, copy: RegistryCopy | None) -> Machine:
        """Everything that bears on the rows and the entries. What cannot be read is left out."""
        ...

    def start_path(self) -> str:
        """The PATH to start agents with: without the folders from which nothing is started."""
        ...

    def refresh(self, *, older_than_s: float) -> None:
        """Asks the login shell for its search path and keeps it, unless it was asked within the last seconds.

        Blocks, for a few seconds at most.
        """
        ...


class RegistryCache(Protocol):
    """The copy of the public registry on this machine."""

    def read(self) -> RegistryCopy | None:
        """The copy; None where there is none, or it cannot be read."""
        ...

    async def fetch(self, url: str | None) -> RegistryCopy:
        """Downloads, checks and keeps another copy; None is the registry's own address.

        Raises:
            InvalidParams: the address is not one of https.
            RequestFailed: it could not be had, or does not fit the registry's schema.
        """
        ...


class HandshakeCache(Protocol):
    """What came of talking to agents, kept by the fingerprint of what was started."""

    def get(self, launch: Launch) -> HandshakeResult | None:
        """What is known of exactly this program, as it is on disk now, with these arguments."""
        ...

    def put(self, launch: Launch, verdict: HandshakeResult) -> None:
        """Keeps a verdict. A cache that cannot be written spoils nothing."""
        ...


class Processes(Protocol):
    """The processes of this user."""

    async def running(self) -> Sequence[Running]:
        """Those that can be seen, without this one; none on a system that does not say."""
        ...


class Instances(Protocol):
    """Agents and servers that have announced themselves in a file."""

    def announced(self) -> Sequence[Agent]:
        """Those that live. Files of those that do not are removed."""
        ...


class Handshakes(Protocol):
    """Speaks the protocol's first words to an agent on standard input and output."""

    async def start(
        self, launch: Launch, environment: Mapping[str, str], *, timeout_s: float, session: bool
    ) -> HandshakeResult:
        """Starts it in an empty folder, asks, and ends it with everything it started; never raises for what it does.

        ``environment`` is the whole of what it gets. ``session`` also opens a session, and closes it.
        """
        ...
