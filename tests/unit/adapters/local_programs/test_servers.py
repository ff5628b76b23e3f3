"""Servers of providers' programs: started once, shared, stopped when idle, and never left behind."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.local_programs.servers import LocalProgramServers
from modelport.adapters.local_servers.prober import SocketProber
from modelport.adapters.system.programs import Programs
from modelport.adapters.system.workspace import Workspace
from modelport.domain.errors import RequestFailed
from modelport.domain.local.model_files import Served
from modelport.domain.providers.rows import ServerProgram
from support.builders import CANARY
from support.opencode import FakeOpenCode, shipped
from support.peers import gone

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake is a script of the shell")
PROGRAM = shipped()[1]
LIMIT_S = 20.0


class Rig:
    """Servers over the fake."""

    def __init__(self, folder: Path) -> None:
        self.fake = FakeOpenCode(folder)
        self.servers = LocalProgramServers(SocketProber())
        self.told: list[str] = []

    async def use(
        self,
        work: Callable[[Served], Awaitable[Any]] | None = None,
        program: ServerProgram = PROGRAM,
        hidden: frozenset[str] = frozenset(),
    ) -> Served:
        with anyio.fail_after(LIMIT_S):
            async with self.servers.serving(program, hidden, self.told.append) as served:
                if work is not None:
                    await work(served)
                return served


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    made = Rig(tmp_path)
    for name, value in made.fake.environment().items():
        monkeypatch.setenv(name, value)
    yield made
    await made.servers.aclose()
    await until(lambda: not made.fake.running())


async def until(happened: Callable[[], Any]) -> None:
    with anyio.fail_after(LIMIT_S):
        while not happened():  # noqa: ASYNC110  another process does it
            await anyio.sleep(0.01)


async def test_it_is_started_once_and_shared(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_API_KEY", CANARY)
    monkeypatch.setenv("MINE", CANARY)
    assert not rig.servers.runs(PROGRAM)
    found: list[Served] = []

    async def use() -> None:
        found.append(await rig.use(hidden=frozenset({"MINE"})))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(use)
        tasks.start_soon(use)
    assert rig.servers.runs(PROGRAM)
    assert found[0] == found[1] == await rig.use()
    (note,) = rig.fake.started()
    assert note["arguments"][:4] == ["serve", "--hostname", "127.0.0.1", "--port"]
    assert note["arguments"][-1] == "--pure"
    assert CANARY not in str(note)
    assert found[0].base_url == f"http://127.0.0.1:{note['arguments'][4]}"
    assert rig.told[0] == "Starting opencode"


async def test_its_password_is_in_its_environment_alone(rig: Rig) -> None:
    with blockbuster_ctx("modelport"):
        served = await rig.use()
    (note,) = rig.fake.started()
    password = note["environment"]["OPENCODE_SERVER_PASSWORD"]
    assert password not in str(note["arguments"]) + served.base_url
    assert "OPENCODE_SERVER_PASSWORD" not in os.environ
    assert note["environment"]["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"
    agent = msgspec.json.decode(note["environment"]["OPENCODE_CONFIG_CONTENT"])["agent"]["modelport"]
    assert agent["permission"] == {"*": "deny"}
    assert note["cwd"] == str(Path.home())


async def test_it_is_stopped_when_idle_and_started_again(rig: Rig) -> None:
    rig.servers = LocalProgramServers(SocketProber(), idle_s=0.05)
    first = await rig.use()
    await until(lambda: not rig.fake.running())
    assert not rig.servers.runs(PROGRAM)
    second = await rig.use(lambda _: anyio.sleep(0.2))
    assert second.key.reveal() != first.key.reveal()
    assert len(rig.fake.started()) == 2


async def test_a_call_that_is_cancelled_during_the_start_leaves_it_to_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_OPENCODE_GATE", str(rig.fake.gate))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.use)
        await until(rig.fake.started)
        tasks.cancel_scope.cancel()
    rig.fake.gate.touch()
    await rig.use()
    assert len(rig.fake.started()) == 1


async def test_one_that_ends_says_why_without_the_password(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_OPENCODE_DIES", "no such database, asked with")
    with pytest.raises(RequestFailed) as failed:
        await rig.use()
    (note,) = rig.fake.started()
    assert failed.value.kind == "provider_unavailable"
    assert "ended with code 3" in failed.value.message
    assert "no such database" in failed.value.message
    assert note["environment"]["OPENCODE_SERVER_PASSWORD"] not in failed.value.message
    monkeypatch.delenv("FAKE_OPENCODE_DIES")
    await rig.use()


async def test_one_that_dies_is_replaced(rig: Rig) -> None:
    await rig.use()
    (note,) = rig.fake.started()
    os.kill(note["pid"], 9)
    await until(lambda: not rig.servers.runs(PROGRAM))
    await rig.use()
    assert len(rig.fake.started()) == 2


async def test_one_that_is_not_installed_says_how_to(rig: Rig) -> None:
    other = msgspec.structs.replace(PROGRAM, command=("no-such-opencode", "serve"))
    with pytest.raises(RequestFailed, match="no-such-opencode is not installed: install it with npm install") as failed:
        await rig.use(program=other)
    assert failed.value.action == PROGRAM.install
    assert not failed.value.retryable


async def test_the_end_of_this_process_ends_it(rig: Rig) -> None:
    await rig.use()
    (note,) = rig.fake.started()
    await rig.servers.aclose()
    assert await anyio.to_thread.run_sync(gone, note["pid"])


def test_its_own_folders_are_looked_in_but_for_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeOpenCode(tmp_path / "project")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "programs").symlink_to(fake.bin)
    folders = ("~/programs",)
    assert Programs().find("opencode", folders) == str(tmp_path / "home" / "programs" / "opencode")
    assert Programs().find("opencode") != str(fake.bin / "opencode")
    workspace = Workspace((str(tmp_path / "project"),), str(tmp_path / "home"))
    assert Programs(workspace).find("opencode", folders) is None
