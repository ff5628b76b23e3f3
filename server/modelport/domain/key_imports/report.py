"""What an import finds and does: the lines of its report, which never hold a key."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

KeyStatus = Literal["found", "stored", "kept", "same", "skipped", "failed"]
"""found: it would be stored; stored: it was; kept: another key is stored already; same: this one is; skipped and
failed: see the reason."""
TableStatus = Literal["found", "added", "skipped"]


class ReportedPlace(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Where a key stands, and how it is removed there."""

    program: str
    path: str
    entry: str
    line: int | None = None
    removal: str | None = None
    """A sentence for a person; absent where the value is not ours to remove."""


class ReportedKey(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A key, and what becomes of it."""

    provider: str
    status: KeyStatus
    last4: str | None = None
    base_url: str | None = None
    """The only address it is stored for; absent: the provider's own."""
    reason: str | None = None
    places: tuple[ReportedPlace, ...] = ()


class ReportedTable(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A provider for the configuration file, and what becomes of it."""

    name: str
    status: TableStatus
    program: str
    path: str
    base_url: str | None = None
    settings: tuple[str, ...] = ()
    """The names of its settings."""
    models: tuple[str, ...] = ()
    reason: str | None = None


class ImportReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that was found, with what becomes of it."""

    keys: tuple[ReportedKey, ...]
    providers: tuple[ReportedTable, ...]
    problems: tuple[str, ...] = ()
    """Files that cannot be read, and a store that cannot: each a sentence."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not (self.keys or self.providers)

    @property
    def has_work(self) -> bool:
        """Whether anything would be imported."""
        return any(one.status == "found" for one in (*self.keys, *self.providers))

    @property
    def is_failed(self) -> bool:
        """Whether something that was to be stored was not."""
        return any(key.status == "failed" for key in self.keys)
