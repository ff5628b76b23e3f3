"""Opens replies that are no refusals, at the address that was written or at the one that was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
from msgspec.structs import replace

from modelport.adapters.http import failures
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.http.refused_requests import path_is_missing, refused_request, refuses_inside
from modelport.adapters.provider_client.sender import RequestSender
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.base_urls import with_version
from modelport.domain.providers.connection import Endpoint

if TYPE_CHECKING:
    import httpx2

NOT_MODIFIED = 304

SentWith = Callable[[Endpoint], object]
"""Gets the endpoint that a request was sent with, as the provider's log-in made it: with the token that it carried."""


def ignore(endpoint: Endpoint) -> None:
    """A ``SentWith`` for replies in which the provider says nothing."""


class ReplyOpener:
    """Sends requests and turns refusals into failures. The caller reads the body, and closes the reply."""

    def __init__(
        self, pool: HttpPool, start: Callable[..., Any] | None = None, tokens: Callable[[], Any] | None = None
    ) -> None:
        self._sender = RequestSender(pool, start, tokens)
        # Base URLs that turned out to lack a version.
        self._mended: set[str] = set()

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what requests to an endpoint will need, off the event loop."""
        await self._sender.prepare(endpoint)

    async def open(
        self, method: str, endpoint: Endpoint, model: str, outgoing: HttpRequest, sent_with: SentWith = ignore
    ) -> httpx2.Response:
        """A reply that is no refusal.

        Where nothing is at an address without a version, the request is sent once more with the one that was probably
        left out; an address that was mended once is used from then on.

        Raises:
            RequestFailed: no reply, no log-in, a refusal or a redirect.
        """
        other = with_version(endpoint.base_url, endpoint.provider, endpoint.dialect)
        if other is None or endpoint.base_url in self._mended:
            target = endpoint if other is None else replace(endpoint, base_url=other)
            return await self._send(method, target, model, outgoing, sent_with)
        try:
            return await self._send(method, endpoint, model, outgoing, sent_with, doubtful=True)
        except RequestFailed as failure:
            if not path_is_missing(failure):
                raise
            first = failure
        try:
            target = replace(endpoint, base_url=other)
            response = await self._send(method, target, model, outgoing, sent_with, doubtful=True)
        except RequestFailed as second:
            if second.http_status is None or second.kind == "invalid_response":
                raise first from second
            self._mended.add(endpoint.base_url)
            raise
        self._mended.add(endpoint.base_url)
        return response

    async def _send(
        self,
        method: str,
        endpoint: Endpoint,
        model: str,
        outgoing: HttpRequest,
        sent_with: SentWith,
        *,
        doubtful: bool = False,
    ) -> httpx2.Response:
        """A reply that is no refusal; a ``doubtful`` one is looked into."""
        response, used = await self._sender.send(method, endpoint, model, outgoing)
        sent_with(used)
        good = response.is_success or (response.status_code == NOT_MODIFIED and method == "GET")
        try:
            if not good or (doubtful and await refuses_inside(response)):
                raise await refused_request(used, model, outgoing.path, response)
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await response.aclose()
            if isinstance(error, Exception):
                raise failures.translate(used, model, error, begun=False) from error
            raise
        return response
