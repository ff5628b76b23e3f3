"""One server for a model file among the processes of a user: lent, given back, and not trusted without reason."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from modelport.adapters.local_models import sharing
from modelport.adapters.local_models.runner import LocalRunner
from modelport.adapters.local_models.sharing import Lent, Slot, slot
from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
from modelport.adapters.local_servers.prober import SocketProber
from modelport.domain.gguf import read_header
from modelport.domain.local.model_files import Plan, Served
from modelport.domain.providers.model_file import ModelFile
from modelport.protocol.secret import Secret
from support.builders import CANARY
from support.local_models import gguf, running, settings, started
from support.peers import alive, gone

pytestmark = pytest.mark.skipif(os.name == "nt", reason="locks of files")
IDENTITY = ("1", "llama-server", "x.gguf")
LIMIT_S = 10.0


def place(home: Path) -> Slot:
    found = slot({"XDG_RUNTIME_DIR": str(home)}, IDENTITY)
    assert found is not None
    return found


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A process that lives, in whose name servers are offered."""
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def offered(home: Path, pid: int, monkeypatch: pytest.MonkeyPatch, port: int = 5, url: str = "http://x") -> Slot:
    """The slot of another process that offers a server."""
    owner = place(home)
    with monkeypatch.context() as patch:
        patch.setattr(sharing.os, "getpid", lambda: pid)
        assert owner.enter() is True
        owner.started(Served(base_url=url, key=Secret(CANARY)), port)
    return owner


