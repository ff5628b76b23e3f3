"""``modelport providers``: lists the providers and the credential of each."""

from __future__ import annotations

import click

from modelport.frontends.cli.running import print_json, print_table, with_app
from modelport.protocol.types import ListProviderParams, ListProviderResult, Provider


@click.command(name="providers")
@click.option("--ready", is_flag=True, help="Only providers that can be used now.")
@click.option(
    "--type", "connection_type", type=click.Choice(["local", "byok", "oauth", "cloud"]), help="Only this type."
)
@click.option("--category", help="Only this category, such as 'US Labs'.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def command(ready: bool, connection_type: str | None, category: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Lists the providers, with the key each would use."""
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
    return provider.status if provider.status != "active" else ""
