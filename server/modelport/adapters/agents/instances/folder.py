"""The folder in which instances announce themselves, and which of its files are trusted.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping

from modelport.adapters.agents.instances.liveness import lives
from modelport.adapters.agents.instances.names import MAX_FILE_BYTES, pid_of
from modelport.adapters.system.regular_files import open_regular
from modelport.adapters.system.user_id import user_id

FOLDER = "acp-agents"
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
MAX_FILES = 1000


def instance_folder(variables: Mapping[str, str], system: str = sys.platform) -> str | None:
    """The folder for announcements of this user; None where the environment names none."""
    runtime = variables.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):  # noqa: PTH117  pathlib is not needed for this
        return os.path.join(runtime, FOLDER)  # noqa: PTH118  likewise
    if system == "win32":
        local = variables.get("LOCALAPPDATA")
        return os.path.join(local, "Temp", FOLDER) if local else None  # noqa: PTH118
    temporary = variables.get("TMPDIR", "") if system == "darwin" else ""
    if temporary.startswith("/"):
        return os.path.join(temporary, FOLDER)  # noqa: PTH118
    return f"/tmp/{FOLDER}-{user_id()}"  # noqa: S108  its owner and its mode are checked before it is used


def is_safe(folder: str) -> bool:
    """Whether a folder exists and only this user can write to it; False for a link."""
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    return os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & WRITABLE_BY_OTHERS)


def files(folder: str) -> Iterator[tuple[str, int]]:
    """The name and the process id of each file of a running instance. Files of processes that have ended are removed.

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(range(MAX_FILES), entries, strict=False)]
    for name in sorted(names):
        pid = pid_of(name)
        if pid is None:
            continue
        if not lives(pid):
            _remove(os.path.join(folder, name))  # noqa: PTH118
        elif not name.startswith("."):
            yield name, pid


def content(path: str) -> bytes | None:
    """The bytes of a file; None if it is not a regular file, not this user's, writable by others, or too large."""
    try:
        # A link may lead anywhere.
        descriptor = open_regular(path, links=False)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        own = os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & WRITABLE_BY_OTHERS)
        if not own:
            return None
        data = os.read(descriptor, MAX_FILE_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= MAX_FILE_BYTES else None


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except OSError:
        # Another reader has removed it, or the folder is read-only: nothing depends on it.
        return
