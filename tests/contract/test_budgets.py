"""Reservations: the ledger of SQLite keeps them by the same rules as one in memory, and over all processes."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.test_ledger_trouble import Lock, no_database
from modelport.adapters.usage_ledgers.database import VERSION, _prepare
from modelport.adapters.usage_ledgers.queries import in_session
from modelport.adapters.usage_ledgers.reservations import MAX_LOOKED_AT
from modelport.domain.budgets.budget import Standing, Window
from modelport.domain.budgets.reservations import USUAL_OUTPUT_TOKENS, LedgerSilentError, Reservation, Reserved
from modelport.domain.errors import RequestFailed
from support.budgets import MIDNIGHT, NOON, PATIENT_S, MemoryBudgets, OnDisk, reservation, row, window

DAY = 86_400_000
posix = pytest.mark.skipif(os.name == "nt", reason="signals of a POSIX system")


Budgets = MemoryBudgets | OnDisk


@pytest.fixture(params=["memory", "sqlite"])
async def budgets(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Budgets]:
    if request.param == "memory":
        yield MemoryBudgets()
        return
    made = OnDisk(tmp_path / "data" / "usage.sqlite3")
    yield made
    await made.ledger.aclose()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "usage.sqlite3"


async def reserve(budgets: Budgets, of: Reservation, *windows: Window) -> Reserved:
    return await budgets.reserve(of, windows or (window(),), PATIENT_S)


async def standing(budgets: Budgets, of: Window | None = None) -> Standing:
    (found,) = await budgets.standings((of or window(),))
    return found


def amounts(found: Standing) -> tuple[int, int]:
    return found.spent, found.reserved


# Reserve, settle, release.


async def test_what_is_reserved_counts_until_the_row_of_the_call_takes_its_place(budgets: Budgets) -> None:
    assert await reserve(budgets, reservation(1, 100)) == Reserved(estimate=100)
    assert amounts(await standing(budgets)) == (0, 100)
    await budgets.record(row(1, 60))
    assert amounts(await standing(budgets)) == (60, 0)


async def test_a_call_fits_to_the_last_micro_dollar(budgets: Budgets) -> None:
    await budgets.record(row(1, 500))
    assert (await reserve(budgets, reservation(2, 300))).refused_by is None
    assert await reserve(budgets, reservation(3, 201)) == Reserved(
        estimate=201, refused_by=0, standing=Standing(spent=500, reserved=300)
    )
    assert (await reserve(budgets, reservation(4, 200))).refused_by is None
    assert amounts(await standing(budgets)) == (500, 500)


async def test_a_call_without_a_row_gives_back_what_it_reserved(budgets: Budgets) -> None:
    await reserve(budgets, reservation(1, 100))
    budgets.release(1)
    assert amounts(await standing(budgets)) == (0, 0)


async def test_a_call_that_failed_frees_what_it_did_not_use(budgets: Budgets) -> None:
    await reserve(budgets, reservation(1, 100))
    await budgets.record(row(1, 3, outcome="failed"))
    await reserve(budgets, reservation(2, 100))
    await budgets.record(row(2, None, outcome="cancelled"))
    found = await standing(budgets)
    assert (amounts(found), found.unpriced_calls) == ((3, 0), 1)


async def test_a_budget_that_warns_refuses_nothing_and_counts_it(budgets: Budgets) -> None:
    warns = window(10, action="warn")
    assert (await reserve(budgets, reservation(1, 100), warns)).refused_by is None
    assert amounts(await standing(budgets, warns)) == (0, 100)


async def test_of_several_budgets_the_tightest_refuses_and_nothing_is_reserved(budgets: Budgets) -> None:
    both = (window(150), window(90, name="tight"), window(10, name="warns", action="warn"))
    assert (await reserve(budgets, reservation(1, 100), *both)).refused_by == 1
    assert amounts(await standing(budgets)) == (0, 0)


# Answers that are ended.


async def test_a_reservation_grows_as_far_as_the_limit(budgets: Budgets) -> None:
    cuts = window(cut=True)
    await budgets.record(row(9, 200))
    await reserve(budgets, reservation(1, 100), cuts)
    await reserve(budgets, reservation(2, 100), cuts)
    assert await budgets.extend(1, (cuts,), 400, PATIENT_S) == 400
    assert amounts(await standing(budgets)) == (200, 500)
    assert await budgets.extend(2, (cuts,), 1_000, PATIENT_S) == 400
    assert await budgets.extend(1, (cuts,), 600, PATIENT_S) == 400
    assert (await reserve(budgets, reservation(3, 1), cuts)).refused_by == 0
    await budgets.record(row(1, 350))
    # A row has taken its place, so that there is nothing to make larger.
    await budgets.extend(1, (cuts,), 10, PATIENT_S)
    assert amounts(await standing(budgets)) == (550, 400)


# What counts.


@pytest.mark.parametrize(
    ("of", "counts"),
    [
        ({}, True),
        ({"provider": "acme"}, True),
        ({"provider": "other"}, False),
        ({"model": "acme/m"}, True),
        ({"model": "m*"}, True),
        ({"model": "n"}, False),
        ({"client": "vi*"}, True),
        ({"client": "vi"}, False),
        ({"project": "site"}, True),
        ({"project": "[s]ite"}, False),
        ({"role": "chat"}, True),
        ({"role": "inline"}, False),
    ],
)
@pytest.mark.parametrize("period", ["day", "session"])
async def test_only_calls_that_fit_count(budgets: Budgets, of: dict[str, str], counts: bool, period: str) -> None:
    await budgets.record(row(1, 40))
    await reserve(budgets, reservation(2, 100))
    assert amounts(await standing(budgets, window(scope=of, period=period))) == ((40, 100) if counts else (0, 0))


async def test_a_session_counts_calls_after_the_clock_was_put_back(budgets: Budgets) -> None:
    """They seem to be from before it began; no other session has its name."""
    began = window(period="session", session="s1")
    assert began.since_ms == MIDNIGHT
    await reserve(budgets, reservation(1, 100, started_ms=MIDNIGHT - 3_600_000), began)
    assert amounts(await standing(budgets, began)) == (0, 100)
    await budgets.record(row(1, 60, started_ms=MIDNIGHT - 3_600_000))
    assert amounts(await standing(budgets, began)) == (60, 0)


async def test_a_session_counts_its_own_calls_only(budgets: Budgets) -> None:
    for number, session in enumerate(("s1", "s2", "s1"), 1):
        await budgets.record(row(number, 10 * number, session=session))
    await reserve(budgets, reservation(7, 100, session="s2"))
    assert amounts(await standing(budgets, window(period="session"))) == (40, 0)
    assert amounts(await standing(budgets, window(period="session", session="s2"))) == (20, 100)


@pytest.mark.parametrize(
    ("zone", "counted"),
    # Noon in UTC is 8 o'clock in New York, and a quarter to six in the evening in Kathmandu.
    [("UTC", 0b0110), ("Asia/Kathmandu", 0b0011), ("America/New_York", 0b0100)],
)
async def test_a_day_is_that_of_the_budgets_zone(budgets: Budgets, zone: str, counted: int) -> None:
    """The calls of 1, 2, 4 and 8 micro-dollars begin at 23:00, 1:00, 20:00 UTC and 23:00 of the next day."""
    times = (NOON - 13 * 3_600_000, NOON - 11 * 3_600_000, NOON + 8 * 3_600_000, NOON + 35 * 3_600_000)
    for bit, started_ms in enumerate(times):
        await budgets.record(row(bit + 1, 1 << bit, started_ms=started_ms))
    assert (await standing(budgets, window(timezone=zone))).spent == counted


async def test_a_reservation_belongs_to_the_period_in_which_its_call_began(budgets: Budgets) -> None:
    await reserve(budgets, reservation(1, 100, started_ms=NOON - DAY), window(now_ms=NOON - DAY))
    assert amounts(await standing(budgets)) == (0, 0)
    assert amounts(await standing(budgets, window(now_ms=NOON - DAY))) == (0, 100)


async def test_the_output_of_a_model_is_estimated_by_its_last_calls(budgets: Budgets) -> None:
    big = window(1_000_000)
    assert (await reserve(budgets, reservation(1, max_output=9000), big)).estimate == 2030
    for n in range(20):
        await budgets.record(row(10 + n, output=100 + n))
    await budgets.record(row(40, output=5000, model="n"))
    await budgets.record(row(41, output=5000, outcome="failed"))
    assert (await reserve(budgets, reservation(2, max_output=9000), big)).estimate == 30 + 119
    assert (await reserve(budgets, reservation(3, max_output=50), big)).estimate == 30 + 50


# States.


def told(found: Sequence[tuple[Window, Standing]]) -> list[tuple[str, int]]:
    return [(of.budget.name, standing.spent) for of, standing in found]


async def test_a_model_that_another_provider_has_answered_long_ago_is_one_that_is_not_known(path: Path) -> None:
    """Else a million calls of that one were looked at before each call."""
    budgets = OnDisk(path)
    await budgets.ledger.totals()
    with sqlite3.connect(path) as connection:
        columns = "started_at_ms, provider, model, client, project, outcome, input_tokens, output_tokens, latency_ms, estimated"
        rows = ((NOON - 10 - n, "other", "m", "", "", "ok", 1, 7, 1, 0) for n in range(MAX_LOOKED_AT))
        connection.executemany(f"INSERT INTO call ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    free = row(1, 50, output=9, started_ms=NOON - 20 - MAX_LOOKED_AT)
    await budgets.record(free)
    unlimited = reservation(2, 0, input_micros=0, max_output=1_000_000)
    assert (await reserve(budgets, unlimited, window(1_000_000))).estimate == USUAL_OUTPUT_TOKENS
    await budgets.record(row(3, 50, output=9, started_ms=NOON - 5))
    assert (
        await reserve(budgets, reservation(4, 0, input_micros=0, max_output=1_000_000), window(1_000_000))
    ).estimate == 9
    await budgets.ledger.aclose()


async def test_each_state_is_reported_once_in_a_period(budgets: Budgets) -> None:
    windows = (window(1000), window(500, name="small", warn_at=0.5))
    await budgets.record(row(1, 200))
    assert told(await budgets.changes(windows, PATIENT_S)) == []
    await budgets.record(row(2, 100))
    assert told(await budgets.changes(windows, PATIENT_S)) == [("small", 300)]
    assert told(await budgets.changes(windows, PATIENT_S)) == []
    await budgets.record(row(3, 600))
    assert told(await budgets.changes(windows, PATIENT_S)) == [("daily", 900), ("small", 900)]
    await budgets.record(row(4, 200))
    assert told(await budgets.changes(windows, PATIENT_S)) == [("daily", 1100)]
    tomorrow = window(1000, now_ms=NOON + DAY)
    await budgets.record(row(5, 850, started_ms=NOON + DAY))
    assert told(await budgets.changes((tomorrow,), PATIENT_S)) == [("daily", 850)]


async def test_a_refusal_after_the_warning_is_the_end_of_the_budget(budgets: Budgets) -> None:
    await budgets.record(row(1, 700))
    assert (await reserve(budgets, reservation(2, 400))).refused_by == 0
    assert (await standing(budgets)).told == "ok"
    await budgets.record(row(3, 150))
    assert (await reserve(budgets, reservation(4, 400))).refused_by == 0
    assert (await standing(budgets)).told == "exceeded"
    # The error has told it.
    assert told(await budgets.changes((window(),), PATIENT_S)) == []


async def test_a_raise_lifts_the_limit_until_its_end(budgets: Budgets) -> None:
    await budgets.record(row(1, 1000))
    assert told(await budgets.changes((window(),), PATIENT_S)) == [("daily", 1000)]
    assert (await reserve(budgets, reservation(2, 100))).refused_by == 0
    await budgets.raise_limit("daily", 500, NOON + 10)
    found = await standing(budgets)
    assert (found.raised, found.raised_until_ms, found.told) == (500, NOON + 10, "ok")
    assert (await reserve(budgets, reservation(3, 500))).refused_by is None
    assert (await standing(budgets, window(now_ms=NOON + 10))).raised == 0
    await budgets.raise_limit("daily", 0, NOON + 10)
    assert (await standing(budgets)).raised == 0
    assert (await standing(budgets, window(name="other"))).raised == 0


SESSIONS = st.sampled_from(["s1", "s2"])
MODELS = st.sampled_from(["m", "n"])
TIMES = st.sampled_from([NOON, NOON + DAY, NOON - 13 * 3_600_000])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "record", "release", "changes"]),
        st.integers(1, 6),
        st.integers(0, 600),
        MODELS,
        SESSIONS,
        TIMES,
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None)
@given(STEPS)
async def test_both_ledgers_agree_whatever_happens(steps: list[tuple[Any, ...]]) -> None:
    import tempfile

    windows = (
        window(1000),
        window(400, name="m", scope={"model": "m"}),
        window(500, name="run", period="session", action="warn"),
        window(1500, name="month", period="month"),
    )
    with tempfile.TemporaryDirectory() as folder:
        memory, disk = MemoryBudgets(), OnDisk(Path(folder) / "usage.sqlite3")
        recorded: set[int] = set()
        try:
            for step, number, micros, model, session, time_ms in steps:
                if number in recorded:
                    continue
                results = []
                for budgets in (memory, disk):
                    if step == "reserve":
                        budgets.release(number)
                        of = reservation(
                            number, micros, input_micros=0, started_ms=time_ms, model=model, session=session
                        )
                        results.append(await budgets.reserve(of, windows, PATIENT_S))
                    elif step == "record":
                        recorded.add(number)
                        of_call = row(number, micros, started_ms=time_ms, model=model, session=session)
                        results.append(await budgets.record(of_call))
                        if isinstance(budgets, OnDisk):
                            await budgets.written()
                    elif step == "release":
                        results.append(budgets.release(number))
                    else:
                        results.append(await budgets.changes(windows, PATIENT_S))
                assert results[0] == results[1]
                assert await memory.standings(windows) == await disk.standings(windows)
        finally:
            await disk.ledger.aclose()


def test_the_calls_of_a_session_are_found_without_a_look_at_all_others(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "usage.sqlite3", isolation_level=None)
    _prepare(connection)
    plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM ({in_session(waiting=False)}) WHERE session = 's1'")
    (step,) = [detail for *_, detail in plan]
    connection.close()
    assert "call_by_session" in step


# Several processes.

RACER = """
import sys, anyio
sys.path[:0] = [{tests!r}]
from pathlib import Path
from support.budgets import PATIENT_S, OnDisk, reservation, row, window

