"""The HTTP clients, made on first use and off the event loop.

Importing httpx2 and reading the trust store take tens of milliseconds, so both happen in a
worker thread; concurrent first calls share one client.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from modelport.domain.address import is_loopback

if TYPE_CHECKING:
    import httpx2

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 60.0


class HttpPool:
    """Hands out the shared clients: for verified TLS or not, direct or through the environment's proxy."""

    def __init__(self) -> None:
        self._clients: dict[tuple[bool, bool], httpx2.AsyncClient] = {}
        self._proxied: dict[str, bool] = {}
        self._lock = anyio.Lock()

    async def client(self, base_url: str, *, verify_tls: bool = True) -> httpx2.AsyncClient:
        """The client for an address. Redirects are not followed, so a key never travels to another host."""
        proxied = self._proxied.get(base_url)
        client = None if proxied is None else self._clients.get((verify_tls, proxied))
        if client is None:
            async with self._lock:
                proxied = await anyio.to_thread.run_sync(_uses_proxy, base_url)
                self._proxied[base_url] = proxied
                client = self._clients.get((verify_tls, proxied))
                if client is None:
                    make = partial(_make_client, verify_tls=verify_tls, proxied=proxied)
                    client = await anyio.to_thread.run_sync(make)
                    self._clients[verify_tls, proxied] = client
        return client

    async def aclose(self) -> None:
        """Closes every connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()


def _uses_proxy(base_url: str) -> bool:
    """Whether the environment puts a proxy in front of an address; never in front of this machine's own."""
    if is_loopback(base_url):
        return False
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    url, proxies = urlsplit(base_url), getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    return bool(named) and not proxy_bypass(url.hostname or "")


def _make_client(*, verify_tls: bool, proxied: bool) -> httpx2.AsyncClient:
    import httpx2

    from modelport.adapters.http.transport import DirectTransport

    # The silence of a provider is watched per call, by the exchange: no read timeout here.
    timeout = httpx2.Timeout(connect=CONNECT_TIMEOUT_S, read=None, write=WRITE_TIMEOUT_S, pool=None)
    tls = httpx2.create_ssl_context(verify=verify_tls)
    tls.set_alpn_protocols(["http/1.1"])
    headers = {"Accept-Encoding": "identity", "User-Agent": "modelport"}
    if proxied:
        limits = httpx2.Limits(max_connections=None)
        return httpx2.AsyncClient(timeout=timeout, limits=limits, verify=tls, headers=headers)
    return httpx2.AsyncClient(timeout=timeout, transport=DirectTransport(tls), headers=headers)
