"""The ledger while its file cannot be written: nobody waits, nothing is lost, and everything is counted once."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from contract.test_usage_ledger import record, writer
from modelport.adapters.usage_ledgers import sqlite, waiting
from modelport.adapters.usage_ledgers.database import VERSION
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.errors import RequestFailed

pytestmark = pytest.mark.usefixtures("patient_ledger")
posix = pytest.mark.skipif(os.name == "nt", reason="signals, modes and limits of a POSIX system")


class Warnings(list[str]):
    """A log that keeps its lines."""

    def warning(self, msg: object, *args: object) -> None:
        self.append(str(msg) % args)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "usage.sqlite3"


@pytest.fixture
def told() -> Warnings:
    return Warnings()


@pytest.fixture
def ledger(path: Path, told: Warnings) -> SqliteLedger:
    return SqliteLedger(path, told)


def spools(path: Path) -> list[Path]:
    return sorted(path.parent.glob("waiting/*"))


async def tokens(ledger: SqliteLedger) -> list[int]:
    """What tells the calls of the ledger apart, in the order in which they were written; those that wait come first."""
    calls = sorted(await ledger.history(limit=10_000), key=lambda call: call.id)
    assert (await ledger.totals()).total_calls == len(calls)
    return [call.usage.input_tokens for call in calls]


class Lock:
    """Another program that holds the ledger's lock, as a database browser does."""

    def __init__(self, path: Path, begin: str = "BEGIN IMMEDIATE") -> None:
        self._other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._other.execute(begin)

    def release(self) -> None:
        if self._other.in_transaction:
            self._other.execute("ROLLBACK")
        self._other.close()


NO_DATABASE = b"this is not a database" * 100


def no_database(path: Path) -> None:
    path.write_bytes(NO_DATABASE)


def damage(path: Path) -> None:
    """Leaves the first page, so that it looks like a database."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"Z" * (len(content) - 4096))


def stand_in_the_way(path: Path, place: str) -> None:
    if place == "folder":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("a file where the folder should be")


def make_way(path: Path, place: str) -> None:
    if place == "folder":
        path.rmdir()
    else:
        path.parent.unlink()


# The lock.


async def test_while_another_program_holds_the_lock_a_call_is_kept_and_counted(
    ledger: SqliteLedger, path: Path, told: Warnings
) -> None:
    await ledger.record(record(input_tokens=1))
    lock = Lock(path)
    calls = [await ledger.record(record(input_tokens=n)) for n in (2, 3)]
    assert [call.id for call in calls] == [0, 0]
    assert (await ledger.totals()).total_calls == 3
    assert [(call.id, call.usage.input_tokens) for call in await ledger.history(limit=2)] in (
        [(0, 2), (0, 3)],
        [(0, 3), (0, 2)],
    )
    assert dict(await ledger.groups("model"))["m"].input_tokens == 6
    assert await ledger.problem() == "2 calls wait to be written: another program holds its lock."
    lock.release()
    assert (await ledger.record(record(input_tokens=4))).id == 4
    assert await tokens(ledger) == [1, 2, 3, 4]
    assert await ledger.problem() is None
    # A lock is nothing that somebody must mend.
    assert told == []
    await ledger.aclose()


async def test_what_waited_is_written_without_another_call(
    ledger: SqliteLedger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.record(record(input_tokens=1))
    lock = Lock(path)
    for n in range(2, 6):
        await ledger.record(record(input_tokens=n))
    lock.release()
    other = sqlite3.connect(path)
    for _ in range(1000):
        await anyio.sleep(0.01)
        if other.execute("SELECT count(*) FROM call").fetchone() == (5,):
            break
    assert other.execute("SELECT count(*) FROM call").fetchone() == (5,)
    other.close()
    await ledger.aclose()


async def test_a_reply_waits_a_moment_at_most_whatever_holds_the_thread(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that hangs."""
    commit = waiting.WaitingCalls._commit
    monkeypatch.setattr(sqlite, "REPLY_WITHIN_S", 0.01)
    monkeypatch.setattr(waiting.WaitingCalls, "_commit", lambda *_: time.sleep(0.3))
    call = await ledger.record(record(input_tokens=1))
    assert call.id == 0
    monkeypatch.setattr(waiting.WaitingCalls, "_commit", commit)
    assert await tokens(ledger) == [1]
    await ledger.aclose()


