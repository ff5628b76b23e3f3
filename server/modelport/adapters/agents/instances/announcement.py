"""Announces this process to whoever looks for agents and servers.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from modelport.adapters.agents.instances.folder import files, instance_folder, is_safe
from modelport.adapters.agents.instances.names import LONGEST_FILE, UNFINISHED, file_name


class Announcement:
    """The file of one instance, with the fields of the format; there is none before ``write`` and after ``remove``.

    The fields are a plain object: their types cost more to load than all of this.
    """

    def __init__(self, variables: Mapping[str, str], fields: Mapping[str, Any]) -> None:
        self._folder = instance_folder(variables)
        self._fields = fields
        self._path: str | None = None

    def write(self) -> None:
        """Writes it, and removes what others left behind that have ended without doing so.

        Raises:
            OSError: there is no folder, it is not this user's alone, or it cannot be written to.
        """
        folder = self._folder
        if folder is None:
            raise FileNotFoundError("the environment names no folder for it")
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)  # noqa: PTH102  pathlib is not needed for this
        if not is_safe(folder):
            raise PermissionError("its folder is open to others")
        data = msgspec.json.encode(self._fields)
        if len(data) > LONGEST_FILE:
            raise OSError("it says more than a reader takes")
        name = file_name(self._fields["name"], self._fields["pid"])
        path = os.path.join(folder, name)  # noqa: PTH118
        _write(os.path.join(folder, f".{name}{UNFINISHED}"), path, data)  # noqa: PTH118
        self._path = path
        for _ in files(folder):
            # Going through them removes what is left of the dead.
            continue

    def remove(self) -> None:
        """Removes it, if it was written. One that cannot be removed is left to the next who looks."""
        path, self._path = self._path, None
        if path is not None:
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108


def _write(unfinished: str, path: str, data: bytes) -> None:
    """A file that is whole when it gets its name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(unfinished, flags, 0o600)
    except FileExistsError:
        # Left by a process that had this number before.
        os.unlink(unfinished)  # noqa: PTH108
        descriptor = os.open(unfinished, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    os.replace(unfinished, path)  # noqa: PTH105
