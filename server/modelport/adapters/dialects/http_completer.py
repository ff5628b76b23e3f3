"""Completes calls in any wire format over HTTP: send, frame, decode, and say what went wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio

from modelport.adapters.dialects.wire_format import Decoder, WireFormat
from modelport.adapters.http import failures
from modelport.adapters.http.bodies import translate
from modelport.adapters.http.idle_timeout import IdleTimeout
from modelport.adapters.provider_client.client import HttpRequest, ProviderClient
from modelport.adapters.wire.errors import LONGEST_EVENT, EventTooLong, NotUnderstood, ProviderRefused
from modelport.adapters.wire.framing import Framer, framer_for
from modelport.adapters.wire.request import turn_headers
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.errors import RequestFailed
from modelport.domain.ports import Verification
from modelport.domain.providers.connection import Endpoint, listing_endpoint
from modelport.protocol.types import ErrorKind

if TYPE_CHECKING:
    import httpx2

VERIFY_TIMEOUT_S = 15.0
LINGER_S = 0.1
NO_PROOF: frozenset[ErrorKind] = frozenset(
    {"forbidden", "network", "tls", "timeout", "rate_limited", "provider_unavailable", "invalid_response"}
)
"""Failures of a list on a host of its own that say nothing of the host that answers, nor of the key there."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before an answer: a byte order mark and white space."""


class HttpCompleter:
    """A ``Completer`` for one wire format."""

    def __init__(self, wire: WireFormat, client: ProviderClient) -> None:
        self._wire = wire
        self._client = client

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        """Sends the call and feeds the answer until the reply is over."""
        wire, endpoint = self._wire, call.endpoint
        request = wire.request(call)
        decoder = wire.decoder(call, answer)
        outgoing = HttpRequest(request.path, wire.headers | turn_headers(call), wire.key_header, request.body)
        async with self._client.post(endpoint, call.model, outgoing) as (response, watch):
            try:
                await self._read(response, watch, decoder, answer)
            except RequestFailed:
                raise
            except ProviderRefused as refused:
                failure = failures.refused_inside(endpoint, call.model, refused.error)
                if failure.kind != "content_filtered" or not answer.begun:
                    raise failure from refused
                answer.finish("contentFilter")
                return
            except NotUnderstood as error:
                raise failures.not_understood(
                    endpoint, call.model, error.data, str(error), begun=answer.begun
                ) from error
            except EventTooLong as error:
                raise failures.not_understood(endpoint, call.model, b"", str(error), begun=answer.begun) from error
            except Exception as error:
                raise translate(endpoint, call.model, error, begun=answer.begun) from error
        if not decoder.complete:
            raise failures.interrupted(endpoint, call.model, begun=answer.begun)

    async def prepare(self, endpoint: Endpoint) -> None:
        """Loads the clients that calls to the endpoint will need."""
        await self._client.prepare(endpoint)

    async def verify(self, endpoint: Endpoint) -> Verification:
        """Lists the models, or asks the row's own path for a free proof of the key."""
        proof, listing = endpoint.provider.wire.verify_path, self._wire.models_path(endpoint.provider)
        place = endpoint if proof else listing_endpoint(endpoint)
        path = proof or listing
        if not path or place is None:
            return Verification(verified=False, models=())
        try:
            models = await self._model_ids(place, path)
        except RequestFailed as failed:
            if place.base_url == endpoint.base_url or failed.kind not in NO_PROOF:
                raise
            return Verification(verified=False, models=())
        return Verification(verified=True, models=models if path == listing else ())

    async def _model_ids(self, endpoint: Endpoint, path: str) -> tuple[str, ...]:
        wire, model = self._wire, endpoint.provider.default_model or ""
        body = await self._client.get(
            endpoint, model, HttpRequest(path, wire.headers, wire.key_header), VERIFY_TIMEOUT_S
        )
        try:
            return wire.model_ids(body)
        except NotUnderstood as error:
            raise failures.not_understood(endpoint, model, body, str(error)) from error

    async def _read(self, response: httpx2.Response, watch: IdleTimeout, decoder: Decoder, answer: Answer) -> None:
        chunks = response.aiter_bytes()
        start = b""
        async for chunk in chunks:
            watch.touch()
            start = (start + chunk).lstrip(_BLANK)
            if len(start) > 1:
                break
        if start[:1] == b"<":
            raise NotUnderstood(await _rest(start, chunks, watch), "a web page")
        framer = framer_for(self._wire.framing, start, decoder.event)
        if framer is None:
            decoder.whole(await _rest(start, chunks, watch))
        else:
            framer.feed(start)
            await _stream(chunks, framer, watch, decoder, answer)


async def _rest(start: bytes, chunks: AsyncIterator[bytes], watch: IdleTimeout) -> bytes:
    body = bytearray(start)
    async for chunk in chunks:
        watch.touch()
        body += chunk
        if len(body) > LONGEST_EVENT:
            raise EventTooLong(f"more than {LONGEST_EVENT} bytes")
    return bytes(body)


async def _stream(
    chunks: AsyncIterator[bytes], framer: Framer, watch: IdleTimeout, decoder: Decoder, answer: Answer
) -> None:
    listener = answer.listener
    while not decoder.over:
        if answer.begun:
            watch.begun()
        if listener.congested:
            watch.pause()
            await listener.drained()
            watch.resume()
        chunk = await anext(chunks, None)
        if chunk is None:
            framer.close()
            return
        watch.touch()
        framer.feed(chunk)
    # The end of the body lets the connection be used again; a server that lingers is not waited for.
    with anyio.move_on_after(LINGER_S):
        async for _ in chunks:
            pass
