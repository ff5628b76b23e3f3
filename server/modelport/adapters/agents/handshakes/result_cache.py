"""Caches handshake results: a small file per command line, valid for as long as the program is the same.

A file holds no value of a variable, and of the arguments only a hash, since people write keys there.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.adapters.system.private_files import private_folder, write_private
from modelport.adapters.system.regular_files import read_whole
from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.agents.observations import HandshakeResult, Launch
from modelport.lazy import Lazy

MAX_FILE_BYTES = 256 * 1024


class CachedResult(Struct, frozen=True):
    """The content of a file."""

    fingerprint: str
    result: HandshakeResult = msgspec.field(name="verdict")


class FileHandshakeCache:
    """``HandshakeCache`` in a folder. ``node`` identifies the Node of scripts, since that decides what works."""

    def __init__(self, folder: Path, node: Callable[[], str]) -> None:
        self._folder = folder
        self._node = node
        # Agents are looked up at once, each in a thread.
        self._decoder = Lazy(lambda: msgspec.json.Decoder(CachedResult))

    def get(self, launch: Launch) -> HandshakeResult | None:
        """The cached result of exactly this program; None where the file cannot be read, or is another program's."""
        try:
            data = read_whole(self._path(launch), MAX_FILE_BYTES)
        except OSError:
            return None
        try:
            cached = self._decoder.get_now().decode(data)
        except NOT_JSON:
            return None
        return cached.result if cached.fingerprint == self._fingerprint(launch) else None

    def put(self, launch: Launch, result: HandshakeResult) -> None:
        """Writes a temporary file and renames it, so that no reader gets half a result."""
        # Arguments may be no text, and a disk may be full.
        with contextlib.suppress(OSError, UnicodeError):
            data = json_bytes(CachedResult(self._fingerprint(launch), result))
            if len(data) > MAX_FILE_BYTES:
                return
            private_folder(self._folder)
            write_private(self._path(launch), data)

    def _path(self, launch: Launch) -> str:
        # Two command lines with the same hash merely overwrite each other's file.
        line = zlib.crc32("\0".join(launch.argv).encode("utf-8", "surrogateescape"))
        program = "".join(c for c in os.path.basename(launch.argv[0]) if c.isalnum() or c in "-_")  # noqa: PTH119
        return os.path.join(self._folder, f"{program[:40]}-{line:08x}.json")  # noqa: PTH118

    def _fingerprint(self, launch: Launch) -> str:
        """A hash of the program's files, its arguments, and the Node that it runs on."""
        # Loads OpenSSL, which is not needed where nothing is cached.
        from hashlib import sha256

        files = [state for part in launch.argv if (state := _file_state(part)) is not None]
        if "-m" in launch.argv:
            files += _packages(launch.argv[0])
        parts = (launch.argv, launch.older_argv, sorted(launch.env.items()), files, self._node())
        return sha256(repr(parts).encode()).hexdigest()


def _file_state(part: str) -> tuple[str, int, int, int] | None:
    """The real path, times and size of a file; None for an argument that is not a file."""
    if not os.path.isabs(part):  # noqa: PTH117
        return None
    try:
        real = os.path.realpath(part)
        state = os.stat(real)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    # Package managers set the modification time to that of the archive, where all files may share one: the time of
    # creation here (ctime) cannot be set.
    return real, state.st_mtime_ns, state.st_ctime_ns, state.st_size


def _packages(interpreter: str) -> list[tuple[str, int, int, int]]:
    """The folders of packages that an interpreter runs a module from: they change when one is installed."""
    root = Path(interpreter).parent.parent
    folders = [*root.glob("lib/python3*/site-packages"), root / "Lib" / "site-packages"]
    return [state for folder in folders if (state := _file_state(str(folder))) is not None]
