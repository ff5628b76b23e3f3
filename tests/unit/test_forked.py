"""Forked processes are like started ones, for all that the end-to-end tests rely on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forked import Commands, ForkedProcess, ForkServer
from support.server_process import ServerProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each process is started")
PIPES = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
SCHEMA = ("config", "schema")


@pytest.fixture(scope="module")
def server(own_machine: None) -> Iterator[ForkServer]:
    forking = ForkServer()
    yield forking
    forking.close()


@pytest.fixture
def forking(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> ForkServer:
    monkeypatch.setattr(ForkServer, "current", server)
    return server


@pytest.mark.parametrize("arguments", [("--version",), SCHEMA, ("chat", "--made-up"), ("made-up",)], ids=" ".join)
def test_what_it_prints_and_its_code_are_those_of_a_started_one(server: ForkServer, arguments: tuple[str, ...]) -> None:
    started = subprocess.run([sys.executable, "-m", "modelport", *arguments], capture_output=True, check=False)
    with ForkedProcess(server, arguments, **PIPES) as process:
        output, errors = process.communicate(timeout=15)
    assert (output, errors, process.returncode) == (started.stdout, started.stderr, started.returncode)


def test_it_has_the_environment_the_folder_and_the_descriptors_that_were_requested(
    forking: ForkServer, tmp_path: Path
) -> None:
    with ServerProcess(env={"OPENAI_API_KEY": "sk-of-the-test-0123456789"}, cwd=tmp_path) as running:
        assert isinstance(running.process, ForkedProcess)
        running.initialize()
        assert "openai" in _configured(running)
        assert Path(f"/proc/{running.process.pid}/cwd").readlink() == tmp_path
        ours = {os.fsencode(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.exists()}
        assert not any(b"socket" in link and link in ours for link in _links(running.process.pid))
        assert running.close() == 0
    with ServerProcess(cwd=tmp_path) as running:
        running.initialize()
        assert "openai" not in _configured(running)


def _configured(running: ServerProcess) -> set[str]:
    return {row["id"] for row in running.result("provider/list", {"configuredOnly": True})["providers"]}


def _links(pid: int) -> list[bytes]:
    return [os.fsencode(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]


def test_its_end_by_a_signal_is_reported(forking: ForkServer) -> None:
    with ServerProcess() as running:
        running.initialize()
        assert running.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.01)
        running.process.send_signal(signal.SIGKILL)
        assert running.process.wait(10) == -signal.SIGKILL


def test_a_fresh_one_and_one_with_another_interpreter_are_started(forking: ForkServer) -> None:
    for options in ({"fresh": True}, {"env": {"PYTHONIOENCODING": "latin-1"}}, {"command": (sys.executable,)}):
        arguments = ("-c", "") if "command" in options else ("serve",)
        with ServerProcess(**options, arguments=arguments) as running:
            assert not isinstance(running.process, ForkedProcess), options


def test_commands_run_in_an_interpreter_of_their_environment() -> None:
    commands = Commands()
    try:
        chat = ("chat", "-m", "mock/mock", "--no-log", "fox 🦊")
        plain = commands.run(chat, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
        other = commands.run(chat, env={**os.environ, "PYTHONIOENCODING": "cp1252"})
    finally:
        commands.close()
    assert "fox 🦊".encode() in plain.stdout
    assert b"fox ?" in other.stdout
