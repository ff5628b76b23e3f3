"""The programs whose files are read, as the rows of ``data/key_sources.toml``."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modelport.adapters.data.rows import shipped

Form = Literal[
    "shell", "fish", "env", "llm", "aider", "continue", "opencode", "opencode_log_ins", "zed", "eca", "github_cli",
    "copilot", "log_in", "codex", "skynet", "ai_router",
]  # fmt: skip


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program, the form of its files, and where they are."""

    program: str
    """What its users call it."""
    form: Form
    """The reader of its files, in ``readers.py``."""
    files: tuple[str, ...]
    """Its files in the order in which they count, with placeholders."""
    source: str
    """Where the facts come from: a URL or a named document."""
    checked: str
    """The day they were checked, ISO 8601."""
    provider: str | None = None
    """The provider whose key it is, where the file does not say so."""


class SourceFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    source: tuple[Source, ...]


def load_sources() -> tuple[Source, ...]:
    """Reads the rows of ``data/key_sources.toml``, from what is generated of them; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    return shipped("key_sources", SourceFile).source
