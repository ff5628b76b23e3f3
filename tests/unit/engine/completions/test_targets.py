"""The targets of a request: what it names, its fallbacks, the chain of its role, the order without configuration."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.registry import Registry, Target
from modelport.engine.completions.targets import Targets
from modelport.frontends.rpc.messages import convert
from modelport.protocol.types import ConnectProviderParams, CreateCompletionParams
from support.builders import (
    MemoryStore,
    Scripted,
    Variables,
    connections,
    row,
)
from support.completions import completion_parts

ROWS = [row(name, requires_api_key=False, auth="none", default_model=f"{name}-1") for name in "abcd"]
CHAINS = {"default": ("a/x", "b/y"), "inline": ("c/z", "gone/m", "a/x"), "night": ("d/w", "b")}


class Automatic:
    """The order without configuration."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.looked = 0

    async def targets(self) -> list[Target]:
        self.looked += 1
        return [Target(self._registry.get(name), "auto", "credential") for name in "dc"]


class World:
    """The search for targets over chains."""

    def __init__(self, chains: dict[str, tuple[str, ...]] | None = None) -> None:
        self.registry = Registry(ROWS)
        self.registry.chains = CHAINS if chains is None else chains
        dialects = Scripted()
        _, self.connections = connections(self.registry, Variables(), MemoryStore(), dialects)
        self.automatic = Automatic(self.registry)
        self.targets = Targets(completion_parts(self.connections, dialects, defaults=self.automatic))

    async def found(self, **params: Any) -> list[str]:
        candidates = await self.targets.find(convert({"prompt": "hi", **params}, CreateCompletionParams))
        self.steps = [one.target.resolved_by for one in candidates]
        self.own = [one.own for one in candidates]
        return [f"{one.target.provider.id}/{one.target.model}" for one in candidates]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"model": "d/m"}, ["d/m", "a/x", "b/y"]),
        ({"model": "d/m", "fallbacks": ["c/n"]}, ["d/m", "c/n", "a/x", "b/y"]),
        ({"model": "b/y", "fallbacks": ["a/x"]}, ["b/y", "a/x"]),
        ({"model": "d/m", "fallbacks": []}, ["d/m"]),
        ({"model": "d/m", "role": "inline"}, ["d/m", "c/z", "a/x"]),
        ({"model": "d/m", "role": "small"}, ["d/m", "a/x", "b/y"]),
        ({}, ["a/x", "b/y"]),
        ({"fallbacks": ["d/m"]}, ["a/x", "d/m", "b/y"]),
        ({"fallbacks": []}, ["a/x"]),
        ({"role": "inline"}, ["c/z", "a/x"]),
        ({"model": "chain/night"}, ["d/w", "b/None"]),
        ({"model": "chain/night", "fallbacks": ["c/n"]}, ["d/w", "b/None", "c/n"]),
        ({"model": "d/m", "resolution": "explicit"}, ["d/m"]),
        ({"model": "chain/night", "resolution": "explicit"}, ["d/w", "b/None"]),
    ],
)
async def test_the_order(params: dict[str, Any], names: list[str]) -> None:
    world = World()
    assert await world.found(**params) == names
    assert all(world.own)
    assert world.automatic.looked == 0


async def test_without_a_chain_a_request_that_names_nothing_has_the_automatic_order() -> None:
    world = World({"inline": ("c/z",)})
    assert await world.found() == ["d/auto", "c/auto"]
    assert world.own == [False, False]
    assert await world.found(fallbacks=["a/m"]) == ["d/auto", "c/auto", "a/m"]
    assert world.own == [False, False, True]
    # A role with a chain of its own needs no other order.
    assert await world.found(role="inline") == ["c/z"]


async def test_a_chain_says_why_a_target_is_one() -> None:
    world = World()
    await world.found(model="d/m")
    assert world.steps == ["request", "chain", "chain"]
    (_, first, _) = await world.targets.find(convert({"prompt": "hi", "model": "d/m"}, CreateCompletionParams))
    assert first.target.reason == "the chain default of config.toml names it"


async def test_a_provider_that_is_called_chain_is_one() -> None:
    world = World()
    world.registry.replace(Registry([*ROWS, row("chain", requires_api_key=False, auth="none")]))
    world.registry.chains = CHAINS
    assert await world.found(model="chain/night", fallbacks=[]) == ["chain/night"]


async def test_a_connection_comes_before_the_chain() -> None:
    world = World()
    await world.connections.connect(ConnectProviderParams(provider="d", model="own", verify=False))
    assert await world.found() == ["d/own", "a/x", "b/y"]


async def test_a_chain_may_name_a_connection() -> None:
    world = World({"default": ("work/m",)})
    assert await world.found(model="a/m") == ["a/m"]
    await world.connections.connect(ConnectProviderParams(provider="d", model="own", name="work", verify=False))
    candidates = await world.targets.find(convert({"prompt": "hi", "model": "a/m"}, CreateCompletionParams))
    assert [(one.target.provider.id, one.target.connection) for one in candidates] == [("a", None), ("d", "work")]


async def test_a_chain_without_a_known_model_is_none() -> None:
    world = World({"default": ("gone/m",), "night": ("gone/m",)})
    with pytest.raises(InvalidParams, match="No model of the chain night is known") as refused:
        await world.found(model="chain/night")
    assert refused.value.field == "model"
    with pytest.raises(InvalidParams, match="No chain is called"):
        await world.found(model="chain/other")
