"""``modelport config``: the path, the problems and the schema of the configuration file."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import Struct

from modelport.app.imports import import_configuration, write_configuration
from modelport.app.schema import configuration_schema
from modelport.app.session import App
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.configuration import Problem
from modelport.frontends.cli.output.printing import echo, print_json, print_message, print_result
from modelport.frontends.cli.output.questions import agrees
from modelport.frontends.cli.output.wrong_usage import Commands
from modelport.frontends.cli.running import with_app
from modelport.protocol.secret import Secret


class Report(Struct, frozen=True, rename="camel"):
    """The output of ``modelport config check --json``; ``usable``: whether the file is in force."""

    path: str
    exists: bool
    usable: bool
    problems: tuple[Problem, ...]


@click.group(name="config", cls=Commands)
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
        echo(report.path)


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
            print_result(f"{location}: {problem.level}: {key}{problem.message}")
        if not report.problems:
            echo(f"{report.path} is in order." if report.exists else f"There is no file at {report.path}.")
    if not report.usable:
        raise click.exceptions.Exit(2)


@command.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--print", "only_print", is_flag=True, help="Print the file instead of writing it; no key is stored.")
@click.option("--yes", is_flag=True, help="Store the keys that FILE holds in the keyring without asking.")
def import_file(file: Path, only_print: bool, yes: bool) -> None:  # noqa: FBT001
    """Writes config.toml from FILE, settings of SmartopolAI, the AI router, LiteLLM, Continue, opencode, Zed or ECA.

    Keys in FILE are kept in the system's keyring, each after a question, and never written into config.toml.
    """
    try:
        imported = import_configuration(file)
    except InvalidParams as error:
        raise click.UsageError(error.message) from error
    if only_print:
        click.echo(imported.text, nl=False)
        return
    path = Path(with_app(_report, show_problems=False).path)
    if path.name != "config.toml" or path.exists():
        path = path.with_name("config.toml")
    if path.exists():
        raise click.UsageError(f"There is a {path} already: see what would be written with --print.")
    write_configuration(path, imported.text)
    echo(f"Wrote {path} from {imported.program}'s {file.name}.")
    for note in imported.notes:
        print_message(note)
    for provider, key in imported.keys.items():
        _keep(provider, key, imported.addresses.get(provider), yes=yes)


def _keep(provider: str, key: Secret, base_url: str | None, *, yes: bool) -> None:
    """Stores a key of an imported document in the keyring, if its owner agrees."""
    if not yes and not agrees(f"Keep the key of {provider} in the keyring?"):
        echo(f"The key of {provider} was left where it is: modelport keys set {provider} keeps it.", err=True)
        return
    status = with_app(lambda app: app.core.credentials.store(provider, key, base_url))
    echo(f"Stored the key of {status.provider} in the keyring as {status.location}.")


@command.command(name="schema")
def show_schema() -> None:
    """Prints the JSON Schema of the file, for completion in an editor."""
    print_json(configuration_schema())


async def _report(app: App) -> Report:
    state = app.core.configuration
    return Report(path=state.path, exists=state.exists, usable=not state.broken, problems=tuple(state.problems))
