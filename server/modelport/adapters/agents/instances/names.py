"""The names of the files by which running agents and servers announce themselves.

A module of its own, since a server that starts must not load the types of their content.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

MAX_FILE_BYTES = 16 * 1024
MAX_PID = 2**31 - 1
SUFFIX = ".json"
UNFINISHED_SUFFIX = ".new"
"""A file that is being written has a dot in front of its name, and this behind it."""
MAX_NAME_CHARS = 64
_ENDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_MIDDLE = _ENDS | frozenset("._-")


def file_name(name: str, pid: int) -> str:
    """The name of an instance's file."""
    return f"{name}-{pid}{SUFFIX}"


def pid_of(file: str) -> int | None:
    """The process id in the name of a file; None where it is not the name of an instance's file."""
    unfinished = file.startswith(".") and file.endswith(UNFINISHED_SUFFIX)
    whole = file[1:].removesuffix(UNFINISHED_SUFFIX) if unfinished else file
    name, _, number = whole.removesuffix(SUFFIX).rpartition("-")
    if not whole.endswith(SUFFIX) or not number.isascii() or not number.isdigit() or number.startswith("0"):
        return None
    pid = int(number) if len(number) <= len(str(MAX_PID)) else 0
    return pid if 0 < pid <= MAX_PID and is_name(name) else None


def is_name(text: str) -> bool:
    """Whether a text is a valid name of an instance."""
    if not 0 < len(text) <= MAX_NAME_CHARS or not _ENDS.issuperset(text[0] + text[-1]):
        return False
    return _MIDDLE.issuperset(text)


def line(text: str, max_chars: int = 100) -> str:
    """A text on one line, without control characters, cut to length."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:max_chars]
