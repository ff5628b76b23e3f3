"""What the files are called by which running agents and servers say that they are there.

Apart from what is in them, since a server that starts has no time for more.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

LONGEST_FILE = 16 * 1024
LAST_PID = 2**31 - 1
ENDING = ".json"
UNFINISHED = ".new"
"""A file that is being written begins with a dot and ends so."""
LONGEST_NAME = 64
_ENDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_MIDDLE = _ENDS | frozenset("._-")


def file_name(name: str, pid: int) -> str:
    """What the file of an instance is called."""
    return f"{name}-{pid}{ENDING}"


def pid_of(file: str) -> int | None:
    """The process that a file belongs to by its name; None where no instance's file is called so."""
    whole = file[1:].removesuffix(UNFINISHED) if file.startswith(".") and file.endswith(UNFINISHED) else file
    name, _, number = whole.removesuffix(ENDING).rpartition("-")
    if not whole.endswith(ENDING) or not number.isascii() or not number.isdigit() or number.startswith("0"):
        return None
    pid = int(number) if len(number) <= len(str(LAST_PID)) else 0
    return pid if 0 < pid <= LAST_PID and is_name(name) else None


def is_name(text: str) -> bool:
    """Whether an instance may be called so."""
    if not 0 < len(text) <= LONGEST_NAME or not _ENDS.issuperset(text[0] + text[-1]):
        return False
    return _MIDDLE.issuperset(text)


def line(text: str, longest: int = 100) -> str:
    """A text on one line, without control characters, cut to length."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest]