def test_the_files_are_the_users_alone(tmp_path: Path, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    offered(tmp_path, other, monkeypatch)
    files = sorted((tmp_path / "acp-agents/models").iterdir())
    assert [path.suffix for path in files] == [".json", ".start", ".use"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


def test_a_server_is_lent_until_it_is_given_back(tmp_path: Path, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, user = offered(tmp_path, other, monkeypatch), place(tmp_path)
    lent = user.enter()
    assert isinstance(lent, Lent)
    assert (lent.pid, lent.port, lent.key) == (other, 5, CANARY)
    assert owner.withdraw(unused=True) is False
    user.give_back()
    assert owner.unused_s() < LIMIT_S
    assert owner.withdraw(unused=True) is True
    assert place(tmp_path).enter() is True


def test_an_end_that_is_forced_takes_the_offer_back(
    tmp_path: Path, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, user = offered(tmp_path, other, monkeypatch), place(tmp_path)
    assert isinstance(user.enter(), Lent)
    assert owner.withdraw() is True
    assert place(tmp_path).enter() is True


def test_only_one_process_starts_a_server(tmp_path: Path) -> None:
    first, second = place(tmp_path), place(tmp_path)
    assert first.enter() is True
    assert first.enter() is True, "it may go on with a start"
    assert second.enter() is False
    first.started(None)
    assert second.enter() is True


def test_a_server_whose_owner_is_gone_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    offered(tmp_path, process.pid, monkeypatch)
    assert place(tmp_path).enter() is True


def test_a_number_that_was_given_again_is_another_process(
    tmp_path: Path, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform == "linux":
        offered(tmp_path, other, monkeypatch)
        monkeypatch.setattr(sharing, "began", lambda _: "1")
        assert place(tmp_path).enter() is True


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff", b"x" * 100_000])
def test_an_odd_file_is_none(tmp_path: Path, data: bytes, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    offered(tmp_path, other, monkeypatch)
    (file,) = (tmp_path / "acp-agents/models").glob("*.json")
    file.write_bytes(data)
    assert place(tmp_path).enter() is True


def test_a_file_that_others_can_write_is_none(tmp_path: Path, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    offered(tmp_path, other, monkeypatch)
    (file,) = (tmp_path / "acp-agents/models").glob("*.json")
    file.chmod(0o666)
    assert place(tmp_path).enter() is True


@pytest.mark.parametrize("name", ["acp-agents", "acp-agents/models"])
def test_nothing_is_shared_in_a_folder_that_others_can_write(tmp_path: Path, name: str) -> None:
    (tmp_path / "acp-agents/models").mkdir(parents=True, mode=0o700)
    (tmp_path / name).chmod(0o777)
    assert slot({"XDG_RUNTIME_DIR": str(tmp_path)}, IDENTITY) is None


def test_nothing_is_written_through_a_link(tmp_path: Path, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    offered(tmp_path, other, monkeypatch)
    (use,) = (tmp_path / "acp-agents/models").glob("*.use")
    use.unlink()
    use.symlink_to(tmp_path / "elsewhere")
    assert place(tmp_path).enter() is False
    assert not (tmp_path / "elsewhere").exists()


# Runners.


class Rig:
    """Two runners over a folder, as of two processes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.notes = folder / "models", folder / "notes"
        self.notes.mkdir()
        self.gate = folder / "gate"
        self.told: list[str] = []
        self.runners = [
            LocalRunner(SocketProber(), SystemListeningPorts(), lambda: {"XDG_RUNTIME_DIR": str(folder)}) for _ in "ab"
        ]

    def plan(self, *flags: str, **changes: Any) -> Plan:
        path = self.folder / "tiny.gguf"
        data = (path if path.exists() else gguf(path)).read_bytes()
        model = ModelFile(id="tiny", relative="tiny", path=str(path), size_bytes=len(data), header=read_header(data))
        return Plan(model=model, entry=settings(self.folder, self.notes, *flags, **changes))

    def serving(self, number: int, *flags: str, **changes: Any) -> Any:
        return self.runners[number].serving(self.plan(*flags, **changes), self.told.append)

    @property
    def pids(self) -> list[int]:
        return [note["pid"] for note in started(self.notes)]


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    # Both are one process here, whose own offers would be passed over.
    monkeypatch.setattr(sharing, "is_own", lambda _: False)
    found = Rig(tmp_path)
    yield found
    for runner in found.runners:
        await runner.aclose()
    with anyio.fail_after(LIMIT_S):
        while running(found.notes):  # noqa: ASYNC110
            await anyio.sleep(0.01)


async def test_a_second_process_uses_the_first_ones_server(rig: Rig) -> None:
    async with rig.serving(0) as first, rig.serving(1) as second:
        assert second == first
    async with rig.serving(1) as again:
        assert again == first
    assert len(rig.pids) == 1


async def test_two_at_once_start_one(rig: Rig) -> None:
    found: list[Served] = []

    async def ask(number: int) -> None:
        async with rig.serving(number, "--gate", str(rig.gate)) as served:
            found.append(served)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, 0)
        tasks.start_soon(ask, 1)
        with anyio.fail_after(LIMIT_S):
            while "Waiting for tiny, which another editor starts or stops" not in rig.told or not rig.pids:  # noqa: ASYNC110
                await anyio.sleep(0.01)
        rig.gate.touch()
    assert found[0] == found[1]
    assert len(rig.pids) == 1


async def test_when_the_owner_ends_the_other_starts_its_own(rig: Rig) -> None:
    async with rig.serving(0) as first:
        pass
    async with rig.serving(1):
        await rig.runners[0].aclose()
    async with rig.serving(1) as second:
        assert second != first
    assert len(rig.pids) == 2


async def test_a_server_that_has_died_is_replaced_though_its_owner_lives(rig: Rig) -> None:
    async with rig.serving(0) as first:
        os.kill(rig.pids[0], 9)
        assert gone(rig.pids[0])
        async with rig.serving(1) as second:
            assert second != first
    async with rig.serving(0) as third:
        assert third == second


async def test_it_is_not_idle_while_another_process_uses_it(rig: Rig) -> None:
    async with rig.serving(0, idle_s=0.05):
        pass
    async with rig.serving(1, idle_s=0.05):
        await anyio.sleep(0.3)
        assert alive(rig.pids[0])
    with anyio.fail_after(LIMIT_S):
        while alive(rig.pids[0]):  # noqa: ASYNC110
            await anyio.sleep(0.01)


async def test_other_settings_are_another_server(rig: Rig) -> None:
    async with rig.serving(0) as first, rig.serving(1, "--jinja") as second:
        assert second != first
    assert len(rig.pids) == 2


async def test_a_port_that_is_not_this_users_gets_no_key(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(self: SystemListeningPorts) -> frozenset[int]:
        return frozenset()

    async with rig.serving(0) as first:
        monkeypatch.setattr(SystemListeningPorts, "ports", none)
        async with rig.serving(1) as second:
            assert second != first


def test_the_file_has_what_is_needed_and_no_more(tmp_path: Path, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    offered(tmp_path, other, monkeypatch)
    (file,) = (tmp_path / "acp-agents/models").glob("*.json")
    assert sorted(msgspec.json.decode(file.read_bytes())) == ["base_url", "began", "key", "pid", "port"]
