"""Chains of providers that fail in every way, asked by several editors on one ledger; compared with the providers' books.

    python -m soak.failover --minutes 2 --clients 8

What must hold: a reply has the text of its updates; every attempt is a row of the ledger, which names the first one of
its request; each provider was asked as often as the attempts say and has charged what the ledger says; every request
is answered; an answer that a broken one was continued or restarted by is whole; nothing is left running.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import closing
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from fuzz.hermetic import environment
from soak.asker import Asker, Outcome
from soak.books import BAD_KEYS, PROVIDERS, RESET_FORMS, Books, Entry
from soak.machine import MARK, left
from support.server_process import ServerProcess

PRICES = {"alpha": ("0.15", "0.6"), "beta": ("1.25", "10"), "gamma": ("0.037", "0.11"), "delta": ("3", "15")}
"""What the user pays for input and output: US dollars per million tokens."""
IDLE_S = 2.0
"""The idle timeout of the providers, for those that stall."""
MAX_ATTEMPTS = 6
AFTER_COMMIT = ("fail", "continue", "restart")
GRACE_S = 3.0
"""How long after a limit was reached another call may arrive that was admitted before, on a busy machine."""
SETTLE_S = 5.0
CLOSED_PORT = "http://127.0.0.1:9/v1"


Told = tuple[str, str, str | None]
"""The provider, the model and the kind of failure of an attempt."""


class Ledger:
    """The rows of the ledger, by their ids."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            self.rows: dict[int, sqlite3.Row] = {row["id"]: row for row in connection.execute("SELECT * FROM call")}
        self._by_call = {
            _call_key(row["client"], row["provider"], row["model"], row["started_at_ms"]): row
            for row in self.rows.values()
        }

    def of(self, request: Outcome) -> list[sqlite3.Row | None]:
        """The rows of the calls that a request was told of; a call that had to wait for the ledger is told without an id."""
        return [
            self.rows.get(call["id"])
            if call["id"]
            else self._by_call.get(_call_key(call["client"], call["provider"], call["model"], _ms(call["startedAt"])))
            for call in request.calls
        ]


