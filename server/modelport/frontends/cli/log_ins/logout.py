"""``modelport logout``: deletes what a log-in has stored."""

from __future__ import annotations

import click

from modelport.app.session import App
from modelport.frontends.cli.output.printing import echo, print_json, print_message
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import CredentialStatus

STORES = ("keyring", "client")


@click.command(name="logout")
@click.argument("provider")
@click.option("--name", help="The connection that the log-in is for, such as one to a second account.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(provider: str, name: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Logs out of PROVIDER; a key that was typed in stays."""

    async def log_out(app: App) -> CredentialStatus:
        return await (await app.core.log_ins.get()).log_out(provider, name)

    status = with_app(log_out)
    if as_json:
        print_json(status)
        return
    if status.source in STORES and status.name == name and not status.logged_in:
        # What a log-in had stored would be deleted, and this is no other account.
        print_message(
            f"No log-in of {status.provider} is stored: its key in {status.location} was typed in, and stays. "
            f"Delete it with modelport keys delete {status.provider}{f' --name {name}' if name else ''}."
        )
        return
    now = "" if status.source in ("none", "notRequired") else f"; now {status.location} is used"
    echo(f"Logged out of {status.provider}{f' for {name}' if name else ''}{now}.")
