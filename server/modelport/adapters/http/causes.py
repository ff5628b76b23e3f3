"""The errors behind an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything that led to it, exception groups included."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += cast("tuple[BaseException, ...]", current.exceptions)
