"""``modelport keys delete``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from msgspec import Struct

from modelport.app.session import App
from modelport.frontends.cli.keys.owners import NAME, owner
from modelport.frontends.cli.output.printing import echo, print_json
from modelport.frontends.cli.output.questions import agrees
from modelport.frontends.cli.running import engine, with_app
from modelport.protocol.types import CredentialKey, CredentialStatus, DeleteCredentialParams

WAYS_OUT = {
    "environment": "{where} in the environment still holds one: unset it where it is set.",
    "command": "api_key_command in config.toml still prints one, by {where}: take it out there.",
    "file": "{where} still holds one: take it out there, or log out with the program that keeps it.",
}
"""What is left behind in places that Modelport leaves alone, and what to do about it."""


class Deletion(Struct, frozen=True):
    """What was deleted, and what is left in other places."""

    deleted: tuple[str, ...]
    left: tuple[CredentialStatus, ...]


@click.command(name="delete")
@click.argument("provider", required=False)
@NAME
@click.option("--everywhere", is_flag=True, help="Delete the keys of all its connections too, in every store.")
@click.option("--all", "delete_all", is_flag=True, help="Delete every stored key of every provider.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def delete_keys(
    provider: str | None,
    name: str | None,
    everywhere: bool,  # noqa: FBT001
    delete_all: bool,  # noqa: FBT001
    yes: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Deletes PROVIDER's key from the keyring and from the file of keys."""
    if delete_all:
        if provider is not None or name is not None or everywhere:
            raise click.UsageError("--all deletes the keys of all providers: leave PROVIDER and other options out.")
        _delete_all(yes=yes, as_json=as_json)
        return
    if provider is None:
        raise click.UsageError("Missing argument PROVIDER: name one, or delete all keys with --all.")
    if everywhere and name is not None:
        raise click.UsageError("--everywhere deletes the keys of all names: leave --name out.")
    params = DeleteCredentialParams(provider=provider, name=name, everywhere=everywhere)

    async def work(app: App) -> CredentialStatus:
        return await (await app.keys.get()).deletion.delete(params)

    status = with_app(work)
    if as_json:
        print_json(status)
    elif everywhere:
        echo(f"No store holds a key of {status.provider} any more.")
        _print_left([status])
    else:
        now = "" if status.source in ("none", "notRequired") else f"; now {status.location} is used"
        echo(f"No key of {owner(status.provider, name)} is stored any more{now}.")


def _delete_all(*, yes: bool, as_json: bool) -> None:
    """Deletes every entry, once the user has agreed."""
    with engine() as running:
        names = running.call(lambda app: app.core.store.providers())
        question = f"Delete the stored keys of {', '.join(names)}?" if names else "Delete every stored key?"
        if not yes and not agrees(question):
            if not sys.stdin.isatty():
                raise click.UsageError("Deleting all keys is asked for on a terminal: run it there, or add --yes.")
            echo("Nothing was deleted.", err=True)
            raise click.exceptions.Exit(1)

        async def work(app: App) -> Deletion:
            cases = await app.keys.get()
            return Deletion(tuple(await cases.deletion.delete_all()), tuple(await cases.listing.list()))

        done = running.call(work)
    if as_json:
        print_json(done)
        return
    what = f"Deleted the keys of {', '.join(done.deleted)}" if done.deleted else "There was no stored key"
    echo(f"{what}; no store holds a key of Modelport's any more.")
    _print_left(done.left)


def _print_left(statuses: Sequence[CredentialStatus]) -> None:
    """Prints what is left in other places, and what to do about it."""
    for status in statuses:
        for key in (status, *(status.more_keys or ()), *(status.others or ())):
            if (line := _left(status, key)) is not None:
                echo(line)


def _left(status: CredentialStatus, key: CredentialStatus | CredentialKey) -> str | None:
    way_out = WAYS_OUT.get(key.source or status.source)
    return f"{status.provider}: {way_out.format(where=key.location)}" if way_out else None