async def main(path, first, calls):
    budgets, sent = OnDisk(Path(path)), 0
    for n in range(calls):
        number = first + n
        found = await budgets.reserve(reservation(number, 100, input_micros=40), (window(10_000),), PATIENT_S)
        if found.refused_by is None:
            sent += 1
            # What it really costs is less than the estimate, which is freed.
            await budgets.record(row(number, 70, output=1))
    await budgets.ledger.aclose()
    print(sent)

anyio.run(main, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
"""


def process(code: str, *arguments: object) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", code.format(tests=tests), *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def killed(path: Path, how: str) -> None:
    with process(DIES, path, how) as victim:
        assert victim.communicate()[0] == "ready\n"
    assert victim.returncode == -signal.SIGKILL


@pytest.mark.timeout(90)
async def test_eight_processes_do_not_overspend_together(path: Path) -> None:
    racers = [process(RACER, path, 1000 * n, 40) for n in range(1, 9)]
    sent = sum(int(racer.communicate()[0]) for racer in racers)
    assert all(racer.returncode == 0 for racer in racers)
    budgets = OnDisk(path)
    found = await standing(budgets, window(10_000))
    after = await reserve(budgets, reservation(1, 100, input_micros=40), window(10_000))
    await budgets.ledger.aclose()
    # 320 calls were wanted. None was sent that might have cost more than was left, and as many as fit were.
    assert found.reserved == 0
    assert found.spent == 70 * sent <= 10_000
    assert sent < 320
    assert after.refused_by == 0


DIES = """
import os, signal, sys, anyio
sys.path[:0] = [{tests!r}]
import sqlite3
from pathlib import Path
from support.budgets import PATIENT_S, OnDisk, reservation, row, window

async def main(path, how):
    budgets = OnDisk(Path(path))
    for number in (1, 2):
        await budgets.reserve(reservation(number, 100), (window(),), PATIENT_S)
    if how == "spooled":
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await budgets.record(row(2, 77))
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

anyio.run(main, sys.argv[1], sys.argv[2])
"""


@posix
@pytest.mark.parametrize("by", ["standings", "reserve"])
async def test_a_process_that_was_killed_pays_for_its_input_only(path: Path, by: str) -> None:
    killed(path, "")
    budgets = OnDisk(path)
    if by == "reserve":
        assert (await reserve(budgets, reservation(3, 940))).refused_by is None
        budgets.release(3)
    assert amounts(await standing(budgets)) == (60, 0)
    calls = await budgets.ledger.history()
    totals = await budgets.ledger.totals()
    await budgets.ledger.aclose()
    assert [(call.outcome, call.usage.input_tokens, call.usage.output_tokens, call.usage.usd_micros) for call in calls] == [("cancelled", 30, 0, 30)] * 2  # fmt: skip
    assert {(call.usage.estimated, call.usage.cost_estimated) for call in calls} == {(True, True)}
    assert {(call.provider, call.model, call.client, call.project, call.role, call.session) for call in calls} == {
        ("acme", "m", "vim", "site", "chat", "s1")
    }
    assert (totals.total_calls, totals.usd_micros) == (2, 60)


@posix
async def test_a_call_that_a_killed_process_has_kept_counts_as_it_was(path: Path) -> None:
    killed(path, "spooled")
    budgets = OnDisk(path)
    assert amounts(await standing(budgets)) == (30 + 77, 0)
    await reserve(budgets, reservation(3, 1))
    assert amounts(await standing(budgets)) == (30 + 77, 1)
    assert (await budgets.ledger.totals()).total_calls == 2
    await budgets.ledger.aclose()


@posix
async def test_a_call_whose_file_cannot_be_read_now_is_not_settled_by_its_input(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(path, "spooled")
    budgets = OnDisk(path)

    def no_descriptor_left(*_: object) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("modelport.adapters.usage_ledgers.spool.read_start", no_descriptor_left)
        spent, reserved = amounts(await standing(budgets))
        assert (spent, reserved > 0) == (0, True)
    assert amounts(await standing(budgets)) == (30 + 77, 0)
    await budgets.ledger.aclose()


async def test_the_reservations_of_a_process_that_lives_are_left_alone(path: Path) -> None:
    mine, theirs = OnDisk(path), OnDisk(path)
    await reserve(theirs, reservation(1, 100))
    for _ in range(2):
        assert amounts(await standing(mine)) == (0, 100)
    await theirs.record(row(1, 60))
    await theirs.written()
    assert amounts(await standing(mine)) == (60, 0)
    await mine.ledger.aclose()
    await theirs.ledger.aclose()


async def test_one_process_reports_a_state_that_several_have_come_to(path: Path) -> None:
    several = [OnDisk(path) for _ in range(4)]
    await several[0].record(row(1, 900))
    await several[0].written()
    found: list[int] = []

    async def look(budgets: OnDisk) -> None:
        found.append(len(await budgets.changes((window(),), PATIENT_S)))

    while sum(found) == 0:
        async with anyio.create_task_group() as group:
            for budgets in several:
                group.start_soon(look, budgets)
    assert sum(found) == 1
    for budgets in several:
        await budgets.ledger.aclose()


# A ledger that does not answer.


async def silent(budgets: OnDisk, *windows: Window) -> str:
    with pytest.raises(LedgerSilentError) as raised:
        await budgets.reserve(reservation(1, 100), windows, 0.25)
    return str(raised.value)


async def test_while_another_program_holds_the_lock_nothing_is_reserved_for_a_budget_that_refuses(path: Path) -> None:
    budgets = OnDisk(path)
    await budgets.record(row(9, 1))
    await budgets.written()
    lock = Lock(path)
    assert await silent(budgets, window(), window(action="warn")) == "another program holds its lock"
    lock.release()
    await budgets.written()
    assert amounts(await standing(budgets)) == (1, 0)
    await budgets.ledger.aclose()


async def test_for_budgets_that_warn_it_is_reserved_when_the_ledger_is_back(path: Path) -> None:
    budgets, warns = OnDisk(path), window(action="warn")
    await budgets.record(row(9, 1))
    await budgets.written()
    lock = Lock(path)
    await silent(budgets, warns)
    lock.release()
    await budgets.written()
    # Of a model that is not known, the output is what is usual.
    assert amounts(await standing(budgets, warns)) == (1, 100)
    await budgets.record(row(1, 60))
    await budgets.written()
    assert amounts(await standing(budgets, warns)) == (61, 0)
    await budgets.ledger.aclose()


@pytest.mark.parametrize("end", ["row", "release"])
async def test_a_call_that_ends_before_the_ledger_is_back_leaves_no_reservation(path: Path, end: str) -> None:
    budgets, warns = OnDisk(path), window(action="warn")
    await budgets.record(row(9, 1))
    await budgets.written()
    lock = Lock(path)
    await silent(budgets, warns)
    if end == "row":
        await budgets.record(row(1, 60))
    else:
        budgets.release(1)
    lock.release()
    await budgets.written()
    assert amounts(await standing(budgets, warns)) == ((61, 0) if end == "row" else (1, 0))
    await budgets.ledger.aclose()


async def test_a_call_that_is_cancelled_while_it_waits_leaves_no_reservation(path: Path) -> None:
    budgets = OnDisk(path)
    await budgets.record(row(9, 1))
    await budgets.written()
    lock = Lock(path)
    async with anyio.create_task_group() as group:
        group.start_soon(budgets.reserve, reservation(1, 100), (window(),), PATIENT_S)
        await anyio.sleep(0.05)
        group.cancel_scope.cancel()
    lock.release()
    await budgets.written()
    assert amounts(await standing(budgets)) == (1, 0)
    await budgets.ledger.aclose()


async def test_what_is_not_waited_for_any_more_is_no_bug(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    budgets = OnDisk(path)
    await budgets.record(row(9, 1))
    await budgets.written()
    lock, report = Lock(path), threading.Event()
    budgets.ledger.hand_over(lambda _: report.wait(PATIENT_S))
    assert await silent(budgets, window()) == "it is busy"
    report.set()
    # The work that was given up fails at the lock.
    assert (await standing(budgets)).spent == 1
    lock.release()
    await budgets.written()
    await budgets.ledger.aclose()
    gc.collect()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


async def test_a_ledger_of_a_newer_version_answers_no_budget(path: Path) -> None:
    budgets = OnDisk(path)
    await budgets.record(row(9, 1))
    await budgets.ledger.aclose()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    newer = OnDisk(path)
    assert "newer Modelport" in await silent(newer, window())
    assert (await standing(newer)).spent == 1
    with pytest.raises(RequestFailed, match="newer Modelport"):
        await newer.raise_limit("daily", 1, NOON + DAY)
    assert await newer.changes((window(0),), PATIENT_S) == []
    await newer.ledger.aclose()


async def test_a_damaged_ledger_is_begun_anew_with_the_reservation(path: Path) -> None:
    path.parent.mkdir()
    no_database(path)
    budgets = OnDisk(path)
    assert (await reserve(budgets, reservation(1, 100))).refused_by is None
    assert amounts(await standing(budgets)) == (0, 100)
    await budgets.ledger.aclose()


async def test_news_that_come_too_late_come_with_the_next_call(path: Path) -> None:
    budgets = OnDisk(path)
    await budgets.record(row(1, 900))
    await budgets.written()
    report = threading.Event()
    budgets.ledger.hand_over(lambda _: report.wait(PATIENT_S))
    assert await budgets.changes((window(),), 0.01) == []
    report.set()
    found: list[Any] = []
    while not found:
        found += await budgets.changes((window(),), PATIENT_S)
    assert told(found) == [("daily", 900)]
    await budgets.ledger.aclose()
