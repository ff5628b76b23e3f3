"""Files and folders of this user alone, whatever the umask. Every file that this program keeps is written here.

A temporary file has a name that nobody else can guess or take: it is new, and no link. It imports little, since
discovery writes with it.
"""

# Texts are cheaper than paths, and this is imported early.
# ruff: noqa: PTH101, PTH102, PTH105, PTH108, PTH112, PTH116, PTH120
from __future__ import annotations

import os
import stat
from contextlib import suppress

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def private_folder(path: str | os.PathLike[str], *, parents: bool = True) -> None:
    """Creates a folder, and with ``parents`` those above it that are missing; one that is there keeps its mode.

    Raises:
        OSError: it cannot be created, or is no folder.
    """
    folder = os.fspath(path)
    parent = os.path.dirname(folder)
    if parents and parent and parent != folder and not os.path.isdir(parent):
        private_folder(parent)
    try:
        os.mkdir(folder, FOLDER_MODE)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise
        return
    # The umask may have taken rights of the owner away, too.
    os.chmod(folder, FOLDER_MODE)


def write_private(path: str | os.PathLike[str], data: bytes, *, temporary: str | None = None) -> None:
    """Writes a whole file in place of the one that is there, so that no reader gets half of it.

    ``temporary`` is the path of the unfinished file, in the same folder, where its name is agreed; one that a process
    which has ended left there is removed.

    Raises:
        OSError: it cannot be written.
    """
    target = os.fspath(path)
    unfinished = temporary or f"{target}.{os.urandom(6).hex()}.new"
    try:
        descriptor = _new(unfinished)
    except FileExistsError:
        os.unlink(unfinished)
        descriptor = _new(unfinished)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(unfinished, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise


def append_private(path: str | os.PathLike[str], data: bytes) -> None:
    """Adds to the end of a file, which is created where there is none.

    Raises:
        OSError: it cannot be written, or is a link.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NO_LINK, FILE_MODE)
    with os.fdopen(descriptor, "ab") as file:
        _restrict(file.fileno())
        file.write(data)


def restricted(path: str | os.PathLike[str]) -> None:
    """Creates an empty file for a library that writes it itself; one of this user's that is there is closed to others.

    Raises:
        OSError: it cannot be created, or is a link.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | _NO_LINK, FILE_MODE)
    try:
        _restrict(descriptor)
    finally:
        os.close(descriptor)


def open_to_others(path: str | os.PathLike[str]) -> str | None:
    """What other users can do in a folder, as the end of a sentence; None for nothing, and on Windows."""
    if os.name == "nt":
        return None
    mode = os.stat(path).st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        return "other users can change it"
    return "other users can read it" if mode & (stat.S_IRWXG | stat.S_IRWXO) else None


def _new(path: str) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, FILE_MODE)
    _restrict(descriptor)
    return descriptor


def _restrict(descriptor: int) -> None:
    if os.name == "nt":
        return
    status = os.fstat(descriptor)
    if stat.S_IMODE(status.st_mode) != FILE_MODE and status.st_uid == os.geteuid():
        os.fchmod(descriptor, FILE_MODE)
