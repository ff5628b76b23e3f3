"""``modelport keys import``: keys and providers that other programs keep on this machine."""

from __future__ import annotations

import click

from modelport.domain.key_imports.report import ImportReport, ReportedKey, ReportedTable
from modelport.frontends.cli.output.printing import echo, print_json, print_message, print_result, print_table
from modelport.frontends.cli.running import with_app

STATUS = {
    "found": "can be imported",
    "stored": "stored",
    "added": "added to config.toml",
    "kept": "kept as stored",
    "same": "stored already",
    "skipped": "left out",
    "failed": "not stored",
}
NOTHING = (
    "No keys of other programs were found: modelport keys set PROVIDER stores one, --from FILE reads another file."
)


@click.command(name="import")
@click.option("--from", "path", metavar="FILE", help="Read this file only, whatever its name.")
@click.option("--only", metavar="PROVIDER", multiple=True, help="List or import this provider only; repeatable.")
@click.option("--yes", is_flag=True, help="Import what is listed; without it nothing is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_keys(path: str | None, only: tuple[str, ...], yes: bool, as_json: bool) -> None:  # noqa: FBT001
    """Finds keys in .env files, start files of shells and the settings of other programs; imports them with --yes.

    Keys go to the system's keyring, providers to config.toml. A stored key is never replaced, a log-in that another
    program renews is never copied, and no file of another program is changed.
    """
    from modelport.app.key_imports import load_key_imports

    report = with_app(lambda app: load_key_imports(app.core).run(path, only, imports=yes))
    if as_json:
        print_json(report)
    else:
        _print(report, done=yes)
    if report.is_empty or report.is_failed:
        raise click.exceptions.Exit(1)


def _print(report: ImportReport, *, done: bool) -> None:
    if report.keys:
        print_table(["KEY OF", "ENDS IN", "ONLY FOR", "WHERE", "STATUS"], [_key_row(key) for key in report.keys])
    if report.providers:
        if report.keys:
            echo()
        print_table(["PROVIDER", "ADDRESS", "MODELS", "FROM", "STATUS"], [_table_row(one) for one in report.providers])
    if report.is_empty:
        echo(NOTHING)
    for reason in dict.fromkeys(_reasons(report)):
        print_result(reason)
    if done:
        _print_removals(report)
    elif report.has_work:
        echo("Nothing was changed: add --yes to import them, and --only PROVIDER for some of them.")
    for problem in report.problems:
        print_message(problem)


def _print_removals(report: ImportReport) -> None:
    removals = [place.removal for key in report.keys for place in key.places if place.removal]
    if removals:
        echo("The files still hold these keys; where no other program needs them:")
        for removal in dict.fromkeys(removals):
            print_result(removal)


def _reasons(report: ImportReport) -> list[str]:
    reasons = [f"{one.provider}: {one.reason}" for one in report.keys if one.reason]
    return reasons + [f"{one.name}: {one.reason}" for one in report.providers if one.reason]


def _key_row(key: ReportedKey) -> list[str]:
    places = ", ".join(f"{place.path}{f':{place.line}' if place.line else ''} ({place.entry})" for place in key.places)
    return [key.provider, key.last4 or "", key.base_url or "", places, STATUS[key.status]]


def _table_row(table: ReportedTable) -> list[str]:
    return [
        table.name,
        table.base_url or "",
        ", ".join(table.models),
        f"{table.program} {table.path}",
        STATUS[table.status],
    ]
