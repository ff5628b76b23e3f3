"""Sends one request to a provider, logged in where it has to be, and hands out the reply as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import read_capped
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.reply_opener import NOT_MODIFIED, ReplyOpener, SentWith, ignore
from modelport.adapters.provider_client.request_log import RequestLog
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint

if TYPE_CHECKING:
    import httpx2

MAX_LISTING_BYTES = 16 * 1024 * 1024
MAX_REPLY_BYTES = 128 * 1024 * 1024
"""Two thousand vectors of three thousand numbers fit, and a few large images."""


class Fetched(Struct, frozen=True):
    """A whole reply: its body, or none where nothing has changed since the ``ETag`` that was sent."""

    body: bytes
    etag: str | None = None
    changed: bool = True


class ProviderClient:
    """Requests to providers, over the shared pool or a vendor's own client.

    ``start`` runs the programs that log-ins need, with the arguments of ``subprocess.Popen``; ``tokens`` loads what
    renews the tokens that OAuth gave.
    """

    def __init__(
        self, pool: HttpPool, start: Callable[..., Any] | None = None, tokens: Callable[[], Any] | None = None
    ) -> None:
        self._replies = ReplyOpener(pool, start, tokens)

    def post(
        self, endpoint: Endpoint, model: str, outgoing: HttpRequest, sent_with: SentWith = ignore
    ) -> AbstractAsyncContextManager[tuple[httpx2.Response, IdleTimeout]]:
        """The reply to a POST, as ``stream`` gives it."""
        return self.stream("POST", endpoint, model, outgoing, sent_with)

    @asynccontextmanager
    async def stream(
        self, method: str, endpoint: Endpoint, model: str, outgoing: HttpRequest, sent_with: SentWith = ignore
    ) -> AsyncGenerator[tuple[httpx2.Response, IdleTimeout]]:
        """The reply to a request, its body not read yet, and its idle timeout. The connection closes at the end.

        ``sent_with`` gets the endpoint with the token of a log-in, which what the provider says must not repeat.

        Raises:
            RequestFailed: no reply, a refusal, or nothing sent for too long while it is open.
        """
        response: httpx2.Response | None = None
        scope = anyio.CancelScope()
        idle = IdleTimeout(endpoint, scope)
        log = RequestLog(method, endpoint, model, outgoing.path)
        with scope:
            try:
                response = await self._opened(log, method, endpoint, model, outgoing, sent_with)
                yield response, idle
            finally:
                idle.close()
                if response is not None:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
                    log.ended(response)
        if idle.expired:
            raise failures.timed_out(endpoint, model, idle.limit_s)

    async def post_and_read(
        self, endpoint: Endpoint, model: str, outgoing: HttpRequest, sent_with: SentWith = ignore
    ) -> bytes:
        """The whole body of the reply to a POST.

        Raises:
            RequestFailed: no reply, a refusal, nothing sent for too long, or a body that breaks off or does not end.
        """
        body = b""
        async with self.post(endpoint, model, outgoing, sent_with) as (response, idle):
            try:
                body = await read_capped(response, MAX_REPLY_BYTES, idle=idle)
            except Exception as error:
                raise failures.translate(endpoint, model, error, begun=True) from error
        return body

    async def _opened(
        self,
        log: RequestLog,
        method: str,
        endpoint: Endpoint,
        model: str,
        outgoing: HttpRequest,
        sent_with: SentWith = ignore,
    ) -> httpx2.Response:
        try:
            response = await self._replies.open(method, endpoint, model, outgoing, sent_with)
        except RequestFailed as failure:
            log.failed(failure)
            raise
        log.opened()
        return response

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what requests to an endpoint will need, off the event loop."""
        await self._replies.prepare(endpoint)

    async def get(self, endpoint: Endpoint, model: str, outgoing: HttpRequest, timeout_s: float) -> bytes:
        """The body of a GET.

        Raises:
            RequestFailed: no reply in time, or a refusal.
        """
        return (await self.fetch("GET", endpoint, model, outgoing, timeout_s)).body

    async def fetch(
        self,
        method: str,
        endpoint: Endpoint,
        model: str,
        outgoing: HttpRequest,
        timeout_s: float,
        sent_with: SentWith = ignore,
    ) -> Fetched:
        """The reply to a request of any method, read to its end.

        Raises:
            RequestFailed: no reply in time, or a refusal.
        """
        with anyio.move_on_after(timeout_s):
            log = RequestLog(method, endpoint, model, outgoing.path)
            try:
                response = await self._opened(log, method, endpoint, model, outgoing, sent_with)
                try:
                    if response.status_code == NOT_MODIFIED:
                        return Fetched(b"", changed=False)
                    return Fetched(await read_capped(response, MAX_LISTING_BYTES), response.headers.get("etag"))
                finally:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
                    log.ended(response)
            except Exception as error:
                raise failures.translate(endpoint, model, error) from error
        raise failures.timed_out(endpoint, model, timeout_s)
