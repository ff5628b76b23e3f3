"""``acp-discover``: which agents does this machine have, and do they work?

It is separate from the other commands: listing agents from files needs no event loop, no engine, and no library for
command lines, which would take longer to load than the listing takes.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import NoReturn

from typing_extensions import override

from modelport.app.agents import AgentCore
from modelport.domain.errors import InvalidParams, ModelportError
from modelport.frontends.cli.agent_table import lines
from modelport.frontends.cli.exits.interrupts import INTERRUPTED, interruptible
from modelport.frontends.cli.exits.pipes import close_output, unusable
from modelport.frontends.cli.output import terminal
from modelport.frontends.cli.output.lines import write_failure, write_json, write_lines, write_note, write_styled
from modelport.protocol.initialize import VERSION
from modelport.protocol.types import Agent, DiscoverAgentParams, DiscoverAgentResult

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


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"acp-discover: {message}: see acp-discover --help.\n")


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code: 0 an agent is here, 1 none is, 2 wrong usage."""
    options = _options(arguments)
    try:
        code = _discover(options)
        sys.stdout.flush()
    except ModelportError as error:
        write_failure("acp-discover", error.message)
        return 2 if isinstance(error, InvalidParams) else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return close_output()
    except OSError as error:
        write_failure("acp-discover", unusable(error))
        return close_output()
    except BaseException as error:  # noqa: BLE001  a user is shown no traceback, whatever happens
        from modelport.frontends.cli.exits.bugs import bug_report

        write_note(f"acp-discover: {bug_report(error)}")
        return 1
    return code


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(
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
    options, unknown = parser.parse_known_args(arguments)
    # Names may stand between the options.
    options.ids += [word for word in unknown if not word.startswith("-")]
    for word in unknown:
        if word.startswith("-"):
            near = get_close_matches(word, re.findall(r"--[a-z]+", parser.format_help()), 1)
            parser.error(f"No such option '{word}'" + (f" (did you mean {near[0]}?)" if near else ""))
    if (options.refresh or options.sessions) and options.level != "verify":
        parser.error(f"--{'refresh' if options.refresh else 'sessions'} starts programs, which needs --level verify")
    return options


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
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
        write_json(result, indent=2)
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
    # What was started has to be ended.
    with interruptible():
        return anyio.run(app.discovery().find, params, report)


def _reporter(options: argparse.Namespace) -> Callable[[Agent], None]:
    """What to do with each agent as soon as it is known: print its line, its status, or nothing."""
    if options.ndjson:
        return write_json
    if options.level == "verify" and sys.stderr.isatty():
        return lambda agent: write_note(f"{agent.agent_id}: {agent.status}")
    return lambda _: None


def _print(result: DiscoverAgentResult) -> None:
    if not result.agents:
        write_note("No agent was found; acp-discover --all lists those that are known.")
        return
    for line in lines(result.agents, colours=terminal.has_colours(sys.stdout), width=terminal.width(sys.stdout)):
        write_styled(line)
    if result.registry:
        write_note(f"Registry of {result.registry.fetched_at[:10]}, {result.registry.agent_count} agents.")


def _emit(target: str, agents: Sequence[Agent], app: AgentCore) -> None:
    from modelport.domain.agents.editors.snippets import snippet

    made = snippet(target, agents, app.static.book)
    write_lines(made.text.rstrip("\n"))
    write_note(made.where)
