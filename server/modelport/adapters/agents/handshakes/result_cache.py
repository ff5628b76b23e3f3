"""Keeps what came of talking to agents: a small file per command line, good for as long as the program is the same.

It holds no value of a variable, and of the arguments only a hash, since people write keys there.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.domain.agents.observations import HandshakeResult, Launch

LARGEST_FILE = 256 * 1024


class CachedResult(Struct, frozen=True):
    """What a file holds."""

    fingerprint: str
    verdict: HandshakeResult


class FileHandshakeCache:
    """``HandshakeCache`` in a folder. ``node`` says which Node scripts run on, since that decides what works."""

    def __init__(self, folder: Path, node: Callable[[], str]) -> None:
        self._folder = folder
        self._node = node
        self._decoder: msgspec.json.Decoder[CachedResult] | None = None

    def get(self, launch: Launch) -> HandshakeResult | None:
        """What is kept of exactly this program; a file that cannot be read, or is of another one, is not there."""
        try:
            with open(self._path(launch), "rb") as file:  # noqa: PTH123  a text is quicker
                data = file.read(LARGEST_FILE)
        except OSError:
            return None
        if self._decoder is None:
            self._decoder = msgspec.json.Decoder(CachedResult)
        try:
            kept = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        return kept.verdict if kept.fingerprint == self._fingerprint(launch) else None

    def put(self, launch: Launch, verdict: HandshakeResult) -> None:
        """Writes beside the old file and then takes its place, so that nobody reads half a verdict."""
        import tempfile

        # Arguments may be no text, and a disk may be full.
        with contextlib.suppress(OSError, UnicodeError):
            data = msgspec.json.encode(CachedResult(self._fingerprint(launch), verdict))
            if len(data) > LARGEST_FILE:
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=".new")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                os.replace(name, self._path(launch))  # noqa: PTH105  the name is a text
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)  # noqa: PTH108  likewise
                raise

    def _path(self, launch: Launch) -> str:
        # Two command lines with the same name only take each other's place.
        line = zlib.crc32("\0".join(launch.argv).encode("utf-8", "surrogateescape"))
        program = "".join(c for c in os.path.basename(launch.argv[0]) if c.isalnum() or c in "-_")  # noqa: PTH119
        return os.path.join(self._folder, f"{program[:40]}-{line:08x}.json")  # noqa: PTH118

    def _fingerprint(self, launch: Launch) -> str:
        """Changes with the program, its arguments, and the Node that it runs on."""
        # Loads OpenSSL, which nobody needs where nothing is kept.
        from hashlib import sha256

        files = [seen for part in launch.argv if (seen := _seen(part)) is not None]
        if "-m" in launch.argv:
            files += _packages(launch.argv[0])
        parts = (launch.argv, launch.older_argv, sorted(launch.env.items()), files, self._node())
        return sha256(repr(parts).encode()).hexdigest()


def _seen(part: str) -> tuple[str, int, int, int] | None:
    """A file as it is now; None for an argument that is none."""
    if not os.path.isabs(part):  # noqa: PTH117
        return None
    try:
        real = os.path.realpath(part)
        seen = os.stat(real)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    # Package managers set the time of a file to that of its archive, where all files may have the same: the time at
    # which it came to be here cannot be set.
    return real, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size


def _packages(interpreter: str) -> list[tuple[str, int, int, int]]:
    """The folders of packages that an interpreter runs a module from: they change when one is installed."""
    root = Path(interpreter).parent.parent
    folders = [*root.glob("lib/python3*/site-packages"), root / "Lib" / "site-packages"]
    return [seen for folder in folders if (seen := _seen(str(folder))) is not None]
