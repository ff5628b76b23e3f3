"""Bars made of characters, eighths of a block fine where the output can show such."""

from __future__ import annotations

import os
from typing import TextIO

EIGHTHS = " ▏▎▍▌▋▊▉█"
REST = "░"


def has_blocks(stream: TextIO) -> bool:
    """Whether the encoding of a stream has the characters of fine bars, and its terminal is likely to show them."""
    try:
        f"{EIGHTHS}{REST}".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return os.environ.get("TERM") != "dumb"


def bar(part: float, width: int, *, blocks: bool) -> str:
    """A bar for a part from 0 to 1 of a number of columns, cut behind it; more than nothing is never empty."""
    if width <= 0 or part <= 0:
        return ""
    if not blocks:
        return "#" * max(1, round(min(part, 1) * width))
    eighths = max(1, round(min(part, 1) * width * 8))
    return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def gauge(part: float, width: int, *, blocks: bool) -> str:
    """A bar of the whole width: the part that is full, and the rest. It is full only where the part is 1 or more."""
    room = width if blocks else width - 2
    full = min(max(int(part * room), 1), room) if part > 0 else 0
    return EIGHTHS[8] * full + REST * (room - full) if blocks else f"[{'#' * full}{'.' * (room - full)}]"
