"""The usage ledger when it is large: adding up a million calls."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio

from client import Client
from report import TREE, Row, number
from subjects import Subjects, Upstream

CALLS = 1_000_000
YEARS = 2
SECOND_MS = 1000
MODELS = ("openai/gpt-5.1", "anthropic/claude-sonnet-4-5", "groq/llama-3.3-70b", "ollama/qwen3:8b")
CLIENTS = ("Visual Studio Code", "Neovim")
PROJECTS = ("server", "website", "notes", "infrastructure")
GROUPINGS = ("model", "provider", "client", "project", "day")


def usage_summary(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """How long ``usage/summary`` takes over the wire."""
    folder = subjects.folder / "ledger"
    days = fill(folder / "usage.sqlite3")
    with subjects.tree(folder) as client:
        client.initialize()
        client.request("provider/status", {})
        first = _summary_ms(client, {})
        taken = [_summary_ms(client, {}) for _ in range(9)]
        grouped = {by: _summary_ms(client, {"groupBy": by}) for by in GROUPINGS}
        divided = _summary_ms(client, {"groupBy": ["day", "model"]})
    slowest = max(grouped, key=lambda by: grouped[by])
    note = (
        f"wall time of usage/summary without parameters; {CALLS:,} calls in {days:,} rows of the daily table, "
        f"{YEARS} years; the very first call {number(first)} ms, by {slowest} {number(grouped[slowest])} ms, "
        f"by day and model {number(divided)} ms"
    )
    return [Row(f"usage summary over {CALLS:,} calls", "ms", {TREE: taken}, target=50, note=note)]


def fill(path: Path) -> int:
    """Creates a ledger with the package's own schema and fills it; returns the row count of its daily table."""
    from modelport.adapters.usage_ledgers.rows import CALL_COLUMNS

    anyio.run(_create, path)
    marks = ", ".join("?" * len(CALL_COLUMNS.split(",")))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(f"INSERT INTO call ({CALL_COLUMNS}) VALUES ({marks})", _rows())
        connection.commit()
        if connection.execute("SELECT sum(total_calls) FROM daily").fetchone()[0] != CALLS:
            raise AssertionError("the daily table does not add up")
        return connection.execute("SELECT count(*) FROM daily").fetchone()[0]


async def _create(path: Path) -> None:
    from modelport.adapters.usage_ledgers.sqlite import SqliteLedger

    ledger = SqliteLedger(path)
    await ledger.totals()
    await ledger.aclose()


def _rows() -> Iterator[tuple[Any, ...]]:
    """Calls evenly over the years, every combination of model, client and project in turn."""
    from modelport.adapters.usage_ledgers.rows import to_row
    from modelport.domain.spending.usage import CallRecord
    from modelport.protocol.types import Usage

    usage = Usage(
        input_tokens=1200, output_tokens=350, cache_read_tokens=900, latency_ms=2100.5, usd_micros=8100, estimated=False
    )
    samples = [
        CallRecord(
            started_at_ms=0,
            provider=model.partition("/")[0],
            model=model.partition("/")[2],
            client=client,
            project=project,
            outcome="ok",
            error_kind=None,
            finish_reason="stop",
            usage=usage,
        )
        for model, client, project in itertools.product(MODELS, CLIENTS, PROJECTS)
    ]
    tails = [to_row(sample)[1:] for sample in samples]
    span_ms = YEARS * 365 * 86_400 * SECOND_MS
    start_ms = time.time_ns() // 1_000_000 - span_ms
    for position in range(CALLS):
        yield (start_ms + position * span_ms // CALLS, *tails[position % len(tails)])


def _summary_ms(client: Client, params: dict[str, Any]) -> float:
    begun = time.monotonic()
    summary = client.request("usage/summary", params)
    taken = (time.monotonic() - begun) * 1000
    if summary["totals"]["totalCalls"] != CALLS:
        raise AssertionError("the summary does not add up")
    return taken
