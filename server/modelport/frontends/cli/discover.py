"""``modelport discover``: which model servers run on this machine?"""

from __future__ import annotations

import os
import shlex
import sys

import click

from modelport.app.session import App
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.address import base_url
from modelport.frontends.cli.output.printing import echo, print_json
from modelport.frontends.cli.output.tables import INDENT, wrapped
from modelport.frontends.cli.output.terminal import width
from modelport.frontends.cli.running import with_app
from modelport.protocol.types import DiscoverProviderParams, DiscoverProviderResult, LocalServer

MAX_SHOWN_MODELS = 3
SECONDS = click.FloatRange(min=0, min_open=True)
PORT = click.IntRange(1, 65535)


@click.command(name="discover")
@click.option("--timeout", type=SECONDS, metavar="S", help="Seconds for the whole search; 1.5 if not given.")
@click.option("--port", "ports", type=PORT, multiple=True, help="Check this port only; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print all as JSON at the end.")
def command(timeout: float | None, ports: tuple[int, ...], as_json: bool) -> None:  # noqa: FBT001
    """Finds the model servers on this machine, and prints each with the command to chat with it."""
    params = DiscoverProviderParams(
        timeout_ms=None if timeout is None else max(1, round(timeout * 1000)), ports=ports or None
    )

    async def search(app: App) -> DiscoverProviderResult:
        discovery = await app.core.discovery.get()

        def show(server: LocalServer) -> None:
            if not as_json:
                echo(_lines(app, server, width(sys.stdout)))

        return await discovery.find(params, show)

    result = with_app(search)
    if as_json:
        print_json(result)
    elif not result.servers:
        echo("No model server answered on this machine: start one, or name its port with --port.", err=True)
    if not result.servers:
        raise click.exceptions.Exit(1)


def _lines(app: App, server: LocalServer, width: int | None) -> str:
    """A server's name, models and evidence, and the command to chat with it, which stays whole to be copied."""
    name = f"{server.provider} {server.version}" if server.version else server.provider
    facts = f"{name} at {server.base_url}: {_models(server)} ({server.evidence})"
    return "\n".join([*wrapped(facts, width), INDENT + _command(app, server)])


def _models(server: LocalServer) -> str:
    names, more = server.models[:MAX_SHOWN_MODELS], len(server.models) - MAX_SHOWN_MODELS
    return ", ".join(names) + (f" and {more} more" if more > 0 else "") if names else "no models listed"


def _command(app: App, server: LocalServer) -> str:
    row = app.core.registry.get(server.provider)
    try:
        usual = base_url(row, None, os.environ).replace("//localhost", "//127.0.0.1")
    except InvalidParams:
        usual = ""
    known = usual == server.base_url or not row.base_url_env_vars
    address = "" if known else f"{row.base_url_env_vars[0]}={shlex.quote(server.base_url)} "
    model = shlex.quote(f"{server.provider}/{server.models[0]}") if server.models else f"{server.provider}/MODEL"
    return f"{address}modelport chat -m {model}"
