"""``modelport serve`` in the help texts; the command itself is started without any of this."""

from __future__ import annotations

import click


@click.command(name="serve", help="Runs the language server on standard input and output; editors start it.")
@click.option("--stdio", is_flag=True, help="The only transport; accepted because clients send it.")
def command(stdio: bool) -> None:  # noqa: FBT001
    """Reached by ``--help`` only: ``modelport serve`` is dispatched before the command line is loaded."""
