"""The help of ``modelport discover-agents``; the command itself runs without this module."""

from __future__ import annotations

import click


@click.command(name="discover-agents", help="Finds the agents on this machine; the same as acp-discover.")
def command() -> None:
    """Reached by ``--help`` only: ``modelport discover-agents`` is dispatched before the command line is loaded."""
