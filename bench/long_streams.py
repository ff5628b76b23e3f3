"""Long streams: what an event costs behind a hundred others and behind a hundred thousand, in every format.

In this process, by the server's own framers and decoders up to the frames for the client; no network.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from processes import median
from report import TREE, Row, number
from subjects import Subjects, Upstream

SUPPORT = str(Path(__file__).resolve().parents[1] / "tests")
NEAR, FAR, WINDOW, WINDOWS = 100, 100_000, 100, 10
KINDS = ("text", "reasoning", "tool calls", "arguments", "repeated names", "text, then tool calls")


def long_streams(subjects: Subjects, upstream: Upstream) -> list[Row]:
    """A row for each kind of event: its worst format."""
    sys.path.insert(0, SUPPORT)
    try:
        from support.long_streams import CASES
    finally:
        sys.path.remove(SUPPORT)
    far = FAR // 10 if subjects.quick else FAR
    return [_row(kind, [dialect for dialect, name in CASES if name == kind], far) for kind in KINDS]


def _row(kind: str, dialects: list[str], far: int) -> Row:
    costs = {dialect: tuple(_event_us(dialect, kind, far)) for dialect in dialects}
    ratios = {dialect: [late / early for early, late in zip(*pair, strict=True)] for dialect, pair in costs.items()}
    worst = max(ratios, key=lambda dialect: median(ratios[dialect]))
    found = ", ".join(
        f"{dialect} {number(median(early))} to {number(median(late))}" for dialect, (early, late) in costs.items()
    )
    what = f"an event behind {far:,} to one behind {NEAR}, {kind}, CPU"
    return Row(
        what,
        "times",
        {TREE: ratios[worst]},
        target=1.5,
        beyond=1.2,
        note=f"{kind}: the worst of all formats ({worst}); µs an event in each: {found}",
    )


def _event_us(dialect: str, kind: str, far: int) -> Iterator[list[float]]:
    """The CPU time of an event near the beginning of a stream, and of one far behind it, in some windows each."""
    from support.long_streams import section

    early: list[float] = []
    for _ in range(WINDOWS):
        stream = _Stream(dialect)
        stream.feed(section(dialect, kind, 0, NEAR, 2 * NEAR))
        early.append(stream.feed(section(dialect, kind, NEAR, NEAR + WINDOW, 2 * NEAR)))
    yield early
    stream, end = _Stream(dialect), far + WINDOWS * WINDOW
    for start in range(0, far, 1000):
        stream.feed(section(dialect, kind, start, start + 1000, far))
    yield [stream.feed(section(dialect, kind, start, start + WINDOW, far)) for start in range(far, end, WINDOW)]


class _Unwritten:
    """An outbox that nothing is written from: the stream is told to collect its frames."""

    def ready(self, source: object) -> None:
        """Nothing to do."""


class _Stream:
    """A reply that is being read."""

    def __init__(self, dialect: str) -> None:
        from modelport.adapters.dialects.table import load_wire_format
        from modelport.domain.completions.keyless_answer import KeylessAnswer
        from modelport.frontends.lsp.updates import UpdateStream
        from support.builders import call, endpoint, row, tool

        self._updates = UpdateStream("s", _Unwritten())
        self._wire = load_wire_format(dialect)
        asked = call(endpoint=endpoint(row(dialect=dialect)), tools=(tool(),))
        # Looks for the key, as the answer to a call with one does.
        self._decoder = self._wire.decoder(asked, KeylessAnswer(self._updates, asked))
        self._framer = None

    def feed(self, data: bytes) -> float:
        """Reads events; returns the CPU time of one in microseconds."""
        from modelport.adapters.wire.framing import framer_for

        if self._framer is None:
            self._framer = framer_for(self._wire.framing, data, self._decoder.event)
        begun = time.thread_time_ns()
        self._framer.feed(data)
        self._updates.frames()
        return (time.thread_time_ns() - begun) / 1000 / WINDOW
