"""``modelport keys test``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from modelport.app.session import App
from modelport.frontends.cli.keys.owners import NAME, NO_KEYS, owner
from modelport.frontends.cli.output.printing import echo, print_json, print_table
from modelport.frontends.cli.output.words import in_commands
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import KeyCheck, TestCredentialResult


@click.command(name="test")
@click.argument("provider", required=False)
@NAME
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def check_keys(provider: str | None, name: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Asks PROVIDER, or all, by a request that costs nothing whether they take the keys that are found.

    Exits with 1 where one is not taken.
    """
    if provider is None and name is not None:
        raise click.UsageError("--name is the name of one provider's connection: give PROVIDER too.")

    async def work(app: App) -> Sequence[KeyCheck]:
        return await (await app.keys.get()).checks.test(provider, name)

    results = with_app(work)
    if as_json:
        print_json(TestCredentialResult(results=tuple(results)))
    elif results:
        print_table(["PROVIDER", "FROM", "WHERE", "ENDS IN", "RESULT"], [_row(result) for result in results])
    else:
        echo(NO_KEYS)
    if not results or any(result.ok is False for result in results):
        raise click.exceptions.Exit(1)


def _row(result: KeyCheck) -> list[str]:
    where = ["" if result.source == "none" else result.source, result.location or "", result.last4 or ""]
    return [owner(result.provider, result.name), *where, _outcome(result)]


def _outcome(result: KeyCheck) -> str:
    if result.error is not None:
        return f"{result.error.kind}: {in_commands(result.error.message)}"
    if result.ok:
        return f"ok, {result.latency_ms or 0:.0f} ms"
    if result.source == "notRequired":
        return "needs no key"
    return "unknown: no request that is free proves this key"
