"""The usage ledger: every recorded call is counted, in every report, with concurrent writers, after crashes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from blockbuster import blockbuster_ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.adapters.usage_ledgers.queries import USES_KEPT_MS
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.errors import RequestFailed
from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Usage, UsageTotals

pytestmark = pytest.mark.usefixtures("patient_ledger")
DAY = 86_400_000
NOON = 20_000 * DAY + DAY // 2


def record(**changes: Any) -> CallRecord:
    """A call at noon of some day; fields of its usage may be given too."""
    usage: dict[str, Any] = {"input_tokens": 10, "output_tokens": 5, "latency_ms": 1.5, "usd_micros": 7, "estimated": False}  # fmt: skip
    usage |= {name: changes.pop(name) for name in tuple(changes) if name in Usage.__struct_fields__}
    values: dict[str, Any] = {
        "started_at_ms": NOON,
        "provider": "acme",
        "model": "m",
        "client": "vim",
        "project": "site",
        "outcome": "ok",
        "error_kind": None,
        "finish_reason": "stop",
    }
    return CallRecord(usage=Usage(**usage), **(values | changes))


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    made = SqliteLedger(tmp_path / "new" / "folder" / "usage.sqlite3")
    yield made
    await made.aclose()


async def test_a_recorded_call_comes_back_as_it_was(ledger: SqliteLedger) -> None:
    call = await ledger.record(record(cache_read_tokens=3, reasoning_tokens=2, time_to_first_token_ms=0.5))
    assert call.started_at == "2024-10-04T12:00:00.000Z"
    assert await ledger.history() == [msgspec.structs.replace(call, id=1)]
    assert (call.provider, call.client, call.project, call.usage.cache_read_tokens) == ("acme", "vim", "site", 3)


async def test_an_empty_ledger_adds_up_to_nothing(ledger: SqliteLedger) -> None:
    assert await ledger.totals() == UsageTotals()
    assert await ledger.groups("model") == []
    assert await ledger.history() == []


async def test_totals_count_outcomes_and_unknown_prices(ledger: SqliteLedger) -> None:
    await ledger.record(record())
    await ledger.record(record(outcome="failed", error_kind="timeout", usd_micros=None, cache_read_tokens=4))
    await ledger.record(record(outcome="cancelled", cache_write_tokens=2, reasoning_tokens=1))
    assert await ledger.totals() == UsageTotals(
        total_calls=3,
        failed_calls=1,
        cancelled_calls=1,
        input_tokens=30,
        output_tokens=15,
        cache_read_tokens=4,
        cache_write_tokens=2,
        reasoning_tokens=1,
        usd_micros=14,
        unpriced_calls=1,
    )


async def test_groups_come_with_most_calls_first_and_days_in_their_order(ledger: SqliteLedger) -> None:
    for days, model, client in ((3, "b", "vim"), (1, "a", "vim"), (2, "b", None)):
        await ledger.record(record(started_at_ms=NOON + days * DAY, model=model, client=client))
    assert [key for key, _ in await ledger.groups("model")] == ["b", "a"]
    assert [(key, totals.total_calls) for key, totals in await ledger.groups("client")] == [("vim", 2), ("", 1)]
    assert [key for key, _ in await ledger.groups("day")] == ["2024-10-05", "2024-10-06", "2024-10-07"]


async def test_nested_groups_are_in_the_order_of_groups_within_groups_in_their_order(ledger: SqliteLedger) -> None:
    for days, model in ((3, "b"), (1, "a"), (1, "b"), (1, "b"), (2, "a")):
        await ledger.record(record(started_at_ms=NOON + days * DAY, model=model))
    by_day = await ledger.nested_groups(("day", "model"))
    assert [(day.key, [(model.key, model.totals.total_calls) for model in day.groups or ()]) for day in by_day] == [
        ("2024-10-05", [("b", 2), ("a", 1)]),
        ("2024-10-06", [("a", 1)]),
        ("2024-10-07", [("b", 1)]),
    ]
    by_model = await ledger.nested_groups(("model", "day"))
    assert [(model.key, [day.key for day in model.groups or ()]) for model in by_model] == [
        ("b", ["2024-10-05", "2024-10-07"]),
        ("a", ["2024-10-05", "2024-10-06"]),
    ]


async def test_history_is_newest_first_and_limited_and_filtered(ledger: SqliteLedger) -> None:
    for hours, model in ((2, "a"), (0, "b"), (1, "a"), (1, "b")):
        await ledger.record(record(started_at_ms=NOON + hours, model=model))
    assert [call.id for call in await ledger.history()] == [1, 4, 3, 2]
    assert [call.id for call in await ledger.history(limit=2)] == [1, 4]
    assert [call.id for call in await ledger.history(model="a")] == [1, 3]
    assert [call.id for call in await ledger.history(since_ms=NOON + 1)] == [1, 4, 3]
    assert [call.id for call in await ledger.history(since_ms=NOON + 1, model="b", limit=5)] == [4]


HOSTILE = ["", "' OR 1=1 --", "naïve 東京 😀", "a\nb", "x" * 5000, "\x00", '"; DROP TABLE call; --']


async def test_hostile_names_are_only_names(ledger: SqliteLedger) -> None:
    for name in HOSTILE:
        await ledger.record(record(model=name, provider=name, client=name, project=name))
    assert {key for key, _ in await ledger.groups("model")} == set(HOSTILE)
    for name in HOSTILE:
        assert len(await ledger.history(model=name)) == 1


# Any period, against a plain sum.

INSTANTS = st.integers(0, 5 * DAY) | st.builds(lambda day, near: max(0, day * DAY + near), st.integers(0, 5), st.integers(-1, 1))  # fmt: skip
RECORDS = st.lists(
    st.builds(
        record,
        started_at_ms=INSTANTS,
        provider=st.sampled_from("pq"),
        model=st.sampled_from("mn"),
        client=st.sampled_from(["vim", None]),
        project=st.sampled_from(["site", None]),
        outcome=st.sampled_from(["ok", "failed", "cancelled"]),
        input_tokens=st.integers(0, 9),
        output_tokens=st.integers(0, 9),
        cache_read_tokens=st.none() | st.integers(0, 9),
        cache_write_tokens=st.none() | st.integers(0, 9),
        reasoning_tokens=st.none() | st.integers(0, 9),
        usd_micros=st.none() | st.integers(0, 9),
        cost_source=st.sampled_from([None, "reported", "list"]),
        cost_estimated=st.sampled_from([None, True]),
    ),
    max_size=10,
)


def plain_sum(calls: Iterable[CallRecord]) -> UsageTotals:
    """Totals by adding up one call after the other."""
    sums = msgspec.structs.asdict(UsageTotals())
    for call in calls:
        usage = call.usage
        sums["total_calls"] += 1
        sums["failed_calls"] += call.outcome == "failed"
        sums["cancelled_calls"] += call.outcome == "cancelled"
        sums["unpriced_calls"] += usage.usd_micros is None
        sums["estimated_calls"] += usage.cost_estimated is True
        for name in ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usd_micros"):  # fmt: skip
            sums[name] += getattr(usage, name) or 0
    return UsageTotals(**sums)


def source_of(call: CallRecord) -> str:
    """Where the price of a call is from."""
    if call.usage.usd_micros is None:
        return "unknown"
    return call.usage.cost_source or ("unknown" if call.usage.usd_micros else "free")


KEYS: dict[str, Callable[[CallRecord], str]] = {
    "model": lambda call: call.model,
    "provider": lambda call: call.provider,
    "client": lambda call: call.client or "",
    "project": lambda call: call.project or "",
    "costSource": source_of,
    "day": lambda call: f"1970-01-0{call.started_at_ms // DAY + 1}",
}


@pytest.mark.timeout(60)
@settings(max_examples=40)
@given(calls=RECORDS, periods=st.lists(st.tuples(st.none() | INSTANTS, st.none() | INSTANTS), min_size=6, max_size=6))
async def test_any_period_adds_up_to_a_plain_sum(
    calls: list[CallRecord], periods: list[tuple[int | None, int | None]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = SqliteLedger(Path(folder) / "usage.sqlite3")
        async with anyio.create_task_group() as tasks:
            for call in calls:
                tasks.start_soon(ledger.record, call)
        for since, until in periods:
            inside = [c for c in calls if (since or 0) <= c.started_at_ms < (DAY * 99 if until is None else until)]
            assert await ledger.totals(since, until) == plain_sum(inside)
            for by, key in KEYS.items():
                wanted: defaultdict[str, list[CallRecord]] = defaultdict(list)
                for call in inside:
                    wanted[key(call)].append(call)
                groups = await ledger.groups(by, since, until)  # type: ignore[arg-type]
                assert dict(groups) == {name: plain_sum(of_it) for name, of_it in wanted.items()}
                assert len(groups) == len(wanted)
                for then_by, inner_key in KEYS.items():
                    tree = await ledger.nested_groups((by, then_by), since, until)  # type: ignore[arg-type]
                    assert [group.key for group in tree] == [name for name, _ in groups]
                    for name, inner in ((g.key, [(i.key, i.totals) for i in g.groups or ()]) for g in tree):
                        of_it = {inner_key(call) for call in wanted[name]}
                        assert [part for part, _ in inner] == sorted(of_it) or then_by != "day"
                        assert dict(inner) == {
                            part: plain_sum(call for call in wanted[name] if inner_key(call) == part) for part in of_it
                        }
        await ledger.aclose()


# Many at once, and other processes.


async def test_200_calls_at_once_are_all_recorded_each_with_an_id_of_its_own(ledger: SqliteLedger) -> None:
    ids: list[int] = []

    async def one(n: int) -> None:
        ids.append((await ledger.record(record(input_tokens=n))).id)

    async with anyio.create_task_group() as tasks:
        for n in range(200):
            tasks.start_soon(one, n)
    assert sorted(ids) == list(range(1, 201))
    calls = await ledger.history(limit=500)
    assert {call.usage.input_tokens for call in calls} == set(range(200))
    assert (await ledger.totals()).total_calls == 200


async def test_a_caller_that_is_cancelled_loses_no_row(ledger: SqliteLedger) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ledger.record, record())
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    # A row is there whole or not at all, and the ledger goes on.
    await ledger.record(record())
    totals = await ledger.totals()
    assert totals.total_calls == len(await ledger.history(limit=500)) >= 1
    assert totals.input_tokens == 10 * totals.total_calls


WRITER = """
import sys, anyio
from pathlib import Path
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Usage

