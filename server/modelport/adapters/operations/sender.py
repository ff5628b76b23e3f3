"""Sends a request whose reply is one JSON value, and translates failures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
import msgspec

from modelport.adapters.dialects.table import load_wire_format
from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.http import failures
from modelport.adapters.operations.replies import placed
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.request import HttpRequest, WireRequest
from modelport.domain.providers.connection import Endpoint
from modelport.lazy import LazyTable
from modelport.protocol.types import Dialect

MAX_INLINE_BODY_BYTES = 64 * 1024
"""A longer body is decoded in a worker thread."""
GET_TIMEOUT_S = 15.0

T = TypeVar("T")


class Sender:
    """Requests over the shared client, with the headers of the endpoint's dialect."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client
        self._wires = LazyTable(load_wire_format)

    async def post(self, endpoint: Endpoint, model: str, request: WireRequest, decode: Callable[[bytes], T]) -> T:
        """The decoded reply to a POST.

        Raises:
            RequestFailed: no reply, a refusal, or one that is not what the form promises.
        """
        target, outgoing = await self._outgoing(endpoint, request)
        used = [endpoint]
        body = await self._client.post_and_read(target, model, outgoing, used.append)
        return await _decoded(endpoint.with_secrets_of(used[-1]), model, decode, body)

    async def get(self, endpoint: Endpoint, path: str, decode: Callable[[bytes], T]) -> T:
        """The decoded reply to a GET.

        Raises:
            RequestFailed: as for ``post``, or no reply in time.
        """
        target, outgoing = await self._outgoing(endpoint, WireRequest(path, {}))
        return await _decoded(endpoint, "", decode, await self._client.get(target, "", outgoing, GET_TIMEOUT_S))

    async def wire(self, dialect: Dialect) -> WireFormat:
        """A wire format, loaded off the event loop on first use."""
        return await self._wires.get(dialect)

    async def _outgoing(self, endpoint: Endpoint, request: WireRequest) -> tuple[Endpoint, HttpRequest]:
        base_url, path = placed(endpoint.base_url, request.path)
        wire = await self.wire(endpoint.dialect)
        target = msgspec.structs.replace(endpoint, base_url=base_url)
        return target, HttpRequest(path, wire.headers, wire.key_header, request.body)


async def _decoded(endpoint: Endpoint, model: str, decode: Callable[[bytes], T], body: bytes) -> T:
    """The decoded reply; a long one is decoded in a worker thread."""
    try:
        if len(body) <= MAX_INLINE_BODY_BYTES:
            return decode(body)
        return await anyio.to_thread.run_sync(decode, body)
    except ProviderRefused as refused:
        raise failures.refused_inside(endpoint, model, refused.error) from refused
    except NotUnderstood as error:
        raise failures.not_understood(endpoint, model, error.data, str(error)) from error
