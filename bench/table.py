"""Prints the performance table of the tree it stands in: this tree, a floor and a peer, in the same run.

Nothing is asserted: absolute times drift from machine to machine, so the floor and the peer are
what to compare with. Exits with 1 only when something could not be measured.

Usage: python bench/table.py [--quick] [--json FILE] [--only WORD]
With PEERS=1 in the environment further peers are installed below .cache/bench and measured as well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from agent_listing import agents
from discovery import local_discovery
from holding import cancel, memory_per_stream
from ledger import usage_summary
from long_streams import long_streams
from peers import further
from processes import NotMeasurable
from report import Row, table, unmeasured
from startup import first_call, memory, modules, start_up
from streams import streams
from subjects import Subjects, Upstream

Measure = Callable[[Subjects, Upstream], list[Row]]
STEPS: tuple[tuple[str, Measure], ...] = (
    ("start-up", start_up),
    ("memory", memory),
    ("modules", modules),
    ("first call", first_call),
    ("streams", streams),
    ("long answers", long_streams),
    ("memory per stream", memory_per_stream),
    ("cancel", cancel),
    ("local discovery", local_discovery),
    ("agents", agents),
    ("usage summary", usage_summary),
)
NOT_QUICK = ("usage summary",)


def main() -> int:
    """Measures, prints, and returns the exit code."""
    given = _arguments()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="modelport-bench-") as folder, Upstream() as upstream:
        subjects = Subjects(Path(folder), further() if os.environ.get("PEERS") else {}, quick=given.quick)
        rows = [row for name, measure in _steps(given) for row in _rows(name, measure, subjects, upstream)]
    print(_heading(time.monotonic() - begun), "\n", sep="")
    print(table(rows, subjects.peers))
    if given.json:
        given.json.write_text(json.dumps([row.as_json() for row in rows], indent=1), encoding="utf-8")
    return 1 if any(row.text == "not measured" for row in rows) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prints the performance table of this tree.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no large ledger; under a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every round to a file")
    parser.add_argument("--only", metavar="WORD", default="", help="only the steps whose name has this word")
    return parser.parse_args()


def _steps(given: argparse.Namespace) -> list[tuple[str, Measure]]:
    return [step for step in STEPS if given.only in step[0] and not (given.quick and step[0] in NOT_QUICK)]


def _rows(name: str, measure: Measure, subjects: Subjects, upstream: Upstream) -> list[Row]:
    print(f"measuring: {name}", file=sys.stderr, flush=True)
    try:
        return measure(subjects, upstream)
    except (NotMeasurable, OSError) as error:
        return [unmeasured(name, str(error))]


def _heading(taken_s: float) -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{_version()}; Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {load}; {taken_s:.0f} s"
    )


def _version() -> str:
    """The commit of this tree, where git can tell."""
    command = ["git", "--no-optional-locks", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no commit"


if __name__ == "__main__":
    sys.exit(main())
