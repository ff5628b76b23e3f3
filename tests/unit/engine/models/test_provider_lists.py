"""Model lists of providers, requested and cached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import msgspec
import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.models.catalog import Catalog, CatalogModel
from modelport.domain.models.listing import REMOTE_TTL_MS, CachedListing, ListedModel, Listing, PullProgress
from modelport.domain.providers.configuration import ValueSource
from modelport.domain.providers.connection import Endpoint, Overrides
from modelport.domain.providers.registry import Registry
from modelport.engine.models.downloads import ModelDownloads
from modelport.engine.models.listing import Models
from modelport.engine.models.local_defaults import LocalDefaults
from modelport.engine.models.provider_lists import LIST_TIMEOUT_S, ModelLists
from modelport.engine.models.suggestions import ModelSuggestions
from modelport.engine.providers.listing import Providers
from modelport.protocol import types
from support.builders import (
    CANARY,
    FixedClock,
    MemoryStore,
    Printing,
    Scripted,
    Variables,
    VirtualTime,
    connections,
    row,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


class Host:
    """A ``ModelLister`` in memory: what each provider or address lists, or raises; ``hangs`` never answer."""

    def __init__(self, **lists: Any) -> None:
        self.lists: dict[str, Any] = lists
        self.hangs: set[str] = set()
        self.requested: list[tuple[Endpoint, Listing | None]] = []
        self.done: list[tuple[str, str, str]] = []

    async def models(self, endpoint: Endpoint, known: Listing | None) -> Listing | None:
        self.requested.append((endpoint, known))
        if endpoint.provider.id in self.hangs:
            await anyio.sleep_forever()
        answer = self.lists.get(endpoint.base_url, self.lists.get(endpoint.provider.id))
        if isinstance(answer, Exception):
            raise answer
        return None if answer is None else Listing(models=tuple(ListedModel(id=name) for name in answer))

    def pulls(self, endpoint: Endpoint) -> bool:
        return endpoint.provider.id == "box"

    async def pull(self, endpoint: Endpoint, model: str, progress: Callable[[PullProgress], None]) -> None:
        progress(PullProgress("pulling", 1, 2))
        self.done.append(("pull", endpoint.provider.id, model))

    async def delete(self, endpoint: Endpoint, model: str) -> None:
        self.done.append(("delete", endpoint.provider.id, model))


class Cache:
    """A ``ModelCache`` in memory, by provider."""

    def __init__(self) -> None:
        self.kept: dict[str, CachedListing] = {}

    async def get(self, endpoint: Endpoint) -> CachedListing | None:
        return self.kept.get(endpoint.provider.id)

    async def put(self, endpoint: Endpoint, kept: CachedListing) -> None:
        self.kept[endpoint.provider.id] = kept

    async def invalidate(self, endpoint: Endpoint) -> None:
        self.kept.pop(endpoint.provider.id, None)


class Shipped:
    """A ``CatalogStore`` in memory."""

    def __init__(self, *models: CatalogModel) -> None:
        self.shipped = Catalog(models)

    async def catalog(self) -> Catalog:
        return self.shipped


class World:
    """The use cases over two services, one of them public, and a server of one's own."""

    def __init__(
        self, defaults: dict[str, Overrides] | None = None, *, store: MemoryStore | None = None, **lists: Any
    ) -> None:
        self.commands = Printing(**{"print-team": "blue"})
        self.registry = Registry(
            [
                row("acme", default_model="acme-1"),
                row("open", wire={"verify_path": "/key"}),
                row("safe"),
                row("box", dialect="ollama", connection_type="local", requires_api_key=False, auth="none"),
            ],
            defaults,
        )
        environment, dialects = Variables(ACME_API_KEY=CANARY), Scripted()
        self.credentials, self.connections = connections(
            self.registry, environment, store or MemoryStore(), dialects, commands=self.commands
        )
        providers = Providers(self.registry, environment, self.credentials, self.connections, dialects)
        self.host, self.cache, self.clock = Host(**lists), Cache(), FixedClock()
        shipped = Shipped(
            CatalogModel(provider="acme", id="acme-1"),
            CatalogModel(provider="acme", id="acme-old", retires_on="2026-01-01", successor="acme-1"),
            CatalogModel(provider="acme", id="acme-never", gone=True, notice="There never was one."),
            CatalogModel(provider="acme", id="acme-lost", gone=True),
        )
        self.lists = ModelLists(self.connections, self.host, self.cache, shipped, self.clock)
        self.models = Models(self.registry, providers, self.lists)
        self.downloads = ModelDownloads(self.registry, self.connections, self.host, self.lists)
        self.suggestions = ModelSuggestions(self.connections, self.host, self.lists)

    async def listed(self, provider: str | None = None, **more: Any) -> types.ListModelResult:
        return await self.models.list(types.ListModelParams(provider=provider, **more))

    async def enriched(self, provider: str, model: str, kind: Any = "model_not_found") -> RequestFailed:
        error = RequestFailed(kind, "Acme does not serve it: name another model.", model=model, action="name another")
        await self.suggestions.enrich(error, await self.connections.endpoint(self.registry.get(provider), model))
        return error


