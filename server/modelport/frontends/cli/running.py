"""Runs a command with the engine, and turns errors into messages and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import click
import msgspec

from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.errors import InvalidParams, ModelportError

T = TypeVar("T")


def with_app(work: Callable[[App], Awaitable[T]], *, show_problems: bool = True) -> T:
    """The result of the work, run with an engine of its own; a ``ModelportError`` ends the program with its message.

    With ``show_problems``, errors in the configuration file are printed to standard error.
    """

    async def run() -> T:
        app = App(Core())
        for notice in app.core.configuration.take_notices():
            if not show_problems or notice.level != "error":
                continue
            click.echo(f"modelport: {notice.text}", err=True)
        try:
            return await work(app)
        finally:
            with anyio.CancelScope(shield=True):
                await app.core.aclose()

    try:
        return anyio.run(run)
    except ModelportError as error:
        click.echo(f"modelport: {error.message}", err=True)
        raise click.exceptions.Exit(2 if isinstance(error, InvalidParams) else 1) from error


def print_json(value: Any) -> None:
    """Prints a value of the contract as JSON, with the names of the wire."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    click.echo(text.decode())


def print_table(headings: list[str], rows: list[list[str]]) -> None:
    """Prints aligned columns: with colours on a terminal, plain and never cut when piped."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    table = Table(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False, header_style="bold" if terminal else "")
    for heading in headings:
        table.add_column(heading, overflow="fold" if terminal else "ignore", no_wrap=not terminal)
    for row in rows:
        table.add_row(*row)
    Console(width=None if terminal else 400, highlight=False, markup=False).print(table)
