"""The search itself: its time, its order, and what it makes of answers. On a clock of its own, without sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.local.fingerprints import Field, Fingerprint, Fingerprints, Probe, Reply
from modelport.domain.local.servers import ServerAddress
from modelport.domain.providers.registry import Registry
from modelport.engine.local.servers import (
    DEFAULT_MS,
    HEAD_START_S,
    MAX_PORTS_AT_ONCE,
    MAX_REQUESTS_PER_ADDRESS,
    ServerDiscovery,
)
from modelport.protocol.types import DiscoverProviderParams, LocalServer
from support.builders import Variables, VirtualTime, row

FOREVER = 1e9


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


def local(id: str, port: int, **changes: Any) -> Any:
    values = {
        "connection_type": "local",
        "base_url": f"http://localhost:{port}/v1",
        "base_url_env_vars": (f"{id.upper()}_URL",),
    }
    return row(id, **(values | changes))


REGISTRY = Registry([local("acme", 1111), local("zeta", 2222), local("plain", 3333), row("cloud")])
WAVES = (("/", "/models"), ("/a", "/b", "/c", "/d"), ("/e",))


def print_of(provider: str, path: str, *, last: bool = False, **more: Any) -> Fingerprint:
    probe = Probe(path=path, json={"who": provider}) if not last else Probe(path=path, has=("data",))
    # The other paths could tell it too, but no server here has them.
    others = [(Probe(path=other, json={"who": "no one"}),) for other in ("/a", "/b", "/d", "/e")]
    return Fingerprint(
        provider=provider,
        ways=((probe,), *others),
        models=Field(path="/models", at="data.*"),
        version=Field(path="/version", at="version"),
        checked="2026-11-20",
        source="made up",
        last=last,
        **more,
    )


BOOK = Fingerprints(
    waves=WAVES,
    other_services=(5432,),
    server=(print_of("acme", "/", ports=(1111,)), print_of("zeta", "/c", ports=(2222,)), print_of("plain", "/models", last=True)),
)  # fmt: skip

Answers = Mapping[str, tuple[float, Any]]
"""By path, how long an answer takes in seconds and what it holds."""


class Prober:
    """Servers in memory: by host and port, what they answer. It remembers what it was asked, and how much at once."""

    def __init__(self, **servers: Answers) -> None:
        self.servers = servers
        self.asked: list[tuple[str, int, str]] = []
        self.limits: dict[str, int] = {}
        self.under_way = 0
        self.most = 0

    async def get(self, address: ServerAddress, path: str, max_body_bytes: int) -> Reply | None:
        self.asked.append((address.host, address.port, path))
        self.limits[path] = max_body_bytes
        answers = self.servers.get(f"{'six' if ':' in address.host else 'four'}_{address.port}")
        if answers is None:
            return None
        delay, value = answers.get(path, answers.get("*", (0.0, None)))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await anyio.sleep(delay)
        finally:
            self.under_way -= 1
        return Reply(
            status=200 if value is not None else 404, text=f"{path}{value}", json=value, latency_ms=delay * 1000
        )


class Ports:
    """Open ports that take a while to learn of."""

    def __init__(self, *ports: int, after_s: float = 0.0) -> None:
        self.open, self.after_s, self.asked = frozenset(ports), after_s, 0

    async def ports(self) -> frozenset[int]:
        self.asked += 1
        await anyio.sleep(self.after_s)
        return self.open


class Search:
    """One search, with what was heard and when."""

    def __init__(self, prober: Prober, ports: Ports | None = None, **variables: str) -> None:
        self.heard: list[tuple[float, str]] = []
        self.prober = prober
        self.seconds = 0.0
        self._discovery = ServerDiscovery(REGISTRY, BOOK, Variables(**variables), prober, ports or Ports())

    async def run(self, *, open_ports: bool = True, **params: Any) -> list[LocalServer]:
        began = anyio.current_time()

        def found(server: LocalServer) -> None:
            self.heard.append((round(anyio.current_time() - began, 6), server.provider))

        try:
            result = await self._discovery.find(DiscoverProviderParams(**params), found, open_ports=open_ports)
        finally:
            self.seconds = round(anyio.current_time() - began, 6)
        return list(result.servers)


ACME: Answers = {"/": (0.01, {"who": "acme"}), "/models": (0.02, {"data": ["m"]}), "/version": (0.03, {"version": "1"})}
ZETA: Answers = {"/c": (0.01, {"who": "zeta"}), "/models": (0.0, {"data": ["z"]})}
HANGS: Answers = {"*": (FOREVER, None)}


async def test_what_is_told_of_a_server() -> None:
    (server,) = await Search(Prober(four_1111=ACME)).run()
    assert server == LocalServer(
        provider="acme",
        base_url="http://127.0.0.1:1111/v1",
        version="1",
        models=("m",),
        latency_ms=10.0,
        evidence='GET / has who "acme"',
    )


async def test_each_server_is_told_of_when_it_is_known() -> None:
    search = Search(Prober(four_2222=ZETA, four_1111=ACME))
    servers = await search.run()
    assert [server.provider for server in servers] == ["acme", "zeta"]
    assert search.heard == [(0.01, "zeta"), (0.05, "acme")]


async def test_the_search_ends_as_soon_as_every_server_has_answered() -> None:
    search = Search(Prober(four_1111=ACME))
    await search.run(timeout_ms=60_000)
    assert search.seconds == 0.05
    empty = Search(Prober())
    assert await empty.run(timeout_ms=60_000) == []
    assert empty.seconds == 0


@pytest.mark.parametrize(
    ("params", "seconds"), [({}, DEFAULT_MS / 1000), ({"timeout_ms": 400}, 0.4), ({"timeout_ms": 1}, 0.001)]
)
async def test_it_ends_in_time_whatever_hangs(params: dict[str, int], seconds: float) -> None:
    answers = {"/": (0.0, {"who": "other"}), "*": (FOREVER, None)}
    search = Search(
        Prober(four_1111=HANGS, six_1111=HANGS, four_2222=answers, six_2222=answers, four_9000=HANGS), Ports(9000)
    )
    assert await search.run(**params) == []
    assert search.seconds <= seconds + 1e-6


async def test_no_server_waits_for_one_that_hangs() -> None:
    search = Search(Prober(four_1111=HANGS, six_1111=HANGS, four_2222=ZETA))
    await search.run()
    assert search.heard == [(0.01, "zeta")]


async def test_a_server_that_is_known_is_not_kept_waiting_for() -> None:
    search = Search(
        Prober(four_1111={"/c": (0.01, {"who": "zeta"}), "/models": (0.0, {"data": ["z"]}), "/a": (FOREVER, None)})
    )
    (server,) = await search.run(timeout_ms=60_000)
    assert (server.provider, server.models) == ("zeta", ("z",))
    assert search.seconds < 1


async def test_a_server_that_answers_nothing_in_half_the_time_is_given_up() -> None:
    search = Search(Prober(four_1111=HANGS))
    await search.run(timeout_ms=1000)
    assert search.seconds == 0.5
    assert {path for _, port, path in search.prober.asked if port == 1111} == {"/", "/models"}


async def test_what_is_known_when_the_time_is_over_is_reported() -> None:
    slow: Answers = {"/": (0.0, {"who": "acme"}), "/models": (FOREVER, None), "/version": (FOREVER, None)}
    search = Search(Prober(four_1111=slow))
    (server,) = await search.run(timeout_ms=1000)
    assert (server.provider, server.models, server.version) == ("acme", (), None)
    assert search.seconds == 1.0


async def test_a_plain_server_is_told_of_when_no_other_row_can_fit_any_more() -> None:
    plain: Answers = {"/models": (0.0, {"data": ["p"]}), "*": (0.1, None)}
    search = Search(Prober(four_1111=plain))
    (server,) = await search.run()
    assert (server.provider, server.models) == ("plain", ("p",))
    asked = [path for host, port, path in search.prober.asked if (host, port) == ("127.0.0.1", 1111)]
    assert asked == ["/", "/models", "/a", "/b", "/c", "/d", "/e", "/version"]


async def test_a_plain_server_that_hangs_elsewhere_is_still_told_of() -> None:
    search = Search(Prober(four_1111={"/models": (0.0, {"data": ["p"]}), "*": (FOREVER, None)}))
    (server,) = await search.run(timeout_ms=1000)
    assert (server.provider, server.models) == ("plain", ("p",))
    assert search.seconds <= 1.0


async def test_nothing_is_asked_twice_and_little_at_once() -> None:
    prober = Prober(four_1111={"*": (0.1, None)})
    await Search(prober).run()
    mine = [path for host, port, path in prober.asked if (host, port) == ("127.0.0.1", 1111)]
    assert len(set(mine)) == len(mine)
    assert prober.most <= MAX_REQUESTS_PER_ADDRESS


async def test_lists_may_be_longer_than_marks() -> None:
    prober = Prober(four_1111=ACME)
    await Search(prober).run()
    assert prober.limits == {"/": 64 * 1024, "/models": 1024 * 1024, "/version": 64 * 1024}


# Both addresses of a port.


async def test_the_same_server_at_both_addresses_is_told_of_once() -> None:
    faster = {path: (0.0, value) for path, (_, value) in ACME.items()}
    for four, six in ((ACME, faster), (faster, ACME)):
        (server,) = await Search(Prober(four_1111=four, six_1111=six)).run()
        assert server.base_url == "http://127.0.0.1:1111/v1"


async def test_the_second_address_does_not_wait_long_for_the_first() -> None:
    search = Search(Prober(four_1111=HANGS, six_1111=ACME))
    (server,) = await search.run()
    assert server.base_url == "http://[::1]:1111/v1"
    assert search.heard == [(round(0.05 + HEAD_START_S, 6), "acme")]


async def test_a_first_address_that_comes_later_with_the_same_is_not_told_of_again() -> None:
    late = {path: (0.3, value) for path, (_, value) in ACME.items()}
    (server,) = await Search(Prober(four_1111=late, six_1111=ACME)).run()
    assert server.base_url == "http://[::1]:1111/v1"


async def test_two_servers_at_the_addresses_of_a_port() -> None:
    servers = await Search(Prober(four_1111=ACME, six_1111=ZETA)).run()
    assert [(s.provider, s.base_url) for s in servers] == [
        ("acme", "http://127.0.0.1:1111/v1"),
        ("zeta", "http://[::1]:1111/v1"),
    ]


# Where it looks.


async def test_open_ports_are_looked_at_when_they_are_known() -> None:
    search = Search(Prober(four_9000=ACME, four_2222=ZETA), Ports(9000, 5432, 80, after_s=0.2))
    await search.run()
    assert search.heard == [(0.01, "zeta"), (0.25, "acme")]
    assert not {5432, 80} & {port for _, port, _ in search.prober.asked}


async def test_open_ports_that_are_never_listed_cost_no_other_server() -> None:
    search = Search(Prober(four_2222=ZETA), Ports(after_s=FOREVER))
    await search.run(timeout_ms=1000)
    assert search.heard == [(0.01, "zeta")]
    assert search.seconds == 0.5


async def test_open_ports_are_left_alone_where_a_request_does_not_look_everywhere() -> None:
    prober, ports = Prober(four_9000=ACME, four_2222=ZETA), Ports(9000)
    assert [server.provider for server in await Search(prober, ports).run(open_ports=False)] == ["zeta"]
    assert ports.asked == 0
    assert not {9000} & {port for _, port, _ in prober.asked}


async def test_a_port_that_is_known_anyway_is_looked_at_once() -> None:
    prober = Prober(four_1111=ACME)
    await Search(prober, Ports(1111), ACME_URL="http://127.0.0.1:1111/v1").run()
    assert prober.asked.count(("127.0.0.1", 1111, "/")) == 1


async def test_given_ports_are_the_only_ones() -> None:
    prober, ports = Prober(four_9000=ACME, four_1111=ACME), Ports(9001)
    (server,) = await Search(prober, ports, ZETA_URL="http://127.0.0.1:7").run(ports=(9000, 5432, 9000))
    assert server.base_url == "http://127.0.0.1:9000/v1"
    assert {port for _, port, _ in prober.asked} == {9000, 5432}
    assert ports.asked == 0


async def test_some_providers_only() -> None:
    prober = Prober(four_1111=ACME, four_2222=ZETA, four_9000=ACME)
    servers = await Search(prober, Ports(9000), ZETA_URL="http://127.0.0.1:7/v1").run(providers=("ACME",))
    assert [server.base_url for server in servers] == ["http://127.0.0.1:1111/v1", "http://127.0.0.1:9000/v1"]
    assert {port for _, port, _ in prober.asked} == {1111, 9000}


async def test_a_server_is_what_it_is_also_when_another_is_looked_for() -> None:
    prober = Prober(four_1111=ACME)
    assert await Search(prober).run(providers=("plain",), ports=(1111,)) == []


async def test_a_provider_that_is_no_server_is_found_nowhere() -> None:
    prober, ports = Prober(four_1111=ACME), Ports(9000)
    assert await Search(prober, ports).run(providers=("cloud",)) == []
    assert prober.asked == []
    assert ports.asked == 0


async def test_more_open_ports_than_are_asked_at_once() -> None:
    count = 3 * MAX_PORTS_AT_ONCE
    prober = Prober(**{f"four_{9000 + number}": ACME for number in range(count)})
    assert len(await Search(prober, Ports(*range(9000, 9000 + count))).run()) == count
    assert prober.most <= MAX_PORTS_AT_ONCE * MAX_REQUESTS_PER_ADDRESS


# What is wrong.


@pytest.mark.parametrize(
    ("params", "field", "kind"),
    [
        ({"timeout_ms": 0}, "timeoutMs", None),
        ({"timeout_ms": -5}, "timeoutMs", None),
        ({"ports": (0,)}, "ports", None),
        ({"ports": (80, 65536)}, "ports", None),
        ({"providers": ("acme", "unknown")}, "providers", "unknown_provider"),
    ],
)
async def test_wrong_parameters(params: dict[str, Any], field: str, kind: str | None) -> None:
    search = Search(Prober(four_1111=ACME))
    with pytest.raises(InvalidParams) as refused:
        await search.run(**params)
    assert (refused.value.field, refused.value.kind) == (field, kind)
    assert search.prober.asked == []


async def test_what_goes_wrong_with_telling_comes_out_as_it_is() -> None:
    def found(_: LocalServer) -> None:
        raise BrokenPipeError

    discovery = ServerDiscovery(REGISTRY, BOOK, Variables(), Prober(four_1111=ACME, four_2222=ZETA), Ports())
    with pytest.raises(BrokenPipeError):
        await discovery.find(DiscoverProviderParams(), found)


async def test_it_can_be_cancelled() -> None:
    prober = Prober(four_1111=HANGS)
    with anyio.move_on_after(0.2) as scope:
        await Search(prober).run(timeout_ms=1_000_000)
    assert scope.cancelled_caught
    assert prober.under_way == 0
