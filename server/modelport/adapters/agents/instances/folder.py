"""The folder in which instances announce themselves, and whether what is in it may be believed.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping

from modelport.adapters.agents.instances.liveness import lives
from modelport.adapters.agents.instances.names import LONGEST_FILE, pid_of
from modelport.adapters.user_id import user_id

FOLDER = "acp-agents"
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
MOST_FILES = 1000


def instance_folder(variables: Mapping[str, str], system: str = sys.platform) -> str | None:
    """Where instances of this user are announced; None where the environment does not say."""
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
    """Whether a folder is there and this user's alone: a link is not, nor one that others may write to."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    return os.name == "nt" or (found.st_uid == os.geteuid() and not found.st_mode & WRITABLE_BY_OTHERS)


def files(folder: str) -> Iterator[tuple[str, int]]:
    """The files of instances that live, with their processes. Those of processes that are gone are removed.

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(range(MOST_FILES), entries, strict=False)]
    for name in sorted(names):
        pid = pid_of(name)
        if pid is None:
            continue
        if not lives(pid):
            _remove(os.path.join(folder, name))  # noqa: PTH118
        elif not name.startswith("."):
            yield name, pid


def content(path: str) -> bytes | None:
    """What a file says; None for what is no file, not this user's, open to others, or too long."""
    try:
        # A pipe must not hold up whoever opens it, and a link may lead anywhere.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        own = os.name == "nt" or (found.st_uid == os.geteuid() and not found.st_mode & WRITABLE_BY_OTHERS)
        if not own or not stat.S_ISREG(found.st_mode):
            return None
        data = os.read(descriptor, LONGEST_FILE + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= LONGEST_FILE else None


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except OSError:
        # Another reader was quicker, or the folder is read-only: nothing depends on it.
        return