async def main(path, name, count):
    ledger = SqliteLedger(Path(path))
    n = 0
    while count == 0 or n < count:
        n += 1
        usage = Usage(input_tokens=n, output_tokens=1, latency_ms=1, usd_micros=None, estimated=False)
        call = CallRecord(started_at_ms=n, provider="acme", model=name, client=None, project=None, outcome="ok",
                          error_kind=None, finish_reason=None, usage=usage)
        call = await ledger.record(call)
        print(call.id, flush=True)

anyio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]))
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(count)], stdout=subprocess.PIPE)


async def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    writers = [writer(path, f"writer{n}", 40) for n in range(4)]
    reported = [int(line) for process in writers for line in process.communicate()[0].split()]
    assert [process.returncode for process in writers] == [0, 0, 0, 0]
    assert len(reported) == 160
    # On a machine without a moment to spare a reply does not wait for the ledger: such a call has no id yet.
    numbers = [number for number in reported if number]
    assert len(set(numbers)) == len(numbers)
    ledger = SqliteLedger(path)
    groups = dict(await ledger.groups("model"))
    assert {name: totals.total_calls for name, totals in groups.items()} == {f"writer{n}": 40 for n in range(4)}
    assert {totals.input_tokens for totals in groups.values()} == {sum(range(41))}
    await ledger.aclose()


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
async def test_a_writer_that_is_killed_loses_no_row_it_had_recorded(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    process = writer(path, "killed", 0)
    assert process.stdout is not None
    reported = [int(process.stdout.readline()) for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    reported += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
    process.wait()
    process.stdout.close()
    ledger = SqliteLedger(path)
    calls = await ledger.history(limit=10_000)
    kept = [call.id for call in calls]
    # A disk that is busy makes a reply not wait for the id.
    assert set(reported) - {0} <= set(kept)
    assert len(reported) <= len(kept)
    # Each once: the writer numbers them by their tokens.
    assert sorted(call.usage.input_tokens for call in calls) == list(range(1, len(calls) + 1))
    # The sums agree with the rows, and the next writer goes on.
    assert (await ledger.totals()).total_calls == len(kept)
    assert (await ledger.record(record())).id == max(kept) + 1
    await ledger.aclose()


async def test_what_one_process_records_another_sees(tmp_path: Path) -> None:
    mine, theirs = (SqliteLedger(tmp_path / "usage.sqlite3") for _ in range(2))
    await mine.record(record())
    assert (await theirs.totals()).total_calls == 1
    await theirs.record(record())
    assert (await mine.totals()).total_calls == 2
    await mine.aclose()
    await theirs.aclose()


async def test_a_count_too_large_to_store_is_a_failure_and_the_ledger_goes_on(ledger: SqliteLedger) -> None:
    with pytest.raises(RequestFailed):
        await ledger.record(record(output_tokens=2**63))
    await ledger.record(record())
    assert (await ledger.totals()).total_calls == 1


async def test_no_question_blocks_the_event_loop(ledger: SqliteLedger) -> None:
    with blockbuster_ctx("modelport"):
        await ledger.record(record())
        await ledger.totals()
        await ledger.totals(NOON - 5, NOON + 5)
        await ledger.groups("day")
        await ledger.history()


# The last use of keys.


async def test_it_is_known_when_a_key_was_last_sent(ledger: SqliteLedger) -> None:
    for provider, key, at_ms in (
        ("a", "k1", NOON + 5),
        ("a", "k1", NOON),
        ("a", "k2", NOON + 1),
        ("b", "k1", NOON + 2),
    ):
        await ledger.record(record(provider=provider, key=key, started_at_ms=at_ms))
    await ledger.record(record(provider="b", key="", started_at_ms=NOON + 9))
    assert await ledger.last_used_ms() == {("a", "k1"): NOON + 5, ("a", "k2"): NOON + 1, ("b", "k1"): NOON + 2}


async def test_a_key_that_was_not_sent_for_long_is_forgotten(ledger: SqliteLedger) -> None:
    await ledger.record(record(provider="a", key="old", started_at_ms=NOON))
    await ledger.record(record(provider="b", key="old", started_at_ms=NOON))
    await ledger.record(record(provider="a", key="new", started_at_ms=NOON + USES_KEPT_MS + 1))
    assert set(await ledger.last_used_ms()) == {("a", "new"), ("b", "old")}
