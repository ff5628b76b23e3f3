"""The words of the SOCKS protocols, with proxies that answer byte by byte, wrongly, late or not at all."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest

from modelport.adapters.http import failures
from modelport.adapters.http.proxies.address import read_proxy
from modelport.adapters.http.transport import HttpTransport
from modelport.adapters.http.trust import no_tls
from modelport.domain.errors import RequestFailed
from modelport.protocol.secret import Secret
from support.builders import endpoint, row

HELLO, LOGGED_IN, GRANTED_5 = b"\5\0", b"\1\0", b"\5\0\0\1\0\0\0\0\0\0"
GRANTED_4 = b"\0\x5a\0\0\0\0\0\0"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
GOOD_5 = (HELLO, GRANTED_5, HTTP)


class Scripted:
    """Answers whatever comes with the next words of a script, mostly a byte at a time; ``heard`` is what came."""

    def __init__(self, script: Sequence[bytes], *, lingers: bool) -> None:
        self.script = script
        self.heard: list[bytes] = []
        self.port = 0
        self.closed = asyncio.Event()
        self.reached = asyncio.Event()
        self._lingers = lingers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for words in self.script:
                self.heard.append(await reader.read(4096))
                self.reached.set()
                for start in range(0, len(words), len(words) // 500 + 1):
                    writer.write(words[start : start + len(words) // 500 + 1])
                    await writer.drain()
                    await asyncio.sleep(0)
            if self._lingers:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            self.closed.set()
            writer.close()


@asynccontextmanager
async def scripted(*script: bytes, lingers: bool = False) -> AsyncIterator[Scripted]:
    proxy = Scripted(script, lingers=lingers)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


async def get(proxy: Scripted, scheme: str = "socks5h", log_in: str = "", url: str = "http://models.example/v1", limit_s: float = 5.0) -> str:  # fmt: skip
    """The text of an answer through a proxy."""
    transport = HttpTransport(no_tls(), read_proxy(Secret(f"{scheme}://{log_in}127.0.0.1:{proxy.port}")))
    async with httpx2.AsyncClient(transport=transport, timeout=httpx2.Timeout(limit_s)) as client:
        return (await client.get(url)).text


@pytest.mark.parametrize(
    ("scheme", "log_in", "url", "script", "heard"),
    [
        ("socks5", "", "http://models.example/v1", GOOD_5, [b"\5\1\0", b"\5\1\0\3\x0emodels.example\0\x50"]),
        ("socks", "", "http://models.example:8080/v1", GOOD_5, [b"\5\1\0", b"\5\1\0\3\x0emodels.example\x1f\x90"]),
        ("socks5h", "", "http://192.0.2.7/v1", GOOD_5, [b"\5\1\0", b"\5\1\0\1\xc0\0\2\7\0\x50"]),
        ("socks5h", "", "http://[2001:db8::7]/v1", GOOD_5, [b"\5\1\0", b"\5\1\0\4\x20\1\x0d\xb8" + bytes(11) + b"\7\0\x50"]),
        ("socks5h", "", "http://bücher.example/v1", GOOD_5, [b"\5\1\0", b"\5\1\0\3\x15xn--bcher-kva.example\0\x50"]),
        ("socks5h", "us%65r:p%3Aw@", "http://h/v1", (b"\5\2", LOGGED_IN, GRANTED_5, HTTP), [b"\5\2\0\2", b"\1\4user\3p:w", b"\5\1\0\3\1h\0\x50"]),
        ("socks5h", "%ff:%e9@", "http://h/v1", (b"\5\2", LOGGED_IN, GRANTED_5, HTTP), [b"\5\2\0\2", b"\1\1\xff\1\xe9", b"\5\1\0\3\1h\0\x50"]),
        ("socks5h", "user@", "http://h/v1", (b"\5\2", LOGGED_IN, GRANTED_5, HTTP), [b"\5\2\0\2", b"\1\4user\0", b"\5\1\0\3\1h\0\x50"]),
        # A proxy that needs no log-in takes none.
        ("socks5h", "user:pw@", "http://h/v1", GOOD_5, [b"\5\2\0\2", b"\5\1\0\3\1h\0\x50"]),
        # The forms of the address that a proxy tells, which end where they end.
        ("socks5h", "", "http://h/v1", (HELLO, b"\5\0\0\3\4abcd\0\x50", HTTP), [b"\5\1\0", b"\5\1\0\3\1h\0\x50"]),
        ("socks5h", "", "http://h/v1", (HELLO, b"\5\0\0\4" + bytes(18), HTTP), [b"\5\1\0", b"\5\1\0\3\1h\0\x50"]),
        ("socks4", "", "http://192.0.2.7/v1", (GRANTED_4, HTTP), [b"\4\1\0\x50\xc0\0\2\7\0"]),
        ("socks4", "user@", "http://localhost.localdomain.invalid./v1", None, None),
        ("socks4a", "user@", "http://models.example/v1", (GRANTED_4, HTTP), [b"\4\1\0\x50\0\0\0\1user\0models.example\0"]),
    ],
)  # fmt: skip
async def test_what_is_said(scheme: str, log_in: str, url: str, script: Sequence[bytes] | None, heard: list[bytes] | None) -> None:  # fmt: skip
    if script is None or heard is None:
        # Version 4 has this machine look names up.
        async with scripted(GRANTED_4) as proxy:
            with pytest.raises(httpx2.ConnectError):
                await get(proxy, scheme, log_in, url)
            assert proxy.heard in ([], [b""])
        return
    async with scripted(*script) as proxy:
        assert await get(proxy, scheme, log_in, url) == "hi"
        assert proxy.heard[:-1] == heard
        assert proxy.heard[-1].startswith(b"GET /v1 HTTP/1.1\r\n")


REFUSALS: list[tuple[str, str, Sequence[bytes], str]] = [
    ("socks5", "", (), "closed the connection"),
    ("socks5", "", (b"",), "closed the connection"),
    ("socks5", "", (b"\5",), "closed the connection"),
    ("socks5", "", (HELLO, b"\5\0\0"), "closed the connection"),
    ("socks5", "", (HELLO, b"\5\0\0\3\xffabc"), "closed the connection"),
    ("socks5", "", (b"HTTP/1.1 400 Bad Request\r\n\r\n",), "does not speak SOCKS 5"),
    ("socks5", "", (b"SSH-2.0-OpenSSH_9.9\r\n",), "does not speak SOCKS 5"),
    ("socks5", "", (b"\0\x5b\0\0\0\0\0\0",), "does not speak SOCKS 5"),
    ("socks5", "", (HELLO, b"HTTP"), "does not speak SOCKS 5"),
    ("socks5", "", (HELLO, b"\5\0\0\2\0\0\0\0\0\0"), "does not speak SOCKS 5"),
    ("socks5", "", (b"\5\xff",), "requires a log-in"),
    ("socks5", "", (b"\5\2",), "requires a log-in"),
    ("socks5", "u:p@", (b"\5\xff",), "takes another log-in than a user and a password"),
    ("socks5", "u:p@", (b"\5\1",), "takes another log-in than a user and a password"),
    ("socks5", "u:p@", (b"\5\2", b"\1\1"), "refuses the user or the password"),
    ("socks5", "", (HELLO, b"\5\2\0\1\0\0\0\0\0\0"), "does not allow this connection"),
    ("socks5", "", (HELLO, b"\5\5\0\1\0\0\0\0\0\0"), "was refused the connection by the host"),
    ("socks5", "", (HELLO, b"\5\x63\0\1\0\0\0\0\0\0"), "failed with the code 99"),
    ("socks4a", "", (b"\0\x5b\0\0\0\0\0\0",), "refuses the connection, or cannot make it"),
    ("socks4a", "u@", (b"\0\x5d\0\0\0\0\0\0",), "refuses the user"),
    ("socks4a", "", (b"\5\xff\0\0\0\0\0\0",), "does not speak SOCKS 4"),
    ("socks4a", "", (b"HTTP/1.1 400 Bad\r\n",), "does not speak SOCKS 4"),
    ("socks4a", "", (b"\0\x5a\0",), "closed the connection"),
    ("http", "", (b"\5\xff",), "closed the connection, or is no HTTP proxy"),
    ("http", "", (b"HTTP/1.1 200 OK\r\n",), "closed the connection, or is no HTTP proxy"),
    (
        "http",
        "",
        (b"HTTP/1.1 103 X\r\nA: " + b"a" * 60_000 + b"\r\n\r\nHTTP/1.1 103 Y\r\nB: " + b"b" * 9_000,),
        "closed the connection, or is no HTTP proxy",
    ),
    ("http", "", (b"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\nhello",), "requires a log-in, or another one (407)"),
    ("http", "", (b"HTTP/1.1 302 No\r\nLocation: file:///etc/passwd\r\n\r\n",), "refuses the connection (302)"),
]


@pytest.mark.parametrize(("scheme", "log_in", "script", "why"), REFUSALS, ids=lambda value: str(value)[:30])
async def test_what_goes_wrong_is_a_sentence_and_leaves_nothing_open(
    scheme: str, log_in: str, script: Sequence[bytes], why: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        url = "https://models.example/v1" if scheme == "http" else "http://models.example/v1"
        async with scripted(*script) as proxy:
            with pytest.raises(httpx2.ProxyError) as caught:
                await get(proxy, scheme, log_in, url)
            failure = failures.translate(endpoint(row("acme", base_url=url)), "m", caught.value)
            sentence = f"The proxy at 127.0.0.1:{proxy.port} {why}, so Acme cannot be reached: check the proxy."
        del caught
        gc.collect()
    assert isinstance(failure, RequestFailed)
    assert (failure.message, failure.kind, failure.action) == (sentence, "network", "check the proxy")


@pytest.mark.parametrize("scheme", ["socks5", "socks4a", "http"])
async def test_a_proxy_that_says_nothing_is_not_waited_for_longer_than_a_connection(scheme: str) -> None:
    async with scripted(b"", lingers=True) as proxy:
        with pytest.raises(httpx2.ConnectTimeout):
            await get(proxy, scheme, url="https://models.example/v1", limit_s=0.05)
        await proxy.closed.wait()


@pytest.mark.parametrize("scheme", ["socks5", "socks4a", "http"])
async def test_a_request_that_is_cancelled_meanwhile_leaves_no_connection(scheme: str) -> None:
    async with scripted(b"", lingers=True) as proxy:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(get, proxy, scheme, "", "https://models.example/v1")
            await proxy.reached.wait()
            tasks.cancel_scope.cancel()
        await proxy.closed.wait()


async def test_no_address_of_version_6_goes_to_version_4() -> None:
    async with scripted(GRANTED_4) as proxy:
        with pytest.raises(httpx2.ProxyError, match="takes no IPv6 address"):
            await get(proxy, "socks4a", url="http://[2001:db8::7]/v1")


async def test_a_name_that_is_too_long_is_not_cut() -> None:
    async with scripted(HELLO, GRANTED_5) as proxy:
        with pytest.raises((httpx2.ProxyError, httpx2.InvalidURL)):
            await get(proxy, url=f"http://{'.'.join(['a' * 60] * 5)}/v1")
        assert len(proxy.heard) < 2 or proxy.heard[1] == b""


@pytest.mark.parametrize("host", ["x" * 70, "a..b", "\u0430" * 70])
@pytest.mark.parametrize("scheme", ["socks5h", "http"])
async def test_a_proxy_whose_name_is_none_has_no_address(scheme: str, host: str) -> None:
    transport = HttpTransport(no_tls(), read_proxy(Secret(f"{scheme}://{host}:1")))
    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx2.ProxyError, match="has no address"):
            await client.get("http://models.example")


def test_a_proxy_shows_no_password() -> None:
    proxy = read_proxy(Secret("socks5h://user:canary-0123456789@[::1]:9"))
    assert "canary" not in repr(proxy)
    assert (proxy.place, proxy.host, proxy.port) == ("[::1]:9", "::1", 9)
