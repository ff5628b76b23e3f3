"""The HTTP clients, made on first use and off the event loop.

Importing httpx2 and reading the trust store take tens of milliseconds, so both happen in a
worker thread; concurrent first calls share one client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

import anyio
import anyio.to_thread

from modelport.adapters.http.bodies import refuse_coding
from modelport.adapters.http.connecting import ADMISSION, Admission
from modelport.adapters.http.proxies.address import read_proxy
from modelport.adapters.http.proxies.selection import NO_PROXY, proxy_for
from modelport.adapters.http.trust import no_tls, tls_context
from modelport.domain.local.listeners import Ends, carries_key
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret

if TYPE_CHECKING:
    import httpx2

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 60.0


Admit = Callable[[Endpoint, Ends], Awaitable[None]]
Choice = tuple[bool, bool, str | None, Secret]
"""Whether there is TLS, whether certificates are verified, the file with more of them to trust, and the proxy."""


class Network(TypedDict):
    """An endpoint's settings for its connections."""

    verify_tls: bool
    ca_file: str | None
    proxy: Secret | None


def network(endpoint: Endpoint) -> Network:
    """The choices that go to ``HttpPool.client`` for an endpoint."""
    return Network(verify_tls=endpoint.verify_tls, ca_file=endpoint.ca_file, proxy=endpoint.proxy)


class HttpPool:
    """Hands out the shared clients: one for each choice of verification, certificates and proxy.

    ``admit`` looks at the other end of a connection before a request to an endpoint goes out on it, and raises where it
    may not.
    """

    def __init__(self, admit: Admit | None = None) -> None:
        self._admit = admit
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
        client = (
            None
            if through is None
            else self._clients.get(_choice(base_url, through, verify_tls=verify_tls, ca_file=ca_file))
        )
        if client is None:
            async with self._lock:
                through = await anyio.to_thread.run_sync(proxy_for, base_url, proxy)
                self._proxies[base_url, proxy] = through
                choice = _choice(base_url, through, verify_tls=verify_tls, ca_file=ca_file)
                client = self._clients.get(choice)
                if client is None:
                    make = partial(
                        _make_client, secure=choice[0], verify_tls=verify_tls, ca_file=ca_file, proxy=through
                    )
                    client = self._clients[choice] = await anyio.to_thread.run_sync(make)
        return client

    def extensions(self, endpoint: Endpoint) -> dict[str, Any]:
        """What a request to an endpoint tells the transport besides itself."""
        if endpoint.listener_for is None or self._admit is None:
            return {}
        return {ADMISSION: Admission((endpoint.listener_for, carries_key(endpoint)), partial(self._admit, endpoint))}

    async def aclose(self) -> None:
        """Closes every connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()


def _choice(base_url: str, proxy: Secret, *, verify_tls: bool, ca_file: str | None) -> Choice:
    secure = not base_url.startswith("http://") or proxy.reveal().startswith("https")
    return secure, verify_tls, ca_file, proxy


def _make_client(*, secure: bool, verify_tls: bool, ca_file: str | None, proxy: Secret) -> httpx2.AsyncClient:
    import httpx2

    from modelport.adapters.http.transport import HttpTransport

    # IdleTimeout limits each call by itself: no read timeout here.
    timeout = httpx2.Timeout(connect=CONNECT_TIMEOUT_S, read=None, write=WRITE_TIMEOUT_S, pool=None)
    # Plain HTTP does not care about certificates, so that a variable which names none spoils nothing there.
    tls = tls_context(verify=verify_tls, ca_file=ca_file) if secure else no_tls()
    headers = {"Accept-Encoding": "identity", "User-Agent": "modelport"}
    hooks = {"response": [refuse_coding]}
    through = None if proxy == NO_PROXY else read_proxy(proxy)
    return httpx2.AsyncClient(
        timeout=timeout, transport=HttpTransport(tls, through), headers=headers, event_hooks=hooks, trust_env=False
    )
