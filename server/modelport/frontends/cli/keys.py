"""``modelport keys``: provider keys in the system's keyring."""

from __future__ import annotations

import sys

import click

from modelport.frontends.cli.running import print_json, print_table, with_app
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus, ListCredentialResult


@click.group(name="keys")
def command() -> None:
    """Stores provider keys in the system's keyring, where every editor finds them."""


@command.command(name="set", context_settings={"allow_extra_args": True})
@click.argument("provider")
@click.option("--base-url", help="Send the key to this address only.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def set_key(ctx: click.Context, provider: str, base_url: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Stores PROVIDER's key, typed at a hidden prompt or piped in; never given as an argument."""
    if ctx.args:
        # Every program can read the arguments of a process, and click's own message would repeat them.
        raise click.UsageError("A key cannot be an argument: leave it out, then type it at the prompt or pipe it in.")
    secret = Secret(_read_key(provider))
    status = with_app(lambda app: app.core.credentials.store(provider, secret, base_url))
    if as_json:
        print_json(status)
    else:
        where = f", for {status.base_url} only" if status.base_url else ""
        click.echo(f"Stored the key of {status.provider} in the keyring as {status.location}{where}.")


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_keys(as_json: bool) -> None:  # noqa: FBT001
    """Lists the providers that have a key, and where it was found."""
    statuses = with_app(lambda app: app.core.credentials.list())
    if as_json:
        print_json(ListCredentialResult(credentials=tuple(statuses)))
    elif statuses:
        print_table(["PROVIDER", "FROM", "WHERE", "ENDS IN", "ONLY FOR"], [_row(status) for status in statuses])
    else:
        click.echo("No key was found: set a provider's environment variable, or run modelport keys set PROVIDER.")
    if not statuses:
        raise click.exceptions.Exit(1)


@command.command(name="delete")
@click.argument("provider")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def delete_key(provider: str, as_json: bool) -> None:  # noqa: FBT001
    """Deletes PROVIDER's key from the keyring."""
    status = with_app(lambda app: app.core.credentials.delete(provider))
    if as_json:
        print_json(status)
    elif status.source in ("none", "notRequired"):
        click.echo(f"The keyring holds no key of {status.provider} any more.")
    else:
        click.echo(f"The keyring holds no key of {status.provider} any more; now {status.location} is used.")


def _read_key(provider: str) -> str:
    if sys.stdin.isatty():
        return click.prompt(f"Key of {provider}", hide_input=True, err=True)
    return sys.stdin.readline().strip()


def _row(status: CredentialStatus) -> list[str]:
    return [status.provider, status.source, status.location or "", status.last4 or "", status.base_url or ""]
