"""Merges the usage objects of one answer: a later zero or null replaces nothing.

Some servers send the counts once, some with every chunk, some in halves, and some end with an object of zeros. The
objects are kept as they came and merged when the counts are read, so a chunk that repeats them costs little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, DecimalException
from typing import Any

import msgspec
from msgspec import Struct

from modelport.protocol.shapes import is_object

MAX_WAITING = 64
"""Objects kept before they are merged, so that a long stream costs bounded memory."""
MAX_DEPTH = 4
MAX_COSTS = 32
MAX_COST_CHARS = 64


def _fraction(text: str) -> Decimal | None:
    """A number as it was written, so that a cost is not rounded; None where no decimal has such an exponent."""
    try:
        return Decimal(text)
    except DecimalException:
        return None


_USAGE = msgspec.json.Decoder(float_hook=_fraction)


class TokenCounts(Struct, frozen=True, kw_only=True):
    """Token counts with the contract's meaning: input with its cached part, output with its reasoning."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    cache_write_1h: int = 0
    """The part of ``cache_write`` that is kept for an hour."""
    input_audio: int = 0
    cached_audio: int = 0
    input_image: int = 0
    output_audio: int = 0
    output_image: int = 0
    web_searches: int = 0
    other_tool_calls: int = 0
    """Calls of its own tools besides web searches: paid by what no answer says, such as their time."""
    longest_input: int | None = None
    """The longest input of one sampling, where the answer took several and ``input`` is their sum."""
    billed_input: int | None = None
    billed_output: int | None = None
    """What is paid for, where it is not what was read and written."""
    service_tier: str = ""
    """In which of its service tiers the provider says it has answered, in its own words."""
    speed: str = ""
    """At which of its speeds."""
    inference_geo: str = ""
    """In which part of the world, in its own words."""
    search_context_size: str = ""
    """How much of what it found on the web the model has read, in its own words."""
    of_others: tuple[OtherModel, ...] = ()
    """What models used that the answering one asked, which is in none of the other counts."""


class OtherModel(Struct, frozen=True):
    """The counts of a model besides the one that answered."""

    model: str
    counts: TokenCounts


class Measured(Struct, frozen=True, kw_only=True):
    """What a provider reports about a call: its token counts, and what it charges as text by path.

    A path is such as ``usage.cost``; units and currency are the provider's own, and nothing is rounded.
    """

    counts: TokenCounts | None = None
    costs: dict[str, str] = {}


ReadCounts = Callable[[Mapping[str, Any]], TokenCounts | None]
"""Takes the merged usage object of a wire format; returns its counts, or None for none."""


class ReportedUsage:
    """What a provider reports of one answer."""

    def __init__(self, read: ReadCounts) -> None:
        self._read = read
        self._merged: dict[str, Any] = {}
        self._waiting: list[bytes] = []
        self._measured: Measured | None = None
        """What was read of the merged objects; None since the last one was merged."""

    def add(self, usage: bytes) -> None:
        """One more usage object, as JSON; nothing and anything else is ignored."""
        if usage:
            self._waiting.append(usage)
        if len(self._waiting) >= MAX_WAITING:
            self._merge_waiting()

    def measured(self) -> Measured:
        """The counts and costs so far."""
        if self._waiting:
            self._merge_waiting()
        if self._measured is None:
            costs = dict(pair for pair, _ in zip(_costs(self._merged, "usage"), range(MAX_COSTS), strict=False))
            self._measured = Measured(counts=self._read(self._merged), costs=costs)
        return self._measured

    def _merge_waiting(self) -> None:
        waiting, self._waiting, self._measured = self._waiting, [], None
        for usage in waiting:
            try:
                value = _USAGE.decode(usage)
            except (ValueError, RecursionError):
                continue
            if is_object(value):
                merge(self._merged, value)


def merge(earlier: dict[str, Any], later: Mapping[str, Any], depth: int = MAX_DEPTH) -> None:
    """Lays a later object over an earlier one. What is zero, null, empty or of another type replaces nothing."""
    for name, value in later.items():
        before = earlier.get(name)
        if is_object(before) and is_object(value) and depth:
            merge(before, value, depth - 1)
        elif _replaces(value, before):
            earlier[name] = value


def _replaces(value: Any, before: Any) -> bool:
    rank, kept = _rank(value), _rank(before)
    return rank > kept or (rank == kept and is_object(value) == is_object(before))


def _rank(value: Any) -> int:
    """How much a value says: a positive number or an object most, then text and the like, a zero, and nothing."""
    if _is_number(value):
        return 3 if value > 0 else 1 if value == 0 else 0
    if is_object(value) and value:
        return 3
    return 2 if value or value is False else 0


def _costs(
    usage: Mapping[str, Any], path: str, depth: int = MAX_DEPTH, *, inside: bool = False
) -> Iterator[tuple[str, str]]:
    """Each value about money, as text under its path; ``inside`` an object that is about nothing else."""
    for name, value in usage.items():
        here, named = f"{path}.{name}", inside or "cost" in name or name == "is_byok"
        if is_object(value):
            if depth:
                yield from _costs(value, here, depth - 1, inside=named)
        elif named and (text := _text(value)):
            yield here, text


def _text(value: Any) -> str:
    """A value as text, without loss; empty for what is too long or no single value."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value) if _is_number(value) or isinstance(value, str) else ""
    return text if len(text) <= MAX_COST_CHARS else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
