"""``modelport discover-agents`` in the help texts; the command itself is started without any of this."""

from __future__ import annotations

import click


@click.command(name="discover-agents", help="Finds the agents on this machine; the same as acp-discover.")
def command() -> None:
    """Reached by ``--help`` only: ``modelport discover-agents`` is dispatched before the command line is loaded."""
