"""Instances that have announced themselves: what is believed, what is shown, and what is cleaned away."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.agents.instances import liveness
from modelport.adapters.agents.instances.announced import AnnouncedInstances
from modelport.adapters.agents.instances.folder import instance_folder
from modelport.adapters.agents.instances.liveness import began_after, lives
from modelport.adapters.agents.instances.names import pid_of
from modelport.protocol.types import Agent, AgentProcess

pytestmark = pytest.mark.skipif(os.name == "nt", reason="owners and modes are POSIX's")
OTHER_USER = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "acp-agents"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture(scope="module")
def running() -> Iterator[int]:
    """A process that lives."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def now() -> str:
    return datetime.now(UTC).isoformat()


def fields(pid: int, **changes: Any) -> dict[str, Any]:
    known = {
        "formatVersion": 1,
        "pid": pid,
        "startedAt": now(),
        "name": "acme",
        "protocol": "acp",
        "transport": "stdio",
    }
    return {**known, **changes}


def put(folder: Path, pid: int, *, file: str | None = None, mode: int = 0o600, **changes: Any) -> Path:
    said = fields(pid, **changes)
    path = folder / (file or f"{said['name']}-{pid}.json")
    path.write_text(json.dumps(said))
    path.chmod(mode)
    return path


def announced(folder: Path) -> list[Agent]:
    return list(AnnouncedInstances({"XDG_RUNTIME_DIR": str(folder.parent)}).announced())


def test_what_an_instance_says_is_told(folder: Path, running: int) -> None:
    said = {
        "displayName": "Acme Agent", "version": "1.2", "protocolVersion": 1, "host": {"name": "Zed", "pid": 7},
        "capabilities": ["session/list", "session/load"],
    }  # fmt: skip
    put(folder, running, **said)
    (agent,) = announced(folder)
    assert (agent.agent_id, agent.display_name, agent.version) == ("acme", "Acme Agent", "1.2")
    assert (agent.installed, agent.configured, agent.pid, agent.command) == (True, True, running, "")
    assert (agent.protocol, agent.transport, agent.protocol_version) == ("acp", "stdio", 1)
    assert (agent.sources, agent.identity, agent.status) == (("announced",), "name-only", "unknown")
    assert agent.capabilities == {"session/list": True, "session/load": True}
    assert agent.processes == (AgentProcess(pid=running, parent="Zed", parent_pid=7),)
    assert agent.argv is None


def test_one_that_says_little(folder: Path, running: int) -> None:
    put(folder, running)
    (agent,) = announced(folder)
    assert (agent.display_name, agent.version, agent.url, agent.capabilities) == ("acme", "", None, None)
    assert agent.detail.startswith("Runs since ")
    assert agent.processes == (AgentProcess(pid=running),)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"name": "Zed", "pid": 123}, "Serves Zed (pid 123) since "),
        ({"name": "Zed"}, "Serves Zed since "),
        ({"pid": 123}, "Serves another program (pid 123) since "),
        ({"name": "\x1b"}, "Runs since "),
    ],
)
def test_for_whom_it_works_is_said(folder: Path, running: int, host: dict[str, Any], words: str) -> None:
    put(folder, running, host=host)
    assert announced(folder)[0].detail.startswith(words)


