"""The settings files of editors, of this user; never those of a project folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

VS_CODES = (
    ("VS Code", "Code"),
    ("VS Code Insiders", "Code - Insiders"),
    ("VSCodium", "VSCodium"),
    ("VSCodium Insiders", "VSCodium - Insiders"),
    ("Cursor", "Cursor"),
    ("Windsurf", "Windsurf"),
)
"""VS Code and the editors made from it, with the folders of their settings."""
MAX_PROFILES = 50


class SettingsFile(Struct, frozen=True):
    """A file that may set up agents."""

    editor: str
    path: str
    key: str
    """The member of the file that holds the agents, by name."""


def settings_files(home: Path, variables: Mapping[str, str], platform: str) -> Iterator[SettingsFile]:
    """The files, whether they exist or not.

    Source: zed-industries/zed crates/paths/src/paths.rs; the JetBrains AI Assistant help, "Add ACP agents"; the VS Code
    documentation, "User and workspace settings"; openclaw/acpx docs/config.md.
    """
    root = str(home)
    roaming = _folder(variables.get("APPDATA")) or os.path.join(root, "AppData", "Roaming")  # noqa: PTH118
    config = _folder(variables.get("XDG_CONFIG_HOME")) or os.path.join(root, ".config")  # noqa: PTH118
    if platform == "win32":
        zed, codes = f"{roaming}/Zed", roaming
    elif platform == "darwin":
        zed, codes = f"{root}/.config/zed", f"{root}/Library/Application Support"
    else:
        zed, codes = f"{_folder(variables.get('FLATPAK_XDG_CONFIG_HOME')) or config}/zed", config
    yield SettingsFile("Zed", f"{zed}/settings.json", "agent_servers")
    yield SettingsFile("JetBrains", f"{root}/.jetbrains/acp.json", "agent_servers")
    for editor, folder in VS_CODES:
        user = f"{codes}/{folder}/User"
        yield SettingsFile(editor, f"{user}/settings.json", "acp.agents")
        for profile in _entries(f"{user}/profiles"):
            yield SettingsFile(editor, f"{user}/profiles/{profile}/settings.json", "acp.agents")
    yield SettingsFile("acpx", f"{root}/.acpx/config.json", "agents")


def shown(path: str, home: Path) -> str:
    """A path to show, with ``~`` for the home folder."""
    plain, start = path.replace("\\", "/"), f"{home}/".replace("\\", "/")
    return f"~/{plain[len(start) :]}" if plain.startswith(start) else plain


def _folder(named: str | None) -> str | None:
    """The folder that a variable names; None for a relative one, which could lead into a project folder."""
    return named.rstrip("/") if named and os.path.isabs(named) else None  # noqa: PTH117


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))[:MAX_PROFILES]  # noqa: PTH208
    except OSError:
        return []
