"""``modelport keys delete``."""

from __future__ import annotations

import click

from modelport.frontends.cli.keys.owners import NAME, owner
from modelport.frontends.cli.output.printing import echo, print_json
from modelport.frontends.cli.running import with_app


@click.command(name="delete")
@click.argument("provider")
@NAME
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def delete_keys(provider: str, name: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Deletes PROVIDER's key from the keyring."""
    status = with_app(lambda app: app.core.credentials.delete(provider, name))
    if as_json:
        print_json(status)
        return
    now = "" if status.source in ("none", "notRequired") else f"; now {status.location} is used"
    echo(f"The keyring holds no key of {owner(status.provider, name)} any more{now}.")
