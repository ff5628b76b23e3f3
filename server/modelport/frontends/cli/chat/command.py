"""``modelport chat``: its options, and what they start."""

from __future__ import annotations

from typing import Any

import click

from modelport.frontends.cli.chat.conversations import Conversation, ConversationFiles, ConversationLog
from modelport.frontends.cli.chat.dialogue import Dialogue
from modelport.frontends.cli.chat.interactive import converse, line_history
from modelport.frontends.cli.chat.logs import conversation_files
from modelport.frontends.cli.chat.parameters import parameter_options
from modelport.frontends.cli.chat.request import (
    chosen_template,
    is_conversation,
    read_attachments,
    read_prompt,
    read_settings,
    with_attachments,
)
from modelport.frontends.cli.chat.terminal import Terminal
from modelport.frontends.cli.running import engine


@click.command(name="chat")
@click.option("-m", "--model", help="provider/model, or a model that only one provider serves.")
@click.option("--provider", metavar="NAME", help="The provider; its default model where -m names none.")
@click.option("--api-base", metavar="URL", help="The base URL, in place of the provider's own.")
@click.option("-s", "--system", help="Instructions for the model.")
@click.option(
    "-a",
    "--attach",
    "attachments",
    multiple=True,
    metavar="[KIND=]FILE",
    help="A file, an image's address, or - for standard input; KIND is image or text. Repeatable.",
)
@click.option("--json-schema", "schema", metavar="FILE", help="Answer in JSON that fits a schema: a file, or its text.")
@click.option("-t", "--template", metavar="NAME", help="A template: the file templates/NAME.toml by config.toml.")
@click.option(
    "-p",
    "--param",
    "values",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="The value of a variable of the template. Repeatable.",
)
@click.option(
    "--tool",
    "tools",
    multiple=True,
    metavar="FILE.py[:NAME]",
    help="Let the model call the file's functions, each call after a question. Repeatable.",
)
@click.option("--yes", is_flag=True, help="Call tools without asking.")
@click.option("--no-cache", is_flag=True, help="Do not mark the prompt for the provider's cache.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole completion as JSON when it is done.")
@click.option("-c", "--continue", "again", is_flag=True, help="Continue the latest conversation.")
@click.option("--cid", metavar="ID", help="Continue this conversation; modelport logs lists them.")
@click.option("--no-log", is_flag=True, help="Do not store the conversation.")
@parameter_options
@click.argument("prompt", nargs=-1)
def command(**given: Any) -> None:
    """Sends PROMPT to a model and prints the answer as it arrives.

    Without PROMPT, or with -, standard input is read; without it on a terminal a conversation begins.
    """
    files = conversation_files()
    previous = _previous(files, again=given["again"], cid=given["cid"])
    template = chosen_template(given)
    settings = read_settings(given, template, previous)
    conversing = is_conversation(given, template)
    text = None if conversing else read_prompt(given, template)
    parts = read_attachments(given)
    terminal = Terminal(quiet=given["as_json"])
    log = None if given["no_log"] else ConversationLog(files, previous.id if previous else None)
    with engine() as running:
        dialogue = Dialogue(running, settings, terminal, log, previous.messages if previous else ())
        if conversing:
            with line_history(None if given["no_log"] else running.app.core.folder / "chat_history"):
                converse(dialogue, template, parts)
            return
        completion = dialogue.ask(with_attachments(text or "", parts))
    terminal.turn_ended(completion)


def _previous(files: ConversationFiles, *, again: bool, cid: str | None) -> Conversation | None:
    """The conversation to continue, if any.

    Raises:
        click.UsageError: it is not there.
    """
    if cid is not None:
        return files.find(cid)
    return files.latest() if again else None
