"""Shared health: a store in memory and one in the ledger's file give the same, and processes agree on it."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from blockbuster import blockbuster_ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.adapters.failover import shared
from modelport.adapters.failover.memory import MemoryCircuits
from modelport.adapters.failover.rows import CircuitRows
from modelport.adapters.failover.shared import SharedCircuits
from modelport.adapters.usage_ledgers.database import VERSION
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.errors import RequestFailed
from modelport.domain.failover.circuits import OpenCircuit, Route, SharedHealth
from modelport.protocol.types import ErrorKind

posix = pytest.mark.skipif(os.name == "nt", reason="signals and modes of a POSIX system")
ROUTE = Route(provider="acme", address="https://acme.example/v1", key="k1", model="m", client="Zed")
T0 = 1_800_000_000_000


class Time:
    """A wall clock that stands still."""

    def __init__(self) -> None:
        self.ms = T0

    def now_ms(self) -> int:
        return self.ms


class Warnings(list[str]):
    """A log that keeps its lines."""

    def warning(self, msg: object, *args: object) -> None:
        self.append(str(msg) % args)


class Editor:
    """A process of the user as far as health goes: a ledger and its circuits, over a file that others share."""

    def __init__(self, path: Path, clock: Time) -> None:
        self.told = Warnings()
        self.ledger = SqliteLedger(path, Warnings())
        self.circuits = SharedCircuits(self.ledger, clock, self.told, lambda: 0.5)

    async def admit(self, route: Route = ROUTE) -> OpenCircuit | None:
        """As a second after the last look, so that what others wrote is seen."""
        self.circuits._read_at_s = -1e9 if self.circuits._read_at_s is not None else None
        return await self.circuits.admit(route)

    async def written(self) -> None:
        """Waits until nothing waits to be written."""
        for _ in range(2000):
            if not self.circuits._unwritten and self.circuits._writing is None:
                return
            await anyio.sleep(0.005)
        raise AssertionError("it was never written")

    async def refused(self) -> None:
        """Waits until the file has refused to be written."""
        for _ in range(2000):
            if self.circuits._retry is not None:
                return
            await anyio.sleep(0.005)
        raise AssertionError("it was written")

    async def aclose(self) -> None:
        await self.circuits.aclose()
        await self.ledger.aclose()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a moment to spare answers as well; what is about the waits sets its own."""
    for name in ("OPENED_WITHIN_S", "READ_WITHIN_S", "CLAIMED_WITHIN_S", "WRITTEN_WITHIN_S"):
        monkeypatch.setattr(shared, name, 30)


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "usage.sqlite3"


@pytest.fixture
async def editors(path: Path, clock: Time) -> AsyncIterator[tuple[Editor, Editor]]:
    both = Editor(path, clock), Editor(path, clock)
    yield both
    for one in both:
        await one.aclose()


def limited(retry_after_ms: int | None = 30_000, kind: ErrorKind = "rate_limited") -> RequestFailed:
    return RequestFailed(kind, "Slow down.", retry_after_ms=retry_after_ms)


# Both stores: the port's own promises.


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, path: Path, clock: Time) -> AsyncIterator[SharedHealth]:
    if request.param == "memory":
        yield MemoryCircuits(clock, lambda: 0.5)
        return
    editor = Editor(path, clock)
    yield editor.circuits
    await editor.aclose()


async def test_a_failure_keeps_calls_away_until_its_end_and_then_one_tries(store: SharedHealth, clock: Time) -> None:
    assert await store.admit(ROUTE) is None
    await store.failed(ROUTE, limited())
    found = await store.admit(ROUTE)
    assert found == OpenCircuit(until_ms=T0 + 30_000, kind="rate_limited", message="Slow down.", failures=1)
    clock.ms += 30_000
    assert await store.admit(ROUTE) is None
    second = await store.admit(ROUTE)
    assert second is not None
    assert second.until_ms == clock.ms + 30_000
    await store.succeeded(ROUTE)
    assert await store.admit(ROUTE) is None
    assert await store.admit(ROUTE) is None
    assert await store.open() == []


async def test_a_call_that_was_cancelled_says_nothing(store: SharedHealth, clock: Time) -> None:
    await store.failed(ROUTE, limited())
    clock.ms += 30_000
    assert await store.admit(ROUTE) is None
    await store.abandoned(ROUTE)
    assert await store.admit(ROUTE) is None
    assert await store.admit(ROUTE) is not None


