"""The names of the entries that a store holds, in a file beside the ledger; no secrets.

Most keyrings list nothing, and loading one to list it takes tens of milliseconds, so the names are kept here. A lost
list loses nothing: a key is still found when its provider is called.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from modelport.adapters.system.private_files import private_folder, write_private
from modelport.adapters.system.regular_files import read_whole
from modelport.borders import NOT_JSON, json_bytes

MAX_FILE_BYTES = 1024 * 1024


class IndexFile:
    """A sorted list of names in a JSON file, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[str]:
        """The names; none when the file is missing or unreadable."""
        try:
            return msgspec.json.decode(read_whole(self._path, MAX_FILE_BYTES), type=list[str])
        except (OSError, *NOT_JSON):
            return []

    def version(self) -> int:
        """Changes whenever any process changes the list."""
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0

    def add(self, name: str) -> None:
        """Puts a name on the list, and touches it if it is there: its key may be a new one."""
        self._write(sorted({*self.read(), name}))

    def remove(self, name: str) -> None:
        """Takes a name off the list."""
        self._write([other for other in self.read() if other != name])

    def replace(self, names: list[str]) -> None:
        """Puts these names in place of those that are on the list."""
        self._write(names)

    def _write(self, names: list[str]) -> None:
        # The list is a convenience: a full disk must not make a stored key look lost.
        with contextlib.suppress(OSError):
            private_folder(self._path.parent)
            write_private(self._path, json_bytes(names))
