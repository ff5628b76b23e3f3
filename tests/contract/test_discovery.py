"""Discovery over real sockets: every server by its answers, and everything else that may listen on a port."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import msgspec
import pytest
import trustme
from blockbuster import blockbuster_ctx

from modelport.adapters.data.fingerprints import load_fingerprints
from modelport.adapters.local_servers.prober import SocketProber
from modelport.domain.local.fingerprints import Fingerprints
from modelport.engine.local.servers import MAX_LIST_BYTES, ServerDiscovery
from modelport.protocol.types import DiscoverProviderParams, LocalServer
from support import http_server, odd_servers
from support.builders import Variables
from support.http_server import Answer, Received
from support.local_answers import OTHERS, SERVERS, Sample, models, page
from support.odd_servers import OddServer
from support.peers import free_port
from support.shipped import shipped_registry

REGISTRY = shipped_registry()
BOOK = load_fingerprints()
AMPLE_MS = 15_000
named: dict[str, Any] = {"ids": lambda sample: sample.name}
BY_NAME = {sample.name: sample for sample in SERVERS}


class OpenPorts:
    """A ``ListeningPorts`` with a fixed list."""

    def __init__(self, *ports: int) -> None:
        self.open = frozenset(ports)

    async def ports(self) -> frozenset[int]:
        return self.open

    async def listeners(self) -> Mapping[int, int | None]:
        return dict.fromkeys(self.open)


def discovery(*ports: int, book: Fingerprints | None = None, **variables: str) -> ServerDiscovery:
    """Looks at these ports, at the addresses in these variables, and at no usual ports of this machine."""
    rows = tuple(msgspec.structs.replace(row, ports=()) for row in BOOK.server)
    book = book or msgspec.structs.replace(BOOK, server=rows, other_services=())
    return ServerDiscovery(REGISTRY, book, Variables(**variables), SocketProber(), OpenPorts(*ports))


async def find(search: ServerDiscovery, timeout_ms: int = AMPLE_MS, **params: Any) -> Sequence[LocalServer]:
    heard: list[LocalServer] = []
    result = await search.find(DiscoverProviderParams(timeout_ms=timeout_ms, **params), heard.append)
    assert sorted(heard, key=str) == sorted(result.servers, key=str)
    return result.servers


def serving(sample: Sample, host: str = "127.0.0.1", port: int = 0) -> http_server.LocalServer:
    return http_server.LocalServer(sample.behave, host, port)


# Every server.


@pytest.mark.parametrize("sample", SERVERS, **named)
async def test_a_server_is_recognised_by_what_it_answers(sample: Sample) -> None:
    with serving(sample) as server:
        (found,) = await find(discovery(), ports=(server.port,))
    assert found.provider == sample.provider
    assert found.base_url == server.url + sample.base_path
    assert found.version == sample.version
    assert found.models == sample.models
    assert found.latency_ms > 0
    assert ("needs a key" in found.evidence) is ("locked" in sample.tags)


@pytest.mark.parametrize("sample", [*SERVERS, *OTHERS], **named)
async def test_it_is_asked_little_politely_and_without_a_secret(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "canary-0123456789")
    with serving(sample) as server:
        await find(discovery(), ports=(server.port,))
    asked = [request.path for request in server.requests]
    assert len(set(asked)) == len(asked) <= 12
    # A server that is recognised by its answer to one of them may be spared the other.
    assert asked[0] in {"/", "/v1/models"}
    for request in server.requests:
        assert request.method == "GET"
        assert request.body == b""
        assert request.headers == {
            "host": f"127.0.0.1:{server.port}",
            "accept": "application/json, text/plain, */*",
            "accept-encoding": "identity",
            "user-agent": "modelport",
            "connection": "close",
        }


@pytest.mark.parametrize("sample", OTHERS, **named)
async def test_what_is_no_model_server_is_not_found(sample: Sample) -> None:
    with serving(sample) as server:
        assert await find(discovery(), ports=(server.port,)) == ()


@pytest.mark.parametrize("name", ["ollama", "vLLM", "llama.cpp", "GPT4All"])
async def test_it_is_not_asked_more_than_it_takes(name: str) -> None:
    with serving(BY_NAME[name]) as server:
        await find(discovery(), ports=(server.port,))
    assert len(server.requests) <= 4


@pytest.mark.parametrize("name", ["LiteLLM", "LiteLLM with a key", "LiteLLM that cannot check a key"])
async def test_a_proxy_is_not_made_to_call_its_models(name: str) -> None:
    with serving(BY_NAME[name]) as server:
        await find(discovery(), ports=(server.port,))
    asked = {request.path for request in server.requests}
    assert asked <= {"/", "/v1/models", "/health/liveliness", "/health/readiness"}


async def test_a_server_that_gives_one_page_for_everything_is_left_alone() -> None:
    (sample,) = [sample for sample in OTHERS if sample.name == "a 200 for everything"]
    with serving(sample) as server:
        await find(discovery(), ports=(server.port,))
    assert len(server.requests) == 2


async def test_all_of_them_at_once() -> None:
    servers = [serving(sample) for sample in [*SERVERS, *OTHERS]]
    try:
        found = await find(discovery(), ports=tuple(server.port for server in servers))
    finally:
        for server in servers:
            server.close()
    assert sorted(server.provider for server in found) == sorted(str(sample.provider) for sample in SERVERS)
    order = [row.provider for row in BOOK.server]
    assert [order.index(server.provider) for server in found] == sorted(order.index(s.provider) for s in found)


async def test_the_event_loop_is_not_blocked() -> None:
    long = page(models(*(f"model-{number}" for number in range(8000)), owner="vllm"))
    sample = Sample("long", "vllm", {"/v1/models": long})
    with serving(BY_NAME["KoboldCpp"]) as one, serving(sample) as other:
        search = discovery()
        await find(search, ports=(one.port,))
        with blockbuster_ctx("modelport"):
            servers = await find(search, ports=(one.port, other.port))
    assert {server.provider: len(server.models) for server in servers} == {"koboldcpp": 1, "vllm": 1000}


# Where it looks.


async def test_servers_on_unusual_ports_are_found_among_those_that_are_open() -> None:
    with serving(BY_NAME["mlx"]) as one, serving(BY_NAME["ollama"]) as other:
        found = await find(discovery(one.port, other.port, free_port()))
    assert [server.provider for server in found] == ["ollama", "mlx"]


async def test_usual_ports_are_asked_without_being_listed() -> None:
    with serving(BY_NAME["SGLang"]) as server:
        rows = tuple(
            msgspec.structs.replace(r, ports=(server.port,) if r.provider == "sglang" else ()) for r in BOOK.server
        )
        found = await find(discovery(book=msgspec.structs.replace(BOOK, server=rows)))
    assert [server.base_url for server in found] == [f"{server.url}/v1"]


@pytest.mark.parametrize("written", ["127.0.0.1:{}", "0.0.0.0:{}", ":{}", "localhost:{}", "http://127.0.0.1:{}/", "http://localhost:{}/v1"])  # fmt: skip
async def test_addresses_in_the_environment_are_asked(written: str) -> None:
    with serving(BY_NAME["ollama"]) as server:
        (found,) = await find(discovery(OLLAMA_HOST=written.format(server.port)))
    assert (found.provider, found.base_url) == ("ollama", server.url)


@pytest.mark.parametrize("written", ["[::1]:{}", "[::]:{}", "http://[::1]:{}", ":{}", "localhost:{}"])
async def test_addresses_of_ipv6(written: str) -> None:
    with serving(BY_NAME["ollama"], "::1") as server:
        (found,) = await find(discovery(OLLAMA_HOST=written.format(server.port)))
    assert (found.provider, found.base_url) == ("ollama", f"http://[::1]:{server.port}")


async def test_an_address_with_a_path() -> None:
    def behave(request: Received) -> Answer:
        path = request.path.removeprefix("/models/here")
        return BY_NAME["vLLM"].behave(Received(request.method, path if path != request.path else "", {}, b""))

    with http_server.LocalServer(behave) as server:
        found = await find(discovery(VLLM_BASE_URL=f"http://127.0.0.1:{server.port}/models/here/v1"))
        assert [(s.provider, s.base_url) for s in found] == [("vllm", f"{server.url}/models/here/v1")]
        assert await find(discovery(), ports=(server.port,)) == ()


async def test_a_server_that_answers_at_both_addresses_is_one() -> None:
    with serving(BY_NAME["KoboldCpp"]) as first, serving(BY_NAME["KoboldCpp"], "::1", first.port):
        (found,) = await find(discovery(), ports=(first.port,))
    assert found.base_url == f"{first.url}/v1"


async def test_two_servers_at_one_port_are_two() -> None:
    with serving(BY_NAME["KoboldCpp"]) as first, serving(BY_NAME["mlx"], "::1", first.port) as second:
        found = await find(discovery(), ports=(first.port,))
    assert [(s.provider, s.base_url) for s in found] == [
        ("koboldcpp", f"{first.url}/v1"),
        ("mlx", f"{second.url}/v1"),
    ]


async def test_a_server_behind_tls() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\nConnection: close\r\n\r\nOllama is running"

    def script(server: OddServer, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(body)

    with OddServer(script) as server:
        (found,) = await find(discovery(OLLAMA_HOST=f"https://127.0.0.1:{server.port}"))
        assert found.base_url == f"https://127.0.0.1:{server.port}"
        assert await find(discovery(), ports=(server.port,)) == ()


async def test_tls_where_there_is_none() -> None:
    with serving(BY_NAME["ollama"]) as server:
        assert await find(discovery(OLLAMA_HOST=f"https://127.0.0.1:{server.port}")) == ()


async def test_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with OddServer(odd_servers.hangs) as proxy, serving(BY_NAME["ollama"]) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        (found,) = await find(discovery(), ports=(server.port,))
        assert proxy.connections == 0
    assert found.provider == "ollama"


async def test_redirects_are_not_followed() -> None:
    with serving(BY_NAME["ollama"]) as other:
        target = Sample("x", None, {}, other=(307, {"location": other.url + "/"}, b""))
        with serving(target) as server:
            assert await find(discovery(), ports=(server.port,)) == ()
        assert other.requests == []


async def test_only_some_providers_are_looked_for() -> None:
    with serving(BY_NAME["ollama"]) as one, serving(BY_NAME["mlx"]) as two:
        search = discovery(one.port, two.port)
        assert [s.provider for s in await find(search, providers=("mlx-lm",))] == ["mlx"]
        assert [s.provider for s in await find(search, providers=("MLX", "ollama"))] == ["ollama", "mlx"]
        assert len(await find(search, providers=())) == 2
        one.requests.clear()
        assert await find(search, providers=("openai",)) == ()
        assert one.requests == []


# What else may listen.

ODD = {
    "hangs": odd_servers.hangs,
    "drips": odd_servers.drips,
    "drips its head": odd_servers.drips_its_head,
    "floods": odd_servers.floods,
    "hangs up": odd_servers.hangs_up,
    "sends nothing of HTTP": odd_servers.sends(b"\x00\x01\xff" * 100),
    "sends half": odd_servers.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"),
    "sends a broken chunk": odd_servers.sends(odd_servers.HEAD + b"zz\r\n"),
    "sends a huge head": odd_servers.sends(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000),
    "sends deep JSON": odd_servers.sends(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000),
    "sends it is packed": odd_servers.sends(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00"),
    "sends HTTP/2": odd_servers.sends(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
    "sends it goes on elsewhere": odd_servers.sends(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    "greets": odd_servers.greets(b"SSH-2.0-OpenSSH_9.2\r\n"),
}
every_oddity = pytest.mark.parametrize("script", ODD.values(), ids=ODD.keys())


@every_oddity
async def test_odd_servers_are_none(script: odd_servers.Script) -> None:
    with OddServer(script) as odd:
        assert await find(discovery(), 200, ports=(odd.port,)) == ()


@every_oddity
async def test_odd_servers_cost_the_others_nothing(script: odd_servers.Script) -> None:
    """A server beside them is reported while the search, which has ample time, has not ended with the odd one."""
    with OddServer(script) as odd, OddServer(odd_servers.hangs) as hanging, serving(BY_NAME["ollama"]) as server:
        with anyio.CancelScope() as scope:
            heard: list[LocalServer] = []

            def found(one: LocalServer) -> None:
                heard.append(one)
                scope.cancel()

            params = DiscoverProviderParams(timeout_ms=10_000_000, ports=(odd.port, hanging.port, server.port))
            await discovery().find(params, found)
        assert scope.cancelled_caught
        assert [one.provider for one in heard] == ["ollama"]


async def test_a_hundred_servers_that_hang_do_not_hide_one() -> None:
    hanging = [OddServer(odd_servers.hangs) for _ in range(100)]
    try:
        with serving(BY_NAME["ollama"]) as server:
            rows = tuple(
                msgspec.structs.replace(r, ports=(server.port,) if r.provider == "ollama" else ()) for r in BOOK.server
            )
            book = msgspec.structs.replace(BOOK, server=rows)
            found = await find(discovery(*(odd.port for odd in hanging), book=book), 6000)
    finally:
        for odd in hanging:
            odd.close()
    assert [server.provider for server in found] == ["ollama"]


async def test_a_server_is_known_by_the_answers_it_gives_when_others_hang() -> None:
    release = threading.Event()

    def behave(request: Received) -> Answer:
        if request.path in ("/v1/models", "/health/readiness"):
            return Answer(chunks=(b"" for _ in range(1) if release.wait(10)))
        return BY_NAME["LiteLLM"].behave(request)

    with http_server.LocalServer(behave) as server:
        (found,) = await find(discovery(), 4000, ports=(server.port,))
        release.set()
    assert (found.provider, found.models, found.version) == ("litellm", (), None)


async def test_what_never_ends_is_read_to_a_limit_only() -> None:
    with OddServer(odd_servers.floods) as odd:
        await find(discovery(), 3000, ports=(odd.port,))
        # Socket buffers of this machine take some more than we read.
        assert odd.sent_bytes < odd.connections * (MAX_LIST_BYTES + 16 * 1024 * 1024)


async def test_a_list_that_is_too_long_is_no_list_and_no_harm() -> None:
    endless = page(models(*("m" * 200 + str(number) for number in range(6000)), owner="vllm"))
    with serving(Sample("x", None, {"/v1/models": endless})) as server:
        assert len(endless[2]) > MAX_LIST_BYTES
        assert await find(discovery(), ports=(server.port,)) == ()


async def test_names_that_would_spoil_a_terminal_are_left_out() -> None:
    strange = page(models("good", "\x1b[31mred", "two\nlines", "", owner="vllm"))
    with serving(Sample("x", None, {"/v1/models": strange, "/version": page({"version": "1\x1b[0m"})})) as server:
        (found,) = await find(discovery(), ports=(server.port,))
    assert (found.models, found.version) == (("good",), None)
