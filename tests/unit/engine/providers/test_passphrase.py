"""The passphrase of the key file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import anyio
import pytest

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.registry import Registry
from modelport.engine.providers.passphrase import Passphrase
from modelport.engine.providers.secret_sources import PASSPHRASE
from modelport.protocol.secret import Secret
from support.builders import Variables, row, values

COMMAND = ("/usr/bin/pass", "modelport")


class Printing:
    """Commands that print a passphrase; notes what they get."""

    def __init__(self) -> None:
        self.runs: list[tuple[Sequence[str], Collection[str]]] = []
        self.trouble: RequestFailed | None = None

    async def output(self, command: Sequence[str], secret_env_vars: Collection[str]) -> Secret:
        self.runs.append((command, secret_env_vars))
        await anyio.lowlevel.checkpoint()
        if self.trouble is not None:
            raise self.trouble
        return Secret("printed")


class World:
    def __init__(self, command: tuple[str, ...] = (), **variables: str) -> None:
        registry, environment = Registry([row("acme")]), Variables(**variables)
        registry.passphrase_command = command
        self.commands = Printing()
        self.registry = registry
        self.passphrase = Passphrase(
            registry, environment, self.commands, values(registry, environment).secret_env_vars
        )


async def test_what_was_typed_counts_before_the_environment_and_that_before_a_command() -> None:
    world = World(COMMAND, MODELPORT_PASSPHRASE="given")
    assert await world.passphrase.find(unlock=True) == Secret("given")
    world.passphrase.give(Secret("typed"))
    assert await world.passphrase.find(unlock=False) == Secret("typed")
    assert not world.passphrase.is_pending()
    assert world.commands.runs == []


async def test_without_any_there_is_none() -> None:
    world = World()
    assert await world.passphrase.find(unlock=True) is None
    assert not world.passphrase.is_pending()


async def test_a_command_is_run_once_and_only_where_it_may_ask_its_owner() -> None:
    world = World(COMMAND)
    assert await world.passphrase.find(unlock=False) is None
    assert world.passphrase.is_pending()
    assert world.commands.runs == []
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(lambda: world.passphrase.find(unlock=True))
    assert await world.passphrase.find(unlock=False) == Secret("printed")
    assert not world.passphrase.is_pending()
    ((command, secret_env_vars),) = world.commands.runs
    assert command == COMMAND
    assert {PASSPHRASE, "ACME_API_KEY"} <= set(secret_env_vars)
    world.registry.passphrase_command = ("other",)
    assert world.passphrase.is_pending(), "another command is another passphrase"


async def test_a_command_that_fails_says_what_to_do_and_is_tried_again() -> None:
    world = World(COMMAND)
    world.commands.trouble = RequestFailed("auth_required", "ended with code 2")
    with pytest.raises(RequestFailed, match="the command pass, which ended with code 2") as failed:
        await world.passphrase.find(unlock=True)
    assert (failed.value.kind, failed.value.action) == ("keyring_unavailable", "run the command in a terminal")
    world.commands.trouble = None
    assert await world.passphrase.find(unlock=True) == Secret("printed")
