"""Announces this process in a file, to programs that look for agents and servers.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

from modelport.adapters.agents.instances.folder import files, instance_folder, is_safe
from modelport.adapters.agents.instances.names import MAX_FILE_BYTES, UNFINISHED_SUFFIX, file_name
from modelport.adapters.system.private_files import private_folder, write_private
from modelport.borders import json_bytes


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
        private_folder(folder, parents=False)
        if not is_safe(folder):
            raise PermissionError("its folder is not this user's alone")
        data = json_bytes(self._fields)
        if len(data) > MAX_FILE_BYTES:
            raise OSError("it is larger than readers accept")
        name = file_name(self._fields["name"], self._fields["pid"])
        path = os.path.join(folder, name)  # noqa: PTH118
        # No reader takes the unfinished file for an announcement.
        write_private(path, data, temporary=os.path.join(folder, f".{name}{UNFINISHED_SUFFIX}"))  # noqa: PTH118
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