def test_since_when_is_said_in_the_readers_own_time(
    folder: Path, running: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelport.adapters.agents.instances import announced as module

    here = datetime(2040, 5, 6, 14, 2, tzinfo=UTC).astimezone()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return here + timedelta(seconds=1)

    monkeypatch.setattr(module, "datetime", Clock)
    put(folder, running, startedAt="2040-05-06T14:02:00Z")
    assert announced(folder)[0].detail == f"Runs since {here:%H:%M}."
    put(folder, running, startedAt="2040-05-02T14:02:00+00:00")
    assert announced(folder)[0].detail == f"Runs since 2040-05-02 {here:%H:%M}."


def test_several_of_a_name_are_several(folder: Path, running: int) -> None:
    put(folder, running)
    put(folder, os.getppid())
    put(folder, running, name="other", protocol="a2a", transport="http", url="http://127.0.0.1:41241/a")
    found = announced(folder)
    assert sorted((agent.agent_id, agent.pid) for agent in found) == sorted(
        [("acme", running), ("acme", os.getppid()), ("other", running)]
    )
    assert [agent.url for agent in found if agent.agent_id == "other"] == ["http://127.0.0.1:41241/a"]


def test_the_one_who_looks_is_not_listed(folder: Path) -> None:
    put(folder, os.getpid())
    assert announced(folder) == []
    assert len(list(folder.iterdir())) == 1


def test_control_characters_are_removed(folder: Path, running: int) -> None:
    put(
        folder, running, displayName="A\x1b[2J\nB", version="1\x07", protocolVersion="1\r2", url="http://127.0.0.1/\x1b",
        host={"name": "Z\x00\u202eed"}, capabilities=["a\x1bb"],
    )  # fmt: skip
    (agent,) = announced(folder)
    assert (agent.display_name, agent.version, agent.protocol_version) == ("A [2J B", "1", "1 2")
    assert agent.url is None
    assert agent.capabilities == {"a b": True}
    assert agent.processes is not None
    assert agent.processes[0].parent == "Z ed"
    assert agent.detail.isprintable()


def test_what_is_not_known_is_passed_over(folder: Path, running: int) -> None:
    put(folder, running, protocol="gopher", transport="pipe", extra={"deep": [1]})
    (agent,) = announced(folder)
    assert (agent.protocol, agent.transport) == ("other", None)


@pytest.mark.parametrize("url", ["http://host.example/", "http://127.0.0.1@host.example/", "http://127.0.0.1.example/", "http://127.0.0.1/?key=x", "javascript:x"])  # fmt: skip
def test_an_address_elsewhere_is_not_told(folder: Path, running: int, url: str) -> None:
    put(folder, running, transport="http", url=url)
    assert announced(folder)[0].url is None


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": 0o620},
        {"mode": 0o602},
        {"formatVersion": 2},
        {"file": "other-{pid}.json"},
        {"file": "acme-1.json"},
        {"file": "acme.json"},
        {"file": ".acme-{pid}.json.new"},
        {"file": "acme-{pid}.txt"},
        {"padding": "x" * 16384},
        {"name": "acme", "protocol": 1},
    ],
)
def test_what_does_not_fit_is_passed_over_and_kept(folder: Path, running: int, changes: dict[str, Any]) -> None:
    if "file" in changes:
        changes = {**changes, "file": changes["file"].format(pid=running)}
    path = put(folder, running, **changes)
    assert announced(folder) == []
    assert path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 16000])
def test_a_file_of_nonsense(folder: Path, running: int, content: bytes) -> None:
    (folder / f"acme-{running}.json").write_bytes(content)
    assert announced(folder) == []


def test_a_link_is_not_followed(folder: Path, running: int, tmp_path: Path) -> None:
    elsewhere = put(tmp_path, running)
    (folder / elsewhere.name).symlink_to(elsewhere)
    assert announced(folder) == []


def test_a_pipe_does_not_block(folder: Path, running: int) -> None:
    os.mkfifo(folder / f"acme-{running}.json", 0o600)
    assert announced(folder) == []


def test_a_folder_in_a_files_place(folder: Path, running: int) -> None:
    (folder / f"acme-{running}.json").mkdir()
    assert announced(folder) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_and_folder_are_passed_over(folder: Path, running: int) -> None:
    path = put(folder, running)
    os.chown(path, OTHER_USER, OTHER_USER)
    assert announced(folder) == []
    os.chown(path, 0, 0)
    assert len(announced(folder)) == 1
    os.chown(folder, OTHER_USER, OTHER_USER)
    assert announced(folder) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can start another user's process")
def test_another_users_process_is_not_ours() -> None:
    # Root may signal every process, so the process that looks runs as another user.
    script = "import __future__, os, sys, time, typing; source = sys.stdin.read(); os.setgroups([]); os.setgid({0}); os.setuid({0}); exec(source); print(lives({1}), lives(os.getpid()))"
    command = [sys.executable, "-I", "-c", script.format(OTHER_USER, os.getpid())]
    source = Path(liveness.__file__).read_text()
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z"])
def test_a_time_at_the_end_of_times(folder: Path, running: int, time: str) -> None:
    put(folder, running, startedAt=time)
    assert announced(folder) == []


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_believed(folder: Path, running: int, gone: int, mode: int) -> None:
    put(folder, running)
    stale = put(folder, gone)
    folder.chmod(mode)
    assert announced(folder) == []
    assert stale.exists(), "nothing is done in such a folder"


def test_a_folder_that_is_a_link_is_not_believed(folder: Path, running: int, tmp_path: Path) -> None:
    put(folder, running)
    other = tmp_path / "other"
    other.mkdir()
    (other / "acp-agents").symlink_to(folder)
    assert announced(other / "acp-agents") == []