def names(result: types.ListModelResult) -> list[str]:
    return [model.id for model in result.models]


async def test_a_service_is_asked_again_when_its_list_is_old() -> None:
    world = World(acme=["a"])
    assert names(await world.listed("acme")) == ["a"]
    world.clock.now += REMOTE_TTL_MS - 1
    await world.listed("acme")
    assert len(world.host.requested) == 1
    world.clock.now += 1
    await world.listed("acme")
    assert world.host.requested[1][1] == world.cache.kept["acme"].listing, "the known list goes with the request"
    await world.listed("acme", refresh=True)
    assert world.host.requested[2][1] is None


async def test_a_server_of_ones_own_is_always_asked() -> None:
    world = World(box=["a"])
    await world.listed("box")
    await world.listed("box")
    assert len(world.host.requested) == 2


async def test_an_older_list_stands_in_for_one_that_fails() -> None:
    world = World(acme=["a"])
    await world.listed("acme")
    world.host.lists["acme"] = RequestFailed("network", "Acme cannot be reached.")
    world.clock.now += REMOTE_TTL_MS
    result = await world.listed("acme")
    assert names(result) == ["a"]
    assert result.errors == (
        types.ProviderError(
            provider="acme", error=types.AttemptError(kind="network", message="Acme cannot be reached.")
        ),
    )


async def test_a_provider_that_hangs_does_not_hold_up_the_others() -> None:
    world = World(acme=["a"], box=["b"])
    await world.connections.connect(types.ConnectProviderParams(provider="box", verify=False))
    world.host.hangs = {"acme"}
    started = anyio.current_time()
    result = await world.listed()
    assert anyio.current_time() - started == pytest.approx(LIST_TIMEOUT_S)
    assert [failed.error.kind for failed in result.errors] == ["timeout"]
    assert names(result) == ["acme-1", "acme-old", "acme-never", "acme-lost", "b"]


async def test_those_in_use_are_those_with_a_key_and_those_connected() -> None:
    world = World(acme=["a"], open=["o"], box=["b"])
    assert names(await world.listed()) == ["a"]
    await world.connections.connect(types.ConnectProviderParams(provider="box", verify=False))
    assert names(await world.listed()) == ["a", "b"]


async def test_a_public_list_needs_no_key() -> None:
    world = World(open=["o"])
    result = await world.listed("open")
    assert (names(result), result.errors) == (["o"], ())
    ((endpoint, _),) = world.host.requested
    assert endpoint.credential.secret is None


async def test_a_provider_that_lists_nothing_has_the_catalog() -> None:
    world = World(acme=None)
    result = await world.listed("acme")
    assert (names(result)[0], result.errors) == ("acme-1", ())
    assert world.cache.kept == {}


async def test_what_is_known_is_told_without_asking() -> None:
    world = World(acme=["a"], box=["b"])
    unasked = await world.listed(cached=True)
    assert (names(unasked), unasked.errors) == (["acme-1", "acme-old", "acme-never", "acme-lost"], ())
    assert world.host.requested == []
    await world.connections.connect(types.ConnectProviderParams(provider="box", verify=False))
    await world.listed()
    world.host.lists.clear()
    world.clock.now += 100 * REMOTE_TTL_MS
    requested = len(world.host.requested)
    assert names(await world.listed(cached=True)) == ["a", "b"], "however old it is, and a server of one's own too"
    assert len(world.host.requested) == requested


