"""A path as a user writes it, in a variable or a file."""

from __future__ import annotations

import os
from pathlib import Path


def user_path(text: str) -> Path:
    """The path with ``~`` as the home folder; a ``~NAME`` of no user of this machine is left as it is, as shells do."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  pathlib's raises an error that no reader of files expects


def short_path(path: Path) -> str:
    """The path with the home folder as ``~``, to be shown."""
    home = user_path("~")
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)
