"""The settings of a provider's connections: its own certificates, its own proxy, none at all."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import trustme

from modelport.adapters.http.pool import HttpPool, network
from modelport.adapters.http.trust import stale_variable
from modelport.adapters.provider_client.vendor_clients import VendorClients
from modelport.domain.errors import RequestFailed
from modelport.protocol.secret import Secret
from support.builders import endpoint, row
from support.connect_proxy import ConnectProxy
from support.http_server import Answer, LocalServer

PASSWORD = "canary-0123456789abcdef"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool()
    yield made
    await made.aclose()


def tls_server(authority: trustme.CA, name: str) -> LocalServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return LocalServer(lambda _: Answer(204), tls=context)


async def test_a_file_of_ones_own_makes_a_server_trusted_and_only_for_who_names_it(pool: HttpPool, authority: trustme.CA, ca_file: str) -> None:  # fmt: skip
    with tls_server(authority, "127.0.0.1") as server:
        trusting = await pool.client(server.url, ca_file=ca_file)
        assert (await trusting.get(server.url)).status_code == 204
        other = await pool.client(server.url)
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await other.get(server.url)
        careless = await pool.client(server.url, verify_tls=False)
        assert (await careless.get(server.url)).status_code == 204


async def test_the_files_certificates_vouch_for_their_own_names_only(pool: HttpPool, authority: trustme.CA, ca_file: str) -> None:  # fmt: skip
    with tls_server(authority, "other.example") as server:
        client = await pool.client(server.url, ca_file=ca_file)
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(server.url)


@pytest.mark.parametrize("content", [None, "nonsense"])
async def test_an_unusable_file_is_reported_without_its_path(
    pool: HttpPool, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RequestFailed) as caught:
        await pool.client("https://models.example", ca_file=str(path))
    assert caught.value.kind == "tls"
    assert "ca_file" in caught.value.message
    assert str(tmp_path) not in caught.value.message


async def test_a_tunnel_through_the_proxy_with_certificates_of_ones_own(pool: HttpPool, authority: trustme.CA, ca_file: str) -> None:  # fmt: skip
    with tls_server(authority, "models.example") as server, ConnectProxy(server.port) as proxy:
        url = "https://models.example/v1"
        client = await pool.client(url, ca_file=ca_file, proxy=Secret(f"http://{proxy.address}"))
        assert (await client.get(url)).status_code == 204
        assert [head.splitlines()[0] for head in proxy.heads] == ["CONNECT models.example:443 HTTP/1.1"]
        assert [request.path for request in server.requests] == ["/v1"]
        untrusting = await pool.client(url, proxy=Secret(f"http://{proxy.address}"))
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await untrusting.get(url)


async def test_a_vendors_client_goes_the_same_way(pool: HttpPool, authority: trustme.CA, ca_file: str) -> None:
    with tls_server(authority, "models.example") as server, ConnectProxy(server.port) as proxy:
        place = endpoint(row("acme", base_url="https://models.example/v1"), ca_file=ca_file, proxy=Secret(f"http://{proxy.address}"))  # fmt: skip
        assert network(place)["ca_file"] == ca_file
        vendors = VendorClients(pool)
        response = await vendors.post(place, "/chat", {}, {})
        assert response.status_code == 204
        await response.aclose()
        assert [request.path for request in server.requests] == ["/v1/chat"]


async def test_a_proxy_that_wants_a_log_in(pool: HttpPool, authority: trustme.CA, ca_file: str) -> None:
    with tls_server(authority, "models.example") as server, ConnectProxy(server.port, password="dTp3") as proxy:
        url = "https://models.example"
        known = await pool.client(url, ca_file=ca_file, proxy=Secret(f"http://u:w@{proxy.address}"))
        assert (await known.get(url)).status_code == 204
        stranger = await pool.client(url, ca_file=ca_file, proxy=Secret(f"http://{proxy.address}"))
        with pytest.raises(httpx2.ProxyError, match="407"):
            await stranger.get(url)


async def test_a_proxy_of_ones_own_takes_the_place_of_the_environments(pool: HttpPool, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    url = "http://models.example/v1"
    with LocalServer(lambda _: Answer(200)) as theirs, LocalServer(lambda _: Answer(201)) as ours:
        monkeypatch.setenv("http_proxy", theirs.url)
        assert (await (await pool.client(url, proxy=Secret(ours.url))).get(url)).status_code == 201
        assert [r for r in theirs.requests if r.path.startswith("http:")] == []
        assert (await (await pool.client(url)).get(url)).status_code == 200


async def test_an_empty_proxy_is_none(pool: HttpPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    direct = await pool.client("http://models.example", proxy=Secret(""))
    assert direct is await pool.client("http://127.0.0.1:1")


async def test_this_machine_and_no_proxy_stay_direct(pool: HttpPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "models.example")
    with LocalServer(lambda _: Answer(200)) as proxy, LocalServer(lambda _: Answer(204)) as server:
        chosen = Secret(proxy.url)
        assert (await (await pool.client(server.url, proxy=chosen)).get(server.url)).status_code == 204
        assert await pool.client("http://models.example", proxy=chosen) is await pool.client(server.url)
        assert [r for r in proxy.requests if r.path.startswith("http:")] == []


async def test_an_unusable_proxy_is_reported_without_its_password(pool: HttpPool) -> None:
    with pytest.raises(RequestFailed) as caught:
        await pool.client("https://models.example", proxy=Secret(f"socks4://u:{PASSWORD}@host"))
    assert caught.value.action == "correct the proxy"
    assert PASSWORD not in caught.value.message


def test_the_password_of_the_proxy_is_taken_out_of_texts() -> None:
    place = endpoint(proxy=Secret(f"http://user:{PASSWORD}@proxy:1"))
    assert place.redact(f"no way in with {PASSWORD}") == "no way in with [redacted]"


# What the environment says, right or wrong.


@pytest.mark.parametrize("value", ["ftp://127.0.0.1:9", "socks6://u:w0rd@127.0.0.1:9", "socks4://u:w0rd@127.0.0.1:9", "socks5://127.0.0.1:99999", f"socks5://u:{'w0rd' * 70}@h:1", "http://", "http://[::1", "nonsense proxy"])  # fmt: skip
async def test_a_proxy_of_the_environment_that_cannot_be_used_is_named(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(RequestFailed) as caught:
        await pool.client("https://models.example/v1")
    assert (caught.value.kind, "ALL_PROXY" in caught.value.message) == ("network", True)
    assert "w0rd" not in caught.value.message
    await pool.client("http://127.0.0.1:1")


async def test_a_proxy_of_one_scheme_spoils_nothing_for_another(pool: HttpPool, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with LocalServer(lambda _: Answer(201)) as proxy:
        monkeypatch.setenv("https_proxy", "ftp://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", proxy.url.removeprefix("http://"))
        assert (await (await pool.client("http://models.example")).get("http://models.example")).status_code == 201


@pytest.mark.parametrize("content", [None, "nonsense"])
async def test_certificates_of_the_environment_that_cannot_be_read_are_named(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "gone.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(RequestFailed) as caught:
        await pool.client("https://models.example")
    assert (caught.value.kind, caught.value.action) == ("tls", "correct or unset SSL_CERT_FILE")
    assert str(path) in caught.value.message
    with LocalServer(lambda _: Answer(204)) as server:
        assert (await (await pool.client(server.url)).get(server.url)).status_code == 204


async def test_a_folder_of_certificates_that_is_gone_is_named(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "gone"))
    with pytest.raises(RequestFailed, match="SSL_CERT_DIR"):
        await pool.client("https://models.example")
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join([str(tmp_path / "gone"), str(tmp_path)]))
    await pool.client("https://models.example")


def test_variables_of_other_libraries_are_checked_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert stale_variable() is None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert stale_variable() is None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone"))
    assert stale_variable() == ("REQUESTS_CA_BUNDLE", str(tmp_path / "gone"))