async def test_a_provider_that_cannot_be_called_has_what_is_known() -> None:
    result = await World().listed("open", cached=True)
    assert (result.models, result.errors) == ((), ())


async def test_no_command_is_run_for_what_is_known() -> None:
    world = World(
        {"acme": Overrides(header_sources={"X-Team": ValueSource(command=("print-team",))})},
        acme=["a"],
    )
    assert names(await world.listed("acme", cached=True))[0] == "acme-1"
    assert world.commands.runs == []
    await world.listed("acme")
    assert world.commands.runs == [("print-team",)]
    assert names(await world.listed("acme", cached=True)) == ["a"], "it has been run for something else"


async def test_refresh_and_cached_exclude_each_other() -> None:
    with pytest.raises(InvalidParams, match="refresh or cached"):
        await World().listed(cached=True, refresh=True)


async def test_a_list_of_what_is_known_unlocks_no_keyring() -> None:
    store = MemoryStore(safe=CANARY)
    world = World(store=store, safe=["s-1"])
    await world.listed("safe")
    store.locked = True
    assert names(await world.listed("safe", cached=True)) == ["s-1"]
    assert store.locked
    # Asking the provider itself takes the key.
    await world.listed("safe", refresh=True)
    assert not store.locked


async def test_the_search_knows_more_than_those_in_use() -> None:
    world = World(acme=["x-1"], box=["x-2"])
    found = await world.models.search(types.SearchModelParams(query="acme never"))
    assert [model.id for model in found.models] == []
    await world.connections.connect(types.ConnectProviderParams(provider="box", verify=False))
    found = await world.models.search(types.SearchModelParams(query="x", sort="name"))
    assert [model.id for model in found.models] == ["x-1", "x-2"]
    assert found.errors is None


async def test_pull_and_delete_make_the_list_be_asked_again() -> None:
    world = World(box=["a"])
    await world.listed("box")
    await world.downloads.pull("box", "box/m", lambda _: None)
    assert world.cache.kept == {}
    await world.listed("box")
    await world.downloads.delete(None, "box/m")
    assert world.cache.kept == {}
    assert world.host.done == [("pull", "box", "m"), ("delete", "box", "m")]


async def test_the_progress_of_a_download_is_reported() -> None:
    steps: list[PullProgress] = []
    await World().downloads.pull("box", "m", steps.append)
    assert [step.percentage for step in steps] == [50]


@pytest.mark.parametrize(("provider", "model"), [("acme", "m"), ("box", " "), (None, "m"), ("unknown", "m")])
async def test_what_cannot_be_pulled(provider: str | None, model: str) -> None:
    world = World()
    with pytest.raises(InvalidParams):
        await world.downloads.pull(provider, model, lambda _: None)
    assert world.host.done == []


@pytest.mark.parametrize(
    ("model", "suggestion", "action"),
    [
        ("acme-old", "it was retired on 2026-01-01: use acme-1", "use acme-1"),
        ("acme-never", "there never was one", "name another"),
        ("acme-lost", "it was retired", "name another"),
        ("acme-2", "the nearest it has is acme-1", "name another"),
        ("zzz", "it has acme-1", "name another"),
    ],
)
async def test_suggestions(model: str, suggestion: str, action: str) -> None:
    error = await World().enriched("acme", model)
    assert error.message == f"Acme does not serve it: name another model; {suggestion}."
    assert error.action == action


async def test_advice_knows_what_was_listed() -> None:
    world = World(acme=["one", "two", "three", "four", "five"])
    await world.listed("acme")
    assert (await world.enriched("acme", "zzz")).message.endswith("; it has one, two, three and 2 more.")
    assert (await world.enriched("acme", "fiver")).message.endswith("; the nearest it has is five.")


