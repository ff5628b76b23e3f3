"""``modelport login``: logs in to a provider with a browser, on this machine or another."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import anyio
import anyio.to_thread
import click

from modelport.app.session import App
from modelport.borders import text_of
from modelport.domain.errors import InvalidParams, ModelportError
from modelport.engine.log_ins.logging_in import LoggingIn
from modelport.engine.log_ins.outcomes import LogInBegun
from modelport.frontends.cli.output.printing import echo, print_json, print_message
from modelport.frontends.cli.running import with_app
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStatus, LoginMethod

REMOTE = ("SSH_CONNECTION", "SSH_TTY")
"""Variables of a session on another machine, whose browser is not here."""
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


@click.command(name="login")
@click.argument("provider")
@click.option("--method", type=click.Choice(["device", "code"]), help="How to log in; absent: the usual way.")
@click.option("--name", help="The connection that it is for, such as one to a second account.")
@click.option("--file", "in_file", is_flag=True, help="Keep it in the file of keys, for a machine without a keyring.")
@click.option("--no-browser", is_flag=True, help="Print the page only, and open none.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    provider: str,
    method: LoginMethod | None,
    name: str | None,
    in_file: bool,  # noqa: FBT001
    no_browser: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Logs in to PROVIDER, and keeps what it gives in the keyring.

    What to do is printed before a browser opens. Where no browser can reach this machine, paste the address that it
    ends at.
    """
    opens = not no_browser and has_browser(os.environ)
    status = with_app(lambda app: _log_in(app, provider, method, name, opens=opens, in_file=in_file))
    if as_json:
        print_json(status)
        return
    for_whom = f" for {status.name}" if status.name else ""
    echo(f"Logged in to {status.provider}{for_whom}: kept in {status.location}.")
    if status.hint:
        print_message(status.hint)


def has_browser(variables: Mapping[str, str]) -> bool:
    """Whether a browser can be opened in front of the user."""
    if any(variables.get(name) for name in REMOTE):
        return False
    return sys.platform in ("win32", "darwin") or any(variables.get(name) for name in DISPLAYS)


async def _log_in(
    app: App, provider: str, method: LoginMethod | None, name: str | None, *, opens: bool, in_file: bool
) -> CredentialStatus:
    log_ins = await app.core.log_ins.get()
    outcome: CredentialStatus | ModelportError | None = None
    async with anyio.create_task_group() as tasks:

        def tell(begun: LogInBegun) -> None:
            _show(begun)
            if opens:
                tasks.start_soon(app.core.open_page, begun.open_uri)
            if begun.update.user_code is None:
                tasks.start_soon(_read_pasted, log_ins, provider, name)

        try:
            outcome = await log_ins.log_in(provider, method, name, tell, store="file" if in_file else None)
        except ModelportError as error:
            # The task group would wrap it.
            outcome = error
        tasks.cancel_scope.cancel()
    assert outcome is not None  # noqa: S101  a cancelled task group raises
    if isinstance(outcome, ModelportError):
        raise outcome
    return outcome


def _show(begun: LogInBegun) -> None:
    update = begun.update
    if update.notice:
        print_message(update.notice)
    if update.user_code is not None:
        echo(f"Enter the code {update.user_code} at {update.verification_uri}", err=True)
        echo("Waiting for the log-in ... (Ctrl-C to stop)", err=True)
        return
    echo(f"Log in at {update.verification_uri}", err=True)
    echo("Waiting for the log-in ... (Ctrl-C to stop)", err=True)
    echo("Where the browser is on another machine, paste the address that it ends at here.", err=True)


async def _read_pasted(log_ins: LoggingIn, provider: str, name: str | None) -> None:
    """Reads addresses from standard input until one belongs to the log-in."""
    while line := await anyio.to_thread.run_sync(sys.stdin.buffer.readline, abandon_on_cancel=True):
        try:
            text = text_of(line).strip()
            if text:
                log_ins.paste(provider, name, Secret(text))
                return
        except InvalidParams as refused:
            print_message(refused.message)
        except ValueError:
            print_message("This is no text: copy the whole address.")
