"""The rows of the table, and how they are printed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from processes import median

Rounds = Mapping[str, Sequence[float]]
TREE, FLOOR, OPENAI = "this tree", "floor", "openai SDK"
NOTE_WIDTH = 118


@dataclass(frozen=True)
class Row:
    """One thing measured. ``rounds`` has every value of every subject; the median is what is shown.

    ``target`` is what must be met and ``beyond`` what would be better still. ``text`` stands in
    place of this tree's number where the result is not one.
    """

    what: str
    unit: str = ""
    rounds: Rounds = field(default_factory=dict)
    target: float | None = None
    beyond: float | None = None
    more_is_better: bool = False
    note: str = ""
    text: str | None = None
    text_target: str = ""
    text_met: str = ""

    def value(self, subject: str) -> float | None:
        """What is shown for a subject, if it was measured."""
        values = self.rounds.get(subject)
        return median(values) if values else None

    def met(self) -> str:
        """Whether this tree meets its target."""
        value = self.value(TREE)
        if self.text is not None or value is None or self.target is None:
            return self.text_met
        if self.beyond is not None and self._reaches(value, self.beyond):
            return "beyond"
        return "yes" if self._reaches(value, self.target) else "no"

    def goal(self) -> str:
        """The target, and the excess over it."""
        if self.target is None:
            return self.text_target
        sign = "≥" if self.more_is_better else "≤"
        more = f" ({sign} {number(self.beyond)})" if self.beyond is not None else ""
        return f"{sign} {number(self.target)}{more} {self.unit}"

    def as_json(self) -> dict[str, Any]:
        """The whole row, for programs."""
        return {
            "what": self.what,
            "unit": self.unit,
            "median": {subject: median(values) for subject, values in self.rounds.items() if values},
            "rounds": {subject: list(values) for subject, values in self.rounds.items()},
            "target": self.target,
            "beyond": self.beyond,
            "text": self.text,
            "met": self.met(),
            "note": self.note,
        }

    def _reaches(self, value: float, goal: float) -> bool:
        return value >= goal if self.more_is_better else value <= goal


def unmeasured(what: str, reason: str) -> Row:
    """The row of something that could not be measured."""
    return Row(what, text="not measured", text_met="-", note=reason)


def number(value: float) -> str:
    """Three significant digits, and never an exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text and digits > 2 else text


def table(rows: Sequence[Row], peers: Sequence[str]) -> str:
    """The rows as aligned text, with their notes below."""
    head = ["what", TREE, f"{FLOOR} (same run)", *(f"{peer} (same run)" for peer in peers), "target", "met?"]
    notes: list[str] = []
    lines = [head]
    for row in rows:
        mark = ""
        if row.note:
            if row.note not in notes:
                notes.append(row.note)
            mark = f" [{notes.index(row.note) + 1}]"
        cells = [_cell(row, subject) for subject in (TREE, FLOOR, *peers)]
        lines.append([row.what + mark, *cells, row.goal(), row.met()])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    printed = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    printed.insert(1, "  ".join("-" * width for width in widths))
    for position, note in enumerate(notes, 1):
        printed += textwrap.wrap(f"[{position}] {note}", NOTE_WIDTH, subsequent_indent="    ")
    return "\n".join(printed)


def _cell(row: Row, subject: str) -> str:
    if subject == TREE and row.text is not None:
        return row.text
    value = row.value(subject)
    return "-" if value is None else f"{number(value)} {row.unit}"