async def test_a_disk_that_hangs_holds_up_a_reply_for_a_while_only(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "REPLY_WITHIN_S", 0.01)
    monkeypatch.setattr(sqlite, "KEPT_WITHIN_S", 0.01)
    disk, append = threading.Event(), waiting.WaitingCalls._append

    def hangs(self: waiting.WaitingCalls) -> None:
        disk.wait(30)
        append(self)

    monkeypatch.setattr(waiting.WaitingCalls, "_append", hangs)
    assert (await ledger.record(record(input_tokens=1))).id == 0
    assert not disk.is_set()
    disk.set()
    assert await tokens(ledger) == [1]
    await ledger.aclose()


async def test_a_ledger_that_cannot_even_be_read_says_so(
    ledger: SqliteLedger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "READ_WITHIN_S", 0.05)
    await ledger.record(record())
    await ledger.aclose()
    lock = Lock(path, "PRAGMA locking_mode = EXCLUSIVE")
    lock._other.execute("BEGIN EXCLUSIVE")
    await ledger.record(record())
    with pytest.raises(RequestFailed, match="another program holds its lock"):
        await ledger.totals()
    lock.release()
    assert (await ledger.totals()).total_calls == 2
    await ledger.aclose()


# Files of processes.


async def test_what_a_process_leaves_behind_goes_into_the_ledger_once(path: Path) -> None:
    first = SqliteLedger(path)
    await first.record(record(input_tokens=1))
    lock = Lock(path)
    for n in (2, 3):
        await first.record(record(input_tokens=n))
    await first.aclose()
    assert len(spools(path)) == 1
    # Another one counts what waits while it cannot be written, and writes it when it can.
    second, third = SqliteLedger(path), SqliteLedger(path)
    assert sorted(await tokens(second)) == [1, 2, 3]
    lock.release()
    assert await tokens(third) == [1, 2, 3]
    assert spools(path) == []
    assert await tokens(second) == [1, 2, 3]
    await second.aclose()
    await third.aclose()


