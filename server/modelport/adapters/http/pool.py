"""The HTTP client, made on first use and off the event loop.

Importing httpx2 and reading the trust store take tens of milliseconds, so both happen in a
worker thread; two concurrent first calls share one client.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    import httpx2

LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")
CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 60.0
IDLE_CONNECTION_S = 60.0
MAX_IDLE_CONNECTIONS = 20


class HttpPool:
    """Hands out the shared client; one for verified TLS, one for connections that gave that up."""

    def __init__(self) -> None:
        self._clients: dict[bool, httpx2.AsyncClient] = {}
        self._lock = anyio.Lock()

    async def client(self, *, verify_tls: bool = True) -> httpx2.AsyncClient:
        """The client. Redirects are not followed, so a key never travels to another host."""
        client = self._clients.get(verify_tls)
        if client is None:
            async with self._lock:
                client = self._clients.get(verify_tls)
                if client is None:
                    client = await anyio.to_thread.run_sync(partial(_make_client, verify_tls=verify_tls))
                    self._clients[verify_tls] = client
        return client

    async def aclose(self) -> None:
        """Closes every connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()


def _make_client(*, verify_tls: bool) -> httpx2.AsyncClient:
    import httpx2

    # The silence of a provider is watched per call, by the exchange: no read timeout here.
    timeout = httpx2.Timeout(connect=CONNECT_TIMEOUT_S, read=None, write=WRITE_TIMEOUT_S, pool=None)
    limits = httpx2.Limits(
        max_connections=None,
        max_keepalive_connections=MAX_IDLE_CONNECTIONS,
        keepalive_expiry=IDLE_CONNECTION_S,
    )
    return httpx2.AsyncClient(
        timeout=timeout,
        limits=limits,
        verify=verify_tls,
        follow_redirects=False,
        # A proxy from the environment is for the outside world, never for this machine.
        mounts=dict.fromkeys(LOOPBACK),
        headers={"Accept-Encoding": "identity", "User-Agent": "modelport"},
    )
