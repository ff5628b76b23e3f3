"""Programs of other accounts at the usual ports of servers get neither prompts nor keys."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.local_servers.port_listeners import SystemPortListeners
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.local.listeners import ListeningProgram, PortListeners
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.registry import Registry
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.default_chain import DefaultChain
from modelport.engine.providers.listener_guard import ListenerGuard
from modelport.lazy import Lazy
from modelport.protocol.types import ConnectProviderParams, LocalServer, ResolutionStep
from support.builders import CANARY, Lines, Listeners, MemoryStore, Scripted, Variables, connections, row
from support.http_server import Answer
from support.http_server import LocalServer as RealServer
from support.other_user import NOBODY, listening_as

PERSON, UNKNOWN = ListeningProgram("person"), ListeningProgram("unknown")
KEYED = {"LITELLM_API_KEY": CANARY}
LOCAL: dict[str, Any] = {"connection_type": "local", "category": "Local", "requires_api_key": False}


def server(port: int = 4000) -> Any:
    return row(
        "litellm",
        base_url=f"http://localhost:{port}/v1",
        base_url_env_vars=("LITELLM_URL",),
        default_model="m",
        **LOCAL,
    )


def session(
    listeners: PortListeners, variables: dict[str, str], port: int = 4000, configured: Overrides | None = None
) -> tuple[Registry, Credentials, Connections]:
    registry = Registry([server(port)], {"litellm": configured} if configured else None)
    dialects: Any = Scripted()
    return registry, *connections(registry, Variables(**variables), MemoryStore(), dialects, listeners=listeners)


async def test_a_key_is_withheld_where_the_owner_is_not_known() -> None:
    listeners = Listeners(UNKNOWN)
    registry, _, session_ = session(listeners, KEYED)
    endpoint = await session_.endpoint(registry.get("litellm"), "m")
    assert endpoint.credential.secret is None
    assert endpoint.credential.location == "LITELLM_API_KEY"
    assert "set LITELLM_URL to http://localhost:4000/v1 if it is yours" in endpoint.key_withheld
    assert listeners.asked == [("localhost", 4000)]


@pytest.mark.parametrize("where", ["environment", "configuration", "connection"])
async def test_an_address_that_the_user_named_gets_the_key(where: str) -> None:
    address, listeners = "http://localhost:4000/v1", Listeners(PERSON)
    configured = Overrides(base_url=address) if where == "configuration" else None
    variables = {"LITELLM_URL": address} if where == "environment" else {}
    registry, _, session_ = session(listeners, KEYED | variables, configured=configured)
    if where == "connection":
        await session_.connect(ConnectProviderParams(provider="litellm", base_url=address))
    endpoint = await session_.endpoint(registry.get("litellm"), "m")
    assert endpoint.credential.secret
    assert listeners.asked == []


async def test_a_connection_without_an_address_names_none() -> None:
    registry, _, session_ = session(Listeners(PERSON), KEYED)
    with pytest.raises(RequestFailed, match="nothing is sent"):
        await session_.connect(ConnectProviderParams(provider="litellm"))
    # Without a check nothing is sent yet.
    view = await session_.connect(ConnectProviderParams(provider="litellm", verify=False))
    assert view.credential.source == "environment"
    with pytest.raises(RequestFailed, match="nothing is sent"):
        await session_.endpoint(registry.get("litellm"), "m")


async def test_a_prompt_costs_no_look_where_other_accounts_are_not_seen() -> None:
    listeners = Listeners(sees_others=False)
    registry, _, session_ = session(listeners, {})
    assert await session_.endpoint(registry.get("litellm"), "m")
    assert listeners.asked == []


async def test_another_users_server_is_no_default() -> None:
    found = LocalServer(
        provider="litellm", base_url="http://127.0.0.1:4000/v1", models=("m",), latency_ms=1, evidence="a reply"
    )

    async def servers() -> Sequence[LocalServer]:
        return [found]

    async def targets(listeners: Listeners, **variables: str) -> list[str | None]:
        registry, credentials, session_ = session(listeners, variables)
        chain = DefaultChain(registry, credentials, session_, servers, Lines())
        return [target.resolved_by for target in await chain.targets()]

    assert await targets(Listeners(PERSON)) == []
    assert await targets(Listeners(PERSON), LITELLM_API_KEY=CANARY) == []
    assert await targets(Listeners(ListeningProgram("system", "www-data"))) == []
    assert await targets(Listeners(ListeningProgram("own"))) == ["localServer"]
    # What it answers is believed, but it was not asked before it was chosen for its key.
    assert await targets(Listeners(UNKNOWN), LITELLM_API_KEY=CANARY) == ["localServer"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_another_users_program_for_real(host: str) -> None:
    with listening_as(NOBODY, host) as port:
        registry, _, session_ = session(SystemPortListeners(), KEYED, port)
        with pytest.raises(RequestFailed, match="nothing is sent"):
            await session_.endpoint(registry.get("litellm"), "m")


# What is sent goes by who holds the other end, and not by who has listened a moment ago.


class Calls:
    """Calls to a server of this machine, with the listeners that the guard sees."""

    def __init__(self, listeners: PortListeners, port: int, variables: dict[str, str]) -> None:
        registry = Registry([server(port)])
        dialects: Any = Scripted()
        self._guard = ListenerGuard(Lazy(lambda: listeners))
        _, self._connections = connections(registry, Variables(**variables), MemoryStore(), dialects, listeners=listeners)  # fmt: skip
        self._row = registry.get("litellm")
        self.pool = HttpPool(self._guard.admit)
        self._client = ProviderClient(self.pool)

    async def call(self, step: ResolutionStep = "request") -> None:
        endpoint = await self._connections.endpoint(self._row, "m", step=step)
        await self._client.post_and_read(endpoint, "m", HttpRequest("/chat", {}, "Authorization", {"prompt": "x"}))


@pytest.mark.parametrize("variables", [{}, KEYED])
async def test_a_program_that_takes_the_port_in_between_gets_nothing(variables: dict[str, str]) -> None:
    """As one does that listens and stops a thousand times a second, and is seen half of the time."""
    listeners = Listeners(ListeningProgram("own"))
    listeners.at_other_end = [PERSON]
    with RealServer(lambda _: Answer(200, chunks=[b"{}"])) as upstream:
        calls = Calls(listeners, upstream.port, variables)
        with pytest.raises(RequestFailed, match="runs as another user, so nothing is sent there"):
            await calls.call()
        await calls.pool.aclose()
        assert upstream.requests == []
    assert listeners.ends[0][1] in {("127.0.0.1", upstream.port), ("::1", upstream.port)}


async def test_where_the_other_end_cannot_be_told_a_key_stays_here() -> None:
    listeners = Listeners(ListeningProgram("own"))
    listeners.at_other_end = []
    with RealServer(lambda _: Answer(200, chunks=[b"{}"])) as upstream:
        keyed = Calls(listeners, upstream.port, KEYED)
        with pytest.raises(RequestFailed, match="so nothing is sent there: set LITELLM_URL") as caught:
            await keyed.call()
        assert (caught.value.kind, upstream.requests) == ("forbidden", [])
        await keyed.pool.aclose()
        keyless = Calls(listeners, upstream.port, {})
        await keyless.call()
        await keyless.pool.aclose()
        assert len(upstream.requests) == 1


async def test_a_connection_is_looked_at_once_for_what_is_sent() -> None:
    listeners = Listeners(ListeningProgram("own"))
    with RealServer(lambda _: Answer(200, chunks=[b"{}"])) as upstream:
        calls = Calls(listeners, upstream.port, KEYED)
        for _ in range(3):
            await calls.call()
        assert (len(upstream.requests), len(listeners.ends)) == (3, 1)
        # A request that names nothing asks for more trust.
        await calls.call("localServer")
        await calls.call("localServer")
        assert len(listeners.ends) == 2
        await calls.pool.aclose()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_another_users_program_that_listens_a_moment_later_for_real() -> None:
    class Blind(SystemPortListeners):
        async def at(self, host: str, port: int) -> Sequence[ListeningProgram]:
            # It was not there yet.
            return []

    with listening_as(NOBODY, connections=1) as port:
        calls = Calls(Blind(), port, {})
        with pytest.raises(RequestFailed, match="runs as another user, so nothing is sent there"):
            await calls.call()
        await calls.pool.aclose()
        # The loop closes the connection in a turn of its own, for which the program waits.
        await anyio.wait_all_tasks_blocked()