async def test_a_file_that_cannot_be_read_now_is_kept_until_it_can(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = SqliteLedger(path)
    await first.totals()
    lock = Lock(path)
    await first.record(record(input_tokens=1))
    await first.aclose()
    lock.release()

    def no_descriptor_left(*_: object) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    second = SqliteLedger(path)
    with monkeypatch.context() as patch:
        patch.setattr("modelport.adapters.usage_ledgers.spool.read_start", no_descriptor_left)
        await second.record(record(input_tokens=2))
        assert await tokens(second) == [2]
    assert await tokens(second) == [2, 1]
    await second.aclose()
    assert spools(path) == []


async def test_the_file_of_a_living_process_is_read_and_left_alone(path: Path) -> None:
    mine, theirs = SqliteLedger(path), SqliteLedger(path)
    await mine.record(record(input_tokens=1))
    lock = Lock(path)
    await theirs.record(record(input_tokens=2))
    assert sorted(await tokens(mine)) == [1, 2]
    lock.release()
    assert sorted(await tokens(mine)) == [1, 2]
    assert len(spools(path)) == 2
    await theirs.record(record(input_tokens=3))
    assert sorted(await tokens(mine)) == [1, 2, 3]
    await mine.aclose()
    await theirs.aclose()
    assert spools(path) == []


async def test_a_line_that_was_cut_off_or_is_unknown_spoils_no_other(path: Path) -> None:
    first = SqliteLedger(path)
    await first.totals()
    lock = Lock(path)
    await first.record(record(input_tokens=1))
    await first.aclose()
    lock.release()
    (spool,) = spools(path)
    line = spool.read_bytes()
    spool.write_bytes(b'{"future": true}\n\xff\xfe\n' + line + line + line.replace(b'"entry":', b'"entry":1')[:-9])
    second = SqliteLedger(path)
    assert await tokens(second) == [1]
    await second.aclose()


@posix
async def test_a_process_that_is_killed_while_the_lock_is_held_loses_nothing(path: Path) -> None:
    first = SqliteLedger(path)
    await first.totals()
    await first.aclose()
    lock = Lock(path)
    processes = [writer(path, f"killed{n}", 0) for n in range(2)]
    for process in processes:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == b"0\n"
        process.send_signal(signal.SIGKILL)
    reported = [3 + len(process.communicate()[0].splitlines()) for process in processes]
    lock.release()
    second = SqliteLedger(path)
    groups = dict(await second.groups("model"))
    for n, count in enumerate(reported):
        assert groups[f"killed{n}"].total_calls >= count
        total = groups[f"killed{n}"].total_calls
        assert groups[f"killed{n}"].input_tokens == total * (total + 1) // 2
    await second.aclose()


async def test_nothing_waits_in_a_file_once_it_is_in_the_ledger(ledger: SqliteLedger, path: Path) -> None:
    for _ in range(3):
        await ledger.record(record())
        assert [spool.stat().st_size for spool in spools(path)] == [0]
    await ledger.aclose()
    assert spools(path) == []


@posix
async def test_files_are_for_this_user_alone(ledger: SqliteLedger, path: Path) -> None:
    before = os.umask(0)
    try:
        await ledger.record(record())
    finally:
        os.umask(before)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for file in (path, *spools(path), path.with_name("usage.sqlite3-wal")):
        assert file.stat().st_mode & 0o777 == 0o600
    await ledger.aclose()


# The file and its folder.


@pytest.mark.parametrize("gone", ["file", "folder", "replaced"])
async def test_what_is_removed_is_made_again(ledger: SqliteLedger, path: Path, gone: str) -> None:
    await ledger.record(record(input_tokens=1))
    if gone == "folder":
        shutil.rmtree(path.parent)
    else:
        for file in path.parent.glob("usage.sqlite3*"):
            file.unlink()
    if gone == "replaced":
        restored = SqliteLedger(path)
        await restored.record(record(input_tokens=7))
        await restored.aclose()
    await ledger.record(record(input_tokens=2))
    assert await tokens(ledger) == ([7, 2] if gone == "replaced" else [2])
    other = SqliteLedger(path)
    assert (await other.totals()).total_calls == (await ledger.totals()).total_calls
    await other.aclose()
    await ledger.aclose()


async def test_a_damaged_file_is_set_aside_with_its_date_and_told_once(
    path: Path, told: Warnings, ledger: SqliteLedger
) -> None:
    path.parent.mkdir()
    for n in (1, 2):
        no_database(path)
        await ledger.record(record(input_tokens=n))
        assert await tokens(ledger) == [n]
        for file in path.parent.glob("usage.sqlite3*"):
            if "damaged" not in file.name:
                file.unlink()
    kept = sorted(file.name for file in path.parent.glob("*damaged*"))
    day = time.strftime("%Y-%m-%d")
    assert kept == [f"usage.sqlite3.damaged-{day}", f"usage.sqlite3.damaged-{day}-2"]
    assert all(path.with_name(name).stat().st_size == len(NO_DATABASE) for name in kept)
    assert len(told) == 2
    assert told[0] == f"The usage ledger was damaged: it is kept as {kept[0]}, and a new one was begun."
    await ledger.aclose()


async def test_a_file_that_is_damaged_in_use_is_set_aside_by_one_process(path: Path, told: Warnings) -> None:
    first, second = SqliteLedger(path, told), SqliteLedger(path, told)
    for n in range(60):
        await first.record(record(input_tokens=n, model=f"model {n}" * 50))
    await first.aclose()
    damage(path)
    assert await tokens(second) == []
    await second.record(record(input_tokens=100))
    assert await tokens(first) == [100]
    assert len(told) == 1
    await first.aclose()
    await second.aclose()


async def test_a_newer_schema_is_read_and_not_written_and_told(
    path: Path, told: Warnings, ledger: SqliteLedger
) -> None:
    await ledger.record(record(input_tokens=1))
    await ledger.aclose()
    newer = sqlite3.connect(path, isolation_level=None)
    newer.execute("ALTER TABLE call ADD COLUMN mood TEXT")
    newer.execute("PRAGMA user_version = 99")
    for n in (2, 3):
        assert (await ledger.record(record(input_tokens=n))).id == 0
    assert newer.execute("SELECT count(*) FROM call").fetchone() == (1,)
    assert sorted(await tokens(ledger)) == [1, 2, 3]
    assert len(told) == 1
    assert "newer Modelport" in told[0]
    assert "newer Modelport" in str(await ledger.problem())
    await ledger.aclose()
    # The newer program, here this one again, writes what was left.
    newer.execute(f"PRAGMA user_version = {VERSION}")
    newer.close()
    assert await tokens(SqliteLedger(path)) == [1, 2, 3]


async def test_a_ledger_of_the_first_version_gets_the_newest_schema(path: Path, ledger: SqliteLedger) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path, isolation_level=None)
    script = Path(sqlite.__file__).with_name("schema_1.sql").read_text(encoding="utf-8")
    old.executescript(script + "PRAGMA user_version = 1;")
    columns = (
        "started_at_ms, provider, model, client, project, outcome, input_tokens, output_tokens, latency_ms, estimated"
    )
    old.execute(f"INSERT INTO call ({columns}) VALUES (1, 'p', 'm', '', '', 'ok', 7, 1, 1.0, 0)")
    assert (await ledger.record(record(input_tokens=8))).id == 2
    # A program of the first version may still have it open.
    old.execute(f"INSERT INTO call ({columns}) VALUES (1, 'p', 'm', '', '', 'ok', 9, 1, 1.0, 0)")
    assert await tokens(ledger) == [7, 8, 9]
    old.close()
    await ledger.aclose()


