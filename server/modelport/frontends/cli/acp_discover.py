"""``acp-discover``: which agents does this machine have, and do they work?

It is separate from the other commands: listing agents from files needs no event loop, no engine, and no library for
command lines, which would take longer to load than the listing takes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import msgspec

from modelport.app.agents import AgentCore
from modelport.domain.errors import InvalidParams, ModelportError
from modelport.frontends.cli.agent_table import lines
from modelport.protocol.initialize import VERSION
from modelport.protocol.types import Agent, DiscoverAgentParams, DiscoverAgentResult

INTERRUPTED = 130
TARGETS = ("zed", "jetbrains", "vscode", "codecompanion", "avante", "acpx")
DESCRIPTION = (
    "Lists the agents of this machine, each with the evidence for it. Starts no program without --level verify."
)
EPILOG = """\
levels:
  static   reads files only
  probe    also sends requests to the ports that your own programs listen on, on this machine
  verify   also starts what was found, in an empty folder and without your keys, and sends
           the protocol's first request; what has answered is not started again until it
           changes

exit codes: 0 an agent is here, 1 none is, 2 wrong usage
"""


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code: 0 an agent is here, 1 none is, 2 wrong usage."""
    options = _options(arguments)
    try:
        code = _discover(options)
        sys.stdout.flush()
    except ModelportError as error:
        sys.stderr.write(f"acp-discover: {error.message}\n")
        return 2 if isinstance(error, InvalidParams) else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output has closed it.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return 1
    return code


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="acp-discover",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("ids", nargs="*", metavar="AGENT", help="only these, by id or command")
    add("--level", choices=("static", "probe", "verify"), default="static", help="how far to go (default: static)")
    add("--timeout", type=_seconds, metavar="S", help="seconds for the whole search (default: 2, or 180 to verify)")
    add("--all", action="store_true", help="also the known agents that are not installed")
    add("--refresh", action="store_true", help="verify again what has answered; read the PATH of the login shell again")
    add("--sessions", action="store_true", help="also open a session with each: shows a missing log-in, and the models")
    add("--registry", metavar="URL", help='download the public registry first: "latest", or an https address')
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object when all is known")
    form.add_argument("--ndjson", action="store_true", help="print a JSON line for each agent as it becomes known")
    form.add_argument("--emit", choices=TARGETS, help="print the settings that give what was found to an editor")
    add("--version", action="version", version=f"acp-discover {VERSION}")
    options = parser.parse_args(arguments)
    if (options.refresh or options.sessions) and options.level != "verify":
        parser.error(f"--{'refresh' if options.refresh else 'sessions'} starts programs: add --level verify")
    return options


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return seconds


def _discover(options: argparse.Namespace) -> int:
    params = DiscoverAgentParams(
        level=options.level,
        timeout_ms=None if options.timeout is None else max(1, round(options.timeout * 1000)),
        ids=tuple(options.ids) or None,
        all=options.all,
        refresh=options.refresh,
        sessions=options.sessions,
        registry=options.registry,
    )
    app = AgentCore()
    result = _find(app, params, _reporter(options))
    if options.emit:
        _emit(options.emit, result.agents, app)
    elif options.json:
        _write_line(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    elif not options.ndjson:
        _print(result)
    return 0 if any(agent.installed for agent in result.agents) else 1


def _find(app: AgentCore, params: DiscoverAgentParams, report: Callable[[Agent], None]) -> DiscoverAgentResult:
    if params.level == "static" and not params.registry:
        result = app.static.list(params.ids or (), everything=bool(params.all)).result()
        for agent in result.agents:
            report(agent)
        return result
    import gc

    import anyio

    gc.enable()
    return anyio.run(app.discovery().find, params, report)


def _reporter(options: argparse.Namespace) -> Callable[[Agent], None]:
    """What to do with each agent as soon as it is known: print its line, its status, or nothing."""
    if options.ndjson:
        return lambda agent: _write_line(msgspec.json.encode(agent).decode())
    if options.level == "verify" and sys.stderr.isatty():
        return lambda agent: _write_note(f"{agent.agent_id}: {agent.status}")
    return lambda _: None


def _print(result: DiscoverAgentResult) -> None:
    if not result.agents:
        _write_note("No agent was found; acp-discover --all lists those that are known.")
        return
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in lines(result.agents, colours=colours):
        _write_line(line)
    if result.registry:
        _write_note(f"Registry of {result.registry.fetched_at[:10]}, {result.registry.agent_count} agents.")


def _emit(target: str, agents: Sequence[Agent], app: AgentCore) -> None:
    from modelport.domain.agents.editors.snippets import snippet

    made = snippet(target, agents, app.static.book)
    _write_line(made.text.rstrip("\n"))
    _write_note(made.where)


def _write_line(text: str) -> None:
    """Prints a line and flushes it, for readers that follow the search."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _write_note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
