"""Importing the configuration of another program."""

from __future__ import annotations

from pathlib import Path

from modelport.adapters.configuration.imports import Imported, import_document
from modelport.adapters.data.providers import load_registry
from modelport.adapters.system.private_files import private_folder, write_private

__all__ = ["Imported", "import_configuration", "write_configuration"]


def import_configuration(path: Path) -> Imported:
    """A document of SmartopolAI, the AI router, LiteLLM, Continue, opencode, Zed or ECA as a ``config.toml``. Blocks.

    Raises:
        InvalidParams: it cannot be read, or is of no program that is known here, or cannot be used.
    """
    return import_document(path, load_registry().find)


def write_configuration(path: Path, text: str) -> None:
    """Writes a ``config.toml`` that only its user can read. Blocks.

    Raises:
        OSError: it cannot be written.
    """
    private_folder(path.parent)
    write_private(path, text.encode("utf-8"))
