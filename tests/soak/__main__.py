"""Works servers hard for minutes, and counts what must hold all the time: ``make soak MINUTES=10``; exit 1 where it does not.

Eight clients share a data folder and have some fifty streams under way, whose provider fails in every way; requests are
cancelled, servers ended, killed and started again, and another program holds the lock of the ledger now and then.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

from fuzz.hermetic import environment
from soak.machine import (
    MARK,
    Sample,
    calls_by_model,
    hold_the_lock_now_and_then,
    left,
    recorded_twice,
    sampled,
    slope_mb_per_minute,
)
from soak.provider import provider
from soak.worker import Worker
from support import fake_agents
from support.local_models import config, gguf
from support.server_process import ServerProcess

SAMPLE_S = 0.5
WARM_S = 10.0
"""After so long a server has loaded what it loads."""
MAX_GROWTH_MB = 60.0
MAX_SLOPE_MB = 3.0
"""A minute, over the second half of a soak."""
SLOPE_FROM_S = 300.0
"""A shorter soak has a figure only: until then the largest answers still find the heap's highest mark."""
MAX_MORE_DESCRIPTORS = 40
MAX_THREADS = 60
SETTLE_S = 5.0
"""For what servers have started to end after them."""


class Soak:
    """One run."""

    def __init__(self, seconds: float, clients: int, streams: int, seed: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self.broken: list[str] = []
        self.figures: dict[str, str] = {}
        self._seconds = seconds
        self._clients = clients
        self._streams = streams
        self._seed = seed
        self._samples: dict[int, list[Sample]] = defaultdict(list)

    def run(self) -> None:
        """Runs it, and judges."""
        with tempfile.TemporaryDirectory(prefix="soak") as folder, provider() as upstream:
            home = Path(folder)
            variables = self._machine(home)
            workers = [
                Worker(number, upstream.url, variables, max(1, self._streams // self._clients), self._seed)
                for number in range(self._clients)
            ]
            held = self._work(workers, home / "data" / "usage.sqlite3")
            for worker in workers:
                self.outcomes += worker.tally.outcomes
                self.broken += worker.tally.mistakes
            self.outcomes["locks held by another program"] = held
            self._judge_ledger(workers, home, variables, {_model(body) for body in upstream.bodies})
            self._judge_processes(workers, home)

    def _machine(self, home: Path) -> dict[str, str]:
        """A home with agents, one of which never answers, and with a model file."""
        variables = environment(home)
        agents = [
            fake_agents.installed(home / "one", "@google/gemini-cli", "gemini"),
            fake_agents.installed(home / "two", "@agentclientprotocol/codex-acp", "codex-acp", "silent"),
        ]
        gguf(home / "models" / "tiny.gguf", more=500)
        (home / "notes").mkdir()
        (home / "config" / "config.toml").write_text(config(home / "models", home / "notes"))
        return {**variables, "PATH": ":".join((*map(str, agents), variables["PATH"])), MARK: str(home)}

    def _work(self, workers: list[Worker], ledger: Path) -> int:
        end = time.monotonic() + self._seconds
        held: list[int] = []

        def is_over() -> bool:
            return time.monotonic() >= end

        def hold() -> None:
            held.append(hold_the_lock_now_and_then(ledger, is_over, Random(self._seed)))

        threads = [threading.Thread(target=worker.run, args=(is_over,)) for worker in workers]
        threads.append(threading.Thread(target=hold))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(SAMPLE_S)
            for number, worker in enumerate(workers):
                if worker.steady and worker.server is not None and (sample := sampled(worker.server.process.pid)):
                    self._samples[number].append(sample)
        return sum(held)

    def _judge_ledger(self, workers: list[Worker], home: Path, variables: dict[str, str], asked: set[str]) -> None:
        """Has a new server take over what is left, and compares the ledger with what was answered."""
        with ServerProcess(env=variables) as server:
            server.initialize()
            total = server.result("usage/snapshot")["totalCalls"]
            server.close_input()
            server.process.wait(30)
        calls = calls_by_model(home / "data" / "usage.sqlite3")
        outcomes = {model: outcome for worker in workers for model, outcome in worker.tally.recorded.items()}
        recorded = outcomes.keys()
        unknown = set[str]().union(*(worker.tally.unknown for worker in workers))
        cancelled = set[str]().union(*(worker.tally.cancelled for worker in workers))
        missing = sorted(model for model in recorded | (cancelled & asked) if not calls[model])
        twice = [model for model in recorded_twice(home / "data" / "usage.sqlite3") if model.startswith("soak-")]
        strange = sorted(
            model for model in calls if model.startswith("soak-") and model not in recorded | unknown | cancelled
        )
        self._must(
            not missing,
            f"{len(missing)} answered calls are not in the ledger: {[(model, outcomes.get(model)) for model in missing[:5]]}",
        )
        self._must(not twice, f"{len(twice)} calls are in the ledger more than once: {twice[:5]}")
        self._must(not strange, f"{len(strange)} calls in the ledger were never asked for: {strange[:5]}")
        self._must(total == sum(calls.values()), f"the report counts {total} calls, the ledger {sum(calls.values())}")
        spools = [path.name for path in (home / "data" / "waiting").glob("*")]
        self._must(not spools, f"files of calls that wait are left: {spools[:5]}")
        self.figures["calls in the ledger, answered and must be there"] = f"{total}, {len(recorded)}"
        self.figures["cancelled, had reached the provider, in the ledger"] = f"{len(cancelled)}, {len(cancelled & asked)}, {sum(1 for model in cancelled if calls[model])}"  # fmt: skip
        self.figures["lost with their server, in the ledger"] = f"{len(unknown)}, {sum(1 for model in unknown if calls[model])}"  # fmt: skip

    def _judge_processes(self, workers: list[Worker], home: Path) -> None:
        deadline = time.monotonic() + SETTLE_S
        while (over := left(home)) and time.monotonic() < deadline:
            time.sleep(0.2)
        self._must(not over, f"{len(over)} processes are left: {over[:3]}")
        self.figures["processes left"] = str(len(over))
        for number, samples in self._samples.items():
            warm = [one for one in samples if one.at_s >= samples[0].at_s + min(WARM_S, self._seconds / 3)]
            if len(warm) < 4:
                continue
            growth = max(one.resident_mb for one in warm[-5:]) - warm[0].resident_mb
            slope = slope_mb_per_minute(warm)
            more = warm[-1].descriptors - min(one.descriptors for one in warm)
            threads = max(one.threads for one in warm)
            self.figures[f"server {number}: memory first, last, most (MB)"] = f"{warm[0].resident_mb:.0f}, {warm[-1].resident_mb:.0f}, {max(one.resident_mb for one in warm):.0f}"  # fmt: skip
            self.figures[f"server {number}: memory a minute (MB)"] = f"{slope:+.2f}"
            self.figures[f"server {number}: descriptors first, last, most"] = f"{warm[0].descriptors}, {warm[-1].descriptors}, {max(one.descriptors for one in warm)}"  # fmt: skip
            self.figures[f"server {number}: threads last, most"] = f"{warm[-1].threads}, {threads}"
            self._must(growth < MAX_GROWTH_MB, f"server {number} has grown by {growth:.0f} MB")
            self._must(
                slope < MAX_SLOPE_MB or self._seconds < SLOPE_FROM_S,
                f"server {number} grows by {slope:.1f} MB a minute",
            )
            self._must(more < MAX_MORE_DESCRIPTORS + self._streams, f"server {number} has {more} descriptors more")
            self._must(threads < MAX_THREADS, f"server {number} had {threads} threads")

    def _must(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.broken.append(sentence)

    def table(self) -> str:
        """The figures, and what is broken."""
        rows = {**{name: str(count) for name, count in sorted(self.outcomes.items())}, **self.figures}
        lines = [f"{name:60}{value:>20}" for name, value in rows.items()]
        return "\n".join([*lines, *(f"BROKEN {sentence:.1500}" for sentence in self.broken[:20])])


def _model(body: bytes) -> str:
    """The model that a request names."""
    try:
        return str(json.loads(body)["model"])
    except (ValueError, KeyError, TypeError):
        return ""


def main() -> int:
    """Runs a soak and prints its table."""
    options = argparse.ArgumentParser(prog="soak")
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--streams", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    soak = Soak(given.minutes * 60, given.clients, given.streams, given.seed)
    soak.run()
    print(soak.table())
    return 1 if soak.broken else 0


if __name__ == "__main__":
    sys.exit(main())