@pytest.mark.parametrize("place", ["folder", "file-above"])
async def test_while_there_is_no_place_calls_are_kept_in_memory(
    path: Path, told: Warnings, ledger: SqliteLedger, place: str
) -> None:
    stand_in_the_way(path, place)
    for n in (1, 2, 3):
        assert (await ledger.record(record(input_tokens=n))).id == 0
    for request in (ledger.totals, ledger.history, lambda: ledger.groups("day"), ledger.problem):
        with pytest.raises(RequestFailed) as failed:
            await request()  # type: ignore[operator]
        assert failed.value.action
        assert "ledger" in failed.value.message
        assert str(path.parent) not in failed.value.message
    assert 1 <= len(told) == len(set(told)) <= 2
    make_way(path, place)
    assert (await ledger.record(record(input_tokens=4))).id == 4
    assert await tokens(ledger) == [1, 2, 3, 4]
    await ledger.aclose()


NOBODY = 65534
LIMITED = """
import resource, signal, sys
from pathlib import Path
import anyio
from contract.test_usage_ledger import record
from modelport.adapters.usage_ledgers.database import VERSION
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger

async def main(path):
    ledger = SqliteLedger(Path(path))
    await ledger.record(record(input_tokens=0))
    await ledger.totals()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for limit in (1, 1000, 3000, 70_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        for n in range(20):
            await ledger.record(record(input_tokens=1))
        totals = await ledger.totals()
        print(totals.total_calls, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await ledger.record(record(input_tokens=1))
    print((await ledger.history(limit=1))[0].id > 0, (await ledger.totals()).total_calls, flush=True)
    await ledger.aclose()

anyio.run(main, sys.argv[1])
"""
READ_ONLY = """
import os, sys
from pathlib import Path
import anyio
from contract.test_usage_ledger import record
from modelport.adapters.usage_ledgers.database import VERSION
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger

async def main(path):
    ledger = SqliteLedger(Path(path))
    print((await ledger.record(record(input_tokens=2))).id, (await ledger.totals()).total_calls, await ledger.problem(), flush=True)
    await ledger.aclose()

# Other users cannot read every interpreter: what is imported on the way is imported before.
anyio.run(main, str(Path(sys.argv[1]).parents[1] / "before" / "usage.sqlite3"))
if os.getuid() == 0:
    os.setgroups([])
    os.setuid({nobody})
anyio.run(main, sys.argv[1])
"""


