"""The parts of the benchmark that nothing else runs, so that it still works when it is wanted."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))


def test_the_large_ledger_adds_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ledger = importlib.import_module("ledger")
    monkeypatch.setattr(ledger, "CALLS", 1000)
    assert 1 <= ledger.fill(tmp_path / "usage.sqlite3") <= 1000
    # SQLite removes the log when the last connection is closed.
    assert [path.name for path in tmp_path.iterdir()] == ["usage.sqlite3"]


def test_every_step_of_the_table_can_be_loaded() -> None:
    table = importlib.import_module("table")
    assert len(table.STEPS) >= 8
    assert all(callable(step) for _, step, *_ in table.STEPS)
