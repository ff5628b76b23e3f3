"""The ``modelport`` command and its subcommands."""

from __future__ import annotations

import os
import sys
import threading
from importlib import import_module

import click
from typing_extensions import override

from modelport.protocol.initialize import VERSION

COMMANDS = {
    "chat": ("chat", "Send a prompt to a model and print the answer as it arrives."),
    "config": ("config", "Show and check the configuration file."),
    "discover": ("discover", "Find the model servers on this machine."),
    "discover-agents": ("discover_agents", "Find the agents on this machine; also as acp-discover."),
    "doctor": ("doctor", "Check this installation."),
    "keys": ("keys", "Store provider keys in the system's keyring."),
    "models": ("models", "List models, or search them by name, ability and price."),
    "providers": ("providers", "List the providers, with the key each would use."),
    "pull": ("pull", "Download a model to a server on this machine."),
    "serve": ("serve", "Run the language server on standard input and output."),
    "usage": ("usage", "Show calls, tokens and cost, over all editors."),
}


class _Commands(click.Group):
    """A group that loads a command's module only when it is called."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return import_module(f"modelport.frontends.cli.{COMMANDS[cmd_name][0]}").command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="modelport")
def modelport() -> None:
    """One server between every editor and every model."""


def run() -> None:
    """Runs the command line and exits: 0 done, 1 nothing found or the provider failed, 2 wrong usage."""
    code = _run()
    sys.stdout.flush()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # A worker thread still waits, for a keyring or a name server; its result is not needed any more.
        os._exit(code)
    sys.exit(code)


def _run() -> int:
    try:
        code = modelport.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader of our output, such as head, has closed it.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return 1
    return code if isinstance(code, int) else 0
