"""What finding agents that listen needs from the outside, besides what finding model servers needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress


class Listeners(Protocol):
    """The ports of this machine that the user's own programs listen on."""

    async def listeners(self) -> Mapping[int, int | None]:
        """Each with the process that listens, where the system says which; without this process's own."""
        ...


class TcpHandshakes(Protocol):
    """Speaks the protocol's first words over a bare connection. Nothing but this machine is connected to."""

    async def may_listen(self, place: ServerAddress, *, wait_s: float) -> bool:
        """Whether somebody is there who waits for lines.

        He is silent for so long after an HTTP request, or answers it with a message of JSON-RPC.
        """
        ...

    async def ask(self, place: ServerAddress, *, timeout_s: float) -> HandshakeResult | None:
        """What the answer proves; None where there was none in time."""
        ...


class HttpHandshakes(Protocol):
    """Speaks the protocol's first words over HTTP, and hangs up again."""

    async def ask(self, place: ServerAddress, path: str, *, timeout_s: float) -> HandshakeResult:
        """What the answer proves."""
        ...
