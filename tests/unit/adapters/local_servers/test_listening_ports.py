"""The ports a user's programs listen on, from the output of each system."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.local_servers.listening_ports import (
    SystemListeningPorts,
    from_lsof,
    from_netstat,
    from_proc_net,
    from_tasklist,
)

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def line(address: str, state: str = "0A", uid: int = 1000, inode: int = 42) -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  {uid}        0 {inode} 1 0 100 0 0 10 0\n"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("0100007F:2CAA", {11434}),
        ("0200007F:2CAA", {11434}),
        ("00000000:2CAA", {11434}),
        ("00000000000000000000000001000000:2CAA", {11434}),
        ("00000000000000000000000000000000:2CAA", {11434}),
        ("0000000000000000FFFF00000100007F:2CAA", {11434}),
        ("0000000000000000FFFF000000000000:2CAA", {11434}),
        ("0501A8C0:2CAA", set()),
        ("0000000000000000FFFF00000501A8C0:2CAA", set()),
        ("B80D0120000000000000000001000000:2CAA", set()),
    ],
)
def test_linux_addresses(address: str, found: set[int]) -> None:
    assert set(from_proc_net(HEAD + line(address), 1000)) == found


def test_linux_takes_the_users_own_listening_sockets_only() -> None:
    table = HEAD + line("0100007F:0001") + line("0100007F:0002", "01") + line("0100007F:0003", uid=0)
    table += line("0100007F:0004", inode=7) + line("0100007F:0005") + "   9: broken\n"
    assert from_proc_net(table, 1000, frozenset({"7"})) == {1: "42", 5: "42"}
    assert from_proc_net("", 1000) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_linux_for_real() -> None:
    """Another process's ports are found, this one's are not."""
    code = (
        "import socket; four = socket.create_server(('127.0.0.1', 0)); "
        "six = socket.create_server(('::1', 0), family=socket.AF_INET6); "
        "print(four.getsockname()[1], six.getsockname()[1], flush=True); input()"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as own,
        subprocess.Popen(  # noqa: ASYNC220  it answers at once
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
    ):
        assert other.stdout is not None
        theirs = {int(port) for port in other.stdout.readline().split()}
        with blockbuster_ctx("modelport"):
            found = await SystemListeningPorts().ports()
            listeners = await SystemListeningPorts().listeners()
        assert theirs <= found
        assert own.getsockname()[1] not in found
        assert found <= listeners.keys()
        assert {listeners[port] for port in theirs} == {other.pid}
        other.communicate(b"\n")


async def test_linux_without_ipv6_or_without_proc(tmp_path: Path) -> None:
    assert await SystemListeningPorts("linux", tmp_path).ports() == frozenset()
    (tmp_path / "self" / "fd").mkdir(parents=True)
    (tmp_path / "self" / "fd" / "1").symlink_to("socket:[7]")
    (tmp_path / "self" / "fd" / "2").write_text("closed meanwhile")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        HEAD + line("0100007F:0001", uid=os.getuid()) + line("0100007F:0002", uid=os.getuid(), inode=7)
    )
    assert await SystemListeningPorts("linux", tmp_path).ports() == {1}
    (tmp_path / "net" / "tcp").write_text(HEAD + line("0100007F:zzzz", uid=os.getuid()))
    assert await SystemListeningPorts("linux", tmp_path).ports() == frozenset()


async def test_linux_the_process_that_listens(tmp_path: Path) -> None:
    """The oldest one that holds the socket; none where only another user's process does, whose folder is closed."""
    for pid, inode in (("40", "5"), ("30", "5"), ("self", "9"), ("50", "6")):
        folder = tmp_path / pid / "fd"
        folder.mkdir(parents=True)
        (folder / "0").symlink_to("/dev/null")
        (folder / "3").symlink_to(f"socket:[{inode}]")
    (tmp_path / "60").mkdir()
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        HEAD + line("0100007F:0005", uid=os.getuid(), inode=5) + line("0100007F:0007", uid=os.getuid(), inode=7)
    )
    (tmp_path / "net" / "tcp6").write_text(
        HEAD + line(f"{'0' * 24}01000000:0006", uid=os.getuid(), inode=6)
        + line(f"{'0' * 24}01000000:0009", uid=os.getuid(), inode=9)
    )  # fmt: skip
    ports = SystemListeningPorts("linux", tmp_path)
    assert await ports.listeners() == {5: 30, 6: 50, 7: None}
    assert await ports.ports() == {5, 6, 7}
    assert await SystemListeningPorts("linux", tmp_path / "none").listeners() == {}


