"""Calls through a proxy of another project, in every protocol, plain and with TLS, with a log-in and without."""

from __future__ import annotations

import gc
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import trustme

from modelport.adapters.http import failures
from modelport.adapters.http.pool import HttpPool
from modelport.domain.errors import RequestFailed
from modelport.protocol.secret import Secret
from support.builders import endpoint, row
from support.http_server import Answer, LocalServer
from support.proxies import RealProxy

HOST = "192.0.2.7"
"""Reserved for documentation: only through the proxy is anything there."""
PASSWORD = "p:w%40rd-canary5f0c2e"
LOG_IN = "us%65r:p%3Aw%2540rd-canary5f0c2e"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def plain() -> Iterator[LocalServer]:
    with LocalServer(lambda request: Answer(chunks=[request.body])) as server:
        yield server


@pytest.fixture(scope="module")
def secure(authority: trustme.CA) -> Iterator[LocalServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "models.example").configure_cert(context)
    with LocalServer(lambda request: Answer(chunks=[request.body]), tls=context) as server:
        yield server


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool()
    yield made
    await made.aclose()


@pytest.fixture(scope="module", params=["http", "socks4", "socks5"])
def proxy(request: pytest.FixtureRequest) -> Iterator[RealProxy]:
    with RealProxy(request.param) as running:
        running.protocol = request.param  # type: ignore[attr-defined]
        yield running


def schemes(proxy: RealProxy) -> list[str]:
    return {"http": ["http"], "socks4": ["socks4"], "socks5": ["socks5", "socks5h", "socks"]}[proxy.protocol]  # type: ignore[attr-defined]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_calls_go_through_it_on_one_connection(
    pool: HttpPool, proxy: RealProxy, plain: LocalServer, secure: LocalServer, ca_file: str, tls: bool
) -> None:
    server = secure if tls else plain
    url = f"{'https' if tls else 'http'}://{HOST}:{server.port}/v1"
    for scheme in schemes(proxy):
        client = await pool.client(url, ca_file=ca_file if tls else None, proxy=Secret(f"{scheme}://{proxy.address}"))
        for number in range(3):
            response = await client.post(url, content=b"%d" % number * 100_000)
            assert (response.status_code, len(response.content)) == (200, 100_000)
        assert proxy.hosts() == [HOST]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "http"])
async def test_it_looks_the_names_up(pool: HttpPool, plain: LocalServer, secure: LocalServer, ca_file: str, scheme: str, tls: bool) -> None:  # fmt: skip
    server = secure if tls else plain
    url = f"{'https' if tls else 'http'}://models.example:{server.port}/v1"
    with RealProxy("http" if scheme == "http" else "socks5") as proxy:
        client = await pool.client(url, ca_file=ca_file if tls else None, proxy=Secret(f"{scheme}://{proxy.address}"))
        assert (await client.get(url)).status_code == 200
        assert proxy.hosts() == ["models.example"]


@pytest.mark.parametrize("scheme", ["socks5h", "http", "socks4"])
async def test_a_log_in(pool: HttpPool, plain: LocalServer, secure: LocalServer, ca_file: str, scheme: str) -> None:
    user = "us%65r" if scheme == "socks4" else LOG_IN
    known = "user" if scheme == "socks4" else f"user:{PASSWORD}"
    with RealProxy(scheme.removesuffix("h"), known) as proxy:
        for server in (plain, secure):
            url = f"{server.url.partition(':')[0]}://{HOST}:{server.port}"
            client = await pool.client(url, ca_file=ca_file, proxy=Secret(f"{scheme}://{user}@{proxy.address}"))
            assert (await client.get(url)).status_code == 200
            for wrong in ("", "user:wrong@" if scheme != "socks4" else "other@"):
                await _refused(pool, url, f"{scheme}://{wrong}{proxy.address}")
        assert "proxy-authorization" not in plain.requests[-1].headers


async def _refused(pool: HttpPool, url: str, address: str) -> None:
    client = await pool.client(url, proxy=Secret(address))
    try:
        response = await client.get(url)
    except httpx2.TransportError as error:
        failure = failures.translate(endpoint(row("acme", base_url=url)), "m", error)
        assert isinstance(failure, RequestFailed)
        assert (failure.kind, failure.action) == ("network", "check the proxy")
        assert failure.message.startswith("The proxy at 127.0.0.1:")
        assert "wrong" not in failure.message
    else:
        # An HTTP proxy that reads the request itself refuses it as a server does.
        assert response.status_code == 407


@pytest.mark.parametrize("scheme", ["http", "https", "socks4", "socks4a", "socks5", "socks5h", "socks"])
@pytest.mark.parametrize("target", ["http", "https"])
async def test_a_proxy_that_is_not_there_is_named_and_leaves_nothing_open(pool: HttpPool, scheme: str, target: str) -> None:  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = f"127.0.0.1:{taken.getsockname()[1]}"
    user = "user" if scheme.startswith("socks4") else f"user:{PASSWORD}"
    url = f"{target}://{HOST}/v1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = await pool.client(url, proxy=Secret(f"{scheme}://{user}@{dead}"))
        with pytest.raises(httpx2.ProxyError) as caught:
            await client.get(url)
        failure = failures.translate(endpoint(row("acme", base_url=url)), "m", caught.value)
        del caught
        gc.collect()
    assert str(failure) == f"The proxy at {dead} cannot be reached, so Acme cannot be reached: check the proxy."


async def test_no_proxy_is_obeyed(pool: HttpPool, plain: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the environment's variables alone, in every form that other programs take."""
    with RealProxy("socks5") as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://{proxy.address}")
        url = f"http://{HOST}:{plain.port}/v1"
        assert (await (await pool.client(url)).get(url)).status_code == 200
        assert proxy.hosts() == [HOST]
        direct = await pool.client("http://127.0.0.1:1")
        assert await pool.client(url) is not direct
        for names in (HOST, f"other.example, {HOST}", "192.0.2.0/24", f"{HOST}:{plain.port}", "*"):
            monkeypatch.setenv("NO_PROXY", names)
            # A pool keeps what it has found out.
            fresh = HttpPool()
            assert await fresh.client(url) is await fresh.client("http://127.0.0.1:1"), names
            await fresh.aclose()


async def test_http_proxy_takes_http_and_all_proxy_the_rest(pool: HttpPool, plain: LocalServer, secure: LocalServer, ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with RealProxy("http") as http, RealProxy("socks5") as rest:
        monkeypatch.setenv("http_proxy", http.address)
        monkeypatch.setenv("ALL_PROXY", f"socks5://{rest.address}")
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1,.internal.example")
        for server in (plain, secure):
            url = f"{server.url.partition(':')[0]}://{HOST}:{server.port}"
            assert (await (await pool.client(url, ca_file=ca_file)).get(url)).status_code == 200
        assert (http.hosts(), rest.hosts()) == ([HOST], [HOST])
