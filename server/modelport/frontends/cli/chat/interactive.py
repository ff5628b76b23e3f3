"""A conversation on the terminal: prompts with history and several lines, one turn after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelport.app.files import private_folder, restricted
from modelport.domain.errors import ModelportError
from modelport.frontends.cli.chat.dialogue import Dialogue
from modelport.frontends.cli.chat.request import with_attachments
from modelport.frontends.cli.chat.templates import Template
from modelport.frontends.cli.output.printing import echo, print_message
from modelport.protocol.types import Part

BLOCK = '"""'
"""A line of these begins and ends a prompt of several lines."""
MAX_HISTORY = 1000
PROMPT, MORE = "> ", ". "
ReadLine = Callable[[str], str]


def converse(
    dialogue: Dialogue, template: Template, attachments: tuple[Part, ...] = (), read_line: ReadLine = input
) -> None:
    """Asks for prompts and prints the answers until Ctrl-D; the attachments go with the first prompt.

    Ctrl-C stops an answer or discards a prompt. An error is printed, and the conversation goes on.
    """
    echo(f'Ctrl-D ends, Ctrl-C stops an answer; {BLOCK} or a "\\" at the end for several lines.', err=True)
    while True:
        try:
            text = read_prompt(read_line)
            if text.strip():
                dialogue.ask(with_attachments(template.fill(text), attachments))
                attachments = ()
        except KeyboardInterrupt:
            echo()
        except ModelportError as error:
            print_message(error.message)
        except EOFError:
            echo()
            return


def read_prompt(read_line: ReadLine) -> str:
    """One prompt: a line, lines that end in a backslash but for the last, or the lines between two of ``BLOCK``.

    Raises:
        EOFError: the user pressed Ctrl-D before a prompt was begun.
        KeyboardInterrupt: the user pressed Ctrl-C.
    """
    line = read_line(PROMPT)
    if line.strip() == BLOCK:
        return "\n".join(_until_block(read_line))
    lines = [line]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        try:
            lines.append(read_line(MORE))
        except EOFError:
            break
    return "\n".join(lines)


def _until_block(read_line: ReadLine) -> Generator[str]:
    while True:
        try:
            line = read_line(MORE)
        except EOFError:
            return
        if line.strip() == BLOCK:
            return
        yield line


@contextmanager
def line_history(path: Path | None) -> Generator[None]:
    """Lets lines be edited, and earlier ones be called back, where the platform has readline.

    The lines are stored in the file, which only its owner can read; without a path they are forgotten at the end.
    """
    if sys.platform == "win32":
        # Its console has a history of its own.
        yield
        return
    try:
        import readline
    except ImportError:
        readline = None
    if readline is None or path is None:
        yield
        return
    with suppress(OSError):
        readline.read_history_file(path)
    try:
        yield
    finally:
        readline.set_history_length(MAX_HISTORY)
        try:
            private_folder(path.parent)
            restricted(path)
            readline.write_history_file(path)
            # The library may have made a file of its own in place of this one.
            restricted(path)
        except OSError:
            echo("The history of prompts is not stored: modelport doctor checks the folder.", err=True)
