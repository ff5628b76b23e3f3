"""What a soak looks at from outside: processes, their figures and what is left of them, and the ledger's lock."""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

MARK = "MODELPORT_SOAK"
"""A variable of every server, and of what servers start where they pass it on."""


@dataclass(frozen=True)
class Sample:
    """A process at a moment."""

    at_s: float
    resident_mb: float
    descriptors: int
    threads: int


def sampled(pid: int) -> Sample | None:
    """The figures of a process; None where it is gone, or the system has none."""
    folder = Path(f"/proc/{pid}")
    try:
        lines = (folder / "status").read_text(encoding="ascii", errors="replace").splitlines()
        figures = {
            name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()
        }
        count = sum(1 for _ in (folder / "fd").iterdir())
        return Sample(time.monotonic(), int(figures["VmRSS"]) / 1024, count, int(figures["Threads"]))
    except (OSError, KeyError):
        return None


def slope_mb_per_minute(samples: list[Sample]) -> float:
    """How the memory of a process grows over the second half of its samples."""
    half = samples[len(samples) // 2 :]
    if len(half) < 10:
        return 0.0
    return statistics.linear_regression([one.at_s / 60 for one in half], [one.resident_mb for one in half]).slope


def left(home: Path) -> list[str]:
    """The command lines of processes that name a file below ``home``, or have the soak's mark with it."""
    return list(_left(f"{home}".encode()))


def _left(home: bytes) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line, variables = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            if int(process.name) != os.getpid() and (home in line or MARK.encode() + b"=" + home in variables):
                yield line.replace(b"\0", b" ").decode("utf-8", "replace").strip()


def calls_by_model(ledger: Path) -> Counter[str]:
    """How often each model is in the ledger."""
    with closing(sqlite3.connect(ledger)) as connection:
        return Counter(dict(connection.execute("SELECT model, count(*) FROM call GROUP BY model")))


def recorded_twice(ledger: Path) -> list[str]:
    """The models of calls that are in the ledger more than once. A model that is called again has another attempt."""
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute("SELECT model FROM call GROUP BY model, attempt HAVING count(*) > 1 ORDER BY model")
        return [str(model) for (model,) in rows]


def hold_the_lock_now_and_then(ledger: Path, is_over: Callable[[], bool], chance: Random) -> int:
    """Another program at the ledger; returns how often it has held the lock."""
    held = 0
    while not is_over():
        time.sleep(chance.uniform(0.5, 3))
        if not ledger.exists():
            continue
        with closing(sqlite3.connect(ledger, isolation_level=None, timeout=2)) as connection, suppress(sqlite3.Error):
            connection.execute(chance.choice(("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE")))
            held += 1
            time.sleep(chance.uniform(0.2, 2.5))
            connection.execute("ROLLBACK")
    return held
