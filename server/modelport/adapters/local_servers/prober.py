"""Sends one small GET request to a server on this machine, and trusts nothing in the reply.

A plain connection and a reader of responses: no client library is loaded, so there is no proxy to ignore, no redirect
to follow and no credential to send. An address that is not this machine's is not connected to.
"""

from __future__ import annotations

import ssl
import time
from ipaddress import ip_address
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import ByteStream

from modelport.adapters.http.causes import NotHttp
from modelport.adapters.http.http1 import ResponseReader, request_head
from modelport.borders import NOT_JSON
from modelport.domain.local.fingerprints import Reply
from modelport.domain.local.servers import ServerAddress

CHUNK_SIZE = 64 * 1024
MAX_TEXT_BYTES = 64 * 1024
MAX_INLINE_JSON_BYTES = 64 * 1024
"""Longer JSON is parsed in a worker thread."""
HEADERS = [
    (b"Accept", b"application/json, text/plain, */*"),
    (b"Accept-Encoding", b"identity"),
    (b"User-Agent", b"modelport"),
    (b"Connection", b"close"),
]
Failures = (OSError, NotHttp, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class SocketProber:
    """A ``LocalProber`` with a connection per request."""

    async def get(self, address: ServerAddress, path: str, max_body_bytes: int) -> Reply | None:
        """The reply, None where there is none or the host is not this machine; the caller sets the timeout."""
        if not is_loopback(address.host):
            return None
        started = time.monotonic()
        try:
            async with await connect(address) as stream:
                await stream.send(_request(address, path))
                reader, body, whole = await read_response(stream, max_body_bytes)
        except Failures:
            return None
        latency_ms = (time.monotonic() - started) * 1000
        return Reply(
            status=reader.status,
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reader.headers},
            text=body[:MAX_TEXT_BYTES].decode("utf-8", "replace"),
            json=await _json(body) if whole else None,
            latency_ms=latency_ms,
        )


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, so that what is sent there stays here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def connect(address: ServerAddress) -> ByteStream:
    """A connection to a server, without a proxy in between.

    Raises:
        OSError: it is not accepted.
    """
    if address.scheme != "https":
        return await anyio.connect_tcp(address.host, address.port)
    # The certificate need not be trusted: nothing secret is sent, and nothing in the reply is relied on.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return await anyio.connect_tcp(address.host, address.port, ssl_context=context, tls_standard_compatible=False)


def _request(address: ServerAddress, path: str) -> bytes:
    host = f"[{address.host}]" if ":" in address.host else address.host
    target = (address.prefix + path).encode("ascii")
    return request_head(b"GET", target, [(b"Host", f"{host}:{address.port}".encode("ascii")), *HEADERS])


async def read_response(stream: ByteStream, max_body_bytes: int) -> tuple[ResponseReader, bytes, bool]:
    """The head, the body up to ``max_body_bytes`` bytes, and whether that is the whole body.

    Raises:
        NotHttp: the reply is not HTTP/1.1, or breaks off in the middle.
    """
    reader, parts, size = ResponseReader(), list[bytes](), 0
    while not reader.complete:
        try:
            reader.feed(await stream.receive(CHUNK_SIZE))
        except anyio.EndOfStream:
            reader.end()
        part = reader.take()
        parts.append(part)
        size += len(part)
        if size > max_body_bytes:
            return reader, b"".join(parts)[:max_body_bytes], False
    return reader, b"".join(parts), True


async def _json(body: bytes) -> Any:
    if len(body) > MAX_INLINE_JSON_BYTES:
        return await anyio.to_thread.run_sync(_parse, body)
    return _parse(body)


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except NOT_JSON:
        return None
