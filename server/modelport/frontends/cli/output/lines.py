"""Writes lines for a person or for another program. It imports little, since discovery prints with it."""

from __future__ import annotations

import sys
from typing import Any

from modelport.borders import printable_json
from modelport.domain.terminal_text import escaped, plain


def write_json(value: Any, *, indent: int = 0) -> None:
    """Writes a value as JSON to standard output and flushes it, for readers that follow a search."""
    _write(escaped(printable_json(value, sys.stdout.encoding, indent=indent)))


def write_lines(text: str) -> None:
    """Writes text without control characters to standard output and flushes it."""
    _write(plain(text))


def write_styled(line: str) -> None:
    """Writes a line whose only escape sequences are our own styles to standard output and flushes it."""
    _write(line)


def write_note(text: str) -> None:
    """Writes a remark without control characters to standard error."""
    sys.stderr.write(f"{plain(text)}\n")


def write_failure(program: str, message: str) -> None:
    """Writes why a program failed to standard error, in the words of the command line."""
    from modelport.frontends.cli.output.words import in_commands

    write_note(f"{program}: {in_commands(message)}")


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
