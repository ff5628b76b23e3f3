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

from modelport.adapters.http.pool import HttpPool
from modelport.domain.connection import Endpoint

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI


NO_KEY = "the key travels with each request"
LONGEST_READ_S = 3600.0
"""The clients insist on a limit; silence is watched by the exchange, long before this one."""


class VendorClients:
    """One client per base URL and TLS choice; the key travels with each request, not in the client."""

    DIALECTS: ClassVar[frozenset[str]] = frozenset({"openai_chat", "openai_responses", "anthropic_messages"})

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        self._clients: dict[tuple[str, str, bool], AsyncOpenAI | AsyncAnthropic] = {}
        self._lock = anyio.Lock()

    async def post(
        self, endpoint: Endpoint, path: str, body: dict[str, Any], headers: Mapping[str, str]
    ) -> httpx2.Response:
        """Sends a request and returns the reply with its body not read; a refusal is returned, not raised.

        Raises:
            httpx2.TransportError: no reply.
        """
        client = await self._client(endpoint)
        return await _post(client, path, body, headers)

    async def _client(self, endpoint: Endpoint) -> AsyncOpenAI | AsyncAnthropic:
        vendor = "anthropic" if endpoint.dialect == "anthropic_messages" else "openai"
        key = (vendor, endpoint.base_url, endpoint.verify_tls)
        client = self._clients.get(key)
        if client is None:
            http = await self._pool.client(verify_tls=endpoint.verify_tls)
            async with self._lock:
                client = self._clients.get(key)
                if client is None:
                    make = _make_anthropic if vendor == "anthropic" else _make_openai
                    client = await anyio.to_thread.run_sync(make, endpoint.base_url, http)
                    self._clients[key] = client
        return client


def _make_openai(base_url: str, http: httpx2.AsyncClient) -> AsyncOpenAI:
    import openai

    return openai.AsyncOpenAI(api_key=NO_KEY, base_url=base_url, http_client=http, max_retries=0)


def _make_anthropic(base_url: str, http: httpx2.AsyncClient) -> AsyncAnthropic:
    import anthropic

    return anthropic.AsyncAnthropic(api_key=NO_KEY, base_url=base_url, http_client=http, max_retries=0)


async def _post(
    client: AsyncOpenAI | AsyncAnthropic, path: str, body: dict[str, Any], headers: Mapping[str, str]
) -> httpx2.Response:
    import httpx2

    sent: dict[str, Any] = {**_without_client_key(client, headers), **headers}
    try:
        post: Any = client.post
        options = {"headers": sent, "timeout": LONGEST_READ_S}
        return await post(path, cast_to=httpx2.Response, body=body, options=options, stream=True, stream_cls=None)
    except Exception as error:
        # Both vendors wrap: a refusal carries the response, a broken connection its cause.
        response = getattr(error, "response", None)
        if isinstance(response, httpx2.Response):
            return response
        if isinstance(error.__cause__, httpx2.TransportError):
            raise error.__cause__ from error
        raise


def _without_client_key(client: AsyncOpenAI | AsyncAnthropic, headers: Mapping[str, str]) -> dict[str, Any]:
    """Takes the client's own key header out, unless ours replaces it."""
    if any(name.casefold() == "authorization" for name in headers):
        return {}
    if type(client).__module__.startswith("openai"):
        import openai

        return {"Authorization": openai.Omit()}
    import anthropic

    return {"Authorization": anthropic.Omit()}
