"""Whose programs listen on a port: from tables of Linux, made up and real."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.local_servers.port_listeners import SystemPortListeners
from support.other_user import NOBODY, listening_as

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ANY_4, LOOPBACK_4, OTHER_4 = "00000000", "0100007F", "0200007F"
ANY_6, LOOPBACK_6, MAPPED_4 = "0" * 32, "0" * 24 + "01000000", "0" * 16 + "FFFF00000100007F"
FULL = "         0          0 4294967295\n"
posix = pytest.mark.skipif(sys.platform == "win32", reason="names of accounts are read from the system")


def line(address: str, uid: int, port: int = 11434, state: str = "0A") -> str:
    return f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  {uid}  0 9 1 0 20 4\n"


def proc(folder: Path, four: str = "", six: str = "", uid_map: str = FULL, overflow: str = "65534\n") -> Path:
    for name, text in {
        "net/tcp": HEAD + four,
        "net/tcp6": HEAD + six,
        "self/uid_map": uid_map,
        "sys/kernel/overflowuid": overflow,
    }.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


async def accounts(folder: Path, host: str = "localhost", port: int = 11434) -> list[str]:
    return [one.account for one in await SystemPortListeners("linux", folder).at(host, port)]


@posix
@pytest.mark.parametrize(
    ("uid", "account"),
    [(0, "administrator"), (1, "system"), (999, "system"), (12345, "person"), (61184, "system"), (65519, "system"), (65520, "person"), (NOBODY, "person")],
)  # fmt: skip
async def test_the_account_by_its_number(
    uid: int, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert await accounts(proc(tmp_path, line(LOOPBACK_4, uid))) == [account]
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert await accounts(tmp_path) == ["own"]


@posix
@pytest.mark.parametrize(
    ("host", "four", "six", "found"),
    [
        ("127.0.0.1", ANY_4, "", True),
        ("127.0.0.1", OTHER_4, "", False),
        ("127.0.0.2", OTHER_4, "", True),
        ("127.0.0.1", "", MAPPED_4, True),
        ("127.0.0.1", "", ANY_6, True),
        ("127.0.0.1", "", LOOPBACK_6, False),
        ("::1", LOOPBACK_4, "", False),
        ("::1", "", LOOPBACK_6, True),
        ("::1", "", ANY_6, True),
        ("localhost", LOOPBACK_4, "", True),
        ("localhost", "", LOOPBACK_6, True),
        ("localhost", "0501A8C0", "", False),
    ],
)
async def test_the_addresses_that_a_connection_reaches(
    host: str, four: str, six: str, found: bool, tmp_path: Path
) -> None:
    folder = proc(tmp_path, line(four, 12345) if four else "", line(six, 12345) if six else "")
    assert await accounts(folder, host) == (["person"] if found else [])
    assert await accounts(folder, host, 11435) == []


@posix
async def test_each_family_of_localhost_counts_and_connections_do_not(tmp_path: Path) -> None:
    me = os.geteuid()
    folder = proc(tmp_path, line(LOOPBACK_4, me) + line(LOOPBACK_4, 12345, state="01"), line(LOOPBACK_6, 12345))
    assert sorted(await accounts(folder)) == ["own", "person"]
    assert await accounts(folder, "127.0.0.1") == ["own"]


@posix
@pytest.mark.parametrize(
    ("uid_map", "account"),
    [(FULL, "person"), ("  0  100000  65536\n", "person"), ("  0  100000  65534\n", "unknown"), ("  1000  1000  1\n", "unknown")],
)  # fmt: skip
async def test_a_user_that_this_namespace_has_not(uid_map: str, account: str, tmp_path: Path) -> None:
    assert await accounts(proc(tmp_path, line(LOOPBACK_4, NOBODY), uid_map=uid_map)) == [account]


async def test_no_table_and_a_broken_one_show_nothing(tmp_path: Path) -> None:
    assert await accounts(tmp_path) == []
    assert await accounts(proc(tmp_path, "   0: zz 0 0A 0 0 0 x 0 0\n  1: 0100007F:zz 0 0A 0 0 0 0 0 0\n")) == []


@pytest.mark.parametrize("platform", ["darwin", "win32"])
async def test_elsewhere_only_this_users_own_are_seen(platform: str) -> None:
    class Own:
        async def ports(self) -> frozenset[int]:
            return frozenset({11434})

        async def listeners(self) -> Mapping[int, int | None]:
            return {}

    listeners = SystemPortListeners(platform, own=Own())
    assert not listeners.sees_others
    assert [one.account for one in await listeners.at("localhost", 11434)] == ["own"]
    assert await listeners.at("localhost", 4000) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_for_real() -> None:
    with socket.create_server(("127.0.0.1", 0)) as own, blockbuster_ctx("modelport"):
        port = own.getsockname()[1]
        assert [one.account for one in await SystemPortListeners().at("localhost", port)] == ["own"]
    with listening_as(NOBODY) as port:
        assert [one.account for one in await SystemPortListeners().at("localhost", port)] == ["person"]


# The other end of a connection that is open.


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("listening", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1"), ("0.0.0.0", "127.0.0.2")])  # fmt: skip
async def test_the_other_end_is_told_before_and_after_it_is_accepted(listening: str, host: str) -> None:
    family = socket.AF_INET6 if ":" in listening else socket.AF_INET
    with (
        socket.create_server((listening, 0), family=family, dualstack_ipv6=listening == "::") as listener,
        socket.create_connection((host, listener.getsockname()[1])) as connection,
    ):
        ends = connection.getsockname()[:2], connection.getpeername()[:2]
        own = await SystemPortListeners().at(host, ends[1][1])
        assert [one.account for one in own] == ["own"]
        assert await SystemPortListeners().of_connection(ends) == own
        accepted, _ = listener.accept()
        with accepted:
            listener.close()
            # Nothing listens any more, and the connection says it all the same.
            assert await SystemPortListeners().of_connection(ends) == own
    assert await SystemPortListeners().of_connection((ends[0], (host, 1))) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_other_end_of_another_user() -> None:
    with listening_as(NOBODY, connections=1) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        ends = connection.getsockname()[:2], connection.getpeername()[:2]
        assert [one.account for one in await SystemPortListeners().of_connection(ends)] == ["person"]


async def test_a_table_that_cannot_be_read_shows_no_other_end(tmp_path: Path) -> None:
    ends = ("127.0.0.1", 5), ("127.0.0.1", 6)
    assert await SystemPortListeners("linux", tmp_path).of_connection(ends) == []
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_bytes(b"  sl\n\xff\xfe\n")
    assert await SystemPortListeners("linux", tmp_path).of_connection(ends) == []
    assert await SystemPortListeners("darwin", tmp_path).of_connection(ends) == []
