"""Network failures on the way to a provider, over the wire: each is reported as what it is."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any

import pytest
import trustme

from support.http_server import LocalServer
from support.proxies import RealProxy
from support.server_process import ServerProcess
from support.sse import streamed


def connect(server: ServerProcess, url: str, **more: Any) -> dict[str, Any]:
    """The error of connecting to an address."""
    params = {"provider": "openai-compatible", "baseUrl": url, "apiKey": "key-0123456789", "model": "m", **more}
    error = server.error("provider/connect", params)
    assert error["code"] == -32803
    assert "0123456789" not in error["message"]
    return error


@pytest.fixture
def untrusted() -> Any:
    """A server with an untrusted certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with LocalServer(lambda _: streamed("secure"), tls=context) as running:
        yield running.url


def test_an_untrusted_certificate(server: ServerProcess, untrusted: str) -> None:
    error = connect(server, f"{untrusted}/v1")
    assert error["data"]["kind"] == "tls"
    assert "certificate" in error["message"]
    # verifyTls: false accepts it.
    server.result("provider/connect", {"provider": "openai-compatible", "baseUrl": untrusted, "model": "m", "verifyTls": False, "verify": False})  # fmt: skip
    assert server.result("completion/create", {"prompt": "hi"})["text"] == "secure"


def test_a_server_that_speaks_no_tls(server: ServerProcess) -> None:
    with LocalServer(lambda _: streamed("plain")) as plain:
        assert connect(server, plain.url.replace("http://", "https://"))["data"]["kind"] == "invalid_response"


def test_a_name_without_an_address(server: ServerProcess) -> None:
    error = connect(server, "https://unknown.invalid/v1")
    assert error["data"]["kind"] == "network"
    assert "has no address" in error["message"]


def test_a_port_without_a_listener(server: ServerProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = connect(server, f"http://127.0.0.1:{port}/v1")
    assert error["data"]["kind"] == "network"
    assert "is it running?" in error["message"]
    assert f"127.0.0.1:{port}" in error["message"]


def test_a_server_that_takes_the_request_and_hangs_up(server: ServerProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def hang_up() -> None:
            taken, _ = listener.accept()
            taken.recv(1)
            taken.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        error = connect(server, f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        thread.join()
    assert error["data"]["kind"] == "network"
    assert "closed the connection" in error["message"]


def test_a_server_that_sends_nothing(server: ServerProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        server.result("provider/connect", {"provider": "openai-compatible", "baseUrl": url, "model": "m", "timeoutMs": 200, "verify": False})  # fmt: skip
        error = server.error("completion/create", {"prompt": "hi"})
    assert (error["code"], error["data"]["kind"]) == (-32803, "timeout")
    assert "sent nothing for 0.2 s" in error["message"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "http"])
def test_a_call_through_the_proxy_of_the_environment(scheme: str) -> None:
    """A log-in with signs that are escaped; the host's name has an address behind the proxy only."""
    log_in = "user:p%40ss-0123456789@"
    with (
        LocalServer(lambda _: streamed("from behind")) as upstream,
        RealProxy("http" if scheme == "http" else "socks5", "user:p@ss-0123456789") as proxy,
        ServerProcess(env={"ALL_PROXY": f"{scheme}://{log_in}{proxy.address}", "NO_PROXY": "localhost"}) as server,
    ):
        server.initialize()
        url = f"http://models.example:{upstream.port}/v1"
        server.result("provider/connect", {"provider": "openai-compatible", "baseUrl": url, "model": "m", "apiKey": "key-0123456789", "verify": False})  # fmt: skip
        assert server.result("completion/create", {"prompt": "hi"})["text"] == "from behind"
        assert proxy.hosts() == ["models.example"]
        assert "proxy-authorization" not in upstream.requests[0].headers


@pytest.mark.timeout(60)
@pytest.mark.parametrize("proxy", ["socks5h://127.0.0.1:9", "socks5://u:canary-0123456789@127.0.0.1:9", "ftp://127.0.0.1:9", "http://u:canary-0123456789@[", "socks5://\udcff@\udcff:1"])  # fmt: skip
def test_a_proxy_that_is_dead_or_none_spoils_only_what_goes_through_it(proxy: str) -> None:
    with LocalServer(lambda _: streamed("direct")) as upstream, ServerProcess(env={"ALL_PROXY": proxy}) as server:
        server.initialize()
        error = connect(server, "https://models.example/v1")
        assert error["data"]["kind"] == "network"
        assert "proxy" in error["message"]
        assert "canary" not in error["message"]
        listed = server.result("model/list", {"provider": "mock"})
        assert listed["models"]
        server.result("provider/connect", {"provider": "openai-compatible", "baseUrl": upstream.url, "model": "m", "apiKey": "key-0123456789", "verify": False})  # fmt: skip
        assert server.result("completion/create", {"prompt": "hi"})["text"] == "direct"
