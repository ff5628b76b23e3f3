"""``modelport keys list``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from modelport.app.session import App
from modelport.frontends.cli.keys.owners import NO_KEYS, owner
from modelport.frontends.cli.output.printing import echo, print_json, print_message, print_table
from modelport.frontends.cli.output.times import local_time
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import (
    CredentialKey,
    CredentialStatus,
    CredentialStoreStatus,
    KeyHealth,
    ListCredentialResult,
)

COLUMNS = ["PROVIDER", "FROM", "WHERE", "ENDS IN", "ONLY FOR", "LAST USED", "STATE"]


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_keys(as_json: bool) -> None:  # noqa: FBT001
    """Lists the keys that are found: where, what shadows them, when each was last sent, and which are refused."""
    statuses, stores = with_app(_list)
    if as_json:
        print_json(ListCredentialResult(credentials=tuple(statuses), stores=tuple(stores)))
    elif statuses:
        print_table(COLUMNS, [row for status in statuses for row in _rows(status)])
    else:
        echo(NO_KEYS)
    for store in stores:
        if store.action is not None:
            print_message(store.detail)
    if not statuses:
        raise click.exceptions.Exit(1)


async def _list(app: App) -> tuple[Sequence[CredentialStatus], Sequence[CredentialStoreStatus]]:
    """The credentials, and the state of each store; nobody is asked to unlock one."""
    return await (await app.keys.get()).listing.list(), await app.core.store.statuses()


def _rows(status: CredentialStatus) -> list[list[str]]:
    """A row for each key, in the order in which they are used, then those that are not used beside them."""
    shadow = f"shadowed by {status.location or f'the {status.source}'}"
    return [
        _row(status, status, status.base_url, ""),
        *(_row(status, key, status.base_url, "") for key in status.more_keys or ()),
        *(_row(status, key, key.base_url, shadow) for key in status.others or ()),
    ]


def _row(
    status: CredentialStatus, key: CredentialStatus | CredentialKey, base_url: str | None, state: str
) -> list[str]:
    return [
        owner(status.provider, status.name),
        key.source or status.source,
        key.location or "",
        key.last4 or "",
        base_url or "",
        local_time(key.last_used_at) if key.last_used_at else "",
        "; ".join(filter(None, (state, _health(key.health) if key.health else ""))),
    ]


def _health(health: KeyHealth) -> str:
    what = "refused" if health.state == "refused" else "rests"
    model = f" for {health.model}" if health.model else ""
    until = f" until {local_time(health.until)}" if health.until else ", tried by the next call"
    return f"{what}{model}{until} ({health.error.kind})"
