"""Sends a request: with its headers, its log-in, and through the client that the row names."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from modelport.adapters.http import failures
from modelport.adapters.http.pool import HttpPool, network
from modelport.adapters.log_ins.log_in import LogIn, StartProgram, Unsigned
from modelport.adapters.log_ins.table import LogIns
from modelport.adapters.provider_client.auth_headers import request_headers, with_tokens
from modelport.adapters.provider_client.vendor_clients import VendorClients
from modelport.adapters.wire.request import HttpRequest
from modelport.borders import json_bytes
from modelport.domain.providers.connection import Endpoint

if TYPE_CHECKING:
    import httpx2


MAX_URLS = 64


class RequestSender:
    """Sends requests over the shared pool or a vendor's own client. No reply's body is read here."""

    def __init__(
        self, pool: HttpPool, start: StartProgram | None = None, tokens: Callable[[], LogIn] | None = None
    ) -> None:
        self._pool = pool
        self._vendors = VendorClients(pool)
        self._log_ins = LogIns(pool, start, tokens)
        # Requests go to the same few addresses, and httpx2 takes one apart for each of them.
        self._parsed = lru_cache(MAX_URLS)(_parse)

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what requests to an endpoint will need, off the event loop."""
        await self._pool.client(endpoint.base_url, **network(endpoint))
        if self._by_vendor(endpoint):
            await self._vendors.prepare(endpoint)

    async def send(
        self, method: str, endpoint: Endpoint, model: str, outgoing: HttpRequest
    ) -> tuple[httpx2.Response, Endpoint]:
        """The reply, and the endpoint as the provider's log-in made it; a token that has just ended is renewed once.

        Raises:
            RequestFailed: no reply, or no log-in.
        """
        log_in = await self._log_ins.get(endpoint)
        if log_in is None:
            return await self._send(method, endpoint, model, outgoing, None)
        used = await log_in.authenticate(endpoint)
        response, sent = await self._send(method, used, model, outgoing, log_in)
        if response.status_code == 401 and log_in.discard_token(used):
            await response.aclose()
            used = await log_in.authenticate(endpoint)
            response, sent = await self._send(method, used, model, outgoing, log_in)
        return response, sent

    async def _send(
        self, method: str, endpoint: Endpoint, model: str, outgoing: HttpRequest, log_in: LogIn | None
    ) -> tuple[httpx2.Response, Endpoint]:
        url = endpoint.request_url(outgoing.path)
        sent = request_headers(endpoint, own_key_header=outgoing.key_header, more=dict(outgoing.headers))
        try:
            if method == "POST" and self._by_vendor(endpoint):
                return await self._vendors.post(endpoint, url, outgoing.body, sent), endpoint
            client = await self._pool.client(endpoint.base_url, **network(endpoint))
            content = b""
            if method != "GET":
                sent["Content-Type"] = "application/json"
                content = json_bytes(outgoing.body)
            if log_in is not None:
                signature = await log_in.sign(endpoint, Unsigned(method, url, sent, content))
                sent |= signature
                endpoint = with_tokens(endpoint, signature)
            more = self._pool.extensions(endpoint)
            request = client.build_request(
                method, self._parsed(url), content=content or None, headers=sent, extensions=more
            )
            return await client.send(request, stream=True), endpoint
        except Exception as error:
            raise failures.translate(endpoint, model, error) from error

    def _by_vendor(self, endpoint: Endpoint) -> bool:
        return endpoint.provider.wire.client == "sdk" and endpoint.dialect in VendorClients.DIALECTS


def _parse(url: str) -> httpx2.URL:
    import httpx2

    return httpx2.URL(url)