def run(script: str, path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    tests, server = Path(__file__).parents[1], Path(__file__).parents[2] / "server"
    environment = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{server}"}
    command = [sys.executable, "-c", script, str(path), *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@posix
async def test_a_full_disk_loses_nothing(path: Path) -> None:
    """A limit on the size of files stands in for it: what is too long is refused in the middle of a write."""
    done = run(LIMITED, path)
    assert done.stdout.splitlines() == ["21", "41", "61", "81", "True 82"], done.stderr
    ledger = SqliteLedger(path)
    assert len(await tokens(ledger)) == 82
    await ledger.aclose()


FULL_FROM_THE_START = """
import resource, signal, sys
from pathlib import Path
import anyio
from contract.test_usage_ledger import record
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger

async def main(path, limit):
    ledger = SqliteLedger(Path(path))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    print((await ledger.totals()).total_calls, await ledger.history(), await ledger.problem(), flush=True)
    await ledger.record(record(input_tokens=1))
    print((await ledger.totals()).total_calls, len(await ledger.history()), await ledger.problem(), flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await ledger.record(record(input_tokens=1))
    print((await ledger.totals()).total_calls, await ledger.problem(), flush=True)
    await ledger.aclose()

anyio.run(main, sys.argv[1], int(sys.argv[2]))
"""


@posix
@pytest.mark.parametrize("limit", [0, 1000, 4095, 4096, 20_000, 40_000])
def test_a_disk_that_is_full_before_the_schema_is_there_is_reported_and_loses_nothing(path: Path, limit: int) -> None:
    """SQLite ends the transaction of the schema by itself, where it ends for want of room."""
    done = run(FULL_FROM_THE_START, path, str(limit))
    first, second, third = done.stdout.splitlines()
    assert first == "0 () None" or first == "0 [] None", done.stderr
    assert second.startswith("1 1 1 call waits to be written: the disk "), done.stderr
    assert second.endswith("is full."), second
    assert third == "2 None", done.stderr


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users get to: each run of pytest closes that of its kind to them, also while another runs."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@posix
@pytest.mark.parametrize("folder_too", [False, True])
def test_a_file_that_may_not_be_written_is_read(open_folder: Path, folder_too: bool) -> None:
    path = open_folder / "ledger" / "usage.sqlite3"
    anyio.run(_begun, path)
    for folder in (path.parent, *path.parents):
        # Root becomes somebody else, who has to get there.
        if os.getuid() == 0 and folder.stat().st_uid == 0 and folder not in (Path("/"), Path("/tmp")):
            folder.chmod(0o755)
    path.chmod(0o444)
    for beside in path.parent.glob("usage.sqlite3-*"):
        beside.unlink()
    shutil.rmtree(path.parent / "waiting", ignore_errors=True)
    path.parent.chmod(0o555 if folder_too else 0o777)
    done = run(READ_ONLY.replace("{nobody}", str(NOBODY)), path)
    path.parent.chmod(0o700)
    *_, line = done.stdout.splitlines()
    id_, total, problem = line.split(" ", 2)
    assert (id_, total) == ("0", "2"), done.stderr
    assert "1 call waits to be written" in problem
    if not folder_too:
        path.chmod(0o600)
        assert anyio.run(tokens, SqliteLedger(path)) == [1, 2]


async def _begun(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.record(record(input_tokens=1))
    await ledger.aclose()


async def test_a_report_that_takes_long_keeps_no_call_from_being_kept(
    ledger: SqliteLedger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.record(record(input_tokens=1))
    monkeypatch.setattr(sqlite, "REPLY_WITHIN_S", 0.01)
    released = threading.Event()
    report = ledger._worker.start(lambda: released.wait(30))
    try:
        call = await ledger.record(record(input_tokens=2))
        assert call.id == 0
        assert [spool.stat().st_size > 0 for spool in spools(path)] == [True]
        assert not report.done()
    finally:
        released.set()
    assert await tokens(ledger) == [1, 2]
    assert [spool.stat().st_size for spool in spools(path)] == [0]
    await ledger.aclose()
