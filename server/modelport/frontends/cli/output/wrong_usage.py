"""Wrong usage of a command: one sentence on standard error, with the likely word and where the help is."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, Any, ClassVar

import click
from typing_extensions import override

from modelport.frontends.cli.output.printing import echo
from modelport.frontends.cli.output.words import in_commands

JARGON = {"valid integer range": "whole number in range", "valid float range": "number in range"}
"""What click calls the types of options, and what people do."""


class Commands(click.Group):
    """A group that suggests the nearest command for an unknown one, and says in one sentence what is wrong."""

    @override
    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _in_one_sentence():
            return super().make_context(*args, **kwargs)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        with _in_one_sentence():
            return super().invoke(ctx)

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            raise _NoSuchCommand(name, self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


class WrongUsage(click.ClickException):
    """Wrong usage, as the sentence that is printed."""

    exit_code: ClassVar[int] = 2

    @override
    def show(self, file: IO[Any] | None = None) -> None:
        echo(f"modelport: {self.message}", err=True)


class _NoSuchCommand(click.UsageError):
    def __init__(self, name: str, names: list[str], ctx: click.Context) -> None:
        from difflib import get_close_matches

        super().__init__(f"No such command '{name}'.", ctx)
        self.possibilities = get_close_matches(name, names)


@contextmanager
def _in_one_sentence() -> Generator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        # It shows the help, which says more.
        raise
    except click.UsageError as error:
        raise WrongUsage(_sentence(error)) from error


def _sentence(error: click.UsageError) -> str:
    if ": " in error.message and not isinstance(error, click.NoSuchOption):
        # A command's own sentence says what to do.
        return in_commands(error.format_message())
    near: list[str] | None = getattr(error, "possibilities", None)
    text = " ".join((error.message if near else error.format_message()).split()).rstrip(".")
    for jargon, words in JARGON.items():
        text = text.replace(jargon, words)
    suggestion = f" (did you mean {' or '.join(near)}?)" if near else ""
    where = error.ctx.command_path if error.ctx else "modelport"
    return f"{text}{suggestion}: see {where} --help."
