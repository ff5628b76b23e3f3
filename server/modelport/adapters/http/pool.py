"""The HTTP clients, made on first use and off the event loop.

Importing httpx2 and reading the trust store take tens of milliseconds, so both happen in a
worker thread; concurrent first calls share one client.
"""

from __future__ import annotations

import ssl
from functools import partial
from typing import TYPE_CHECKING, TypedDict

import anyio
import anyio.to_thread

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.address import is_loopback, is_proxy
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret

if TYPE_CHECKING:
    import httpx2

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 60.0


ENVIRONMENT = Secret("environment")
"""Stands for whatever proxies the environment names."""
NO_PROXY = Secret("")
Choice = tuple[bool, str | None, Secret]
"""Whether certificates are verified, the file with more of them to trust, and the proxy."""


class Network(TypedDict):
    """An endpoint's settings for its connections."""

    verify_tls: bool
    ca_file: str | None
    proxy: Secret | None


def network(endpoint: Endpoint) -> Network:
    """The choices that go to ``HttpPool.client`` for an endpoint."""
    return Network(verify_tls=endpoint.verify_tls, ca_file=endpoint.ca_file, proxy=endpoint.proxy)


class HttpPool:
    """Hands out the shared clients: one for each choice of verification, certificates and proxy."""

    def __init__(self) -> None:
        self._clients: dict[Choice, httpx2.AsyncClient] = {}
        self._proxies: dict[tuple[str, Secret | None], Secret] = {}
        self._lock = anyio.Lock()

    async def client(
        self, base_url: str, *, verify_tls: bool = True, ca_file: str | None = None, proxy: Secret | None = None
    ) -> httpx2.AsyncClient:
        """The client for an address. Redirects are not followed, so a key never travels to another host.

        ``proxy`` takes the place of the environment's; an empty one is none. This machine's own servers and the
        hosts in ``NO_PROXY`` are reached directly all the same.

        Raises:
            RequestFailed: the proxy or the certificates cannot be used.
        """
        through = self._proxies.get((base_url, proxy))
        client = None if through is None else self._clients.get((verify_tls, ca_file, through))
        if client is None:
            async with self._lock:
                through = await anyio.to_thread.run_sync(_proxy_for, base_url, proxy)
                self._proxies[base_url, proxy] = through
                choice = (verify_tls, ca_file, through)
                client = self._clients.get(choice)
                if client is None:
                    make = partial(_make_client, verify_tls=verify_tls, ca_file=ca_file, proxy=through)
                    client = self._clients[choice] = await anyio.to_thread.run_sync(make)
        return client

    async def aclose(self) -> None:
        """Closes every connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()


def _proxy_for(base_url: str, chosen: Secret | None) -> Secret:
    """The proxy in front of an address: the chosen one, else the environment's; never for this machine's own."""
    if is_loopback(base_url):
        return NO_PROXY
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    url, proxies = urlsplit(base_url), getproxies()
    if proxy_bypass(url.hostname or ""):
        return NO_PROXY
    if chosen is not None:
        return chosen
    return ENVIRONMENT if proxies.get(url.scheme) or proxies.get("all") else NO_PROXY


def _make_client(*, verify_tls: bool, ca_file: str | None, proxy: Secret) -> httpx2.AsyncClient:
    import httpx2

    from modelport.adapters.http.transport import DirectTransport

    # IdleTimeout limits each call by itself: no read timeout here.
    timeout = httpx2.Timeout(connect=CONNECT_TIMEOUT_S, read=None, write=WRITE_TIMEOUT_S, pool=None)
    tls = httpx2.create_ssl_context(verify=verify_tls)
    if ca_file is not None and verify_tls:
        _trust(tls, ca_file)
    tls.set_alpn_protocols(["http/1.1"])
    headers = {"Accept-Encoding": "identity", "User-Agent": "modelport"}
    if proxy == NO_PROXY:
        return httpx2.AsyncClient(timeout=timeout, transport=DirectTransport(tls), headers=headers)
    limits = httpx2.Limits(max_connections=None)
    if proxy == ENVIRONMENT:
        return httpx2.AsyncClient(timeout=timeout, limits=limits, verify=tls, headers=headers)
    through = _proxy(proxy, tls)
    return httpx2.AsyncClient(
        timeout=timeout, limits=limits, verify=tls, headers=headers, proxy=through, trust_env=False
    )


def _proxy(address: Secret, tls: ssl.SSLContext) -> httpx2.Proxy:
    import httpx2

    if not is_proxy(address.reveal()):
        raise RequestFailed(
            "network",
            "The proxy of the configuration cannot be used: write something like http://proxy.example:3128.",
            action="correct the proxy",
        )
    text = address.reveal()
    return httpx2.Proxy(text, ssl_context=tls if text.startswith("https") else None)


def _trust(tls: ssl.SSLContext, ca_file: str) -> None:
    try:
        tls.load_verify_locations(cafile=ca_file)
    except OSError as error:
        # A missing file, one that may not be read, or one that holds no certificate: SSLError is an OSError.
        raise RequestFailed(
            "tls",
            "The file with certificates that ca_file names cannot be used: check that it is there and in PEM.",
            action="correct ca_file",
        ) from error
