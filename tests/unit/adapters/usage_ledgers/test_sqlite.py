"""The ledger's file. What a ledger does is checked by tests/contract/test_usage_ledger.py."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from modelport.adapters.usage_ledgers.database import VERSION, _migrate, _write_ahead
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.protocol.types import UsageTotals


async def test_the_file_is_made_when_it_is_first_needed(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    ledger = SqliteLedger(path)
    assert not path.exists()
    assert await ledger.totals() == UsageTotals()
    assert path.exists()
    await ledger.aclose()


async def test_a_closed_ledger_opens_again_and_closing_twice_is_no_error(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "usage.sqlite3")
    await ledger.totals()
    await ledger.aclose()
    await ledger.aclose()
    assert await ledger.totals() == UsageTotals()
    await ledger.aclose()


STARTER = """
import sys
import anyio
from pathlib import Path
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
for path in sys.argv[1:]:
    ledger = SqliteLedger(Path(path))
    print("ready", flush=True)
    sys.stdin.readline()
    anyio.run(ledger.totals)
"""


def test_processes_that_make_a_file_at_once_all_get_it(tmp_path: Path) -> None:
    files = [str(tmp_path / f"{number}.sqlite3") for number in range(3)]
    command = [sys.executable, "-c", STARTER, *files]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(8)]
    for _ in files:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
    for process in started:
        process.communicate()
    assert [process.returncode for process in started] == [0] * len(started)


class Busy:
    """A connection that is busy some times; ``code`` is the error it raises."""

    def __init__(self, times: int, code: int = sqlite3.SQLITE_BUSY) -> None:
        self.times = times
        self.code = code

    def execute(self, _: str) -> None:
        if self.times > 0:
            self.times -= 1
            error = sqlite3.OperationalError("trouble")
            error.sqlite_errorcode = self.code
            raise error


def test_a_file_that_is_busy_is_tried_again_and_other_errors_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    # On a machine without a moment to spare three tries take longer than the limit.
    monkeypatch.setattr("modelport.adapters.usage_ledgers.database.LOCK_WAIT_S", 60.0)
    busy = Busy(3)
    _write_ahead(cast("sqlite3.Connection", busy))
    assert busy.times == 0
    broken = Busy(3, sqlite3.SQLITE_CANTOPEN)
    with pytest.raises(sqlite3.OperationalError):
        _write_ahead(cast("sqlite3.Connection", broken))
    assert broken.times == 2
    monkeypatch.setattr("modelport.adapters.usage_ledgers.database.LOCK_WAIT_S", 0.0)
    with pytest.raises(sqlite3.OperationalError):
        _write_ahead(cast("sqlite3.Connection", Busy(1)))


def test_nothing_comes_between_the_look_whether_the_file_is_new_and_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    mine, other = (sqlite3.connect(path, timeout=0, isolation_level=None) for _ in range(2))
    _write_ahead(mine)
    refusals: list[str] = []

    def interfere(statement: str) -> None:
        """Makes the tables on the other connection, just before the first one is made on this one."""
        if "CREATE TABLE" in statement:
            mine.set_trace_callback(None)
            try:
                _migrate(other)
            except sqlite3.OperationalError as busy:
                refusals.append(str(busy))

    mine.set_trace_callback(interfere)
    _migrate(mine)
    assert refusals == ["database is locked"]
    assert mine.execute("PRAGMA user_version").fetchone() == (VERSION,)
    _migrate(other)
    for connection in (mine, other):
        connection.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Every connection that is opened from now on."""
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remember(*arguments: Any, **settings: Any) -> sqlite3.Connection:
        connections.append(connect(*arguments, **settings))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", remember)
    return connections


def is_closed(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError as error:
        return "closed" in str(error)
    return False


async def test_a_file_that_cannot_be_used_is_not_left_open(tmp_path: Path, opened: list[sqlite3.Connection]) -> None:
    path = tmp_path / "usage.sqlite3"
    path.write_bytes(b"this is not a database" * 100)
    ledger = SqliteLedger(path)
    await ledger.totals()
    assert [is_closed(connection) for connection in opened] == [True, False]
    await ledger.aclose()


async def test_a_file_that_is_being_opened_is_closed_too(tmp_path: Path, opened: list[sqlite3.Connection]) -> None:
    ledger = SqliteLedger(tmp_path / "usage.sqlite3")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await ledger.totals()
    assert scope.cancelled_caught
    await ledger.aclose()
    assert [is_closed(connection) for connection in opened] == [True]


async def test_other_programs_can_read_it(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "usage.sqlite3")
    await ledger.totals()
    other = sqlite3.connect(tmp_path / "usage.sqlite3")
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert other.execute("PRAGMA user_version").fetchone() == (VERSION,)
    tables = {name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"call", "daily"} <= tables
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.close()
    await ledger.aclose()
