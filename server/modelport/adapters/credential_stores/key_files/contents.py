"""The key file on disk: refused where others can read it, replaced as a whole, changed by one process at a time."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.adapters.credential_stores.key_files.encryption import Encryption
from modelport.adapters.system.private_files import FILE_MODE, private_folder, write_private
from modelport.adapters.system.regular_files import read_whole
from modelport.borders import NOT_JSON, json_bytes
from modelport.protocol.secret import Secret

MAX_BYTES = 4 * 1024 * 1024
LOCK_TIMEOUT_S = 5.0


class Refused(Exception):
    """The file is not used. The text says why, as the end of a sentence; ``action`` what to do."""

    def __init__(self, why: str, action: str) -> None:
        super().__init__(why)
        self.action = action


class _Document(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    entries: dict[str, str] = {}
    encryption: Encryption | None = None


class Contents(Struct, frozen=True, kw_only=True):
    """The entries by name: as the store's text, or encrypted where ``encryption`` says how."""

    entries: dict[str, Secret] = {}
    encryption: Encryption | None = None


class KeyFile:
    """The file in a folder of its own. Every method blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = str(path.with_suffix(".lock"))

    def read(self) -> Contents:
        """What is in the file; nothing where there is none.

        Raises:
            Refused: others can read or change it, it belongs to another user, or it is broken.
        """
        try:
            self._check()
            return _read(self.path)
        except FileNotFoundError:
            return Contents()
        except OSError as error:
            raise Refused(f"it cannot be read ({error.strerror or error})", "make it a file of your own") from error
        except NOT_JSON as error:
            raise Refused(
                "it is not as Modelport wrote it", "correct it, or delete it and store the keys again"
            ) from error

    def change(self, edit: Callable[[Contents], Contents]) -> Contents:
        """Replaces what is in the file by what ``edit`` makes of it; what other processes wrote meanwhile is kept.

        Raises:
            Refused: it is not used, or cannot be written.
        """
        from filelock import FileLock, Timeout

        try:
            private_folder(self.path.parent)
            self._check_owner(self.path.parent, "700")
            with FileLock(self._lock, timeout=LOCK_TIMEOUT_S, mode=FILE_MODE):
                old = self.read()
                new = edit(old)
                if new != old:
                    write_private(self.path, _document(new))
                return new
        except Timeout as error:
            raise Refused("another process has it locked", "end that process, or try again") from error
        except OSError as error:
            raise Refused(f"it cannot be written ({error.strerror or error})", "make its folder writable") from error

    def _check(self) -> None:
        status = os.lstat(self.path)
        if stat.S_ISLNK(status.st_mode) or not stat.S_ISREG(status.st_mode):
            raise Refused("it is a link or no file", "put a file of your own in its place")
        self._check_owner(self.path.parent, "700")
        self._check_owner(self.path, "600")

    @staticmethod
    def _check_owner(path: Path, mode: str) -> None:
        if os.name == "nt":
            # There the profile's access list keeps others out.
            return
        found, quoted = path.stat(), shlex.quote(str(path))
        if found.st_uid != os.geteuid():
            raise Refused("it belongs to another user", f"chown $USER {quoted}")
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Refused("other users can read it", f"chmod {mode} {quoted}")


def _read(path: Path) -> Contents:
    document = msgspec.json.decode(read_whole(path, MAX_BYTES, links=False), type=_Document)
    return Contents(
        entries={name: Secret(text) for name, text in document.entries.items()}, encryption=document.encryption
    )


def _document(contents: Contents) -> bytes:
    entries = {name: text.reveal() for name, text in contents.entries.items()}
    return json_bytes(_Document(entries=entries, encryption=contents.encryption))
