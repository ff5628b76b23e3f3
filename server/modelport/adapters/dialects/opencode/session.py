"""One session of OpenCode's server: made for one message, followed by its events, and deleted.

Source: OpenCode server, its OpenAPI document (``/doc``), 1.18.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from modelport.adapters.http import failures
from modelport.adapters.http.bodies import chunks_of
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.json_values import decode
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import RequestFailed

if TYPE_CHECKING:
    import httpx2

REQUEST_TIMEOUT_S = 30.0
"""For a request that is answered at once, but for the first one, for which the server loads its settings."""
CLEANUP_TIMEOUT_S = 2.0
"""How long the end of a call waits for the end of its session."""
NEW_SESSION: dict[str, Any] = {
    # Without a title, a model would be asked for one.
    "title": "Modelport",
    "permission": [{"permission": "*", "pattern": "*", "action": "deny"}],
}


class _Created(Struct):
    id: str


_CREATED = msgspec.json.Decoder(_Created)


class Session:
    """A session. ``over`` is set once its answer has come to its end, so that nothing of it has to be aborted."""

    def __init__(self, client: ProviderClient, call: ModelCall) -> None:
        self.id = ""
        self.over = False
        self._client = client
        self._call = call

    async def create(self) -> None:
        """Makes the session.

        Raises:
            RequestFailed: the server does not answer, or not with a session.
        """
        body = await self._send("POST", "/session", NEW_SESSION)
        try:
            self.id = decode(_CREATED, body).id
        except (NotUnderstood, ProviderRefused) as error:
            raise failures.not_understood(self._call.endpoint, self._call.model, body, str(error)) from error

    @asynccontextmanager
    async def events(self, message: dict[str, Any]) -> AsyncGenerator[tuple[httpx2.Response, IdleTimeout]]:
        """Sends the message; gives the stream of the server's events, which ends once the session is ``over``.

        Raises:
            RequestFailed: the server does not answer.
        """
        call = self._call
        stream = self._client.stream("GET", call.endpoint, call.model, _request("/event"))
        async with stream as (response, idle), chunks_of(response) as chunks:
            reply = _Events(chunks, self)
            # The server greets those who follow its events, and what happens before that is lost.
            await reply.begin(call)
            await self._send("POST", f"/session/{self.id}/prompt_async", message)
            yield cast("httpx2.Response", reply), idle

    async def end(self) -> None:
        """Ends what still runs, and deletes the session; the answer does not depend on whether that succeeds."""
        abort = [] if self.over else [("POST", f"/session/{self.id}/abort")]
        for method, path in [*abort, ("DELETE", f"/session/{self.id}")]:
            try:
                await self._send(method, path, {}, CLEANUP_TIMEOUT_S)
            except RequestFailed:
                # The server has gone, and the session's work with it.
                return

    async def _send(self, method: str, path: str, body: dict[str, Any], timeout_s: float = REQUEST_TIMEOUT_S) -> bytes:
        request = _request(path, body)
        return (await self._client.fetch(method, self._call.endpoint, self._call.model, request, timeout_s)).body


class _Events:
    """A reply that ends with the answer: the stream of events goes on for as long as the server runs."""

    def __init__(self, chunks: AsyncIterator[bytes], session: Session) -> None:
        self._chunks = chunks
        self._first = b""
        self._session = session

    async def begin(self, call: ModelCall) -> None:
        """Waits for the first chunk.

        Raises:
            RequestFailed: none comes.
        """
        try:
            self._first = await anext(self._chunks, b"")
        except Exception as error:
            raise failures.translate(call.endpoint, call.model, error, begun=False) from error

    async def aiter_bytes(self) -> AsyncGenerator[bytes]:
        """The chunks, as they come."""
        yield self._first
        async for chunk in self._chunks:
            yield chunk
            if self._session.over:
                return


def _request(path: str, body: dict[str, Any] | None = None) -> HttpRequest:
    return HttpRequest(path, {}, "Authorization", body or {})
