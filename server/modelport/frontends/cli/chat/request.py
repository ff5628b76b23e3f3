"""Reads the options of ``modelport chat``: the settings of all turns, and the first message."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from modelport.adapters.configuration.file import config_folder
from modelport.borders import text_of
from modelport.frontends.cli.chat.attachments import STDIN, read_attachment, reads_stdin
from modelport.frontends.cli.chat.conversations import Conversation
from modelport.frontends.cli.chat.dialogue import Settings
from modelport.frontends.cli.chat.parameters import read_parameters, read_schema
from modelport.frontends.cli.chat.templates import Template, read_template
from modelport.frontends.cli.chat.tools import Toolbox, load_tools
from modelport.frontends.cli.output.printing import confirm, echo
from modelport.protocol.types import Part, TextPart


def chosen_template(given: dict[str, Any]) -> Template:
    """The template that the options name, with the values of its variables, else one that changes nothing.

    Raises:
        click.UsageError: it is missing, or wrong, or a value is.
    """
    name, values = given["template"], dict(given["values"])
    if name is None:
        if values:
            raise click.UsageError("-p is for the variables of a template: name one with -t.")
        return Template()
    return read_template(config_folder(os.environ) / "templates", name).with_values(values)


def read_settings(given: dict[str, Any], template: Template, previous: Conversation | None) -> Settings:
    """The settings that the options name, else the template, else the conversation that is continued.

    Raises:
        click.UsageError: an option is wrong.
    """
    last = previous.turns[-1] if previous and previous.turns else None
    provider, model = given["provider"], given["model"]
    if not provider and not model:
        model = template.model
    if not provider and not model and last:
        provider, model = last.provider, last.model
    if given["api_base"] and not (provider or model):
        raise click.UsageError("--api-base needs a provider: name one with --provider or -m PROVIDER/MODEL.")
    systems = (given["system"], template.system_text, last.system if last else None)
    return Settings(
        model=model,
        provider=provider,
        api_base=given["api_base"],
        system=next((text for text in systems if text is not None), None),
        parameters=template.parameters | read_parameters(given, given["named"]),
        response_format=read_schema(given["schema"]) if given["schema"] is not None else None,
        cache=not given["no_cache"],
        toolbox=_toolbox(given),
    )


def is_conversation(given: dict[str, Any], template: Template) -> bool:
    """Whether prompts are asked for one after the other: none is given, and both ends are a terminal."""
    asks = not given["prompt"] and template.takes_input
    silent = given["as_json"] or reads_stdin(given["attachments"])
    return asks and not silent and _on_terminal() and sys.stdout.isatty()


def read_prompt(given: dict[str, Any], template: Template) -> str:
    """The prompt: the template filled with the arguments, or with standard input for ``-`` or where none is given.

    Raises:
        click.UsageError: there is nothing to send.
    """
    words: tuple[str, ...] = given["prompt"]
    attached = reads_stdin(given["attachments"])
    if words == (STDIN,):
        if attached:
            raise click.UsageError("Standard input is the prompt or an attachment: give the other as an argument.")
        text = _read_stdin()
    elif words:
        text = " ".join(words)
    else:
        text = _read_stdin() if template.takes_input and not attached else ""
    prompt = template.fill(text)
    if not prompt.strip() and not given["attachments"]:
        raise click.UsageError("The prompt is empty: give one as an argument, or pipe it in.")
    return prompt


def read_attachments(given: dict[str, Any]) -> tuple[Part, ...]:
    """The attachments as parts of a message.

    Raises:
        click.UsageError: one cannot be read.
    """
    return tuple(map(read_attachment, given["attachments"]))


def with_attachments(text: str, parts: tuple[Part, ...]) -> str | tuple[Part, ...]:
    """A message of the parts and a text behind them."""
    if not parts:
        return text
    return (*parts, TextPart(text=text)) if text.strip() else parts


def _toolbox(given: dict[str, Any]) -> Toolbox | None:
    if not given["tools"]:
        return None
    if not given["yes"] and not _on_terminal():
        raise click.UsageError(
            "Each call of a tool is asked for on a terminal: run this on one, or allow all with --yes."
        )
    return Toolbox(load_tools(given["tools"]), _show if given["yes"] else _confirm)


def _show(call: str) -> bool:
    echo(f"calls {call}", err=True)
    return True


def _confirm(call: str) -> bool:
    try:
        return confirm(f"Call {call}?")
    except click.Abort as error:
        # Ctrl-C here stops the turn, as it does anywhere else in it.
        raise KeyboardInterrupt from error


def _read_stdin() -> str:
    if _on_terminal():
        echo("Type the prompt, then press Ctrl-D.", err=True)
    try:
        return text_of(sys.stdin.buffer.read()).replace("\r\n", "\n")
    except ValueError as error:
        raise click.UsageError("Standard input is no text in UTF-8 or UTF-16: convert it first.") from error


def _on_terminal() -> bool:
    return sys.stdin.isatty()
