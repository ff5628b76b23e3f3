"""The registry over a real connection: every way it can fail is one sentence with what to do next."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio.to_thread
import pytest
import trustme

from modelport.adapters.agents.registry.cache_file import RegistryFile
from modelport.adapters.http.download import Download
from modelport.adapters.http.pool import HttpPool
from modelport.domain.errors import RequestFailed
from support.agent_registry import entry, registry
from support.connect_proxy import ConnectProxy
from support.http_server import Answer, LocalServer, Received

BODY = json.dumps(registry(entry())).encode()
REGISTRY = "the registry of agents"
CANARY = "canary-0123456789abcdef"


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool()
    yield made
    await made.aclose()


def serving(answer: Answer) -> LocalServer:
    return LocalServer(lambda _: answer)


async def failure(pool: HttpPool, url: str) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        await Download(pool, REGISTRY)(url)
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert caught.value.provider is None
    return caught.value


async def test_a_copy_is_downloaded_checked_and_kept(pool: HttpPool, tmp_path: Path) -> None:
    file = RegistryFile(tmp_path / "registry.json", Download(pool, REGISTRY))
    with serving(Answer(chunks=[BODY[:40], BODY[40:]])) as server:
        copy = await file.fetch(f"{server.url}/registry.json?v=1")
        (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/registry.json?v=1")
    assert file.read() == copy
    assert copy.entries[0].package == "npm:@acme/agent"


async def test_nothing_that_identifies_the_user_is_sent(
    pool: HttpPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login u password {CANARY}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(Answer(headers={"Set-Cookie": "id=1"}, chunks=[BODY])) as server:
        await Download(pool, REGISTRY)(server.url)
        (request,) = server.requests
    assert set(request.headers) <= {"host", "accept", "accept-encoding", "user-agent", "connection"}


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (301, "invalid_response", "redirects to another address"),
        (302, "invalid_response", "redirects to another address"),
        (308, "invalid_response", "redirects to another address"),
        (400, "invalid_response", "does not serve the registry of agents (400)"),
        (401, "forbidden", "requires credentials"),
        (403, "forbidden", "requires credentials"),
        (404, "invalid_response", "does not serve the registry of agents (404)"),
        (407, "network", "proxy"),
        (429, "rate_limited", "try again later"),
        (500, "provider_unavailable", "try again later"),
        (503, "provider_unavailable", "try again later"),
    ],
)
async def test_a_refusal_by_its_status(pool: HttpPool, status: int, kind: str, words: str) -> None:
    with LocalServer(lambda _: Answer(chunks=[BODY])) as elsewhere:
        answer = Answer(status, {"Location": elsewhere.url}, [b"<html>"])
        with serving(answer) as server:
            error = await failure(pool, server.url)
        assert elsewhere.requests == []
    assert (error.kind, error.http_status) == (kind, status)
    assert words in error.message
    assert server.url in error.message


async def test_a_body_that_is_too_long_is_not_read_to_its_end(pool: HttpPool) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65536

    with serving(Answer(chunks=endless())) as server:
        error = await failure(pool, server.url)
        assert await anyio.to_thread.run_sync(server.closed_by_client.wait, 10)
    assert error.kind == "invalid_response"
    assert "more than 4 MB" in error.message


async def test_a_compressed_body_is_refused_before_it_is_read(pool: HttpPool) -> None:
    with serving(Answer(headers={"Content-Encoding": "gzip"}, chunks=[BODY])) as server:
        error = await failure(pool, server.url)
    assert (error.kind, "compressed with gzip" in error.message) == ("invalid_response", True)


async def test_a_body_that_breaks_off(pool: HttpPool) -> None:
    with serving(Answer(chunks=[BODY[:40]], cut=True)) as server:
        error = await failure(pool, server.url)
    assert (error.kind, error.retryable) == ("stream_interrupted", True)


async def test_a_server_that_never_ends_its_answer(pool: HttpPool) -> None:
    over = threading.Event()

    def slow() -> Iterator[bytes]:
        yield b"{"
        over.wait(15)

    with serving(Answer(chunks=slow())) as server:
        with pytest.raises(RequestFailed) as caught:
            await Download(pool, REGISTRY, timeout_s=0.2)(f"{server.url}/r.json?token={CANARY}")
        over.set()
    assert caught.value.kind == "timeout"
    assert "within 0.2 s" in caught.value.message
    assert CANARY not in caught.value.message


async def test_a_server_that_hangs_up(pool: HttpPool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        error = await failure(pool, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join(10)
    assert error.kind == "network"
    assert "without an answer" in error.message


async def test_a_closed_port(pool: HttpPool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = await failure(pool, f"http://127.0.0.1:{port}/")
    assert error.kind == "network"
    assert "Nothing answers" in error.message


async def test_a_host_without_an_address(pool: HttpPool, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = await failure(pool, "https://host.invalid/registry.json")
    assert error.kind == "network"
    assert "has no address" in error.message


def tls_server(authority: trustme.CA, name: str) -> LocalServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    def behaviour(_: Received) -> Answer:
        return Answer(chunks=[BODY])

    return LocalServer(behaviour, tls=context)


async def test_over_tls_the_systems_trust_store_decides(
    pool: HttpPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    with tls_server(authority, "127.0.0.1") as server:
        error = await failure(pool, server.url)
        assert (error.kind, server.requests) == ("tls", [])
        assert "No secure connection" in error.message
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        trusting = HttpPool()
        assert await Download(trusting, REGISTRY)(server.url) == BODY
        await trusting.aclose()


async def test_through_the_environments_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    pool = HttpPool()
    with tls_server(authority, "registry.example") as server, ConnectProxy(server.port) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy.address}")
        assert await Download(pool, REGISTRY)("https://registry.example/registry.json") == BODY
        assert proxy.heads[0].startswith("CONNECT registry.example:443 ")
        assert server.requests[0].path == "/registry.json"
    await pool.aclose()
