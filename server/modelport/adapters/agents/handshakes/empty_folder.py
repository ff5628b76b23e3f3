"""An empty folder for an agent to start in: agents read the settings in their working folder, and apply them.

It is created in a folder of the user's own and not in the system's temporary folder: agents also read the folders
above, and every user may put settings there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from modelport.adapters.system.private_files import private_folder

PREFIX = "empty-"
LEFT_OVER_S = 24 * 60 * 60
"""The age from which a folder counts as left over by a killed process."""


@contextlib.contextmanager
def empty_folder(parent: Path) -> Generator[str]:
    """Creates the folder, and removes it with its content at the end.

    Raises:
        OSError: it cannot be created.
    """
    private_folder(parent)
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
        # Some folders in it are read-only, as those of package caches are.
        for inner, _, _ in os.walk(folder):
            with contextlib.suppress(OSError):
                os.chmod(inner, 0o700)  # noqa: PTH101  likewise
        shutil.rmtree(folder, ignore_errors=True)