LSOF = f"""\
p123
f5
n127.0.0.1:11434
f6
n[::1]:11434
p456
f3
n*:8080
n192.168.1.5:9999
n[fe80::1]:7777
p{os.getpid()}
f3
n127.0.0.1:5555
"""


async def test_macos() -> None:
    commands: list[list[str]] = []

    async def run(command: list[str]) -> str:
        commands.append(command)
        return LSOF

    ports = SystemListeningPorts("darwin", run=run)
    assert await ports.ports() == {11434, 8080}
    assert await ports.listeners() == {11434: 123, 8080: 456}
    command = commands[0]
    assert {"-nP", "-a", "-iTCP", "-sTCP:LISTEN", "-Fpn"} <= set(command)
    assert command[command.index("-u") + 1] == str(os.getuid())
    assert from_lsof("", 1) == {}
    assert from_lsof("p1\nnlocalhost:http (LISTEN)\nn\nn:5\n", 2) == {}


NETSTAT = """\

Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN         900
  TCP    127.0.0.1:11434        0.0.0.0:0              ABHÖREN         1234
  TCP    0.0.0.0:8080           0.0.0.0:0              ABHÖREN         1234
  TCP    192.168.1.5:9999       0.0.0.0:0              ABHÖREN         1234
  TCP    127.0.0.1:50001        127.0.0.1:50002        HERGESTELLT     1234
  TCP    [::1]:1234             [::]:0                 ABHÖREN         5678
  TCP    [::]:4000              [::]:0                 ABHÖREN         5678
  UDP    127.0.0.1:1900         *:*                                    1234
"""
TASKLIST = '"ollama.exe","1234","Console","1","20,000 K"\r\n"LM Studio.exe","5678","Console","1","1 K"\r\nINFO: x\r\n'


async def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERDOMAIN", "DESK")
    monkeypatch.setenv("USERNAME", "me")
    commands: list[list[str]] = []

    async def run(command: list[str]) -> str:
        commands.append(command)
        return TASKLIST if command[0] == r"C:\Windows\System32\tasklist.exe" else NETSTAT

    ports = SystemListeningPorts("win32", run=run)
    assert await ports.ports() == {11434, 8080, 1234, 4000}
    assert await ports.listeners() == {11434: 1234, 8080: 1234, 1234: 5678, 4000: 5678}
    assert commands[0][-1] == r"USERNAME eq DESK\me"
    assert from_tasklist(TASKLIST) == {1234, 5678}
    assert from_netstat(NETSTAT, frozenset({5678})) == {1234: 5678, 4000: 5678}


async def test_a_system_that_does_not_say_has_no_ports() -> None:
    async def missing(_: list[str]) -> str:
        raise FileNotFoundError

    async def nonsense(_: list[str]) -> str:
        return "pfive\nn127.0.0.1:1\n"

    assert await SystemListeningPorts("darwin", run=missing).ports() == frozenset()
    assert await SystemListeningPorts("darwin", run=nonsense).ports() == frozenset()
    assert await SystemListeningPorts("win32", run=missing).ports() == frozenset()
    assert await SystemListeningPorts("plan9").ports() == frozenset()


async def test_a_program_is_run_and_read() -> None:
    from modelport.adapters.child_processes.running import system_output

    code = "import sys; print('n127.0.0.1:5'); print('noise', file=sys.stderr); sys.exit(1)"
    assert (await system_output([sys.executable, "-c", code])).strip() == "n127.0.0.1:5"
