"""The composition of agent discovery."""

from __future__ import annotations

import threading

import anyio
import pytest

from modelport.app import agents
from modelport.app.agents import AgentCore


async def test_agents_that_start_at_once_read_the_providers_rows_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read them in a thread of its own, which crashed the process now and then."""
    loads: list[int] = []
    both = threading.Event()

    def load() -> frozenset[str]:
        loads.append(1)
        both.wait(0.05)
        return frozenset({"ACME_API_KEY"})

    monkeypatch.setattr(agents, "load_key_variables", load)
    core = AgentCore()
    found: list[frozenset[str]] = []

    async def start() -> None:
        found.append(await core._secret_env_vars())

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(start)
    assert len(loads) == 1
    assert all("ACME_API_KEY" in names for names in found)
    assert len(found) == 4


async def test_a_server_with_a_configuration_names_its_own_keys() -> None:
    names = [frozenset({"FIRST_KEY"})]
    core = AgentCore(lambda: names[-1])
    assert "FIRST_KEY" in await core._secret_env_vars()
    names.append(frozenset({"SECOND_KEY"}))
    assert "SECOND_KEY" in await core._secret_env_vars()
