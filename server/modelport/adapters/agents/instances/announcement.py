"""Announces this process in a file, to programs that look for agents and servers.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from modelport.adapters.agents.instances.folder import files, instance_folder, is_safe
from modelport.adapters.agents.instances.names import MAX_FILE_BYTES, UNFINISHED_SUFFIX, file_name


class Announcement:
    """The file of one instance, with the fields of the format. It exists from ``write`` to ``remove``.

    The fields are a plain object: their types cost more to load than this module.
    """

    def __init__(self, variables: Mapping[str, str], fields: Mapping[str, Any]) -> None:
        self._folder = instance_folder(variables)
        self._fields = fields
        self._path: str | None = None

    def write(self) -> None:
        """Writes the file, and removes files of processes that ended without removing theirs.

        Raises:
            OSError: no folder is named, other users can write to it, or it cannot be written to.
        """
        folder = self._folder
        if folder is None:
            raise FileNotFoundError("the environment names no folder for announcements")
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)  # noqa: PTH102  pathlib is not needed for this
        if not is_safe(folder):
            raise PermissionError("its folder is not this user's alone")
        data = msgspec.json.encode(self._fields)
        if len(data) > MAX_FILE_BYTES:
            raise OSError("it is larger than readers accept")
        name = file_name(self._fields["name"], self._fields["pid"])
        path = os.path.join(folder, name)  # noqa: PTH118
        _write(os.path.join(folder, f".{name}{UNFINISHED_SUFFIX}"), path, data)  # noqa: PTH118
        self._path = path
        for _ in files(folder):
            # Listing them removes those of processes that have ended.
            continue

    def remove(self) -> None:
        """Removes the file if it was written. If that fails, the next program that lists the folder removes it."""
        path, self._path = self._path, None
        if path is not None:
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108


def _write(unfinished: str, path: str, data: bytes) -> None:
    """Writes a temporary file and renames it, so that no reader gets half of it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(unfinished, flags, 0o600)
    except FileExistsError:
        # Left by an earlier process with the same id.
        os.unlink(unfinished)  # noqa: PTH108
        descriptor = os.open(unfinished, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    os.replace(unfinished, path)  # noqa: PTH105
