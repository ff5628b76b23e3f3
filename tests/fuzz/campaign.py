"""Runs a target with cases until the time is up, and reduces what fails to the smallest case that still does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

MAX_FINDINGS = 10
"""For one target; more of them say nothing new."""
REDUCTION_S = 40.0
"""How long a failure may take to be reduced."""


class Case(Protocol):
    """What is sent once; prints as what a person needs to repeat it."""

    def simpler(self) -> Iterator[Any]:
        """Cases that are a little smaller."""
        ...


class Target(Protocol):
    """A side of the server."""

    name: str

    def batch(self, chance: Random) -> Sequence[Any]:
        """Cases for one server, always the same for the same random numbers."""
        ...

    def mistakes(self, cases: Sequence[Any]) -> list[str]:
        """What is wrong after the cases, a sentence each; none when all is well."""
        ...


@dataclass
class Finding:
    """A failure, with the fewest and smallest cases that show it."""

    target: str
    seed: str
    mistakes: list[str]
    cases: list[Any]

    def __str__(self) -> str:
        said = "\n".join(f"    {text[:1500]}" for text in self.mistakes[:8])
        shown = "\n".join(f"    {case!r}"[:1500] for case in self.cases[:5])
        return f"{self.target}, seed {self.seed}:\n{said}\n  with {len(self.cases)} cases:\n{shown}"


@dataclass
class Report:
    """What a campaign has done."""

    target: str
    rounds: int = 0
    cases: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)


def run(target: Target, seed: int, *, rounds: int | None = None, seconds: float | None = None) -> Report:
    """Runs rounds, each with a seed of its own and a new server, until there were enough or the time is up."""
    report = Report(target.name)
    start = time.monotonic()
    while not (rounds is not None and report.rounds >= rounds):
        if (seconds is not None and time.monotonic() - start >= seconds) or len(report.findings) >= MAX_FINDINGS:
            break
        name = f"{seed}.{target.name}.{report.rounds}"
        cases = target.batch(Random(name))
        report.rounds += 1
        report.cases += len(cases)
        if found := target.mistakes(cases):
            report.findings.append(_reduced(target, name, cases, found))
            print(f"FAILED {report.findings[-1]}", flush=True)
    report.seconds = time.monotonic() - start
    return report


def _reduced(target: Target, seed: str, cases: Sequence[Any], found: list[str]) -> Finding:
    """Leaves out cases as long as it fails, and then makes those that are left smaller."""
    kept, said = list(cases), found
    deadline = time.monotonic() + REDUCTION_S

    def still_fails(tried: list[Any]) -> bool:
        nonlocal kept, said
        again = target.mistakes(tried)
        if again:
            kept, said = tried, again
        return bool(again)

    if still_fails(kept):
        _fewer(lambda: kept, still_fails, deadline)
        _smaller(lambda: kept, still_fails, deadline)
    else:
        said = [*found, "(did not fail when it was run again)"]
    return Finding(target.name, seed, said, kept)


def _fewer(kept: Callable[[], list[Any]], still_fails: Callable[[list[Any]], bool], deadline: float) -> None:
    size = max(1, len(kept()) // 2)
    while time.monotonic() < deadline:
        start, shrunk = 0, False
        while start < len(kept()) and time.monotonic() < deadline:
            rest = kept()[:start] + kept()[start + size :]
            if len(kept()) > 1 and still_fails(rest):
                shrunk = True
            else:
                start += size
        if size == 1 and not shrunk:
            return
        size = max(1, size // 2)


def _smaller(kept: Callable[[], list[Any]], still_fails: Callable[[list[Any]], bool], deadline: float) -> None:
    again = True
    while again and time.monotonic() < deadline:
        again = False
        for index in range(len(kept())):
            for tried in kept()[index].simpler():
                if time.monotonic() > deadline:
                    return
                if still_fails([*kept()[:index], tried, *kept()[index + 1 :]]):
                    again = True
                    break
