"""Conversations of the command line: a file of JSON lines each, a line per turn, readable by their owner only."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from modelport.app.files import append_private, private_folder
from modelport.borders import NOT_JSON, json_bytes
from modelport.frontends.cli.output.printing import echo
from modelport.protocol.types import Completion, Message, Usage

ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
MAX_TITLE = 60
"""Characters of the first prompt that a list shows."""


class Turn(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A finished turn: the user's message, tool calls with their results, and the answer. ``at`` is RFC 3339."""

    at: str
    provider: str
    model: str
    system: str | None = None
    messages: tuple[Message, ...]
    usage: Usage | None = None


class Conversation(Struct, frozen=True, kw_only=True, rename="camel"):
    """The turns of a conversation, oldest first."""

    id: str
    turns: tuple[Turn, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages of all turns."""
        return tuple(message for turn in self.turns for message in turn.messages)

    @property
    def title(self) -> str:
        """The beginning of the first prompt, on one line."""
        words = " ".join(text_of(self.messages[0]).split()) if self.messages else ""
        return words if len(words) <= MAX_TITLE else f"{words[: MAX_TITLE - 1]}…"


class ConversationFiles:
    """The conversations in a folder, which is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_id(self) -> str:
        """An id that no conversation has; ids sort by their time."""
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"

    def append(self, cid: str, turn: Turn) -> None:
        """Adds a turn at the end of a conversation, or begins one with it.

        Raises:
            OSError: it cannot be written.
        """
        private_folder(self._folder)
        append_private(self._path(cid), json_bytes(turn) + b"\n")

    def all(self) -> Sequence[Conversation]:
        """All conversations, the one with the latest turn first; files that cannot be read are left out."""
        found = [self._read(path) for path in self._paths()]
        return [conversation for conversation in found if conversation.turns]

    def latest(self) -> Conversation:
        """The conversation with the latest turn.

        Raises:
            click.UsageError: there is none.
        """
        for path in self._paths():
            if (conversation := self._read(path)).turns:
                return conversation
        raise click.UsageError("There is no conversation yet: leave -c out to begin one.")

    def find(self, cid: str) -> Conversation:
        """The conversation with an id, or with the only id that begins or ends so.

        Raises:
            click.UsageError: none has it, or several have.
        """
        paths = [path for path in self._paths() if path.stem.startswith(cid) or path.stem.endswith(cid)]
        if not paths or not cid:
            raise click.UsageError(f'There is no conversation "{cid}": run modelport logs to list them.')
        if len(paths) > 1:
            raise click.UsageError(f'Several conversations match "{cid}": give the whole id.')
        return self._read(paths[0])

    def delete(self, cid: str) -> str:
        """Deletes the conversation that ``find`` finds; returns its id.

        Raises:
            click.UsageError: none has the id, or several have.
        """
        found = self.find(cid).id
        self._path(found).unlink(missing_ok=True)
        return found

    def _path(self, cid: str) -> Path:
        return self._folder / f"{cid}.jsonl"

    def _paths(self) -> list[Path]:
        paths = [path for path in self._folder.glob("*.jsonl") if ID.fullmatch(path.stem)]
        return sorted(paths, key=lambda path: (_modified_ns(path), path.stem), reverse=True)

    def _read(self, path: Path) -> Conversation:
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            lines = []
        return Conversation(id=path.stem, turns=tuple(turn for line in lines if (turn := _turn(line))))


class ConversationLog:
    """Stores the turns of one conversation, a new one where ``cid`` is None."""

    def __init__(self, files: ConversationFiles, cid: str | None) -> None:
        self._files = files
        self._cid = cid or files.new_id()

    def add(self, completion: Completion, messages: tuple[Message, ...], system: str | None) -> None:
        """Stores a finished turn; where that fails, it says so and spoils nothing."""
        turn = Turn(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            provider=completion.provider,
            model=completion.model,
            system=system,
            messages=messages,
            usage=completion.usage,
        )
        try:
            self._files.append(self._cid, turn)
        except OSError as error:
            reason = error.strerror or "the folder cannot be written"
            echo(f"The conversation is not stored ({reason}): modelport doctor checks the folder.", err=True)


def text_of(message: Message) -> str:
    """The texts of a message; an image is ``[image]``."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(getattr(part, "text", "[image]") for part in message.content)


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _turn(line: bytes) -> Turn | None:
    """The turn in a line; None for one that was cut when the disk was full."""
    try:
        return msgspec.json.decode(line, type=Turn)
    except NOT_JSON:
        return None
