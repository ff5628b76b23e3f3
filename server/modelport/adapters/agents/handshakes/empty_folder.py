"""An empty folder for an agent to start in: agents read the settings of the folder they are in, and obey them.

It lies in a folder of the user's own and not in the system's for temporary files: agents also look into the folders
above, and everybody may leave settings in those.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

PREFIX = "empty-"
LEFT_OVER_S = 24 * 60 * 60
"""The age at which a folder is one that a killed process could not remove."""


@contextlib.contextmanager
def empty_folder(parent: Path) -> Generator[str]:
    """Makes the folder, and removes it with whatever is in it then.

    Raises:
        OSError: it cannot be made.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(parent)
    folder = os.path.realpath(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        yield folder
    finally:
        _remove(folder)


def _sweep(parent: Path) -> None:
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and time.time() - entry.stat(follow_symlinks=False).st_mtime > LEFT_OVER_S:
                _remove(entry.path)


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.isdir(folder):  # noqa: PTH112  the folder is a text
        # Folders that forbid it, as those of package caches do.
        for place, _, _ in os.walk(folder):
            with contextlib.suppress(OSError):
                os.chmod(place, 0o700)  # noqa: PTH101  likewise
        shutil.rmtree(folder, ignore_errors=True)
