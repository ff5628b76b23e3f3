"""``modelport keys list``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from modelport.app.session import App
from modelport.domain.errors import RequestFailed
from modelport.frontends.cli.keys.owners import owner
from modelport.frontends.cli.output.printing import echo, print_json, print_message, print_table
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import CredentialStatus, ListCredentialResult


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_keys(as_json: bool) -> None:  # noqa: FBT001
    """Lists the providers that have a key, and where it was found."""
    statuses, trouble = with_app(_list)
    if as_json:
        print_json(ListCredentialResult(credentials=tuple(statuses)))
    elif statuses:
        print_table(
            ["PROVIDER", "FROM", "WHERE", "ENDS IN", "ONLY FOR"], [row for status in statuses for row in _rows(status)]
        )
    else:
        echo("No key was found: set a provider's environment variable, or run modelport keys set PROVIDER.")
    if trouble:
        print_message(trouble)
    if not statuses:
        raise click.exceptions.Exit(1)


async def _list(app: App) -> tuple[Sequence[CredentialStatus], str | None]:
    """The credentials, and why the keyring cannot be used where it cannot; nobody is asked to unlock it."""
    statuses = await app.core.credentials.list()
    try:
        await app.core.store.describe(unlock=False)
    except RequestFailed as error:
        return statuses, error.message
    return statuses, None


def _rows(status: CredentialStatus) -> list[list[str]]:
    """A row for each key, in the order in which they are used."""
    whose = owner(status.provider, status.name)
    keys = [(status.location, status.last4), *((key.location, key.last4) for key in status.more_keys or ())]
    return [[whose, status.source, location or "", last4 or "", status.base_url or ""] for location, last4 in keys]
