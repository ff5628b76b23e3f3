"""Keeps the providers as the configuration file has them, and takes it again when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import anyio
import anyio.to_thread
from msgspec import Struct

from modelport.domain.providers.configuration import ConfigurationFile, FileRead, Problem
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.registry_builder import build_registry
from modelport.protocol.types import Check

MAX_NOTICES = 10
MAX_PROBLEMS_SHOWN = 3


LOOK_INTERVAL_S = 0.25
"""Seconds between two looks at the file; a change counts for a request that comes this much later."""


class Notice(Struct, frozen=True):
    """Something to tell the user, once."""

    level: Literal["error", "warning", "info"]
    text: str


class ActiveConfiguration:
    """The configuration in force: that of the last file without an error."""

    def __init__(self, registry: Registry, file: ConfigurationFile) -> None:
        self._registry = registry
        self._shipped = registry.all()
        self._file = file
        # Nothing to do costs a request no turn of the event loop.
        self._lock = anyio.Lock(fast_acquire=True)
        # Threads of its own: a keyring that waits for its owner holds up nobody else's request.
        self._threads = anyio.CapacityLimiter(4)
        self._stamp: object = None
        self._next_look_s = 0.0
        self._read = FileRead(path="", exists=False, configuration=None)
        self._problems: tuple[Problem, ...] = ()
        self._loaded = False
        self._notices: list[Notice] = []

    @property
    def path(self) -> str:
        """Where the file is, or would be."""
        return self._read.path

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return self._read.exists

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the file as it is now."""
        return self._problems

    @property
    def broken(self) -> bool:
        """Whether the file as it is now is not used."""
        return any(problem.level == "error" for problem in self._problems)

    def load(self) -> None:
        """Reads the file for the first time. Blocks."""
        self._take(*self._look())
        self._notices = [notice for notice in self._notices if notice.level != "info"]

    async def refresh(self, *, now: bool = False) -> None:
        """Reads the file again if it has changed, so that later requests find the new providers.

        A look at the file costs a thread: there is at most one in ``LOOK_INTERVAL_S`` seconds, unless ``now`` is set.
        """
        time_s = anyio.current_time()
        if not now and time_s < self._next_look_s:
            # A look that is under way counts for this request too.
            async with self._lock:
                return
        self._next_look_s = time_s + LOOK_INTERVAL_S
        async with self._lock:
            if await anyio.to_thread.run_sync(self._file.stamp, limiter=self._threads) != self._stamp:
                self._take(*await anyio.to_thread.run_sync(self._look, limiter=self._threads))

    def take_notices(self) -> Sequence[Notice]:
        """The notices since the last call, each once."""
        notices, self._notices = self._notices, []
        return notices

    def check(self) -> Check:
        """The check of the file, for diagnostics."""
        if not self._problems:
            count = len(self._registry.all()) - len(self._shipped)
            detail = f"{self.path}, own providers: {count}" if self._read.exists else f"no file at {self.path}"
            return Check(id="configuration", status="ok", detail=detail)
        shown = " ".join(map(sentence, self._problems[:MAX_PROBLEMS_SHOWN]))
        more = len(self._problems) - MAX_PROBLEMS_SHOWN
        detail = f"{self.path}: {shown}{f' And {more} more.' if more > 0 else ''}"
        if not self.broken:
            return Check(id="configuration", status="warn", detail=detail, action="see modelport config check")
        return Check(
            id="configuration",
            status="fail",
            detail=f"{detail} {self._kept()}",
            action="correct the file; modelport config check shows all",
        )

    def _look(self) -> tuple[object, FileRead, Registry, tuple[Problem, ...]]:
        # The stamp comes first: a change while the file is read is seen the next time.
        stamp = self._file.stamp()
        read = self._file.read()
        if read.configuration is None:
            problems = sorted(read.problems, key=lambda problem: problem.line or 0)
            return stamp, read, Registry(self._shipped), tuple(problems)
        registry, findings = build_registry(read.configuration, self._shipped)
        more = map(read.locate, findings)
        problems = sorted((*read.problems, *more), key=lambda problem: problem.line or 0)
        return stamp, read, registry, tuple(problems)

    def _take(self, stamp: object, read: FileRead, registry: Registry, problems: tuple[Problem, ...]) -> None:
        if stamp == self._stamp:
            return
        self._stamp, self._read, self._problems = stamp, read, problems
        for problem in problems[:MAX_NOTICES]:
            self._notices.append(Notice(problem.level, f"{read.name}: {sentence(problem)}"))
        if self.broken:
            self._notices.append(Notice("error", f"{read.name} is not used: {self._kept()}"))
            return
        self._registry.replace(registry)
        self._loaded = read.exists
        self._notices.append(Notice("info", f"{read.name} has been read." if read.exists else f"{read.name} is gone."))

    def _kept(self) -> str:
        if self._loaded:
            return "The last one without an error stays in force."
        return "Only the providers that Modelport knows by itself are there."


def sentence(problem: Problem) -> str:
    """A problem with its place, for a person."""
    line = f"Line {problem.line}" if problem.line else ""
    place = ", ".join(part for part in (line, problem.key) if part)
    return f"{place}: {problem.message}" if place else problem.message
