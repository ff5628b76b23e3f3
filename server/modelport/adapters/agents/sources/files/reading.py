"""Reads a little of files that anybody may have written. What cannot be read, or is odd, is not there."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH116, PTH208
from __future__ import annotations

import os
import stat

HEAD = 4096
"""How much of a program says what runs it, in bytes."""
LONGEST_MANIFEST = 64 * 1024
"""The longest file of a package manager that is read whole, in bytes."""

# Neither a pipe without a writer nor a terminal may hold anybody up. Windows has none of these flags.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def head(path: str, limit: int = HEAD) -> bytes:
    """The first bytes of a regular file; none of anything else."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def whole(path: str, limit: int = LONGEST_MANIFEST) -> bytes:
    """A file as a whole; nothing of one that is longer than the limit, since half of it would mean something else."""
    content = head(path, limit + 1)
    return content if len(content) <= limit else b""


def listed(folder: str) -> list[str]:
    """The names in a folder; none where it is not one, or must not be read."""
    try:
        return os.listdir(folder)
    except (OSError, ValueError):
        return []


def is_file(path: str) -> bool:
    """Whether a path leads to a regular file."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def real(path: str) -> str:
    """Where a path leads in the end; itself where it leads in circles."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def shown(path: str, home: str) -> str:
    """A path for people: the home folder as ``~``, and nothing that a terminal would obey."""
    inside = path == home or path.startswith(home + os.sep)
    short = f"~{path[len(home) :].replace(os.sep, '/')}" if home and inside else path
    return short if short.isprintable() else "".join(c if c.isprintable() else "?" for c in short)
