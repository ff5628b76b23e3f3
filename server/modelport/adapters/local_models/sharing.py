"""The servers for model files that the processes of one user lend each other, so that a model is in memory once.

For each server there are three files in a folder that only this user can write to: ``NAME.json`` says where it is and
how to use it, ``NAME.start`` is locked by the process that starts one, and ``NAME.use`` is locked by the others while
they use it, and by the owner alone when it ends the server. The locks end with their process, however that ends.

Source: flock(2).
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.adapters.agents.instances.folder import content, instance_folder, is_safe
from modelport.adapters.agents.instances.liveness import began, lives
from modelport.adapters.system.private_files import private_folder, write_private
from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.local.model_files import Served
from modelport.protocol.secret import Secret

FOLDER = "models"
"""Beside the announcements of running instances, whose readers pass it over."""


class Lent(Struct, frozen=True, kw_only=True):
    """The content of the file: a server, and the process that it belongs to."""

    pid: int
    began: str
    """When that process began, lest its number has been given again; empty where the system does not tell."""
    port: int
    base_url: str
    key: str


class Slot:
    """The place of one server among the processes of a user. Its methods open small files, and wait for nothing."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file, self._start, self._use = (folder / f"{name}.{kind}" for kind in ("json", "start", "use"))
        self._starting: int | None = None
        self._using: int | None = None
        self._own: bytes | None = None
        self._offered_at = 0.0

    def enter(self) -> Lent | bool:
        """The server of another process, which keeps it until ``give_back``; True where this process is to start one.

        False where neither is possible at this moment: another process is starting or ending one.
        """
        self.give_back()
        using = _locked(self._use, shared=True)
        lent = self._lent()
        if lent is not None and using is not None:
            self._using = using
            return lent
        if using is not None:
            os.close(using)
        if lent is not None or not self.begin():
            return False
        if self._lent() is None:
            return True
        # It was started between the two.
        self.started(None)
        return False

    def give_back(self) -> None:
        """Ends the use of another's server."""
        using, self._using = self._using, None
        if using is not None:
            with contextlib.suppress(OSError):
                # The owner counts its idle time from here.
                os.utime(using, ns=(time.time_ns(), time.time_ns()))
            os.close(using)

    def begin(self) -> bool:
        """Whether this process is the one to start a server; then no other does until ``started``."""
        if self._starting is None:
            self._starting = _locked(self._start)
        return self._starting is not None

    def started(self, served: Served | None, port: int = 0) -> None:
        """Ends the start. A server that there is now is offered to the other processes."""
        if served is not None:
            lent = Lent(
                pid=os.getpid(), began=began(os.getpid()), port=port, base_url=served.base_url, key=served.key.reveal()
            )
            data = json_bytes(lent)
            with contextlib.suppress(OSError):
                write_private(self._file, data)
                self._own, self._offered_at = data, time.time()
        starting, self._starting = self._starting, None
        if starting is not None:
            os.close(starting)

    def unused_s(self) -> float:
        """For how many seconds no other process has used the server of this one; without end where none has."""
        with contextlib.suppress(OSError):
            given_back = self._use.stat().st_mtime
            if given_back > self._offered_at:
                return max(0.0, time.time() - given_back)
        return math.inf

    def withdraw(self, *, unused: bool = False) -> bool:
        """Takes the offer back; returns False where it is to be ``unused`` and another process uses the server."""
        if self._own is None:
            return True
        alone = _locked(self._use)
        if unused and alone is None:
            return False
        # Another process may have started one since, where this one's has ended.
        if content(str(self._file)) == self._own:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
        self._own = None
        if alone is not None:
            os.close(alone)
        return True

    def _lent(self) -> Lent | None:
        with contextlib.suppress(*NOT_JSON):
            lent = msgspec.json.decode(content(str(self._file)) or b"", type=Lent)
            if not is_own(lent) and is_there(lent):
                return lent
        return None


def slot(variables: Mapping[str, str], identity: Sequence[str]) -> Slot | None:
    """The place of a server that is identified by these texts; None where there is no safe folder, and on Windows."""
    base = instance_folder(variables)
    if os.name == "nt" or base is None:
        return None
    folder = Path(base) / FOLDER
    for part in (folder.parent, folder):
        with contextlib.suppress(OSError):
            private_folder(part, parents=False)
        if not is_safe(str(part)):
            return None
    return Slot(folder, hashlib.sha256("\0".join(identity).encode("utf-8", "surrogateescape")).hexdigest()[:32])


def is_own(lent: Lent) -> bool:
    """Whether a server is this process's own, which knows better whether it is of use."""
    return lent.pid == os.getpid()


def is_there(lent: Lent) -> bool:
    """Whether the process that a server belongs to still runs."""
    return lives(lent.pid) and began(lent.pid) == lent.began


def served_by(lent: Lent) -> Served:
    """How to use a server of another process."""
    return Served(base_url=lent.base_url, key=Secret(lent.key))


def _locked(path: Path, *, shared: bool = False) -> int | None:
    """A descriptor that holds a lock; None where another process holds it, or the file cannot be made."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
