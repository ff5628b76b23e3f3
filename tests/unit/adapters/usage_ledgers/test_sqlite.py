"""The ledger's file. What a ledger does is checked by tests/contract/test_usage_ledger.py."""

from __future__ import annotations

import sqlite3
from pathlib import Path

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


async def test_other_programs_can_read_it(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "usage.sqlite3")
    await ledger.totals()
    other = sqlite3.connect(tmp_path / "usage.sqlite3")
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert other.execute("PRAGMA user_version").fetchone() == (1,)
    tables = {name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"call", "daily"} <= tables
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.close()
    await ledger.aclose()
