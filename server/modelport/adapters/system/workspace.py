"""The folders that are open in the editor, from which no program is started. It imports little, as discovery does.

What lies in a workspace came with a project, often from somebody else. A folder of it that is on PATH, and an entry of
PATH that depends on the working folder, would put the project's programs in place of the user's.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH100, PTH109, PTH116, PTH117, PTH120
from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

_Id = tuple[int, int]


class Workspace:
    """Folders, each with everything in it. ``home`` and what holds it are no workspace, whatever is open there.

    ``open`` only takes their names; everything else reads the disk.
    """

    def __init__(self, folders: Iterable[str] = (), home: str = "") -> None:
        self._working_folders = tuple(folders)
        self._open: tuple[str, ...] = ()
        self._home = home
        self._ids: tuple[tuple[str, ...], frozenset[_Id]] | None = None

    def open(self, folders: Iterable[str]) -> None:
        """Replaces the folders that a client has open; the first ones stay."""
        self._open = tuple(folders)

    def holds(self, path: str) -> bool:
        """Whether a path lies in the workspace, by its name or by where its links lead."""
        if not (ids := self._folder_ids()):
            return False
        ways = {os.path.abspath(path), os.path.realpath(path)}
        return any(_id(folder) in ids for way in ways for folder in _with_parents(way))

    def usable_path(self, value: str, separator: str = os.pathsep) -> str:
        """A PATH without the entries from which no program is started."""
        entries = dict.fromkeys(entry.strip('"') if os.name == "nt" else entry for entry in value.split(separator))
        return separator.join(entry for entry in entries if os.path.isabs(entry) and not self.holds(entry))

    def _folder_ids(self) -> frozenset[_Id]:
        folders = (*self._working_folders, *self._open)
        if self._ids is None or self._ids[0] != folders:
            around = {_id(folder) for folder in _with_parents(os.path.realpath(self._home or os.sep))}
            found = {_id(folder) for folder in folders if os.path.isabs(folder)}
            self._ids = folders, frozenset(one for one in found - around if one is not None)
        return self._ids[1]


def working_workspace(home: str) -> Workspace:
    """The workspace of a process that is told of none: its working folder."""
    with suppress(OSError):
        return Workspace((os.getcwd(),), home)
    return Workspace((), home)


def _with_parents(path: str) -> Iterable[str]:
    while True:
        yield path
        parent = os.path.dirname(path)
        if parent == path:
            return
        path = parent


def _id(path: str) -> _Id | None:
    """What tells a folder from others whatever name led to it; None where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