class FailoverSoak:
    """One run; ``faults`` is the part of answers that are failures, ``models`` how many each provider has."""

    def __init__(self, seconds: float, clients: int, *, seed: int, faults: float = 0.35, models: int = 400) -> None:
        self.broken: list[str] = []
        self.figures: dict[str, str] = {}
        self.outcomes: list[Outcome] = []
        self._first_of_servers: set[str] = set()
        self._seconds, self._clients, self._seed, self._faults, self._models = seconds, clients, seed, faults, models

    def run(self) -> None:
        """Runs it, and judges."""
        with tempfile.TemporaryDirectory(prefix="soak") as folder, Books(self._seed, self._faults) as books:
            home = Path(folder)
            askers = [self._asker(home, number, books.url) for number in range(self._clients)]
            end_s = time.monotonic() + self._seconds
            threads = [threading.Thread(target=one.run, args=(lambda: time.monotonic() >= end_s,)) for one in askers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.outcomes = [outcome for asker in askers for outcome in asker.outcomes]
            self._first_of_servers = {one.tag for one in self.outcomes if one.first_of_server}
            for asker in askers:
                self.broken += asker.mistakes
            self._judge(home, list(books.entries), askers)

    def _asker(self, home: Path, number: int, url: str) -> Asker:
        variables = {**environment(home), MARK: str(home), **_keys()}
        config = home / f"config-{number}"
        config.mkdir()
        # The ledger is one, the settings differ.
        variables["MODELPORT_CONFIG_DIR"] = str(config)
        (config / "config.toml").write_text(_config(url, AFTER_COMMIT[number % 3]), encoding="utf-8")
        return Asker(number, variables, self._models, self._seed)

    def _judge(self, home: Path, entries: list[Entry], askers: list[Asker]) -> None:
        with ServerProcess(env=askers[0].variables) as server:
            server.initialize()
            total = server.result("usage/snapshot")["totalCalls"]
            server.close_input()
            server.process.wait(30)
        ledger = Ledger(home / "data" / "usage.sqlite3")
        by_tag: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_tag[entry.tag].append(entry)
        self._judge_requests(by_tag, ledger)
        self._judge_books(by_tag, ledger)
        self._judge_ledger(ledger, total, by_tag)
        self._judge_rests(entries)
        deadline_s = time.monotonic() + SETTLE_S
        while (over := left(home)) and time.monotonic() < deadline_s:
            time.sleep(0.2)
        self._must(not over, f"{len(over)} processes are left: {over[:3]}")
        waiting = [path.name for path in (home / "data" / "waiting").glob("*")]
        self._must(not waiting, f"calls are left that wait for the ledger: {waiting[:3]}")
        kinds = Counter(one.kind for one in self.outcomes)
        self.figures |= {
            "requests": str(len(self.outcomes)),
            **{f"  {kind}": str(count) for kind, count in sorted(kinds.items())},
            "servers started, killed": f"{sum(one.started for one in askers)}, {sum(one.killed for one in askers)}",
            "kinds of answers of the providers": str(len({one.fault for one in entries})),
            "answered by another than the first": str(
                sum(one.kind == "answered" and len({a["provider"] for a in one.attempts}) > 1 for one in self.outcomes)
            ),
            "answers begun again, continued": f"{sum(one.resets > 0 for one in self.outcomes)}, {_continued(self.outcomes)}",
            "processes left": str(len(over)),
        }

    def _judge_requests(self, by_tag: dict[str, list[Entry]], ledger: Ledger) -> None:
        """Each request by itself: its attempts, its rows, and the entries in the books."""
        late = 0
        for one in self.outcomes:
            asked = by_tag.get(one.tag, [])
            told = [(call["provider"], call["model"], call.get("errorKind")) for call in one.calls]
            rows = ledger.of(one)
            if one.kind == "lost":
                continue
            self._must(None not in rows, f"{one.tag}: not all of {told} are in the ledger")
            first = rows[0]["entry"] if rows and rows[0] else None
            chain = [(row["attempt"], row["attempt_of"]) for row in rows if row]
            named = [(number, first if number else None) for number in range(len(chain))]
            self._must(chain == named, f"{one.tag}: the attempts are {chain} in the ledger")
            self._must(len(told) <= MAX_ATTEMPTS, f"{one.tag}: {len(told)} attempts")
            after_call = [n for n, e in enumerate(asked) if e.fault == "cut after a call"]
            self._must(not after_call or after_call == [len(asked) - 1], f"{one.tag}: asked again after a call")
            if one.kind == "cancelled":
                self._must(len(asked) <= len(told), f"{one.tag}: cancelled, {len(asked)} asked, rows {told}")
                continue
            sent = [a for a in one.attempts if not a.get("skipped")]
            wanted = [(a["provider"], a["model"], a.get("error", {}).get("kind")) for a in sent]
            self._must(told == wanted, f"{one.tag}: attempts {wanted}, rows {told}")
            pairs = _paired(told, asked)
            noted = [entry for _, entry in pairs if entry is not None]
            strays = [call for call, entry in pairs if entry is None and call[0] in PROVIDERS and call[2] != "timeout"]
            faults = [(entry.provider, entry.fault) for entry in asked]
            self._must(noted == asked and not strays, f"{one.tag}: attempts {wanted}, books {faults}")
            late += sum(_is_late(call, entry) for call, entry in pairs)
        self.figures["given up on although the provider answered"] = str(late)

    def _judge_books(self, by_tag: dict[str, list[Entry]], ledger: Ledger) -> None:
        """Compares what the ledger says that was paid with what the providers have charged for the same requests."""
        charged = {provider: [0, 0, 0, 0] for provider in PROVIDERS}
        paid = {provider: [0, 0, 0, 0] for provider in PROVIDERS}
        for one in self.outcomes:
            if one.kind in ("lost", "cancelled"):
                continue
            told = [(call["provider"], call["model"], call.get("errorKind")) for call in one.calls]
            pairs = _paired(told, by_tag.get(one.tag, []))
            for (call, entry), row in zip(pairs, ledger.of(one), strict=True):
                if _is_late(call, entry):
                    continue
                if entry is not None and entry.charged is not None:
                    _add(charged[entry.provider], *entry.charged, _micros(entry.provider, *entry.charged))
                if row is not None and row["provider"] in PROVIDERS and not row["estimated"]:
                    _add(paid[row["provider"]], row["input_tokens"], row["output_tokens"], row["usd_micros"] or 0)
        for name in PROVIDERS:
            wrong = f"{name} has charged {charged[name]} (calls, input, output, micros), not {paid[name]}"
            self._must(charged[name] == paid[name], wrong)
            figures = f"{charged[name][0]}, {charged[name][3] / 1e6:.6f}, {paid[name][3] / 1e6:.6f}"
            self.figures[f"{name}: calls, USD charged, in the ledger"] = figures

    def _judge_ledger(self, ledger: Ledger, total: int, by_tag: dict[str, list[Entry]]) -> None:
        """Looks for rows of no request, and for one of two."""
        found = [row["id"] for one in self.outcomes for row in ledger.of(one) if row is not None]
        lost = [one.tag for one in self.outcomes if one.kind == "lost"]
        others = len(ledger.rows.keys() - set(found))
        may_be = sum(len(by_tag.get(tag, ())) for tag in lost) + len(lost)
        self._must(total == len(ledger.rows), f"the report counts {total} calls, the ledger {len(ledger.rows)}")
        self._must(others <= may_be, f"{others} rows are of no request, {may_be} may be")
        self._must(len(found) == len(set(found)), f"{len(found) - len(set(found))} rows are of two requests")
        self.figures["rows, told before they were written"] = f"{len(ledger.rows)}, {_waited(self.outcomes)}"
        self.figures["rows of requests lost with their server"] = str(others)

    def _judge_rests(self, entries: list[Entry]) -> None:
        """Checks that no call comes within the rest that a provider has asked for, nor with a key that was refused."""
        within: list[str] = []
        again: list[str] = []
        # A server's first calls wait for the shared file for a moment only.
        just_started: list[str] = []
        limited: dict[tuple[str, str, str], Entry] = {}
        refused: dict[str, Entry] = {}
        for entry in entries:
            before = limited.get((entry.provider, entry.key, entry.model))
            if before is not None and GRACE_S < entry.at_s - before.at_s < (before.rest_s or 0.0) - 0.2:
                within.append(f"{entry.tag} {entry.at_s - before.at_s:.1f} s after {before.tag}")
            if entry.rest_s is not None and not _is_background(entry.tag):
                limited[entry.provider, entry.key, entry.model] = entry
            if entry.fault == "401" and entry.at_s - refused.setdefault(entry.key, entry).at_s > GRACE_S:
                first = refused[entry.key]
                (just_started if entry.tag in self._first_of_servers else again).append(
                    f"{entry.tag} {entry.at_s - first.at_s:.1f} s after {first.tag}"
                )
        self._must(not again, f"a refused key was sent {len(again)} times more: {again[:5]}")
        self._must(not within, f"{len(within)} calls came within the rest that the provider asked for: {within[:5]}")
        self.figures["limits reached, calls within them"] = (
            f"{sum(e.rest_s is not None for e in entries)}, {len(within)}"
        )
        refusals = sum(entry.fault == "401" for entry in entries)
        self.figures["401, again later, by a server that began"] = f"{refusals}, {len(again)}, {len(just_started)}"

    def _must(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.broken.append(sentence)

    def table(self) -> str:
        """The figures, and what is broken."""
        lines = [f"{name:60}{value:>26}" for name, value in self.figures.items()]
        broken = [f"BROKEN {sentence:.1500}" for sentence in self.broken[:20]]
        return "\n".join([*lines, *broken, *([f"BROKEN in all {len(self.broken)}"] if self.broken else [])])


def _call_key(client: str, provider: str, model: str, started_at_ms: int) -> tuple[str, str, str, int]:
    return client, provider, model, started_at_ms


def _ms(time_of_day: str) -> int:
    return round(datetime.fromisoformat(time_of_day).timestamp() * 1000)


def _is_background(tag: str) -> bool:
    return tag.endswith("-inline")


def _continued(outcomes: list[Outcome]) -> int:
    """Answers that a second call has gone on with."""
    return sum(one.kind == "answered" and one.committed_failures > 0 and one.resets == 0 for one in outcomes)


def _micros(provider: str, input_tokens: int, output_tokens: int) -> int:
    price = [Decimal(value) for value in PRICES[provider]]
    return int((price[0] * input_tokens + price[1] * output_tokens).to_integral_value(ROUND_HALF_EVEN))


def _keys() -> dict[str, str]:
    names = {f"{name.upper()}_KEY": f"{name}-two" for name in PROVIDERS}
    bad = {f"{key.partition('-')[0].upper()}_BAD": key for key in BAD_KEYS}
    return {name: f"{key}-0123456789" for name, key in {**names, **bad}.items()}


def _config(url: str, after_commit: str) -> str:
    lines = [
        f'timeout_s = {IDLE_S}\n[failover]\nafter_commit = "{after_commit}"',
        f'[providers.closed]\nbase_url = "{CLOSED_PORT}"\nrequires_api_key = false',
    ]
    for name in PROVIDERS:
        bad = f'"{name.upper()}_BAD", ' if f"{name}-one" in BAD_KEYS else ""
        form = f', rate_limit_reset = "{RESET_FORMS[name]}"' if name in RESET_FORMS else ""
        price = PRICES[name]
        lines.append(
            f'[providers.{name}]\nbase_url = "http://{name}.example/v1"\nproxy = "{url}"\nrequires_api_key = true\n'
            f'api_key_envs = [{bad}"{name.upper()}_KEY"]\nconnection_type = "byok"\n'
            f"wire = {{ history = {{ prefill = true }}{form} }}\n"
            f'[providers.{name}.prices."*"]\ninput = {price[0]}\noutput = {price[1]}'
        )
    return "\n".join(lines) + "\n"


def _waited(outcomes: list[Outcome]) -> int:
    return sum(call["id"] == 0 for one in outcomes for call in one.calls)


def _paired(told: list[Told], asked: list[Entry]) -> list[tuple[Told, Entry | None]]:
    """Each attempt with its entry; None where the provider has noted none."""
    left_over = list(asked)
    return [(call, left_over.pop(0) if left_over and left_over[0].provider == call[0] else None) for call in told]


def _is_late(call: Told, entry: Entry | None) -> bool:
    """Whether a provider has answered, on a busy machine, when it was no longer waited for."""
    return entry is not None and entry.charged is not None and call[2] in ("timeout", "stream_interrupted")


def _add(sums: list[int], *values: int) -> None:
    sums[:] = [have + value for have, value in zip(sums, (1, *values), strict=True)]


def main() -> int:
    """Runs it and prints its table; 1 where something does not hold."""
    options = argparse.ArgumentParser(prog="soak.failover")
    options.add_argument("--minutes", type=float, default=2.0)
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    soak = FailoverSoak(given.minutes * 60, given.clients, seed=given.seed)
    soak.run()
    print(soak.table())
    return 1 if soak.broken else 0


if __name__ == "__main__":
    sys.exit(main())
