"""Ledgers that earlier versions have written: what is in them is read, added up and gone on with.

``ledgers/version_N.sql`` is the dump of a file that the code of schema version N wrote, the calls of ``CALLS``.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from modelport.adapters.usage_ledgers.database import VERSION
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.spending.usage import CallRecord, PaidUnits
from modelport.protocol.types import Call, Usage

DUMPS = Path(__file__).parent / "ledgers"
FIRST_MS = 1_728_043_200_000
CALLS = 6


def written_by(version: int, path: Path) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript((DUMPS / f"version_{version}.sql").read_text())
    connection.close()
    return path


def usage(n: int, version: int) -> Usage:
    priced = version >= 3 and n < 3
    return Usage(
        input_tokens=100 + n,
        output_tokens=10 * n,
        cache_read_tokens=None if n % 2 else 50,
        reasoning_tokens=n or None,
        latency_ms=12.5,
        time_to_first_token_ms=3.5,
        usd_micros=None if n == 5 else 7 * n,
        cost_source="list" if priced else None,
        cost_estimated=True if priced and n == 1 else None,
        estimated=n == 4,
    )


def next_call() -> CallRecord:
    return CallRecord(
        started_at_ms=FIRST_MS,
        provider="acme",
        model="m0",
        client="vim",
        project="site",
        outcome="ok",
        error_kind=None,
        finish_reason="stop",
        usage=Usage(input_tokens=1, output_tokens=1, latency_ms=1, usd_micros=1, estimated=False),
        role="inline",
        session="s1",
        answered_model="m0-2024",
        service_tier="flex",
        paid=PaidUnits(exact_usd="0.0000012", web_searches=2, billed_input_tokens=3),
    )


def check(calls: list[Call], version: int) -> None:
    assert [call.usage for call in reversed(calls)] == [usage(n, version) for n in range(CALLS)]
    newest = calls[0]
    assert (newest.provider, newest.client, newest.project, newest.role) == ("local", "vim", "site", "chat")
    assert [call.outcome for call in reversed(calls)] == ["ok", "failed", "cancelled"] * 2
    assert {call.session for call in calls} == {call.attempt_of for call in calls} == {None}


def test_each_version_has_a_ledger_that_its_own_code_wrote() -> None:
    assert sorted(int(path.stem.removeprefix("version_")) for path in DUMPS.glob("*.sql")) == list(range(1, VERSION))


@pytest.mark.parametrize("version", range(1, VERSION))
async def test_a_ledger_of_an_earlier_version_is_gone_on_with(version: int, tmp_path: Path) -> None:
    path = written_by(version, tmp_path / "usage.sqlite3")
    ledger = SqliteLedger(path)
    check(list(await ledger.history()), version)
    before = await ledger.totals()
    await ledger.record(next_call())
    totals = await ledger.totals()
    roles = dict(await ledger.groups("role"))
    sources = {name: sums.total_calls for name, sums in await ledger.groups("costSource")}
    newest = next(call for call in await ledger.history() if call.role == "inline")
    await ledger.aclose()
    assert (before.total_calls, before.usd_micros, before.unpriced_calls) == (CALLS, 70, 1)
    assert totals.total_calls == CALLS + 1
    assert {name: sums.total_calls for name, sums in roles.items()} == {"chat": CALLS, "inline": 1}
    # The new call has a price without a source, and so have those of versions without sources, but for a free one.
    assert sources == ({"list": 3, "unknown": 4} if version >= 3 else {"free": 1, "unknown": 6})
    assert totals.estimated_calls == (version >= 3)
    assert (newest.session, newest.answered_model, newest.service_tier) == ("s1", "m0-2024", "flex")
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        row = connection.execute("SELECT exact_usd, web_searches, billed_input_tokens FROM call WHERE role = 'inline'")
        assert row.fetchone() == ("0.0000012", 2, 3)
    connection.close()


@pytest.mark.parametrize("version", range(1, VERSION))
async def test_a_ledger_of_an_earlier_version_that_cannot_be_written_is_read(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written_by(version, tmp_path / "usage.sqlite3")
    content = path.read_bytes()

    def refused(_: object) -> int:
        # As for a file on a disk that is mounted read-only, which root cannot make in a test.
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr("modelport.adapters.usage_ledgers.database._prepare", refused)
    ledger = SqliteLedger(path)
    check(list(await ledger.history()), version)
    assert (await ledger.totals()).total_calls == CALLS
    await ledger.aclose()
    assert path.read_bytes() == content


async def test_the_attempts_of_one_request_know_the_first(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "usage.sqlite3")
    await ledger.record(next_call())

    chained = [
        await ledger.record(msgspec.structs.replace(next_call(), entry=entry, attempt_of=of, attempt=attempt))
        for entry, of, attempt in ((77, None, 0), (78, 77, 1), (79, 77, 2))
    ]
    calls = {call.id: call.attempt_of for call in await ledger.history()}
    await ledger.aclose()
    assert calls == {1: None, 2: None, 3: 2, 4: 2}
    # A call that is not in the ledger yet, on a busy machine, does not know it.
    assert {call.attempt_of for call in chained} <= {None, 2}
