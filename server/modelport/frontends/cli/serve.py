"""The help of ``modelport serve``; the command itself runs without this module."""

from __future__ import annotations

import click


@click.command(name="serve", help="Runs the language server on standard input and output; editors start it.")
@click.option("--stdio", is_flag=True, help="The only transport, so it changes nothing; some clients pass it.")
def command(stdio: bool) -> None:  # noqa: FBT001
    """Reached by ``--help`` only: ``modelport serve`` is dispatched before the command line is loaded."""
