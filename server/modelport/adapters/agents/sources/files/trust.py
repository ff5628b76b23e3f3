"""Whether a program may be started: whether only this user and the administrator can change what it is."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH115, PTH116, PTH118, PTH120
from __future__ import annotations

import os
import stat

from modelport.adapters.agents.sources.files.reading import shown
from modelport.adapters.system.user_id import user_id
from modelport.adapters.system.workspace import Workspace

_MAX_HOPS = 40
"""How many links in a row are followed; the limit of Linux."""


class Trust:
    """Refuses files and folders that other users can write to; caches folders for as long as it exists.

    A refusal is the end of a sentence. On Windows, where modes do not show this, only the characters of a path are
    checked. What lies in ``workspace`` may have come with somebody else's project.
    """

    def __init__(self, home: str, *, modes: bool, workspace: Workspace | None = None) -> None:
        self._home = home
        self._workspace = workspace or Workspace()
        self._modes = modes
        self._safe = {0, user_id()} if modes else set[int]()
        self._ways: dict[str, str | None] = {}
        self._folders: dict[str, str | None] = {}

    def program(self, path: str) -> str | None:
        """Why a program must not be started; None where it may be.

        Every link on the way to it counts, and every folder that holds one.
        """
        if not path.isprintable():
            return "its path holds characters that cannot be shown"
        for _ in range(_MAX_HOPS):
            folder = os.path.dirname(path)
            if why := self.folder(folder):
                return why
            try:
                status = os.lstat(path)
                if not stat.S_ISLNK(status.st_mode):
                    return self._refusal(path, status, sticky=False)
                # Not normalized: only the system can resolve ".." after a link.
                path = os.path.join(folder, os.readlink(path))
            except (OSError, ValueError):
                break
        return "it cannot be read"

    def folder(self, path: str) -> str | None:
        """Why what a folder holds must not be started; here the sticky bit is not enough."""
        if path not in self._folders:
            self._folders[path] = self._way(path) or self._itself(path) or self._in_workspace(path)
        return self._folders[path]

    def _in_workspace(self, path: str) -> str | None:
        return f"{shown(path, self._home)} lies in the open workspace" if self._workspace.holds(path) else None

    def _itself(self, path: str) -> str | None:
        try:
            return self._refusal(path, os.stat(path), sticky=False)
        except (OSError, ValueError):
            return "its folder cannot be read"

    def _way(self, path: str, hops: int = _MAX_HOPS) -> str | None:
        """Why another user could replace this folder by another one."""
        if not self._modes:
            return None
        if path not in self._ways:
            self._ways[path] = None  # a link to what holds it ends here
            self._ways[path] = self._first_weak(path, hops)
        return self._ways[path]

    def _first_weak(self, path: str, hops: int) -> str | None:
        parent = os.path.dirname(path)
        if parent != path and (why := self._way(parent, hops)):
            return why
        try:
            status = os.lstat(path)
            if not stat.S_ISLNK(status.st_mode):
                return self._refusal(path, status, sticky=True)
            target = os.path.join(parent, os.readlink(path))
        except (OSError, ValueError):
            return "its folder cannot be read"
        foreign = self._refusal(path, status, sticky=True)
        return foreign or (self._way(target, hops - 1) if hops else "its folder cannot be read")

    def _refusal(self, path: str, status: os.stat_result, *, sticky: bool) -> str | None:
        """``sticky``: whether the sticky bit is enough, by which only its owner can rename an entry."""
        if not self._modes:
            return None
        if status.st_uid not in self._safe:
            return f"{shown(path, self._home)} belongs to another user"
        mode = status.st_mode
        if mode & stat.S_IWOTH and not stat.S_ISLNK(mode) and not (sticky and mode & stat.S_ISVTX):
            return f"{shown(path, self._home)} can be written to by every user"
        return None
