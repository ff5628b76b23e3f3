"""The ports for finding agents that listen, besides those for finding model servers."""

from __future__ import annotations

from typing import Protocol

from modelport.domain.agents.observations import HandshakeResult
from modelport.domain.local.servers import ServerAddress


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
