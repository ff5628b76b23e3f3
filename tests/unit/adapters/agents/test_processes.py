"""The processes of this user, as each system lists them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.agents.processes import SystemProcesses, from_ps
from modelport.domain.agents.observations import Running


def entry(proc: Path, pid: int, cmdline: bytes, *, parent: int = 1, name: str = "node", exe: str | None = None) -> Path:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "cmdline").write_bytes(cmdline)
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} {pid} {pid} 0 -1")
    (folder / "comm").write_text(f"{name}\n")
    if exe:
        (folder / "exe").symlink_to(exe)
    return folder


async def test_linux(tmp_path: Path) -> None:
    entry(tmp_path, 1, b"/sbin/init\0", parent=0, name="systemd")
    entry(tmp_path, 10, b"/usr/lib/zed/zed-editor\0", name="zed", exe="/usr/lib/zed/zed-editor (deleted)")
    entry(tmp_path, 20, b"node\0/x/bin/gemini\0--acp\0", parent=10)
    entry(tmp_path, 30, b"title of its own --acp", parent=20, name="a) S 7 (b")
    entry(tmp_path, 40, b"", name="kworker")
    entry(tmp_path, 50, b"x\0\xff\0\0", parent=999)
    entry(tmp_path, os.getpid(), b"python\0")
    (tmp_path / "net").mkdir()
    (tmp_path / "60").mkdir()
    (tmp_path / "70").mkdir()
    (tmp_path / "70" / "cmdline").write_bytes(b"x\0")
    (tmp_path / "70" / "stat").write_text("")
    found = {one.pid: one for one in await SystemProcesses("linux", tmp_path).running()}
    assert sorted(found) == [1, 10, 20, 30, 50]
    assert found[1] == Running(pid=1, argv=("/sbin/init",))
    assert found[20] == Running(pid=20, argv=("node", "/x/bin/gemini", "--acp"), parent_pid=10, parent="zed-editor")
    assert found[30] == Running(pid=30, argv=("title of its own --acp",), parent_pid=20, parent="node")
    assert found[50] == Running(pid=50, argv=("x", "\ufffd", ""), parent_pid=999)
    assert await SystemProcesses("linux", tmp_path / "none").running() == ()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
async def test_linux_leaves_other_users_processes_alone(tmp_path: Path) -> None:
    os.chown(entry(tmp_path, 10, b"x\0"), 12345, 12345)
    assert await SystemProcesses("linux", tmp_path).running() == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_linux_for_real() -> None:
    command = [sys.executable, "-c", "input()", "--acp"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as other:  # noqa: ASYNC220  it starts at once
        with blockbuster_ctx("modelport"):
            found = {one.pid: one for one in await SystemProcesses().running()}
        other.communicate(b"\n")
    assert found[other.pid].argv[1:] == ("-c", "input()", "--acp")
    assert found[other.pid].parent_pid == os.getpid()
    assert found[other.pid].parent == os.path.basename(os.readlink("/proc/self/exe"))  # noqa: PTH115, PTH119
    assert os.getpid() not in found


PS = f"""\
    1     0   777 /sbin/launchd
  300     1   501 /Applications/Zed.app/Contents/MacOS/zed
  301   300   501 node /opt/homebrew/bin/gemini --acp
  302   300   502 node /opt/homebrew/bin/gemini --acp
  {os.getpid()}   300   501 python -m modelport
broken
"""
NAMES = """\
    1 /sbin/launchd
  300 /Applications/Visual Studio Code.app/Contents/MacOS/Electron
  301 node
  9
"""


async def test_macos() -> None:
    commands: list[list[str]] = []

    async def run(command: list[str]) -> str:
        commands.append(command)
        return NAMES if command[-1] == "pid=,comm=" else PS.replace(" 501 ", f" {os.getuid()} ")

    assert [one.pid for one in await SystemProcesses("darwin", run=run).running()] == [300, 301]
    assert [command[0] for command in commands] == ["/bin/ps", "/bin/ps"]
    assert from_ps(PS, NAMES, 501) == [
        Running(pid=300, argv=("/Applications/Zed.app/Contents/MacOS/zed",), parent_pid=1, parent="launchd"),
        Running(pid=301, argv=("node", "/opt/homebrew/bin/gemini", "--acp"), parent_pid=300, parent="Electron"),
    ]
    assert from_ps("", "", 501) == []


async def test_a_system_that_does_not_say_has_no_processes() -> None:
    async def missing(_: list[str]) -> str:
        raise FileNotFoundError

    async def nonsense(_: list[str]) -> str:
        return f"one two {os.getuid()} three\n"

    assert await SystemProcesses("darwin", run=missing).running() == ()
    assert await SystemProcesses("darwin", run=nonsense).running() == ()
    assert await SystemProcesses("win32").running() == ()


async def test_a_program_is_run_and_read() -> None:
    from modelport.adapters.child_processes.running import system_output

    code = "import sys; print('line'); print('noise', file=sys.stderr); sys.exit(1)"
    assert (await system_output([sys.executable, "-c", code])).strip() == "line"
