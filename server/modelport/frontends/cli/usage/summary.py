"""Prints sums of usage: as a table, with bars where there is a terminal, and as CSV."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from modelport.domain.terminal_text import plain
from modelport.frontends.cli.output.printing import echo, print_table
from modelport.frontends.cli.output.tables import GAP, columns
from modelport.frontends.cli.output.terminal import width
from modelport.frontends.cli.usage.bars import bar, has_blocks
from modelport.protocol.types import SummaryUsageResult, UsageTotals

MIN_ROOM = 30
"""A terminal with fewer columns gets no bars."""
MIN_BAR, MAX_BAR = 8, 24
HEADINGS: Final = ("CALLS", "FAILED", "IN", "CACHED", "OUT", "REASONING", "COST")
CSV_FIELDS: Final = (
    "total_calls",
    "failed_calls",
    "cancelled_calls",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usd_micros",
    "unpriced_calls",
    "estimated_calls",
)


def groups_of(summary: SummaryUsageResult, by: str) -> Mapping[str, UsageTotals]:
    """The sums by name, in their order."""
    return summary.by_model if by == "model" else {group.key: group.totals for group in summary.groups}


def print_summary(summary: SummaryUsageResult, by: str) -> None:
    """Prints the sums of groups and of all."""
    groups = {key or "(unknown)": totals for key, totals in groups_of(summary, by).items()}
    rows = [[key, *_numbers(totals)] for key, totals in (*groups.items(), ("total", summary.totals))]
    room = width(sys.stdout)
    if room is None or room < MIN_ROOM:
        print_table([by.upper(), *HEADINGS], rows)
        return
    natural = sum(max(map(columns, column)) + GAP for column in zip((by.upper(), *HEADINGS), *rows, strict=True))
    wide = min(room - natural if natural + MIN_BAR <= room else room, MAX_BAR)
    blocks = has_blocks(sys.stdout)
    bars = [*(bar(share, wide, blocks=blocks) for share in _shares(list(groups.values()))), ""]
    print_table([by.upper(), *HEADINGS, ""], [[*row, drawn] for row, drawn in zip(rows, bars, strict=True)])


def print_csv(summary: SummaryUsageResult, by: str) -> None:
    """Prints the sums of groups as CSV, money in millionths of a US dollar. Source: RFC 4180."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([by, *CSV_FIELDS])
    for key, totals in groups_of(summary, by).items():
        writer.writerow([_cell(key), *(getattr(totals, name) for name in CSV_FIELDS)])
    for line in text.getvalue().splitlines():
        echo(line)


def _cell(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    text = plain(name)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _shares(groups: Sequence[UsageTotals]) -> list[float]:
    """How long the bar of each group is, beside the longest: by cost, where nothing costs anything by calls."""
    sizes = [totals.usd_micros for totals in groups]
    if not any(sizes):
        sizes = [totals.total_calls for totals in groups]
    longest = max(sizes, default=0)
    return [size / longest if longest else 0.0 for size in sizes]


def _numbers(totals: UsageTotals) -> list[str]:
    counts = (
        totals.total_calls,
        totals.failed_calls,
        totals.input_tokens,
        totals.cache_read_tokens,
        totals.output_tokens,
        totals.reasoning_tokens,
    )
    return [*(f"{count:,}" for count in counts), _cost(totals)]


def _cost(totals: UsageTotals) -> str:
    cost = f"${totals.usd_micros / 1e6:.4f}"
    if not totals.unpriced_calls:
        return cost
    return "?" if totals.unpriced_calls == totals.total_calls else f"{cost} + {totals.unpriced_calls} unpriced"
