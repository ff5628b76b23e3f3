"""The ledger's file: opened, brought to the newest schema, and replaced where it has gone or is damaged."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from modelport.adapters.system.private_files import private_folder, restricted

T = TypeVar("T")
LOCK_WAIT_S = 0.02
"""How long one try waits for a lock that another process holds: in the meantime the ledger's thread does nothing."""
VERSION = 8
"""The newest schema that this program writes."""
_FOLDER = Path(__file__).parent
_PAUSE_S = 0.002
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NO_WRITE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
_NO_ROOM = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk cannot be written, or is full",
}
"""Why nothing is written, in place of SQLite's words. It reports a full disk as either."""
_SIDE_FILES = ("", "-wal", "-shm")


NEWER = "the ledger was made by a newer Modelport, which writes what waits: update this one"


class NewerSchemaError(Exception):
    """The file was made by a newer version: it can be read, and must not be written."""


class Database:
    """One connection to the file. Its methods block and belong to one thread.

    ``tell`` gets a sentence when a damaged file was set aside.

    Raises:
        sqlite3.Error: the file cannot be used, or another process holds its lock.
        OSError: its folder cannot be made.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._newer = False

    @property
    def newer(self) -> bool:
        """Whether the file that is open has a schema that this program does not know."""
        return self._newer

    def to_write(self) -> sqlite3.Connection:
        """The connection, for a transaction that writes.

        Raises:
            NewerSchemaError: the file must not be written.
        """
        connection = self._open()
        if self._newer:
            raise NewerSchemaError
        return connection

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The result of queries; also from a file that cannot be written, in a folder that cannot be either."""
        try:
            return query(self._open())
        except sqlite3.OperationalError as error:
            if code_of(error) not in _NO_WRITE or not self._is_whole():
                raise
        # Readers of a file in WAL mode write beside it, unless they are told that nobody changes it.
        address = f"file:{quote(str(self._path))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] >= VERSION:
                return query(connection)
            # An older file cannot be brought up to date where it is.
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
                connection.backup(copy)
                _migrate(copy)
                return query(copy)

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def set_aside(self) -> None:
        """Renames a damaged file, and what belongs to it, after today's date; the next connection makes a new one."""
        mine = self._identity
        self.close()
        if mine is None or _identity(self._path) != mine:
            # Another process was faster.
            return
        name = f"{self._path.name}.damaged-{time.strftime('%Y-%m-%d')}"
        aside = next(path for n in range(1, 1000) if not (path := self._path.with_name(_numbered(name, n))).exists())
        for suffix in reversed(_SIDE_FILES):
            beside = self._path.with_name(self._path.name + suffix)
            if beside.exists():
                beside.replace(aside.with_name(aside.name + suffix))
        self._tell(f"The usage ledger was damaged: it is kept as {aside.name}, and a new one was begun.")

    def _is_whole(self) -> bool:
        """Whether there is a file, and nothing that belongs to it waits in the log beside it."""
        log = self._path.with_name(self._path.name + "-wal")
        return self._path.is_file() and (not log.exists() or log.stat().st_size == 0)

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and _identity(self._path) != self._identity:
            # It was removed or replaced: what is written to the old one is lost.
            self.close()
        if self._connection is None:
            private_folder(self._path.parent)
            # SQLite gives the files beside it the same mode. What is wrong with it, SQLite says.
            with suppress(OSError):
                restricted(self._path)
            self._identity = _identity(self._path)
            connection = sqlite3.connect(self._path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
            try:
                self._newer = _prepare(connection) > VERSION
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def code_of(error: sqlite3.Error) -> int:
    """The primary result code. Source: SQLite, Result and Error Codes."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_busy(error: BaseException) -> bool:
    """Whether another process holds a lock, so that the same may succeed later."""
    return isinstance(error, sqlite3.Error) and code_of(error) in _BUSY


def is_damaged(error: BaseException) -> bool:
    """Whether the file is no database, or not a whole one."""
    return isinstance(error, sqlite3.Error) and code_of(error) in _DAMAGED


def reason(error: Exception) -> str:
    """Why the ledger cannot be used, without the name of a file."""
    if isinstance(error, NewerSchemaError):
        return NEWER
    if is_busy(error):
        return "another program holds its lock"
    if isinstance(error, sqlite3.Error) and code_of(error) in _NO_ROOM:
        return _NO_ROOM[code_of(error)]
    # The text of an OSError names the file; its reason does not.
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _prepare(connection: sqlite3.Connection) -> int:
    """Makes a connection ready; returns the version of the file's schema."""
    connection.execute("PRAGMA temp_store = MEMORY")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        return version
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    if version < VERSION:
        _migrate(connection)
    return VERSION


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switches a new file to WAL. While another process does the same, SQLite reports busy without waiting."""
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_S)  # noqa: TID251  on the ledger's own thread
        else:
            return


def _migrate(connection: sqlite3.Connection) -> None:
    """Runs the scripts that the file has not seen."""
    scripts = [_FOLDER.joinpath(f"schema_{n}.sql").read_text(encoding="utf-8") for n in range(1, VERSION + 1)]
    # What is read here decides what is written: nothing may come between the two.
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for script in scripts[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        if version < VERSION:
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        # A full disk ends the transaction by itself. Source: SQLite, Response To Errors Within A Transaction.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    found: list[str] = []
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            found.append(text)
            text = ""
    return found
