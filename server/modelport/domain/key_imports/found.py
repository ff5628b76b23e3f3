"""What other programs' files hold: keys, log-ins that stay theirs, and providers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from modelport.protocol.secret import Secret


class Place(Struct, frozen=True, kw_only=True):
    """Where a value stands."""

    program: str
    """The program whose file it is, as its users call it."""
    path: str
    """The file as shown to a person, with the home folder as ``~``."""
    entry: str
    """The name of the value there: a variable, or the keys that lead to it, with dots."""
    line: int | None = None
    """Counted from 1."""
    is_whole_line: bool = False
    """Whether the line holds this value alone, so that it can be removed as a whole."""


class FoundKey(Struct, frozen=True, kw_only=True):
    """A key, under the name of a variable or of a provider as that program calls it."""

    place: Place
    secret: Secret
    variable: str | None = None
    provider: str | None = None
    addresses: Mapping[str, str] = {}
    """The variables of the same file that may hold the address the key is for."""


class KeptLogIn(Struct, frozen=True, kw_only=True):
    """A value that is not imported, and why: a sentence for a person."""

    place: Place
    reason: str
    variable: str | None = None
    provider: str | None = None


class FoundProviders(Struct, frozen=True, kw_only=True):
    """The providers that a file sets up, as tables of our own configuration."""

    program: str
    path: str
    tables: Mapping[str, Mapping[str, Any]]


class FoundFile(Struct, frozen=True, kw_only=True):
    """What one file holds."""

    keys: Sequence[FoundKey] = ()
    log_ins: Sequence[KeptLogIn] = ()
    providers: FoundProviders | None = None

    @property
    def size(self) -> int:
        """How much was found in it."""
        tables = len(self.providers.tables) if self.providers is not None else 0
        return len(self.keys) + len(self.log_ins) + tables

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found in it."""
        return self.size == 0


class FoundFiles(Struct, frozen=True, kw_only=True):
    """What all files hold, the user's own before those of the working folder, and which of them cannot be read."""

    files: Sequence[FoundFile]
    problems: Sequence[str] = ()


class KeySources(Protocol):
    """The files of other programs on this machine. Both methods block, so they are called in a worker thread."""

    def search(self, variables: Collection[str]) -> FoundFiles:
        """What the known files hold; of shells and ``.env`` files the variables that are named."""
        ...

    def read(self, path: str, variables: Collection[str]) -> FoundFiles:
        """What one file holds, whoever owns it.

        Raises:
            InvalidParams: it cannot be read, or is in no form that is known here.
        """
        ...


class ConfigurationTables(Protocol):
    """The providers of the user's ``config.toml``. Both methods block, so they are called in a worker thread."""

    def refusals(self, tables: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
        """Why some of these tables cannot be added, by their names: the rest of a sentence."""
        ...

    def add(self, tables: Mapping[str, Mapping[str, Any]], comments: Mapping[str, str]) -> str:
        """Appends tables to the file, each below its comment, and leaves the rest as it is; returns the path.

        Raises:
            RequestFailed: it cannot be written.
        """
        ...
