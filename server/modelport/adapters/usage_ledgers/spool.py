"""Calls that wait for the ledger, one JSON text a line, in a file of the process that made them.

A line that was appended survives the end of its process, however that comes about. The file's owner holds a lock on it;
where the lock can be had, the owner is gone.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.adapters.system.private_files import private_folder
from modelport.adapters.system.regular_files import open_regular, read_start
from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.spending.usage import CallRecord

SUFFIX = ".calls"
_CREATE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


class SpooledCall(Struct, frozen=True):
    """A call with the number that tells it from every other one."""

    entry: int
    call: CallRecord


_decoder = msgspec.json.Decoder(SpooledCall)


def numbered(call: CallRecord) -> SpooledCall:
    """The call with its own number, or a new one."""
    return SpooledCall(entry=call.entry or secrets.randbits(62), call=call)


class Spool:
    """The file of this process, created with its first call. Its methods block and belong to one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._descriptor = -1
        self._size = 0

    def append(self, calls: Iterable[SpooledCall]) -> None:
        """Writes calls at the end, all of them or none.

        Raises:
            OSError: nothing was written, for instance because the disk is full.
            ValueError: a call cannot be written as JSON.
        """
        lines = b"".join(json_bytes(call) + b"\n" for call in calls)
        self._open()
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._descriptor, lines[written:])
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(lines)

    def empty(self) -> None:
        """Forgets the calls: the ledger has them."""
        if self._size:
            os.ftruncate(self._descriptor, 0)
            self._size = 0

    def close(self) -> None:
        """Gives the file up, which is removed unless calls are in it."""
        if self._path is None:
            return
        path, self._path = self._path, None
        empty = not self._size
        if empty and sys.platform != "win32":
            with suppress(OSError):
                path.unlink()
        os.close(self._descriptor)
        if empty and sys.platform == "win32":
            with suppress(OSError):
                path.unlink()

    def owner(self) -> str:
        """The name under which this process is known to others while it lives.

        Raises:
            OSError: its file cannot be made.
        """
        self._open()
        assert self._path is not None  # noqa: S101  it is open
        return self._path.stem

    def is_gone(self, owner: str) -> bool:
        """Whether the process of another name has ended, however that came about."""
        path = self._folder / f"{owner}{SUFFIX}"
        if self._path == path:
            return False
        if sys.platform == "win32":
            # What another process has open cannot be renamed, not even to its own name.
            try:
                path.rename(path)
            except FileNotFoundError:
                return True
            except OSError:
                return False
            return True
        try:
            descriptor = open_regular(path, links=False)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            return _lock(descriptor)
        finally:
            os.close(descriptor)

    def others(self) -> Iterator[Path]:
        """The files of other processes."""
        try:
            names = sorted(os.listdir(self._folder))  # noqa: PTH208  texts are enough
        except OSError:
            return
        for name in names:
            path = self._folder / name
            if name.endswith(SUFFIX) and path != self._path:
                yield path

    def entries_of_others(self) -> frozenset[int] | None:
        """The entries of the calls in the files of other processes; None where one cannot be read now."""
        found: set[int] = set()
        for path in self.others():
            calls = calls_in(path)
            if calls is None and path.exists():
                return None
            found.update(call.entry for call in calls or ())
        return frozenset(found)

    def _open(self) -> None:
        if self._path is not None and os.fstat(self._descriptor).st_nlink:
            return
        if self._path is not None:
            # Somebody has removed the folder.
            os.close(self._descriptor)
            self._path = None
        private_folder(self._folder)
        path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        if sys.platform == "win32":
            self._descriptor = os.open(path, _CREATE, 0o600)
        else:
            # Under its name only once it is locked: a file without a lock is taken for that of a dead process.
            unlocked = path.with_suffix(".new")
            self._descriptor = os.open(unlocked, _CREATE, 0o600)
            _lock(self._descriptor)
            unlocked.rename(path)
        self._path, self._size = path, 0


def calls_in(path: Path) -> Sequence[SpooledCall] | None:
    """The calls of a file; without a last line that was cut off, and without what a newer version wrote differently.

    None where it cannot be read, for instance because the process has no descriptor left.
    """
    try:
        data = read_start(path, sys.maxsize)
    except OSError:
        return None
    calls: list[SpooledCall] = []
    for line in data.split(b"\n"):
        with suppress(*NOT_JSON):
            calls.append(_decoder.decode(line))
    return calls


@contextmanager
def taken_over(path: Path) -> Generator[Path | None]:
    """The file of a process that is gone, for this process alone while the context lasts; None while its owner lives.

    The file may have another name meanwhile.
    """
    if sys.platform == "win32":
        # What another process has open cannot be renamed.
        taken = path.with_name(f"{secrets.token_hex(4)}{SUFFIX}")
        try:
            path.rename(taken)
        except OSError:
            yield None
        else:
            yield taken
        return
    try:
        descriptor = open_regular(path, links=False)
    except OSError:
        yield None
        return
    try:
        # Another process may have taken it over, and removed it, just before.
        yield path if _lock(descriptor) and os.fstat(descriptor).st_nlink else None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Whether the lock was to be had."""
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
