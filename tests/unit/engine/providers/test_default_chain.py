"""The targets of a request that names nothing: keys in their order, then local servers, with reasons for omissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Setting
from modelport.engine.calls.recorder import Origin
from modelport.engine.completions.create import Completions
from modelport.engine.providers.default_chain import DefaultChain
from modelport.frontends.rpc.messages import convert
from modelport.protocol.types import ConnectProviderParams, CreateCompletionParams, LocalServer
from support.builders import (
    Lines,
    MemoryStore,
    RecordingListener,
    Scripted,
    Variables,
    row,
    writes,
)
from support.builders import connections as session
from support.completions import completion_parts

KEY = "key-0123456789abcdef"
ROWS = [
    row("beta", default_model="beta-1"),
    row("acme", default_model="acme-1", rank=10),
    row("cloud", default_model="cloud-1", base_url="https://{REGION}.example", settings={"REGION": Setting()}, rank=5),
    row("gone", default_model="gone-1", status="retired", notice="Ended."),
    row("undecided"),
    row("ollama", connection_type="local", category="Local", auth="none", requires_api_key=False, base_url="http://localhost:11434", base_url_env_vars=("OLLAMA_URL",), default_model="qwen3:8b"),
    row("mlx", connection_type="local", category="Local", auth="none", requires_api_key=False, base_url="http://localhost:8080/v1"),
    row("unset", connection_type="local", category="Local", auth="none", requires_api_key=False, base_url="http://localhost:{PORT}", settings={"PORT": Setting()}),
]  # fmt: skip
DOWN = RequestFailed("provider_unavailable", "Down.", may_repeat=False)


def server(provider: str, base_url: str, *models: str) -> LocalServer:
    return LocalServer(provider=provider, base_url=base_url, models=models, latency_ms=1, evidence="a reply")


OLLAMA = server("ollama", "http://127.0.0.1:11434", "llama3", "qwen3:8b")
MLX = server("mlx", "http://127.0.0.1:8080/v1", "tiny")


class World:
    def __init__(
        self, *servers: LocalServer, store: MemoryStore | None = None, plays: Any = None, **variables: str
    ) -> None:
        self.registry = Registry(ROWS)
        self.dialects: Any = Scripted(**(plays or {}))
        credentials, self.connections = session(
            self.registry, Variables(**variables), store or MemoryStore(), self.dialects
        )
        self.log = Lines()
        self.looked = 0
        self.servers = servers
        self.chain = DefaultChain(self.registry, credentials, self.connections, self.local_servers, self.log)
        self.listener = RecordingListener()
        self.completions = Completions(
            completion_parts(self.connections, self.dialects, log=self.log, defaults=self.chain)
        )

    async def local_servers(self) -> Sequence[LocalServer]:
        self.looked += 1
        return self.servers

    async def names(self) -> list[str]:
        return [f"{target.provider.id}/{target.model}" for target in await self.chain.targets()]

    async def create(self, **params: Any) -> Any:
        read = convert({"prompt": "hi"} | params, CreateCompletionParams)
        return await self.completions.create(read, self.listener, Origin())


@pytest.mark.parametrize(
    ("stored", "variables", "names"),
    [
        ({}, {}, []),
        ({}, {"BETA_API_KEY": KEY}, ["beta/beta-1"]),
        # Among keys at one place the rank of the row counts.
        ({}, {"BETA_API_KEY": KEY, "ACME_API_KEY": KEY}, ["acme/acme-1", "beta/beta-1"]),
        # The environment counts before the keyring, whatever the rank.
        ({"acme": KEY}, {"BETA_API_KEY": KEY}, ["beta/beta-1", "acme/acme-1"]),
        # Neither a service that ended nor one without a default model.
        ({}, {"GONE_API_KEY": KEY, "UNDECIDED_API_KEY": KEY}, []),
    ],
)
async def test_providers_whose_key_is_found(
    stored: dict[str, str], variables: dict[str, str], names: list[str]
) -> None:
    assert await World(store=MemoryStore(**stored), **variables).names() == names


async def test_local_servers_that_answer_come_last_with_a_model_they_have() -> None:
    assert await World(OLLAMA, MLX, BETA_API_KEY=KEY).names() == ["beta/beta-1", "ollama/qwen3:8b", "mlx/tiny"]
    other = server("ollama", "http://localhost:11434", "llama3")
    assert await World(other, server("mlx", "http://127.0.0.1:8080/v1")).names() == ["ollama/llama3"]


async def test_a_server_at_an_address_that_calls_do_not_go_to_is_not_asked() -> None:
    elsewhere = server("mlx", "http://127.0.0.1:9999/v1", "tiny")
    assert await World(elsewhere, server("unknown", "http://127.0.0.1:1", "m")).names() == []


@pytest.mark.parametrize("found", ["http://127.0.0.1:11434", "http://localhost:11434/"])
@pytest.mark.parametrize("called", ["http://localhost:11434", "http://127.0.0.1:11434/"])
async def test_a_server_is_the_same_by_name_and_by_number(found: str, called: str) -> None:
    assert await World(server("ollama", found, "llama3"), OLLAMA_URL=called).names() == ["ollama/llama3"]


async def test_a_server_whose_provider_has_no_address_is_not_asked() -> None:
    assert await World(server("unset", "http://127.0.0.1:1234", "m"), OLLAMA).names() == ["ollama/qwen3:8b"]


async def test_one_that_cannot_start_is_left_out_with_the_reason() -> None:
    world = World(CLOUD_API_KEY=KEY, BETA_API_KEY=KEY)
    assert await world.names() == ["beta/beta-1"]
    (warning,) = world.log.warnings
    assert "Cloud is left out of the defaults" in warning
    assert "REGION" in warning
    assert KEY not in warning


async def test_it_is_remembered_for_a_while_which_servers_answered() -> None:
    world = World(OLLAMA)
    for _ in range(3):
        assert await world.names() == ["ollama/qwen3:8b"]
    assert world.looked == 1


async def test_a_search_that_found_nothing_is_made_again() -> None:
    world = World()
    assert await world.names() == []
    world.servers = (OLLAMA,)
    assert await world.names() == await world.names() == ["ollama/qwen3:8b"]
    assert world.looked == 2


async def test_a_request_that_names_nothing_goes_down_the_chain() -> None:
    plays = {"acme": writes(then=DOWN), "beta": writes("from beta"), "ollama": writes("local")}
    world = World(OLLAMA, plays=plays, ACME_API_KEY=KEY, BETA_API_KEY=KEY)
    completion = await world.create()
    assert (completion.text, completion.provider, completion.model) == ("from beta", "beta", "beta-1")
    assert [attempt.provider for attempt in completion.attempts] == ["acme", "beta"]
    assert completion.resolved_by == "credential"
    assert [attempt.reason for attempt in completion.attempts] == [
        "its key is in ACME_API_KEY",
        "its key is in BETA_API_KEY",
    ]


@pytest.mark.parametrize("resolution", ["explicit", "automatic", None])
async def test_explicit_resolution_leaves_nothing_to_the_chain(resolution: str | None) -> None:
    world = World(OLLAMA, plays={"acme": writes("acme"), "beta": writes(then=DOWN)}, ACME_API_KEY=KEY, BETA_API_KEY=KEY)
    if resolution == "explicit":
        with pytest.raises(InvalidParams, match="PROVIDER/MODEL"):
            await world.create(resolution=resolution)
        with pytest.raises(InvalidParams, match="Name the provider too") as refused:
            await world.create(model="beta/b", fallbacks=["acme-1"], resolution=resolution)
        assert refused.value.field == "fallbacks[0]"
        assert world.looked == 0
        assert world.listener.calls == []
        world.registry.resolution = "explicit"
        with pytest.raises(InvalidParams, match="PROVIDER/MODEL"):
            await world.create()
    else:
        assert (await world.create(resolution=resolution)).provider == "acme"
        answer = await world.create(model="beta/b", fallbacks=["acme-1"], resolution=resolution)
        assert answer.resolved_by == "catalog"
        assert [(a.resolved_by, a.reason) for a in answer.attempts] == [
            ("request", None),
            ("catalog", "Acme is known to serve this model"),
        ]


async def test_the_reason_names_the_place_of_the_key_or_the_address() -> None:
    store = MemoryStore(acme=KEY)
    targets = await World(OLLAMA, store=store, BETA_API_KEY=KEY).chain.targets()
    assert [(target.resolved_by, target.reason) for target in targets] == [
        ("credential", "its key is in BETA_API_KEY"),
        ("credential", "its key is in the keyring"),
        ("localServer", "it answers at http://127.0.0.1:11434"),
    ]
    assert KEY not in repr([target.reason for target in targets])


async def test_of_two_servers_of_one_kind_the_one_that_is_called_gives_the_model() -> None:
    other = server("ollama", "http://127.0.0.1:11500", "only-there")
    for servers in ((other, OLLAMA), (OLLAMA, other)):
        assert await World(*servers).names() == ["ollama/qwen3:8b"]
    assert await World(OLLAMA, other, OLLAMA_URL=other.base_url).names() == ["ollama/only-there"]


async def test_a_connection_or_a_name_counts_before_the_chain() -> None:
    world = World(plays={"acme": writes("acme"), "beta": writes("beta")}, ACME_API_KEY=KEY, BETA_API_KEY=KEY)
    assert (await world.create(model="beta/other")).model == "other"
    await world.connections.connect(ConnectProviderParams(provider="beta", verify=False))
    assert (await world.create()).provider == "beta"
    assert world.looked == 0


async def test_with_nothing_at_all_the_request_says_what_to_do() -> None:
    with pytest.raises(InvalidParams, match="provider/connect"):
        await World().create()


async def test_a_locked_keyring_leaves_the_rest() -> None:
    store = MemoryStore(acme=KEY)
    store.trouble = RequestFailed("keyring_unavailable", "Unlock it.")
    world = World(store=store, BETA_API_KEY=KEY)
    assert await world.names() == ["beta/beta-1"]
    assert "Unlock it." in world.log.warnings[0]
