"""``modelport doctor``: is this installation in order?"""

from __future__ import annotations

import click

from modelport.frontends.cli.output.printing import print_json, print_table
from modelport.frontends.cli.output.words import in_commands
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import RunDiagnosticsResult


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def command(as_json: bool) -> None:  # noqa: FBT001
    """Checks the folders, the keyring, the ledger and the environment. Uses no network."""
    result: RunDiagnosticsResult = with_app(lambda app: app.diagnostics.run(), show_problems=False)
    if as_json:
        print_json(result)
    else:
        print_table(
            ["STATUS", "CHECK", "FOUND", "WHAT TO DO"],
            [
                [check.status, check.id, in_commands(check.detail), in_commands(check.action or "")]
                for check in result.checks
            ],
        )
    if any(check.status == "fail" for check in result.checks):
        raise click.exceptions.Exit(1)
