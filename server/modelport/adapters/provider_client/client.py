"""Sends one request to a provider, logged in where it has to be, and hands out the reply as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import MAX_REFUSAL_BYTES, read_capped, translate
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.adapters.http.pool import HttpPool, network
from modelport.adapters.log_ins.log_in import LogIn, Unsigned
from modelport.adapters.log_ins.table import LogIns
from modelport.adapters.provider_client.auth_headers import request_headers
from modelport.adapters.provider_client.vendor_clients import VendorClients
from modelport.domain.providers.connection import Endpoint

if TYPE_CHECKING:
    import httpx2

NOT_MODIFIED = 304
MAX_LISTING_BYTES = 16 * 1024 * 1024
MAX_REPLY_BYTES = 128 * 1024 * 1024
"""Two thousand vectors of three thousand numbers fit, and a few large images."""


class HttpRequest(Struct, frozen=True):
    """A request behind the base URL. ``key_header`` is where the wire format itself puts a key."""

    path: str
    headers: Mapping[str, str]
    key_header: str
    body: dict[str, Any] = {}


class Fetched(Struct, frozen=True):
    """A whole reply: its body, or none where nothing has changed since the ``ETag`` that was sent."""

    body: bytes
    etag: str | None = None
    changed: bool = True


class ProviderClient:
    """Requests to providers, over the shared pool or a vendor's own client."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._vendors = VendorClients(pool)
        self._log_ins = LogIns(pool)

    @asynccontextmanager
    async def post(
        self, endpoint: Endpoint, model: str, outgoing: HttpRequest
    ) -> AsyncGenerator[tuple[httpx2.Response, IdleTimeout]]:
        """The reply of a POST, its body not read yet, and the watch over it. The connection closes at the end.

        Raises:
            RequestFailed: no reply, a refusal, or silence while it is open.
        """
        response: httpx2.Response | None = None
        scope = anyio.CancelScope()
        watch = IdleTimeout(endpoint, scope)
        with scope:
            try:
                response, endpoint = await self._logged_in("POST", endpoint, model, outgoing)
                if not response.is_success:
                    raise await self._refusal(endpoint, model, response)
                yield response, watch
            finally:
                watch.close()
                if response is not None:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
        if watch.expired:
            raise failures.silent(endpoint, model, watch.limit_s)

    async def ask(self, endpoint: Endpoint, model: str, outgoing: HttpRequest) -> bytes:
        """The whole body of the reply to a POST.

        Raises:
            RequestFailed: no reply, a refusal, silence, or a body that breaks off or does not end.
        """
        body = b""
        async with self.post(endpoint, model, outgoing) as (response, watch):
            try:
                body = await read_capped(response, MAX_REPLY_BYTES, watch=watch)
            except Exception as error:
                raise translate(endpoint, model, error, begun=True) from error
        return body

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what requests to an endpoint will need, off the event loop."""
        await self._pool.client(endpoint.base_url, **network(endpoint))
        if self._by_vendor(endpoint):
            await self._vendors.prepare(endpoint)

    async def get(self, endpoint: Endpoint, model: str, outgoing: HttpRequest, timeout_s: float) -> bytes:
        """The body of a GET.

        Raises:
            RequestFailed: no reply in time, or a refusal.
        """
        return (await self.fetch("GET", endpoint, model, outgoing, timeout_s)).body

    async def fetch(
        self, method: str, endpoint: Endpoint, model: str, outgoing: HttpRequest, timeout_s: float
    ) -> Fetched:
        """The reply to a request of any method, read to its end.

        Raises:
            RequestFailed: no reply in time, or a refusal.
        """
        with anyio.move_on_after(timeout_s):
            try:
                response, endpoint = await self._logged_in(method, endpoint, model, outgoing)
                try:
                    if response.status_code == NOT_MODIFIED:
                        return Fetched(b"", changed=False)
                    if not response.is_success:
                        raise await self._refusal(endpoint, model, response)
                    return Fetched(await read_capped(response, MAX_LISTING_BYTES), response.headers.get("etag"))
                finally:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
            except Exception as error:
                raise translate(endpoint, model, error) from error
        raise failures.silent(endpoint, model, timeout_s)

    async def _logged_in(
        self, method: str, endpoint: Endpoint, model: str, outgoing: HttpRequest
    ) -> tuple[httpx2.Response, Endpoint]:
        """The reply, and the endpoint as the provider's log-in made it; a token that has just ended is renewed once."""
        log_in = await self._log_ins.get(endpoint)
        if log_in is None:
            return await self._send(method, endpoint, model, outgoing, None), endpoint
        used = await log_in.open(endpoint)
        response = await self._send(method, used, model, outgoing, log_in)
        if response.status_code == 401 and log_in.forget(used):
            await response.aclose()
            used = await log_in.open(endpoint)
            response = await self._send(method, used, model, outgoing, log_in)
        return response, used

    async def _send(
        self, method: str, endpoint: Endpoint, model: str, outgoing: HttpRequest, log_in: LogIn | None
    ) -> httpx2.Response:
        sent = request_headers(endpoint, own_key_header=outgoing.key_header, more=dict(outgoing.headers))
        try:
            if method == "POST" and self._by_vendor(endpoint):
                return await self._vendors.post(endpoint, outgoing.path, outgoing.body, sent)
            client = await self._pool.client(endpoint.base_url, **network(endpoint))
            url, content = endpoint.base_url + outgoing.path, b""
            if method != "GET":
                sent["Content-Type"] = "application/json"
                content = msgspec.json.encode(outgoing.body)
            if log_in is not None:
                sent |= await log_in.sign(endpoint, Unsigned(method, url, sent, content))
            request = client.build_request(method, url, content=content or None, headers=sent)
            return await client.send(request, stream=True)
        except Exception as error:
            raise translate(endpoint, model, error) from error

    def _by_vendor(self, endpoint: Endpoint) -> bool:
        return endpoint.provider.wire.client == "sdk" and endpoint.dialect in VendorClients.DIALECTS

    async def _refusal(self, endpoint: Endpoint, model: str, response: httpx2.Response) -> Exception:
        body = await read_capped(response, MAX_REFUSAL_BYTES, cut=True)
        return failures.refused(endpoint, model, response.status_code, response.headers, body)
