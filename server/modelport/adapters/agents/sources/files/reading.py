"""Reads the beginning of files that any program may have written. What cannot be read counts as missing."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH116, PTH208
from __future__ import annotations

import os
import stat

from modelport.adapters.system.regular_files import read_start

HEAD_BYTES = 4096
"""How much of a program is read to see what runs it."""
MAX_MANIFEST_BYTES = 64 * 1024
"""A larger file of a package manager is not read."""


def head(path: str, limit: int = HEAD_BYTES) -> bytes:
    """The first bytes of a regular file; none of anything else."""
    try:
        return read_start(path, limit)
    except (OSError, ValueError):
        return b""


def whole(path: str, limit: int = MAX_MANIFEST_BYTES) -> bytes:
    """All bytes of a file; none of a file above the limit, since a part of it would mean something else."""
    content = head(path, limit + 1)
    return content if len(content) <= limit else b""


def listed(folder: str) -> list[str]:
    """The names in a folder; none where it is not a folder, or cannot be read."""
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
    """A path with all links resolved; the path itself where they form a circle."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def shown(path: str, home: str) -> str:
    """A path to show: the home folder as ``~``, and without control characters."""
    inside = path == home or path.startswith(home + os.sep)
    short = f"~{path[len(home) :].replace(os.sep, '/')}" if home and inside else path
    return short if short.isprintable() else "".join(c if c.isprintable() else "?" for c in short)
