"""Sends one request and hands out its reply as it comes, watching for silence.

A provider may think for minutes before its first word, but a stream that has begun and then
says nothing for half a minute is dead. One timer handle per call keeps that watch; a chunk
costs it one clock reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.http.auth import request_headers
from modelport.adapters.http.pool import HttpPool, network
from modelport.adapters.http.vendor_clients import VendorClients
from modelport.adapters.log_ins.log_in import LogIn, Unsigned
from modelport.adapters.log_ins.table import LogIns
from modelport.domain.connection import Endpoint

if TYPE_CHECKING:
    import httpx2

FIRST_DELTA_S = 300.0
"""How long a provider may take to begin its answer."""
GAP_S = 30.0
"""How long a provider may pause once it has begun."""
LONGEST_REFUSAL = 64 * 1024
NOT_MODIFIED = 304
LONGEST_LISTING = 16 * 1024 * 1024
LONGEST_REPLY = 128 * 1024 * 1024
"""Two thousand vectors of three thousand numbers fit, and a few large images."""


class Outgoing(Struct, frozen=True):
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


class Watch:
    """Cancels a scope when a provider has been silent for too long. ``rest`` stops the clock, ``touch`` restarts it."""

    def __init__(self, endpoint: Endpoint, scope: anyio.CancelScope) -> None:
        self.limit_s = endpoint.silence_s or FIRST_DELTA_S
        self.expired = False
        self._gap_s = endpoint.silence_s or GAP_S
        self._scope = scope
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = self._loop.call_later(self.limit_s, self._look)

    def touch(self) -> None:
        """Something arrived."""
        self._last = self._loop.time()

    def begun(self) -> None:
        """The answer has begun: from now on only the shorter gap is allowed."""
        if self.limit_s != self._gap_s:
            self.limit_s = self._gap_s
            self._rearm(self._last + self._gap_s)

    def rest(self) -> None:
        """Nothing is expected for now: it is we who do not read."""
        self._timer.cancel()

    def resume(self) -> None:
        """The provider is expected to speak again."""
        self.touch()
        self._rearm(self._last + self.limit_s)

    def close(self) -> None:
        """The watch is over."""
        self._timer.cancel()

    def _rearm(self, when: float) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        due = self._last + self.limit_s
        if due > self._loop.time():
            self._rearm(due)
        else:
            self.expired = True
            self._scope.cancel()


class Exchange:
    """Requests to providers, over the shared pool or a vendor's own client."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._vendors = VendorClients(pool)
        self._log_ins = LogIns(pool)

    @asynccontextmanager
    async def post(
        self, endpoint: Endpoint, model: str, outgoing: Outgoing
    ) -> AsyncGenerator[tuple[httpx2.Response, Watch]]:
        """The reply of a POST, its body not read yet, and the watch over it. The connection closes at the end.

        Raises:
            RequestFailed: no reply, a refusal, or silence while it is open.
        """
        response: httpx2.Response | None = None
        scope = anyio.CancelScope()
        watch = Watch(endpoint, scope)
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

    async def ask(self, endpoint: Endpoint, model: str, outgoing: Outgoing) -> bytes:
        """The whole body of the reply to a POST.

        Raises:
            RequestFailed: no reply, a refusal, silence, or a body that breaks off or does not end.
        """
        body = b""
        async with self.post(endpoint, model, outgoing) as (response, watch):
            try:
                body = await read_capped(response, LONGEST_REPLY, watch=watch)
            except Exception as error:
                raise translate(endpoint, model, error, begun=True) from error
        return body

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads what requests to an endpoint will need, off the event loop."""
        await self._pool.client(endpoint.base_url, **network(endpoint))
        if self._by_vendor(endpoint):
            await self._vendors.prepare(endpoint)

    async def get(self, endpoint: Endpoint, model: str, outgoing: Outgoing, timeout_s: float) -> bytes:
        """The body of a GET.

        Raises:
            RequestFailed: no reply in time, or a refusal.
        """
        return (await self.fetch("GET", endpoint, model, outgoing, timeout_s)).body

    async def fetch(self, method: str, endpoint: Endpoint, model: str, outgoing: Outgoing, timeout_s: float) -> Fetched:
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
                    return Fetched(await read_capped(response, LONGEST_LISTING), response.headers.get("etag"))
                finally:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
            except Exception as error:
                raise translate(endpoint, model, error) from error
        raise failures.silent(endpoint, model, timeout_s)

    async def _logged_in(
        self, method: str, endpoint: Endpoint, model: str, outgoing: Outgoing
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
        self, method: str, endpoint: Endpoint, model: str, outgoing: Outgoing, log_in: LogIn | None
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
        body = await read_capped(response, LONGEST_REFUSAL, cut=True)
        return failures.refused(endpoint, model, response.status_code, response.headers, body)


async def read_capped(response: httpx2.Response, limit: int, *, cut: bool = False, watch: Watch | None = None) -> bytes:
    """The body up to ``limit`` bytes, each part of it told to the watch.

    Raises:
        OverflowError: the body is longer and ``cut`` is false.
    """
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        if watch is not None:
            watch.touch()
        parts.append(part)
        size += len(part)
        if size > limit:
            if cut:
                break
            raise OverflowError(f"more than {limit} bytes")
    return b"".join(parts)[:limit]


def translate(endpoint: Endpoint, model: str, error: Exception, *, begun: bool | None = None) -> Exception:
    """The contract's failure for an exception of the HTTP layer; our own failures pass through.

    ``begun`` is None before the reply, then says whether the answer had begun.
    """
    import httpx2

    if isinstance(error, httpx2.TransportError | OSError):
        if begun is not None:
            return failures.interrupted(endpoint, model, begun=begun)
        if isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError):
            return failures.hung_up(endpoint, model)
        return failures.unreachable(endpoint, model, error)
    if isinstance(
        error, httpx2.InvalidURL | httpx2.UnsupportedProtocol | UnicodeError | OverflowError | httpx2.DecodingError
    ):
        return failures.not_understood(endpoint, model, b"", str(error))
    return error
