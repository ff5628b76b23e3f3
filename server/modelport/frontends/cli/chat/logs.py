"""``modelport logs``: the conversations of ``modelport chat``."""

from __future__ import annotations

import os
from datetime import datetime

import click

from modelport.adapters.system.data_folder import data_folder
from modelport.frontends.cli.chat.conversations import Conversation, ConversationFiles, text_of
from modelport.frontends.cli.output.printing import echo, print_json, print_table
from modelport.protocol.types import Message

DEFAULT_LIMIT = 20


def conversation_files() -> ConversationFiles:
    """The conversations of this user."""
    return ConversationFiles(data_folder(os.environ) / "conversations")


@click.command(name="logs")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help=f"List at most N; {DEFAULT_LIMIT} if not given.")
@click.option("--delete", is_flag=True, help="Delete the conversation.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.argument("cid", required=False)
def command(limit: int | None, delete: bool, as_json: bool, cid: str | None) -> None:  # noqa: FBT001
    """Lists the conversations of modelport chat, the latest first, or shows the one with the id CID."""
    files = conversation_files()
    if delete:
        if cid is None:
            raise click.UsageError("--delete needs the id of a conversation: run modelport logs to list them.")
        deleted = files.delete(cid)
        return print_json({"id": deleted}) if as_json else echo(f"Deleted the conversation {deleted}.")
    if cid is not None:
        conversation = files.find(cid)
        return print_json(conversation) if as_json else _show(conversation)
    return _list(list(files.all())[: limit or DEFAULT_LIMIT], as_json=as_json)


def _list(conversations: list[Conversation], *, as_json: bool) -> None:
    if as_json:
        print_json({"conversations": [_summary(conversation) for conversation in conversations]})
    elif conversations:
        print_table(["ID", "LAST", "MODEL", "TURNS", "PROMPT"], [_row(conversation) for conversation in conversations])
    else:
        echo("There is no conversation yet: modelport chat begins one.", err=True)
    if not conversations:
        raise click.exceptions.Exit(1)


def _summary(conversation: Conversation) -> dict[str, object]:
    last = conversation.turns[-1]
    model = f"{last.provider}/{last.model}"
    return {
        "id": conversation.id,
        "at": last.at,
        "model": model,
        "turns": len(conversation.turns),
        "title": conversation.title,
    }


def _row(conversation: Conversation) -> list[str]:
    last = conversation.turns[-1]
    return [
        conversation.id,
        _local_time(last.at),
        f"{last.provider}/{last.model}",
        str(len(conversation.turns)),
        conversation.title,
    ]


def _local_time(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return at


def _show(conversation: Conversation) -> None:
    system = None
    for turn in conversation.turns:
        if turn.system and turn.system != system:
            system = turn.system
            echo(f"system: {system}\n")
        for message in turn.messages:
            echo(f"{_speaker(message, turn.model)}: {_content(message)}\n")
    echo(f"To continue: modelport chat --cid {conversation.id}", err=True)


def _speaker(message: Message, model: str) -> str:
    return model if message.role == "assistant" else message.role


def _content(message: Message) -> str:
    calls = [f"calls {call.name}({call.arguments or call.arguments_text or ''})" for call in message.tool_calls or ()]
    return "\n".join([*filter(None, [text_of(message)]), *calls])
