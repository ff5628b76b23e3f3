"""``modelport keys``: provider keys in the system's keyring."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence

import click

from modelport.app.session import App
from modelport.borders import text_of
from modelport.domain.errors import RequestFailed
from modelport.frontends.cli import keys_import
from modelport.frontends.cli.output.printing import echo, print_json, print_message, print_table
from modelport.frontends.cli.output.questions import hidden
from modelport.frontends.cli.output.wrong_usage import Commands
from modelport.frontends.cli.running import with_app
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus, ListCredentialResult

NAME = click.option("--name", help="The connection whose key it is, such as one to a second account.")


@click.group(name="keys", cls=Commands)
def command() -> None:
    """Stores provider keys in the system's keyring, where every editor finds them."""


command.add_command(keys_import.command)


@command.command(name="set", context_settings={"allow_extra_args": True})
@click.argument("provider")
@click.option("--base-url", help="Send the key to this address only.")
@click.option("--add", is_flag=True, help="Keep the stored keys, and use this one when those fail.")
@NAME
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def set_key(
    ctx: click.Context,
    provider: str,
    base_url: str | None,
    name: str | None,
    add: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Stores PROVIDER's key, typed at a hidden prompt or piped in; never given as an argument."""
    if ctx.args:
        # Every program can read the arguments of a process, and click's own message would repeat them.
        raise click.UsageError("A key cannot be an argument: leave it out, then type it at the prompt or pipe it in.")
    secret = Secret(_read_key(provider))
    status = with_app(lambda app: app.core.credentials.store(provider, secret, base_url, name, add=add))
    if as_json:
        print_json(status)
    else:
        where = f", for {status.base_url} only" if status.base_url else ""
        echo(f"Stored the key of {_owner(status.provider, status.name)} in the keyring as {status.location}{where}.")
        if status.hint:
            print_message(status.hint)


@command.command(name="list")
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


@command.command(name="delete")
@click.argument("provider")
@NAME
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def delete_key(provider: str, name: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Deletes PROVIDER's key from the keyring."""
    status = with_app(lambda app: app.core.credentials.delete(provider, name))
    if as_json:
        print_json(status)
        return
    now = "" if status.source in ("none", "notRequired") else f"; now {status.location} is used"
    echo(f"The keyring holds no key of {_owner(status.provider, name)} any more{now}.")


def _owner(provider: str, name: str | None) -> str:
    """Whose key it is, for a person: the provider's, or that of one of its connections."""
    return provider if name is None else f"{provider} for {name}"


def _read_key(provider: str) -> str:
    if sys.stdin.isatty():
        return hidden(f"Key of {provider}")
    line = sys.stdin.buffer.readline()
    if line.startswith(codecs.BOM_UTF16_LE) and len(line) % 2 and line.endswith(b"\n"):
        # The line end is two bytes, of which the second is not read yet.
        line += b"\0"
    try:
        return text_of(line).strip()
    except ValueError as error:
        raise click.UsageError("The key is no text in UTF-8 or UTF-16: convert it first.") from error


def _rows(status: CredentialStatus) -> list[list[str]]:
    """A row for each key, in the order in which they are used."""
    owner = _owner(status.provider, status.name)
    keys = [(status.location, status.last4), *((key.location, key.last4) for key in status.more_keys or ())]
    return [[owner, status.source, location or "", last4 or "", status.base_url or ""] for location, last4 in keys]
