"""``modelport providers``: lists the providers and the credential of each, or what rests of them."""

from __future__ import annotations

import click

from modelport.frontends.cli.output.printing import echo, print_json, print_table
from modelport.frontends.cli.output.times import local_time
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import Circuit, Health, ListProviderParams, ListProviderResult, Provider


@click.command(name="providers")
@click.option("--ready", is_flag=True, help="Only providers that can be used now.")
@click.option(
    "--type", "connection_type", type=click.Choice(["local", "byok", "oauth", "cloud"]), help="Only this type."
)
@click.option("--category", help="Only this category, such as 'US Labs'.")
@click.option("--health", is_flag=True, help="What rests after failures, in all editors, until when and why.")
@click.option("--reset", metavar="PROVIDER", help="Call it again at once, in all editors; 'all' for every provider.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def command(
    ready: bool,  # noqa: FBT001
    connection_type: str | None,
    category: str | None,
    health: bool,  # noqa: FBT001
    reset: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Lists the providers, with the key each would use."""
    if reset is not None:
        _reset(reset)
    if health:
        _show_health(as_json=as_json)
    if health or reset is not None:
        return
    params = ListProviderParams(
        connection_type=connection_type,  # pyright: ignore[reportArgumentType]  click has checked it
        category=category,
        configured_only=ready,
    )
    result: ListProviderResult = with_app(lambda app: app.providers.list(params))
    if as_json:
        print_json(result)
    else:
        print_table(
            ["PROVIDER", "NAME", "TYPE", "KEY", "DEFAULT MODEL", ""],
            [
                [p.id, p.display_name, p.connection_type, _key(p), p.default_model or "", _note(p)]
                for p in result.providers
            ],
        )
    if not result.providers:
        raise click.exceptions.Exit(1)


def _reset(provider: str) -> None:
    name = None if provider == "all" else provider
    ended = with_app(lambda app: app.health.reset(name))
    whose = "No provider rests" if name is None else f"Nothing of {name} rests"
    echo(f"{whose} any more ({ended} {'circuit' if ended == 1 else 'circuits'} closed).", err=True)


def _show_health(*, as_json: bool) -> None:
    resting = with_app(lambda app: app.health.resting())
    if as_json:
        print_json(resting)
    elif not resting:
        echo("No provider rests: calls go to all of them.")
    else:
        headings = ["PROVIDER", "MODEL", "RESTS", "UNTIL", "WHY", "FAILED", "CALLED BY"]
        print_table(headings, [_circuit(one, circuit) for one in resting for circuit in one.circuits or ()])


def _circuit(health: Health, circuit: Circuit) -> list[str]:
    part = "one key" if circuit.one_key else "all"
    return [
        health.provider,
        circuit.model or "all",
        f"{part}, in the background" if circuit.background else part,
        local_time(circuit.until) if circuit.state == "open" else "the next call tries",
        circuit.error.message,
        str(circuit.failures),
        circuit.client or "",
    ]


def _key(provider: Provider) -> str:
    credential = provider.credential
    match credential.source:
        case "none":
            variables = provider.api_key_env_vars
            return f"missing: set {variables[0]}" if variables else "missing"
        case "notRequired":
            return "not needed"
        case _:
            ending = f" …{credential.last4}" if credential.last4 else ""
            return f"{credential.source} {credential.location or ''}{ending}".strip()


def _note(provider: Provider) -> str:
    if not provider.supported:
        return "not supported yet"
    if provider.installed is False:
        return "not installed"
    return provider.status if provider.status != "active" else ""
