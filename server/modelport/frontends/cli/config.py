"""``modelport config``: the path, the problems and the schema of the configuration file."""

from __future__ import annotations

import click
from msgspec import Struct

from modelport.app.schema import configuration_schema
from modelport.app.session import App
from modelport.domain.providers.configuration import Problem
from modelport.frontends.cli.running import print_json, with_app


class Report(Struct, frozen=True, rename="camel"):
    """The output of ``modelport config check --json``; ``usable``: whether the file is in force."""

    path: str
    exists: bool
    usable: bool
    problems: tuple[Problem, ...]


@click.group(name="config")
def command() -> None:
    """Shows and checks the configuration file, config.toml: own providers, addresses, proxies, key commands."""


@command.command(name="path")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show_path(as_json: bool) -> None:  # noqa: FBT001
    """Prints the path of the file, also where there is none yet."""
    report = with_app(_report, show_problems=False)
    if as_json:
        print_json({"path": report.path, "exists": report.exists})
    else:
        click.echo(report.path)


@command.command(name="check")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def check(as_json: bool) -> None:  # noqa: FBT001
    """Checks the file. Exits with 2 when it cannot be used."""
    report = with_app(_report, show_problems=False)
    if as_json:
        print_json(report)
    else:
        for problem in report.problems:
            location = f"{report.path}:{problem.line or 1}"
            key = f"{problem.key}: " if problem.key else ""
            click.echo(f"{location}: {problem.level}: {key}{problem.message}")
        if not report.problems:
            click.echo(f"{report.path} is in order." if report.exists else f"There is no file at {report.path}.")
    if not report.usable:
        raise click.exceptions.Exit(2)


@command.command(name="schema")
def show_schema() -> None:
    """Prints the JSON Schema of the file, for completion in an editor."""
    print_json(configuration_schema())


async def _report(app: App) -> Report:
    state = app.core.configuration
    return Report(path=state.path, exists=state.exists, usable=not state.broken, problems=tuple(state.problems))
