"""Lays out tables for a number of columns.

A word is never broken and nothing is cut: an id that is longer than a line is printed whole, so that it can be copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from unicodedata import category, east_asian_width

GAP = 2
MIN_COLUMN = 10
"""Columns of text narrower than this are no help to a reader."""
INDENT = "    "
Style = Callable[[int | None, int, str], str]
"""Marks the text of a cell with colours, by the number of its row, None for the headings, and of its column."""


def layout(
    headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, style: Style | None = None
) -> list[list[str]]:
    """The lines of the headings, then those of each row.

    Cells are wrapped at blanks to fit into ``width``, and a word that is wider than its column moves what follows to
    the next line. Where the columns would be too narrow, each row is a block with a line per cell. Without a width
    each row is one line.
    """
    cells = [[" ".join(cell.split()) for cell in row] for row in (headings, *rows)]
    widths = _widths(cells, width)
    if widths is None:
        return [[], *(_block(cells[0], row, width, first=not n) for n, row in enumerate(cells[1:]))]
    return [_row(row, n - 1 if n else None, widths, width, style or _unmarked) for n, row in enumerate(cells)]


def wrapped(text: str, width: int | None) -> list[str]:
    """The text in lines of at most ``width`` columns, broken at blanks only; a longer word is a line of its own."""
    if width is None:
        return [text]
    lines, line = list[str](), ""
    for word in text.split():
        if line and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return [*lines, line]


def indented(text: str, width: int | None) -> list[str]:
    """The text in lines as in ``wrapped``, each behind ``INDENT``."""
    return [INDENT + line for line in wrapped(text, None if width is None else width - len(INDENT))]


def columns(text: str) -> int:
    """The columns a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(character) in "WF" else category(character)[0] != "M" for character in text)


def _widths(cells: Sequence[Sequence[str]], width: int | None) -> list[int] | None:
    """The width of each column: as wide as its content, or as the total allows; None where that is too narrow."""
    turned = list(zip(*cells, strict=True))
    natural = [max(map(columns, column)) for column in turned]
    if width is None:
        return natural
    room = width - GAP * (sum(map(bool, natural)) - 1)
    words = [max((columns(word) for cell in column for word in cell.split()), default=0) for column in turned]
    narrow = [min(full, MIN_COLUMN) for full in natural]
    for least in ([max(pair) for pair in zip(narrow, words, strict=True)], narrow):
        if sum(least) <= room:
            widest = max(natural)
            while sum(_capped(natural, least, widest)) > room:
                widest -= 1
            return _capped(natural, least, widest)
    return None


def _capped(natural: Sequence[int], least: Sequence[int], widest: int) -> list[int]:
    return [max(low, min(full, widest)) for full, low in zip(natural, least, strict=True)]


def _row(row: Sequence[str], number: int | None, widths: Sequence[int], width: int | None, style: Style) -> list[str]:
    """The lines of a row, each text at the start of its column; a wide one as far left as it needs to fit."""
    cells = [wrapped(cell, None if width is None else own) for cell, own in zip(row, widths, strict=True)]
    printed: list[str] = []
    for n in range(max(map(len, cells))):
        line, end, start = "", 0, 0
        for column, cell in enumerate(cells):
            text = cell[n] if n < len(cell) else ""
            at = start if width is None else max(0, min(start, width - columns(text)))
            start += widths[column] + (GAP if widths[column] else 0)
            if not text:
                continue
            if end and at < end + GAP:
                printed.append(line)
                line, end = "", 0
            line += " " * (at - end) + style(number, column, text)
            end = at + columns(text)
        printed.append(line)
    return printed


def _block(headings: Sequence[str], row: Sequence[str], width: int | None, *, first: bool) -> list[str]:
    """A row as a line per cell that holds anything, below an empty one; what does not fit goes on indented."""
    printed = [] if first else [""]
    for heading, cell in zip(headings, row, strict=True):
        if not cell:
            continue
        start, *more = wrapped(f"{heading}: {cell}" if heading else cell, width)
        printed.append(start)
        printed += indented(" ".join(more), width) if more else []
    return printed


def _unmarked(_number: int | None, _column: int, text: str) -> str:
    return text