async def test_advice_to_pull_names_only_models_that_are_there() -> None:
    world = World(box=["gone"])
    await world.listed("box")
    world.host.lists["box"] = ["m:8b", "x", "y", "z"]
    error = await world.enriched("box", "m:80b")
    assert str(error).endswith("; download this one with modelport pull box/m:80b, or use m:8b.")
    assert (await world.enriched("box", "other")).message.endswith("box/other, or use m:8b, x or y.")
    world.host.lists["box"] = ["m:8b"]
    assert (await world.enriched("box", "m:8b")).message.endswith("modelport pull box/m:8b.")
    world.host.lists["box"] = []
    assert (await world.enriched("box", "m:80b")).message.endswith("modelport pull box/m:80b.")


@pytest.mark.parametrize("failing", ["hangs", "fails"])
async def test_advice_to_pull_falls_back_to_the_cached_list(failing: str) -> None:
    world = World(box=["m:8b"])
    await world.listed("box")
    if failing == "hangs":
        world.host.hangs.add("box")
    else:
        world.host.lists["box"] = RequestFailed("network", "Gone.")
    assert (await world.enriched("box", "m:80b")).message.endswith("pull box/m:80b, or use m:8b.")


async def test_a_local_server_is_sent_a_model_that_it_has() -> None:
    world = World(box=["m:8b", "n"])
    defaults = LocalDefaults(world.lists)
    box = world.registry.get("box")
    with_default = msgspec.structs.replace(box, default_model="n")
    assert (await defaults.choose(box), await defaults.choose(with_default)) == ("m:8b", "n")
    world.host.lists["box"] = ["other"]
    assert await defaults.choose(with_default) == "other"
    world.host.lists["box"] = []
    assert (await defaults.choose(box), await defaults.choose(with_default)) == (None, "n")
    world.host.hangs.add("box")
    assert await defaults.choose(with_default) == "n"


async def test_advice_to_pull() -> None:
    world = World(box=["m:8b"])
    await world.listed("box")
    error = await world.enriched("box", "m:80b")
    assert error.message.endswith("; download this one with modelport pull box/m:80b, or use m:8b.")
    assert error.action == "run modelport pull box/m:80b"
    assert "'box/a b'" in (await world.enriched("box", "a b")).message


async def test_nothing_is_said_of_another_address() -> None:
    world = World()
    params = types.ConnectProviderParams(provider="acme", base_url="https://elsewhere.example", verify=False)
    await world.connections.connect(params)
    error = await world.enriched("acme", "acme-old")
    assert error.message == "Acme does not serve it: name another model."


async def test_other_failures_stay_as_they_are() -> None:
    error = await World().enriched("acme", "acme-old", "rate_limited")
    assert error.message == "Acme does not serve it: name another model."


async def two_boxes() -> World:
    """A server of one's own, and a second one of its kind."""
    world = World(box=["a"])
    world.host.lists["http://big.example"] = ["a", "b"]
    for name, address in (("box", "http://small.example"), ("big", "http://big.example")):
        params = types.ConnectProviderParams(provider="box", name=name, base_url=address, verify=False)
        await world.connections.connect(params)
    return world


def named(result: types.ListModelResult) -> list[tuple[str | None, str]]:
    return [(model.connection, model.id) for model in result.models if model.provider == "box"]


async def test_each_connection_has_its_own_list() -> None:
    world = await two_boxes()
    assert named(await world.listed()) == [(None, "a"), ("big", "a"), ("big", "b")]
    assert named(await world.listed("box")) == [(None, "a"), ("big", "a"), ("big", "b")]
    assert named(await world.listed("BIG")) == [("big", "a"), ("big", "b")]
    found = await world.models.search(types.SearchModelParams(provider="big"))
    assert {(model.connection, model.id) for model in found.models} == {("big", "a"), ("big", "b")}


async def test_a_connection_that_cannot_be_listed_is_named() -> None:
    world = await two_boxes()
    world.host.lists["http://big.example"] = RequestFailed("network", "It cannot be reached.")
    world.cache.kept.clear()
    result = await world.listed("box")
    assert [(error.provider, error.connection) for error in result.errors] == [("box", "big")]
