"""A server announces itself in a file, and leaves none behind."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from support.server_process import ServerProcess
from support.waiting import until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes and signals are POSIX's")
SCHEMA = json.loads((Path(__file__).parents[2] / "protocol" / "instance.schema.json").read_text())
CANARY = "gsk_CANARY5f0c2e7d91b84a63"
WAIT_S = 10.0


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def names(runtime: Path) -> list[str]:
    folder = runtime / "acp-agents"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def announced(runtime: Path, server: ServerProcess) -> Path:
    """The server's file, once it is there."""
    path = runtime / "acp-agents" / f"modelport-{server.process.pid}.json"
    until(path.exists, f"no announcement; stderr: {server.stderr}")
    return path


def test_what_is_said(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", CANARY)
    before = datetime.now(UTC) - timedelta(seconds=1)
    with ServerProcess() as server:
        server.initialize(
            clientInfo={"name": "Zed\x1b[2J", "version": CANARY},
            rootUri=f"file:///home/{CANARY}",
            initializationOptions={"apiKey": CANARY},
        )
        path = announced(runtime, server)
        text = path.read_text()
        said = json.loads(text)
        jsonschema.Draft202012Validator(SCHEMA).validate(said)
        assert (said["name"], said["protocol"], said["transport"]) == ("modelport", "lsp", "stdio")
        assert said["pid"] == server.process.pid
        assert said["host"] == {"name": "Zed [2J", "pid": os.getpid()}
        assert "completion" in said["capabilities"]
        assert before <= datetime.fromisoformat(said["startedAt"]) <= datetime.now(UTC)
        assert CANARY not in text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert names(runtime) == [path.name]
        assert server.close() == 0
    assert names(runtime) == []


def say_exit(server: ServerProcess) -> None:
    server.notify("exit")


def close_input(server: ServerProcess) -> None:
    server.close_input()


def terminate(server: ServerProcess) -> None:
    server.process.send_signal(signal.SIGTERM)


def interrupt(server: ServerProcess) -> None:
    server.process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("end", [say_exit, close_input, terminate, interrupt])
def test_nothing_is_left_behind(runtime: Path, end: Callable[[ServerProcess], None]) -> None:
    with ServerProcess() as server:
        server.initialize()
        announced(runtime, server)
        end(server)
        assert server.process.wait(WAIT_S) != 0
    assert names(runtime) == []


@pytest.mark.parametrize("end", [say_exit, close_input, terminate])
def test_nothing_is_left_behind_where_it_is_still_being_written(
    runtime: Path, end: Callable[[ServerProcess], None]
) -> None:
    with ServerProcess() as server:
        server.initialize()
        end(server)
        server.process.wait(WAIT_S)
    assert names(runtime) == []


def test_nothing_is_left_behind_when_the_client_is_gone(runtime: Path) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as client,
        ServerProcess() as server,
    ):
        server.initialize(processId=client.pid)
        announced(runtime, server)
        client.kill()
        client.wait()
        assert server.process.wait(WAIT_S) == 1
    assert names(runtime) == []


def test_nothing_is_said_before_the_client_is_ready(runtime: Path) -> None:
    with ServerProcess() as server:
        server.request("initialize", {"processId": None, "capabilities": {}})
        assert server.alive()
        assert names(runtime) == []
        server.notify("initialized", {})
        assert "host" not in json.loads(announced(runtime, server).read_text())
        assert server.close() == 0


def test_initialized_before_initialize_says_nothing(runtime: Path) -> None:
    with ServerProcess() as server:
        server.notify("initialized", {})
        assert server.request("provider/list")["error"]["code"] == -32002
        assert names(runtime) == []


def test_what_a_killed_server_left_is_cleaned_by_the_next(runtime: Path) -> None:
    with ServerProcess() as killed:
        killed.initialize()
        stale = announced(runtime, killed)
        killed.process.kill()
        killed.process.wait(WAIT_S)
    assert names(runtime) == [stale.name]
    with ServerProcess() as server:
        server.initialize()
        path = announced(runtime, server)
        until(lambda: not stale.exists(), "the file of a dead process is still there")
        assert names(runtime) == [path.name]
        assert server.close() == 0


def test_two_servers_are_two(runtime: Path) -> None:
    with ServerProcess() as first, ServerProcess() as second:
        first.initialize(clientInfo={"name": "Zed"})
        second.initialize(clientInfo={"name": "Neovim"})
        hosts = {json.loads(announced(runtime, server).read_text())["host"]["name"] for server in (first, second)}
        assert hosts == {"Zed", "Neovim"}
        assert first.close() == 0
        assert names(runtime) == [f"modelport-{second.process.pid}.json"]
        assert second.close() == 0
    assert names(runtime) == []


def missing(runtime: Path) -> None:
    runtime.rmdir()


def a_file(runtime: Path) -> None:
    runtime.rmdir()
    runtime.write_text("")


def open_to_others(runtime: Path) -> None:
    (runtime / "acp-agents").mkdir()
    (runtime / "acp-agents").chmod(0o777)


def a_link(runtime: Path) -> None:
    elsewhere = runtime.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (runtime / "acp-agents").symlink_to(elsewhere)


def in_the_way(runtime: Path) -> None:
    (runtime / "acp-agents").write_text("")


@pytest.mark.parametrize("spoil", [missing, a_file, open_to_others, a_link, in_the_way])
def test_a_folder_that_cannot_be_used_is_no_problem(
    runtime: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None]
) -> None:
    spoil(runtime)
    monkeypatch.setenv("MODELPORT_LOG", "debug")
    with ServerProcess() as server:
        server.initialize()
        until(lambda: "this server could not be announced" in server.stderr, "nothing was logged")
        assert server.alive()
        assert server.close() == 0
        server._errors.join(5)
    assert not [line for line in server.stderr.splitlines() if " WARNING " in line or " ERROR " in line]
    assert not list(runtime.parent.rglob("modelport-*"))


def test_without_the_log_nothing_is_said_of_it(runtime: Path) -> None:
    missing(runtime)
    with ServerProcess() as server:
        server.initialize()
        assert server.alive()
        assert server.close() == 0
        server._errors.join(5)
    assert server.stderr == ""


def test_it_is_loaded_when_the_client_is_ready_and_brings_little(runtime: Path) -> None:
    with ServerProcess(command=(sys.executable, "-X", "importtime", "-m", "modelport")) as server:
        server.request("initialize", {"capabilities": {}})
        assert "error" in server.request("bench/ping")
        until(lambda: "modelport.frontends.lsp.server" in server.stderr, "the server's imports were not listed")
        before = server.stderr
        server.notify("initialized", {})
        announced(runtime, server)
        assert server.close() == 0
        server._errors.join(5)
    agents = "modelport.adapters.agents"
    assert ours(before) & {"modelport.app.announcing", agents} == set()
    assert ours(server.stderr) - ours(before) == {
        "modelport.adapters", "modelport.adapters.system", "modelport.adapters.system.user_id",
        "modelport.adapters.system.private_files", "modelport.adapters.system.regular_files", agents, "modelport.app", "modelport.app.announcing",
        f"{agents}.instances", f"{agents}.instances.announcement", f"{agents}.instances.folder",
        f"{agents}.instances.names", f"{agents}.instances.liveness",
    }  # fmt: skip


def ours(listing: str) -> set[str]:
    """The modules of ours in a list of imports."""
    names = {line.rpartition("|")[2].strip() for line in listing.splitlines() if line.startswith("import time")}
    return {name for name in names if name.startswith("modelport")}
