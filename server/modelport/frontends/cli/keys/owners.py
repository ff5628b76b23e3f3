"""Whose key it is: what the commands for keys say and take for it."""

from __future__ import annotations

import click

NAME = click.option("--name", help="The connection whose key it is, such as one to a second account.")
NO_KEYS = "No key was found: set a provider's environment variable, or run modelport keys set PROVIDER."


def owner(provider: str, name: str | None) -> str:
    """The owner of a key, for a person: the provider, or one of its connections."""
    return provider if name is None else f"{provider} for {name}"