async def test_what_rests_is_listed_and_reset(store: SharedHealth) -> None:
    await store.failed(ROUTE, limited())
    await store.failed(msgspec.structs.replace(ROUTE, provider="beta"), limited(kind="network"))
    await store.failed(ROUTE, limited(kind="auth_rejected"))
    found = [(one.scope.provider, one.scope.model, one.kind, one.client) for one in await store.open()]
    assert found == [("acme", "m", "rate_limited", "Zed"), ("acme", "*", "auth_rejected", "Zed"), ("beta", "*", "network", "Zed")]  # fmt: skip
    assert await store.reset("acme", keep_limits=True) == 1
    assert await store.reset("acme") == 1
    assert await store.reset("acme") == 0
    assert [one.scope.provider for one in await store.open()] == ["beta"]
    assert await store.reset(None) == 1


async def test_what_says_nothing_about_the_route_opens_nothing(store: SharedHealth) -> None:
    await store.failed(ROUTE, limited(kind="content_filtered"))
    assert await store.admit(ROUTE) is None
    assert await store.open() == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["admit", "failed", "succeeded", "abandoned", "reset"]),
        st.sampled_from(["k1", "k2"]),
        st.booleans(),
        st.sampled_from(["rate_limited", "network", "auth_rejected", "timeout"]),
        st.none() | st.sampled_from([0, 4_000, 60_000]),
        st.sampled_from([0, 1_000, 6_000, 40_000]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_memory_and_file_give_the_same_whatever_happens(steps: list[tuple[Any, ...]]) -> None:
    async def work() -> None:
        clock = Time()
        with_folder = Path(os.environ["PYTEST_CIRCUITS"]) / f"{random.getrandbits(64):x}"
        editor, memory = Editor(with_folder / "usage.sqlite3", clock), MemoryCircuits(clock, lambda: 0.5)
        stores: tuple[SharedHealth, ...] = (editor.circuits, memory)
        try:
            for step in steps:
                clock.ms += step[-1]
                outcomes = [await _step(store, *step[:-1]) for store in stores]
                assert outcomes[0] == outcomes[1]
                listed = [[_without_owner(one) for one in await store.open()] for store in stores]
                assert listed[0] == listed[1]
            await editor.written()
            # What another process reads is the same again.
            other = Editor(with_folder / "usage.sqlite3", clock)
            assert [_without_owner(one) for one in await other.circuits.open()] == [
                _without_owner(one) for one in await memory.open()
            ]
            await other.aclose()
        finally:
            await editor.aclose()
            shutil.rmtree(with_folder, ignore_errors=True)

    asyncio.run(work())


@pytest.fixture(autouse=True, scope="module")
def folder_for_examples(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["PYTEST_CIRCUITS"] = str(tmp_path_factory.mktemp("circuits"))


async def _step(store: SharedHealth, what: str, key: str, behind: bool, kind: ErrorKind, hint: int | None) -> object:
    on = msgspec.structs.replace(ROUTE, key=key, background=behind)
    match what:
        case "admit":
            return await store.admit(on)
        case "failed":
            return await store.failed(on, limited(hint, kind))
        case "succeeded":
            return await store.succeeded(on)
        case "abandoned":
            return await store.abandoned(on)
        case _:
            return await store.reset("acme")


def _without_owner(one: Any) -> Any:
    return msgspec.structs.replace(one, probe_owner=bool(one.probe_owner))


# Several processes.


async def test_what_one_editor_learns_another_knows(editors: tuple[Editor, Editor], clock: Time) -> None:
    first, second = editors
    assert await second.admit() is None
    await first.circuits.failed(ROUTE, limited())
    await first.written()
    found = await second.admit()
    assert found is not None
    assert found.until_ms == T0 + 30_000
    clock.ms += 30_000
    assert await second.admit() is None
    # The first one does not try at the same time.
    tried = await first.admit()
    assert tried is not None
    assert tried.until_ms == clock.ms + 30_000
    await second.circuits.succeeded(ROUTE)
    await second.written()
    assert await first.admit() is None
    assert await first.admit() is None


async def test_of_two_editors_that_want_to_try_at_once_one_does(editors: tuple[Editor, Editor], clock: Time) -> None:
    first, second = editors
    await first.circuits.failed(ROUTE, limited())
    await first.written()
    assert await second.admit() is not None
    clock.ms += 30_000
    # Both have read the file, and neither the other's claim.
    outcomes = await asyncio.gather(first.circuits.admit(ROUTE), second.circuits.admit(ROUTE))
    assert [outcome is None for outcome in outcomes].count(True) == 1


async def test_neither_of_two_failures_shortens_the_other(editors: tuple[Editor, Editor]) -> None:
    first, second = editors
    await first.circuits.failed(ROUTE, limited(60_000))
    await first.written()
    # The second does not know of the first failure when it reports its own.
    await second.circuits.failed(ROUTE, limited(5_000))
    await second.written()
    for editor in editors:
        found = await editor.admit()
        assert found is not None
        assert found.until_ms == T0 + 60_000


async def test_the_file_is_read_once_a_second_and_only_where_another_process_has_written(
    editors: tuple[Editor, Editor], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = editors
    looks, reads = [], []
    changed = CircuitRows.changed

    def counting(rows: CircuitRows, database: Any) -> Any:
        found = changed(rows, database)
        looks.append(1)
        reads.extend([1] if found else [])
        return found

    monkeypatch.setattr(CircuitRows, "changed", counting)
    for _ in range(5):
        await first.circuits.admit(ROUTE)
    assert (len(looks), len(reads)) == (1, 1)
    for _ in range(5):
        await first.admit()
    assert (len(looks), len(reads)) == (6, 1)
    # What it writes itself it knows.
    await first.circuits.failed(ROUTE, limited())
    await first.written()
    await first.admit()
    assert (len(looks), len(reads)) == (7, 1)
    await second.circuits.failed(ROUTE, limited(90_000))
    await second.written()
    await first.admit()
    assert (len(looks), len(reads)) == (8, 2)


async def test_nothing_is_written_where_nothing_changes(
    editors: tuple[Editor, Editor], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []
    monkeypatch.setattr(CircuitRows, "change", lambda *_: written.append(1))
    circuits = editors[0].circuits
    for _ in range(3):
        assert await circuits.admit(ROUTE) is None
        await circuits.succeeded(ROUTE)
        await circuits.abandoned(ROUTE)
        await circuits.failed(ROUTE, limited(kind="unsupported"))
    assert written == []


async def test_circuits_of_yesterday_are_dropped_from_the_file(
    editors: tuple[Editor, Editor], path: Path, clock: Time
) -> None:
    first, second = editors
    await first.circuits.failed(ROUTE, limited())
    await first.written()
    clock.ms += 25 * 3_600_000
    assert await second.circuits.open() == []
    await second.circuits.failed(msgspec.structs.replace(ROUTE, provider="beta"), limited())
    await second.written()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT provider FROM circuit").fetchall() == [("beta",)]
    connection.close()


PROBE = """
import asyncio, random, sys
from pathlib import Path
from modelport.adapters.failover import shared
from modelport.adapters.failover.shared import SharedCircuits
from modelport.adapters.system.clock import SystemClock
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.failover.circuits import Route
import logging

for name in ("OPENED_WITHIN_S", "READ_WITHIN_S", "CLAIMED_WITHIN_S", "WRITTEN_WITHIN_S"):
    setattr(shared, name, 60)
ROUTE = Route(provider="acme", address="https://acme.example/v1", key="k1", model="m", client="Zed")

async def main():
    ledger = SqliteLedger(Path(sys.argv[1]))
    circuits = SharedCircuits(ledger, SystemClock(), logging.getLogger(), random.random)
    await circuits.open()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print("no" if await circuits.admit(ROUTE) else "yes", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await circuits.aclose()
    await ledger.aclose()

asyncio.run(main())
"""


class Process:
    """Another process that asks, once told to, whether it may call the route."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROBE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.line() == "ready"

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill() if os.name == "nt" else self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def end(self) -> int:
        self._process.communicate("\n")
        return self._process.returncode


async def _half_open(path: Path) -> None:
    """A circuit whose rest is over, by the wall clock of all processes."""
    clock = Time()
    clock.ms = time.time_ns() // 1_000_000 - 10_000
    editor = Editor(path, clock)
    await editor.circuits.failed(ROUTE, limited(1_000))
    await editor.written()
    await editor.aclose()


async def test_of_eight_processes_one_tries(path: Path) -> None:
    await _half_open(path)
    processes = [await anyio.to_thread.run_sync(Process, path) for _ in range(8)]
    for process in processes:
        process.go_on()
    answers = [await anyio.to_thread.run_sync(process.line) for process in processes]
    assert sorted(answers) == ["no"] * 7 + ["yes"]
    assert [await anyio.to_thread.run_sync(process.end) for process in processes] == [0] * 8


async def test_a_killed_process_keeps_the_others_away_for_a_while_only(path: Path) -> None:
    await _half_open(path)
    killed = await anyio.to_thread.run_sync(Process, path)
    killed.go_on()
    assert await anyio.to_thread.run_sync(killed.line) == "yes"
    await anyio.to_thread.run_sync(killed.kill)
    clock = Time()
    clock.ms = time.time_ns() // 1_000_000
    editor = Editor(path, clock)
    found = await editor.admit()
    assert found is not None
    assert 0 < found.until_ms - clock.ms <= 30_000
    clock.ms = found.until_ms
    assert await editor.admit() is None
    await editor.aclose()


# A file that cannot be used.


class Lock:
    """Another program that holds the ledger's lock, as a database browser does."""

    def __init__(self, path: Path) -> None:
        self._other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._other.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self._other.execute("ROLLBACK")
        self._other.close()


def spoiled(path: Path, how: str) -> None:
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    content = path.read_bytes()
    path.unlink()
    if how == "damaged":
        path.write_bytes(content[:4096] + b"Z" * (len(content) - 4096))
    elif how == "no database":
        path.write_bytes(b"this is not a database" * 100)


def stand_in_the_way(path: Path, place: str) -> None:
    if place == "folder":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("a file where the folder should be")


async def test_a_locked_file_is_written_when_the_lock_is_gone(
    editors: tuple[Editor, Editor], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = editors
    assert await first.admit() is None
    lock = Lock(path)
    await first.circuits.failed(ROUTE, limited())
    assert await first.admit() is not None
    assert await second.admit() is None
    monkeypatch.setattr(shared, "WRITTEN_WITHIN_S", 0.05)
    with pytest.raises(RequestFailed, match="cannot be written now"):
        await first.circuits.reset("beta")
    lock.release()
    await first.written()
    assert await second.admit() is not None
    assert first.told == []


async def test_while_the_file_is_locked_a_call_tries_without_the_others_knowing(
    editors: tuple[Editor, Editor], path: Path, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = editors
    await first.circuits.failed(ROUTE, limited())
    await first.written()
    monkeypatch.setattr(shared, "CLAIMED_WITHIN_S", 0.05)
    lock = Lock(path)
    clock.ms += 30_000
    assert await first.admit() is None
    assert await first.admit() is not None, "in this process one call tries all the same"
    lock.release()
    await first.written()


async def test_a_disk_that_hangs_holds_up_a_call_for_a_moment_only(
    editors: tuple[Editor, Editor], clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = editors
    for name in ("OPENED_WITHIN_S", "READ_WITHIN_S", "CLAIMED_WITHIN_S"):
        monkeypatch.setattr(shared, name, 0.01)
    disk = threading.Event()
    first.ledger.start(lambda _: disk.wait(60))
    assert await first.admit() is None
    await first.circuits.failed(ROUTE, limited())
    assert await first.admit() is not None
    clock.ms += 30_000
    assert await first.admit() is None
    assert not disk.is_set()
    disk.set()
    await first.written()


async def test_a_call_that_is_cancelled_while_it_asks_to_try_lets_another_one(
    editors: tuple[Editor, Editor], clock: Time
) -> None:
    first, _ = editors
    await first.circuits.failed(ROUTE, limited())
    await first.written()
    # The file is read, so that what waits for the disk is the claim.
    assert await first.admit() is not None
    clock.ms += 30_000
    disk = threading.Event()
    first.ledger.start(lambda _: disk.wait(60))
    with anyio.move_on_after(0.05) as scope:
        await first.circuits.admit(ROUTE)
    assert scope.cancelled_caught
    disk.set()
    await first.written()
    assert await first.admit() is None


@posix
@pytest.mark.parametrize("spoil", ["removed", "damaged", "no database"])
async def test_a_file_that_is_gone_or_damaged_is_replaced_and_what_rests_is_kept(
    editors: tuple[Editor, Editor], path: Path, spoil: str
) -> None:
    first, second = editors
    await first.circuits.failed(ROUTE, limited())
    await first.written()
    await first.ledger.aclose()
    spoiled(path, spoil)
    assert await first.admit() is not None
    await first.circuits.failed(msgspec.structs.replace(ROUTE, model="n"), limited())
    await first.written()
    assert {one.scope.model for one in await first.circuits.open()} == {"m", "n"}
    assert {one.scope.model for one in await second.circuits.open()} == {"m", "n"}
    assert len(first.told) <= 1


@pytest.mark.parametrize("place", ["folder", "file"])
async def test_without_a_file_the_circuits_of_this_process_count_and_that_is_said_once(
    editors: tuple[Editor, Editor], path: Path, clock: Time, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = editors
    stand_in_the_way(path, place)
    for _ in range(3):
        await first.circuits.failed(ROUTE, limited())
        assert await first.admit() is not None
    clock.ms += 30_000
    assert await first.admit() is None
    assert await first.admit() is not None
    with pytest.raises(RequestFailed, match="cannot be written now"):
        await first.circuits.reset("acme")
    assert len(first.told) == 1
    assert "other editors do not learn which providers rest" in first.told[0]
    assert str(path.parent) not in first.told[0]


async def test_a_file_that_cannot_be_written_is_read(path: Path, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Editor(path, clock)
    await before.circuits.failed(ROUTE, limited())
    await before.written()
    await before.aclose()

    def refused(_: object) -> int:
        # As for a file on a disk that is mounted read-only, which root cannot make in a test.
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr("modelport.adapters.usage_ledgers.database._prepare", refused)
    editor = Editor(path, clock)
    assert await editor.admit() is not None
    await editor.circuits.failed(msgspec.structs.replace(ROUTE, model="n"), limited())
    await editor.refused()
    assert {one.scope.model for one in await editor.circuits.open()} == {"m", "n"}
    assert len(editor.told) == 1
    await editor.circuits.aclose()


async def test_a_file_of_a_newer_version_is_not_written(path: Path, clock: Time) -> None:
    before = Editor(path, clock)
    await before.circuits.failed(ROUTE, limited())
    await before.written()
    await before.aclose()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    editor = Editor(path, clock)
    assert await editor.admit() is not None
    await editor.circuits.failed(msgspec.structs.replace(ROUTE, model="n"), limited())
    assert await editor.admit(msgspec.structs.replace(ROUTE, model="n")) is not None
    await editor.aclose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT model FROM circuit").fetchall() == [("m",)]
    connection.close()


async def test_what_has_changed_is_written_before_a_process_ends(path: Path, clock: Time) -> None:
    first = Editor(path, clock)
    await first.circuits.failed(ROUTE, limited())
    await first.aclose()
    second = Editor(path, clock)
    assert await second.admit() is not None
    await second.aclose()


async def test_nothing_of_it_blocks_the_event_loop(path: Path, clock: Time) -> None:
    with blockbuster_ctx():
        editor = Editor(path, clock)
        await editor.circuits.failed(ROUTE, limited())
        await editor.written()
        await editor.admit()
        await editor.circuits.reset(None)
        await editor.aclose()


async def test_a_full_store_of_changes_drops_the_oldest(
    editors: tuple[Editor, Editor], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = editors
    stand_in_the_way(path, "folder")
    for n in range(shared.MAX_UNWRITTEN + 50):
        await first.circuits.failed(msgspec.structs.replace(ROUTE, model=str(n)), limited())
    assert len(first.circuits._unwritten) == shared.MAX_UNWRITTEN
    assert len(await first.circuits.open()) == shared.MAX_UNWRITTEN + 50


@pytest.mark.parametrize("kind", ["auth_rejected", "forbidden", "quota_exhausted"])
async def test_one_of_several_processes_learns_that_a_key_was_refused_first(
    editors: tuple[Editor, Editor], kind: ErrorKind
) -> None:
    """Also where the other one was refused less than a second ago, which is not read again so soon."""
    one, other = editors
    for editor in editors:
        assert await editor.admit() is None
    assert await one.circuits.failed(ROUTE, limited(None, kind)) is True
    assert await other.circuits.failed(ROUTE, limited(None, kind)) is False
    assert await one.circuits.failed(ROUTE, limited(None, kind)) is False


async def test_one_of_several_processes_that_are_refused_at_once_learns_it_first(
    editors: tuple[Editor, Editor],
) -> None:
    for editor in editors:
        assert await editor.admit() is None
    news: list[bool] = []

    async def refuse(editor: Editor) -> None:
        news.append(await editor.circuits.failed(ROUTE, limited(None, "auth_rejected")))

    async with anyio.create_task_group() as group:
        for editor in (*editors, *editors):
            group.start_soon(refuse, editor)
    assert sorted(news) == [False, False, False, True]


async def test_a_refusal_waits_for_no_file_that_is_locked(
    editors: tuple[Editor, Editor], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "CLAIMED_WITHIN_S", 0.05)
    one, _ = editors
    assert await one.admit() is None
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    begun_s = time.monotonic()
    assert await one.circuits.failed(ROUTE, limited(None, "auth_rejected")) is True
    assert time.monotonic() - begun_s < 5
    lock.execute("ROLLBACK")
    lock.close()
    await one.written()
