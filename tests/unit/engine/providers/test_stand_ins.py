"""The provider that answers in place of one without a key, where its program is installed."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.registry import Registry, Target
from modelport.domain.providers.rows import Provider, StandIn
from modelport.engine.providers.stand_ins import StandIns
from modelport.protocol.secret import Secret
from support.builders import MemoryStore, Scripted, Variables, connections, row
from support.opencode import shipped

PROGRAM = row("local", program=shipped()[1], requires_api_key=False, auth="none", base_url=None)
ZEN = row("zen", base_url_env_vars=("ZEN_BASE",), without_key=StandIn(provider="local", model_prefix="zen/"))
LOST = row("lost", without_key=StandIn(provider="gone"))
PLAIN = row("plain")
REGISTRY = Registry([ZEN, PROGRAM, LOST, PLAIN])


class Installed:
    """Whether the program is there."""

    def __init__(self, there: bool | None) -> None:
        self.there = there
        self.asked: list[str] = []

    async def installed(self, provider: Provider) -> bool | None:
        self.asked.append(provider.id)
        return self.there


async def answering(
    target: Target, overrides: Overrides | None = None, there: bool = True, store: MemoryStore | None = None, **env: str
) -> Target:
    environment = Variables(**env)
    credentials, _ = connections(REGISTRY, environment, store or MemoryStore(), Scripted())
    return await StandIns(REGISTRY, environment, credentials, Installed(there)).answering(
        target, overrides or Overrides()
    )


async def test_it_answers_where_there_is_no_key() -> None:
    found = await answering(Target(ZEN, "big", connection="zen"))
    assert (found.provider, found.model, found.connection) == (PROGRAM, "zen/big", None)
    assert found.reason == "Zen has no key, and Local answers in its place"


async def test_a_request_without_a_model_gets_the_default_of_the_other() -> None:
    assert (await answering(Target(ZEN, None))).model is None


@pytest.mark.parametrize(
    "changes",
    [
        {"ZEN_API_KEY": "key-0123456789abcdef"},
        {"there": False},
        {"ZEN_BASE": "https://mine.example"},
        {"store": MemoryStore(zen="key-0123456789abcdef")},
        {"overrides": Overrides(api_key=Secret("key-0123456789abcdef"))},
        {"overrides": Overrides(base_url="https://mine.example")},
        {"overrides": Overrides(headers={"X-Log-In": Secret("yes")})},
        {"overrides": Overrides(header_sources={"X-Log-In": Secret("yes")})},
        {"overrides": Overrides(key_command=("print-key",))},
    ],
    ids=[
        "variable",
        "not installed",
        "variable address",
        "keyring",
        "session",
        "address",
        "header",
        "configured header",
        "command",
    ],
)
async def test_the_provider_itself_is_called(changes: dict[str, Any]) -> None:
    target = Target(ZEN, "big")
    assert await answering(target, **changes) is target


@pytest.mark.parametrize("provider", [LOST, PLAIN], ids=lambda provider: provider.id)
async def test_a_row_without_one_or_whose_other_is_not_there(provider: Provider) -> None:
    target = Target(provider, "big")
    assert await answering(target) is target
