"""Prints what a command has found: JSON, tables, lines, and sentences for the user on standard error.

What others have written in them cannot command the terminal.
"""

from __future__ import annotations

import sys
from itertools import chain
from typing import Any

import click

from modelport.domain.terminal_text import plain
from modelport.frontends.cli.output.lines import write_json
from modelport.frontends.cli.output.tables import layout
from modelport.frontends.cli.output.terminal import BOLD, styled, width
from modelport.frontends.cli.output.words import in_commands


def echo(message: object = "", *, nl: bool = True, err: bool = False, style: int | None = None) -> None:
    """Prints a text without control characters, in a style of ours, to standard output or ``err`` to the other."""
    text = plain(str(message))
    if style is not None and text:
        text = styled(text, style, sys.stderr if err else sys.stdout)
    click.echo(text, nl=nl, err=err)


def confirm(question: str) -> bool:
    """Whether the user says yes; Ctrl-C raises ``click.Abort``."""
    return click.confirm(plain(question), err=True)


def print_json(value: Any) -> None:
    """Prints a value of the contract as JSON, with the names of the wire."""
    write_json(value, indent=2)


def print_message(sentence: str) -> None:
    """Prints a sentence of the server, or of a command, to standard error in the words of the command line."""
    echo(f"modelport: {in_commands(sentence)}", err=True)


def print_result(sentence: str) -> None:
    """Prints a sentence that was asked for to standard output, in the words of the command line."""
    echo(in_commands(sentence))


def print_table(headings: list[str], rows: list[list[str]]) -> None:
    """Prints aligned columns: fitted to a terminal, a line per row when piped."""

    def mark(row: int | None, _column: int, text: str) -> str:
        return styled(text, BOLD, sys.stdout) if row is None and text else text

    lines = chain.from_iterable(
        layout(headings, [[plain(cell) for cell in row] for row in rows], width(sys.stdout), mark)
    )
    click.echo("\n".join(lines))
