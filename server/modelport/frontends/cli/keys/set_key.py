"""``modelport keys set``."""

from __future__ import annotations

import codecs
import sys

import click

from modelport.app.session import App
from modelport.borders import text_of
from modelport.frontends.cli.keys.owners import NAME, owner
from modelport.frontends.cli.output.printing import echo, print_json, print_message
from modelport.frontends.cli.output.questions import hidden
from modelport.frontends.cli.running import with_app
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus


@click.command(name="set", context_settings={"allow_extra_args": True})
@click.argument("provider")
@click.option("--base-url", help="Send the key to this address only.")
@click.option("--add", is_flag=True, help="Keep the stored keys, and use this one when those fail.")
@NAME
@click.option("--file", "in_file", is_flag=True, help="Keep the key in a file of yours alone, not in the keyring.")
@click.option("--passphrase", is_flag=True, help="With --file: encrypt the file with a passphrase, which is asked for.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def set_key(
    ctx: click.Context,
    provider: str,
    base_url: str | None,
    name: str | None,
    add: bool,  # noqa: FBT001
    in_file: bool,  # noqa: FBT001
    passphrase: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Stores PROVIDER's key, typed at a hidden prompt or piped in; never given as an argument."""
    if ctx.args:
        # Every program can read the arguments of a process, and click's own message would repeat them.
        raise click.UsageError("A key cannot be an argument: leave it out, then type it at the prompt or pipe it in.")
    if passphrase and not in_file:
        raise click.UsageError("--passphrase is for --file: the keyring has a password of its own.")
    secret = Secret(_read_key(provider))
    chosen = Secret(_read_passphrase()) if passphrase else None

    async def store(app: App) -> CredentialStatus:
        if chosen is not None:
            app.core.passphrase.give(chosen)
        place = "file" if in_file else None
        return await app.core.credentials.store(provider, secret, base_url, name, add=add, store=place)

    status = with_app(store)
    if as_json:
        print_json(status)
    else:
        where = f", for {status.base_url} only" if status.base_url else ""
        place = "the keyring as " if status.source == "keyring" else ""
        echo(f"Stored the key of {owner(status.provider, status.name)} in {place}{status.location}{where}.")
        if status.hint:
            print_message(status.hint)


def _read_passphrase() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("A passphrase is typed on a terminal: set MODELPORT_PASSPHRASE instead of --passphrase.")
    typed = hidden("Passphrase")
    if not typed or hidden("The passphrase again") != typed:
        raise click.UsageError("That was not the same passphrase twice: nothing was stored.")
    return typed


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
