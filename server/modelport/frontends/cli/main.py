"""The ``modelport`` command and its subcommands."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click
from typing_extensions import override

from modelport.borders import readable
from modelport.frontends.cli.exits.bugs import bug_report
from modelport.frontends.cli.exits.interrupts import INTERRUPTED
from modelport.frontends.cli.exits.pipes import close_output, unusable
from modelport.frontends.cli.output.printing import print_message
from modelport.frontends.cli.output.wrong_usage import Commands
from modelport.lazy import without_collection
from modelport.protocol.initialize import VERSION

COMMANDS = {
    "chat": ("chat.command", "Send a prompt to a model and print the answer as it arrives."),
    "budget": ("usage.budget", "Show how far budgets are used up, and raise one for a time."),
    "config": ("config", "Show and check the configuration file."),
    "discover": ("discover", "Find the model servers on this machine."),
    "discover-agents": ("discover_agents", "Find the agents on this machine; also as acp-discover."),
    "doctor": ("doctor", "Check this installation."),
    "keys": ("keys.command", "Store provider keys in the system's keyring."),
    "login": ("log_ins.login", "Log in to a provider, and keep what it gives in the keyring."),
    "logout": ("log_ins.logout", "Log out of a provider."),
    "logs": ("chat.logs", "List, show and delete the conversations of modelport chat."),
    "models": ("models", "List models, or search them by name, ability and price."),
    "prices": ("prices", "Show what models cost, and where the prices are from."),
    "providers": ("providers", "List the providers, with the key each would use."),
    "pull": ("pull", "Download a model to a server on this machine."),
    "serve": ("serve", "Run the language server on standard input and output."),
    "usage": ("usage.command", "Show calls, tokens and cost, over all editors."),
}


class _Commands(Commands):
    """A group that loads a command's module only when it is called."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with without_collection():
            command: click.Command = import_module(f"modelport.frontends.cli.{COMMANDS[cmd_name][0]}").command
        _read_texts(command)
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


class _Text(click.types.StringParamType):
    """An argument as UTF-8, also where the locale is another and Python has kept its bytes."""

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return readable(super().convert(value, param, ctx))


def _read_texts(command: click.Command) -> None:
    """Makes each text of a command readable, but for the names of files, which are opened as they are."""
    for parameter in command.params:
        if "FILE" not in (parameter.metavar or ""):
            parameter.type = _read_text(parameter.type)
    for part in command.commands.values() if isinstance(command, click.Group) else ():
        _read_texts(part)


def _read_text(kind: Any) -> Any:
    if isinstance(kind, click.Tuple):
        return click.Tuple([_read_text(part) for part in kind.types])
    return _Text() if type(kind) is click.types.StringParamType else kind


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="modelport")
def modelport() -> None:
    """One server between every editor and every model."""


def run() -> None:
    """Runs the command line and ends the process.

    0 done, 1 nothing found or the provider failed, 2 wrong usage, 3 a budget is exceeded (``budget --check``), 130
    stopped with Ctrl-C.
    """
    code = _run()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # Without tidying up: nothing is left that would have to be, it would take a tenth of a command's time, and a worker
    # thread may still wait, for a keyring or a name server, whose result is not needed any more.
    os._exit(code)


def _run() -> int:
    if os.environ.get("MODELPORT_LOG"):
        from modelport.frontends.rpc import logs

        logs.set_up()
    else:
        # A library's warnings, tracebacks among them, are no answer to a command.
        logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = modelport.main(prog_name="modelport", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        return close_output()
    except SystemExit as ended:
        # The library for command lines ends so where the reader of the output has closed it.
        if ended.code:
            close_output()
        return ended.code if isinstance(ended.code, int) else 1
    except OSError as error:
        print_message(unusable(error))
        return close_output()
    except BaseException as error:  # noqa: BLE001  a user is shown no traceback, whatever happens
        print_message(bug_report(error))
        return 1
    return code if isinstance(code, int) else 0
