"""The shared clients: no redirects, no proxy for this machine, made once and off the event loop."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import httpx2
import pytest

from modelport.adapters.http import pool as module
from modelport.adapters.http.pool import HttpPool
from support.http_server import Answer, LocalServer, Received

SOMEWHERE = "http://models.example/v1"


async def test_concurrent_first_calls_share_one_client_made_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    make = module._make_client

    def counted(**choices: Any) -> httpx2.AsyncClient:
        made.append(threading.get_ident())
        return make(**choices)

    monkeypatch.setattr(module, "_make_client", counted)
    pool = HttpPool()
    found: list[object] = []

    async def ask(url: str) -> None:
        found.append(await pool.client(url))

    async with anyio.create_task_group() as tasks:
        for n in range(10):
            tasks.start_soon(ask, f"https://host{n % 3}.example")
    assert len(made) == 1
    assert made[0] != threading.get_ident()
    assert len({id(client) for client in found}) == 1
    await pool.aclose()


async def test_connections_that_gave_up_tls_have_a_client_of_their_own() -> None:
    pool = HttpPool()
    assert await pool.client(SOMEWHERE, verify_tls=False) is not await pool.client(SOMEWHERE, verify_tls=True)
    await pool.aclose()


async def test_closing_closes_every_client_and_the_pool_can_be_used_again() -> None:
    pool = HttpPool()
    clients = [await pool.client(SOMEWHERE), await pool.client(SOMEWHERE, verify_tls=False)]
    await pool.aclose()
    assert all(client.is_closed for client in clients)
    again = await pool.client(SOMEWHERE)
    assert not again.is_closed
    await pool.aclose()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_key_never_travels_with_a_redirect(status: int) -> None:
    with LocalServer(lambda _: Answer(200)) as thief:
        with LocalServer(lambda _: Answer(status, {"location": thief.url})) as server:
            pool = HttpPool()
            client = await pool.client(server.url)
            response = await client.get(server.url, headers={"Authorization": "Bearer x"})
            await pool.aclose()
        assert response.status_code == status
        assert thief.requests == []


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
async def test_a_proxy_is_for_the_outside_world_and_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with LocalServer(lambda _: Answer(200)) as proxy, LocalServer(lambda _: Answer(204)) as server:
        monkeypatch.setenv(name, proxy.url)
        pool = HttpPool()
        for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
            assert (await (await pool.client(url)).get(url)).status_code == 204
        assert proxy.requests == []
        # Everything else goes through it: the request to the proxy has the whole address.
        await (await pool.client(SOMEWHERE)).get(SOMEWHERE)
        assert [request.path for request in proxy.requests] == [SOMEWHERE]
        await pool.aclose()


async def test_an_address_that_is_taken_out_of_the_proxy_is_called_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: Answer(200)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "models.example,.internal")
        pool = HttpPool()
        direct = await pool.client("http://models.example/v1")
        assert await pool.client("http://a.internal") is direct
        assert await pool.client("http://other.example") is not direct
        await pool.aclose()


async def test_a_request_names_its_user_agent_and_takes_no_compression() -> None:
    received: list[Received] = []

    def keep(request: Received) -> Answer:
        received.append(request)
        return Answer(200)

    with LocalServer(keep) as server:
        pool = HttpPool()
        await (await pool.client(server.url)).get(server.url)
        await pool.aclose()
    (request,) = received
    assert request.headers["user-agent"] == "modelport"
    # Compressed events would be held back until a block is full.
    assert request.headers["accept-encoding"] == "identity"
