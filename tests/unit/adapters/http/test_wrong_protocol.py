"""What answers is no HTTP/1.1 server: real sockets that speak something else, and what the failure says."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.errors import RequestFailed
from support.builders import answer, call, endpoint, row

HTTP_2 = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00"
BOMB = gzip.compress(b'data: {"choices":[]}\n\n' * 200_000)
OK = b"HTTP/1.1 200 OK\r\n"
BAD = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"

WRONG: list[tuple[str, bytes, str, str]] = [
    ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x16", "speaks TLS", "write https://"),
    ("a TLS handshake", b"\x16\x03\x03\x00\x31\x02", "speaks TLS", "write https://"),
    ("Go at a TLS port", BAD + b"Client sent an HTTP request to an HTTPS server.\n", "speaks TLS", "write https://"),
    ("nginx at a TLS port", BAD + b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>", "speaks TLS", "write https://"),
    ("HTTP/2 frames", HTTP_2, "speaks HTTP/2", "HTTP/1.1"),
    ("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "speaks HTTP/2", "HTTP/1.1"),
    ("an HTTP/2 status", b"HTTP/2 200\r\n\r\n", "speaks HTTP/2", "HTTP/1.1"),
    ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n", "is an SSH server", "check the address"),
    ("SMTP", b"220 mail.example ESMTP\r\n", "is a mail or file server", "check the address"),
    ("SMTP, refusing", b"554-mail.example\r\n", "is a mail or file server", "check the address"),
    ("IMAP", b"* OK IMAP4rev1 ready\r\n", "is a mailbox server", "check the address"),
    ("POP3", b"+OK ready\r\n", "is a mailbox server", "check the address"),
    ("Redis", b"-ERR unknown command\r\n", "is a Redis server", "check the address"),
    ("MySQL", b"\x4a\x00\x00\x00\x0a8.0.36\x00", "is a MySQL server", "check the address"),
    ("a body alone", b'{"choices": []}\n', "without a head", "check the address"),
    ("noise", b"\xde\xad\xbe\xef" * 8, "breaks the rules of HTTP", "check the address"),
    ("two lengths", OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "two different lengths", "proxy"),
    ("no number", OK + b"Content-Length: many\r\n\r\nabc", "not a number", "proxy"),
    ("no header", OK + b"what is this\r\n\r\n", "not a header", "proxy"),
    ("a long head", OK + b"".join(b"X-%d: %b\r\n" % (n, b"x" * 1000) for n in range(80)), "too long", "proxy"),
    ("interim heads without end", b"HTTP/1.1 102 Processing\r\n\r\n" * 50_000, "too long", "proxy"),
    ("gzip", OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB, "compressed with gzip", "proxy"),
    ("bad gzip", OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "compressed with gzip", "proxy"),
    ("two codings", OK + b"Content-Encoding: br, zstd\r\n\r\nabc", "compressed with br, zstd", "proxy"),
]  # fmt: skip


@pytest.fixture
async def completer() -> AsyncIterator[HttpCompleter]:
    pool = HttpPool()
    yield HttpCompleter(OpenAIChat(), ProviderClient(pool))
    await pool.aclose()


async def failure(
    completer: HttpCompleter, said: bytes, scheme: str = "http", tls: ssl.SSLContext | None = None
) -> RequestFailed:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(64 * 1024)
            writer.write(said)
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        place = endpoint(row(), base_url=f"{scheme}://127.0.0.1:{port}")
        with pytest.raises(RequestFailed) as failed:
            await completer.complete(call(endpoint=place), answer())
    assert failed.value.http_status == 401 or f"127.0.0.1:{port}" in failed.value.message
    return failed.value


@pytest.mark.parametrize(("said", "says", "action"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
async def test_the_failure_says_what_answered(completer: HttpCompleter, said: bytes, says: str, action: str) -> None:
    error = await failure(completer, said)
    assert (error.kind, says in error.message, action in (error.action or "")) == ("invalid_response", True, True), error.message  # fmt: skip


@pytest.mark.parametrize("said", [OK + b"Content-Length: 2\r\n\r\n{}", b"SSH-2.0-OpenSSH_9.9\r\n"], ids=["HTTP", "SSH"])
async def test_plain_bytes_at_an_address_with_tls(completer: HttpCompleter, said: bytes) -> None:
    error = await failure(completer, said, "https")
    assert (error.kind, "does not speak TLS: write http://" in error.message) == ("invalid_response", True)


async def test_plain_http_to_a_port_with_tls(completer: HttpCompleter) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    # asyncio closes such a connection without an alert, as some servers do.
    assert (await failure(completer, b"", "http", tls)).kind == "network"


async def test_a_compressed_refusal_is_told_by_its_status(completer: HttpCompleter) -> None:
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB)
    error = await failure(completer, head + BOMB)
    assert (error.kind, error.http_status) == ("auth_rejected", 401)
