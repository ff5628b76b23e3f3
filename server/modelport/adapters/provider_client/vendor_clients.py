"""The vendors' own Python clients, used to send requests and nothing else.

They bring the vendor's headers and behaviour; the reply comes back raw and is decoded by our
dialect, which costs a tenth of the client's own objects. They are imported in a worker thread
on first use, share our pool, and never retry: retrying is the engine's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import anyio
import anyio.to_thread

from modelport.adapters.http.pool import HttpPool, network
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import SecretValues, forget_frames

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI


HARMLESS = ("accept", "content-type", "user-agent", "x-stainless-")
KEY_HEADERS = ("authorization", "x-api-key")
NO_KEY = "the key travels with each request"
READ_TIMEOUT_S = 3600.0
"""The clients insist on a limit; the idle timeout ends a call long before this one."""


class VendorClients:
    """One client per base URL and client of the pool; the key travels with each request, not in the client."""

    DIALECTS: ClassVar[frozenset[str]] = frozenset({"openai_chat", "openai_responses", "anthropic_messages"})

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._clients: dict[tuple[str, str, int], _Sender] = {}
        self._lock = anyio.Lock()

    async def post(
        self, endpoint: Endpoint, url: str, body: dict[str, Any], headers: Mapping[str, str]
    ) -> httpx2.Response:
        """Sends a request and returns the reply with its body not read; a refusal is returned, not raised.

        Raises:
            httpx2.TransportError: no reply.
        """
        return await (await self._sender(endpoint)).post(url, body, headers)

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads the client that calls to an endpoint will need, so that the first of them does not wait for it."""
        await self._sender(endpoint)

    async def _sender(self, endpoint: Endpoint) -> _Sender:
        vendor = "anthropic" if endpoint.dialect == "anthropic_messages" else "openai"
        http = await self._pool.client(endpoint.base_url, **network(endpoint))
        key = (vendor, endpoint.base_url, id(http))
        sender = self._clients.get(key)
        if sender is None:
            async with self._lock:
                sender = self._clients.get(key)
                if sender is None:
                    make = _make_anthropic if vendor == "anthropic" else _make_openai
                    sender = await anyio.to_thread.run_sync(make, endpoint.base_url, http)
                    self._clients[key] = sender
        return sender


class _Sender:
    """A vendor's client, and the headers it would send of its own accord that are not ours to send.

    The clients take keys, organisations and whole headers from the environment. Those were meant for
    the vendor, not for whatever address a connection has.
    """

    def __init__(self, client: AsyncOpenAI | AsyncAnthropic, nothing: Any) -> None:
        self._client = client
        own = {name.casefold() for name in client.default_headers} | set(KEY_HEADERS)
        self._unwanted: dict[str, Any] = {name: nothing for name in own if not name.startswith(HARMLESS)}

    async def post(self, url: str, body: dict[str, Any], headers: Mapping[str, str]) -> httpx2.Response:
        import httpx2

        ours = SecretValues({name.casefold(): value for name, value in headers.items()})
        options = {"headers": self._unwanted | ours, "timeout": READ_TIMEOUT_S}
        post: Any = self._client.post
        try:
            return await post(url, cast_to=httpx2.Response, body=body, options=options, stream=True, stream_cls=None)
        except Exception as error:
            # Both vendors wrap: a refusal carries the response, a broken connection its cause.
            response = getattr(error, "response", None)
            if isinstance(response, httpx2.Response):
                return response
            if isinstance(error.__cause__, httpx2.TransportError):
                # In the client's frames are the headers. The cause of its error cannot have that error as its own.
                forget_frames(error)
                raise error.__cause__ from None
            forget_frames(error)
            raise


def _make_openai(base_url: str, http: httpx2.AsyncClient) -> _Sender:
    import openai

    client = openai.AsyncOpenAI(api_key=NO_KEY, base_url=base_url, http_client=http, max_retries=0)
    return _Sender(client, openai.Omit())


def _make_anthropic(base_url: str, http: httpx2.AsyncClient) -> _Sender:
    import anthropic

    client = anthropic.AsyncAnthropic(api_key=NO_KEY, base_url=base_url, http_client=http, max_retries=0)
    return _Sender(client, anthropic.Omit())