def test_no_folder_and_a_file_in_its_place(tmp_path: Path) -> None:
    assert announced(tmp_path / "nowhere" / "acp-agents") == []
    (tmp_path / "acp-agents").write_text("")
    assert announced(tmp_path / "acp-agents") == []


def test_what_the_dead_left_is_removed(folder: Path, running: int, gone: int) -> None:
    kept = put(folder, running)
    put(folder, gone)
    put(folder, gone, file=f".acme-{gone}.json.new")
    (folder / f"broken-{gone}.json").write_text("{")
    (folder / f"link-{gone}.json").symlink_to(kept)
    (folder / "README").write_text("not ours")
    assert [agent.pid for agent in announced(folder)] == [running]
    assert sorted(path.name for path in folder.iterdir()) == ["README", kept.name]


def test_what_cannot_be_removed_is_passed_over(folder: Path, gone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    put(folder, gone)
    monkeypatch.setattr(os, "unlink", refuse)
    assert announced(folder) == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not report when a process began")
def test_a_number_that_was_given_again_is_another_process(folder: Path, running: int) -> None:
    early = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    path = put(folder, running, startedAt=early)
    assert announced(folder) == []
    assert path.exists(), "clocks are set, and its process lives: it is not ours to remove"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not report when a process began")
def test_when_a_process_began() -> None:
    moment = datetime.now(UTC).timestamp()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert not began_after(process.pid, moment)
        assert began_after(process.pid, moment - 60)
        assert not began_after(process.pid, moment + 60)
        process.communicate(b"\n")
    assert not began_after(process.pid, 0), "of one that is gone nothing is known"


def test_a_zombie_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not lives(process.pid)


@pytest.mark.parametrize(
    ("variables", "system", "place"),
    [
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, "linux", "/run/user/7/acp-agents"),
        ({"XDG_RUNTIME_DIR": "/r", "TMPDIR": "/t"}, "darwin", "/r/acp-agents"),
        ({"XDG_RUNTIME_DIR": "r", "TMPDIR": "/t"}, "darwin", "/t/acp-agents"),
        ({"TMPDIR": "/t/"}, "darwin", "/t/acp-agents"),
        ({}, "darwin", f"/tmp/acp-agents-{os.geteuid()}"),
        ({"TMPDIR": "/t"}, "linux", f"/tmp/acp-agents-{os.geteuid()}"),
        ({"XDG_RUNTIME_DIR": ""}, "linux", f"/tmp/acp-agents-{os.geteuid()}"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/Temp/acp-agents"),
        ({}, "win32", None),
    ],
)
def test_where_they_are_announced(variables: dict[str, str], system: str, place: str | None) -> None:
    assert instance_folder(variables, system) == place


@pytest.mark.parametrize(
    ("file", "pid"),
    [
        ("acme-1.json", 1),
        ("a-b-12.json", 12),
        (".acme-7.json.new", 7),
        ("acme-2147483647.json", 2147483647),
        ("acme-2147483648.json", None),
        ("acme-99999999999999999999.json", None),
        ("acme-0.json", None),
        ("acme-01.json", None),
        ("acme--1.json", None),
        ("acme-\u0661.json", None),
        ("acme-\u00b2.json", None),
        ("acme-1", None),
        ("acme-1.json.new", None),
        (".acme-1.json", None),
        ("-1.json", None),
        ("ACME-1.json", None),
        ("acme.json", None),
        ("", None),
    ],
)
def test_whose_file_it_is(file: str, pid: int | None) -> None:
    assert pid_of(file) == pid


def test_looking_needs_no_event_loop(folder: Path, running: int) -> None:
    put(folder, running)
    script = (
        "import sys\n"
        "from modelport.adapters.agents.instances.announced import AnnouncedInstances\n"
        "assert len(AnnouncedInstances({'XDG_RUNTIME_DIR': sys.argv[1]}).announced()) == 1\n"
        "print([m for m in ('anyio', 'asyncio', 'subprocess', 'pathlib', 'urllib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder.parent)], capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout.replace("'", '"'))) <= {"pathlib", "urllib"}


def test_a_files_mode_is_what_the_owner_gave_it(folder: Path, running: int) -> None:
    path = put(folder, running, mode=0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert len(announced(folder)) == 1, "others may read it: it holds no secret"
