"""``modelport keys``: the group of its commands."""

from __future__ import annotations

import click

from modelport.frontends.cli.keys.check_keys import check_keys
from modelport.frontends.cli.keys.delete_keys import delete_keys
from modelport.frontends.cli.keys.import_keys import import_keys
from modelport.frontends.cli.keys.list_keys import list_keys
from modelport.frontends.cli.keys.set_key import set_key
from modelport.frontends.cli.output.wrong_usage import Commands


@click.group(name="keys", cls=Commands)
def command() -> None:
    """Stores provider keys in the system's keyring, where every editor finds them, or in a file."""


for part in (set_key, list_keys, check_keys, delete_keys, import_keys):
    command.add_command(part)
