"""The programs whose files are read, as the rows of ``data/key_sources.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

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


class _Book(Struct, frozen=True, forbid_unknown_fields=True):
    source: tuple[Source, ...]


def load_sources() -> tuple[Source, ...]:
    """Reads and checks the rows; call it off the event loop.

    Raises:
        msgspec.ValidationError: a row does not fit the type; a defect of the package.
    """
    path = Path(__file__).parents[2] / "data" / "key_sources.toml"
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Book).source
