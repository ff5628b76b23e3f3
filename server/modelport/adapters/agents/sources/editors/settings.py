"""The agents that this user has set up in editors and in other programs that start agents.

Only the user's own settings are read: those of a project folder are as trustworthy as the sender of the folder. Of
the variables that an agent is started with the names are kept; their values are not even decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.agents.sources.editors import jsonc
from modelport.adapters.agents.sources.editors.settings_files import SettingsFile, settings_files, shown
from modelport.adapters.agents.sources.editors.superqode import superqode_agents
from modelport.adapters.system.regular_files import read_whole
from modelport.domain.agents.observations import Setting

MAX_SETTINGS_BYTES = 1_000_000
"""A larger file is not read."""
ZED_BUILT_IN = ("gemini", "claude", "codex")
"""Agents that Zed had built in under these names, before it had the registry."""


class Started(Struct):
    """A program in older settings of Zed: everything under ``command``."""

    path: str
    args: tuple[str, ...] = ()
    env: dict[str, Raw] | None = None


class Entry(Struct):
    """An agent, in the form of any of the files."""

    type: str | None = None
    command: str | Started | None = None
    args: tuple[str, ...] | None = None
    argv: tuple[str, ...] | None = None
    env: dict[str, Raw] | None = None


def configured(home: Path, variables: Mapping[str, str], platform: str) -> tuple[Setting, ...]:
    """The agents that are set up, file by file. Files that are missing, unreadable or broken are skipped.

    ``platform`` is ``sys.platform``.
    """
    settings: list[Setting] = []
    for file in settings_files(home, variables, platform):
        text = read_settings(file.path)
        if text and file.key.encode() in text:
            settings += _of_file(file, text, f"{file.editor} ({shown(file.path, home)})", platform)
    settings += superqode_agents(home, platform, read_settings, command_line)
    return tuple(setting for setting in settings if _is_sound(setting))


def read_settings(path: str) -> bytes:
    """The content of a file; empty where it cannot be read, is too large, or is not a regular file. Never blocks."""
    try:
        return read_whole(path, MAX_SETTINGS_BYTES)
    except (OSError, ValueError):
        return b""


def _of_file(file: SettingsFile, text: bytes, host: str, platform: str) -> Iterator[Setting]:
    agents = jsonc.members(text).get(file.key)
    for name, raw in jsonc.members(bytes(agents)).items() if agents else ():
        try:
            entry = msgspec.json.decode(raw, type=Entry)
        except (ValueError, RecursionError):
            continue
        setting = _setting(file.editor, host, _printable(name), entry, platform)
        if setting:
            yield setting


def _setting(editor: str, host: str, name: str, entry: Entry, platform: str) -> Setting | None:
    match entry.command:
        case Started(path=path, args=args, env=env):
            return Setting(host=host, name=name, command=path, args=args, variables=_names(env))
        case str(command):
            argv = (command, *(entry.args or ()))
            if editor == "acpx" and entry.args is None:
                argv = command_line(command, platform)
        case None:
            argv = entry.argv or () if editor == "acpx" else ()
            if not argv and editor == "Zed":
                return _of_zed(host, name, entry)
    if not argv or not argv[0]:
        return None
    return Setting(host=host, name=name, command=argv[0], args=argv[1:], variables=_names(entry.env))


def _of_zed(host: str, name: str, entry: Entry) -> Setting | None:
    """An agent that Zed downloads itself: from the registry, from an extension, or one of its built-in ones.

    Source: zed-industries/zed crates/settings_content/src/agent.rs.
    """
    variables = _names(entry.env)
    if entry.type == "registry" or (entry.type is None and name in ZED_BUILT_IN):
        return Setting(host=host, name=name, registry_id=name, variables=variables)
    return Setting(host=host, name=name, variables=variables) if entry.type == "extension" else None


def command_line(line: str, platform: str) -> tuple[str, ...]:
    """The words of a line, split as a POSIX shell does; none where a quote is not closed, and on Windows."""
    if platform == "win32":
        return ()
    import shlex

    try:
        return tuple(shlex.split(line))
    except ValueError:
        return ()


def _names(env: Mapping[str, Raw] | None) -> tuple[str, ...]:
    return tuple(name for name in env or () if name.isprintable())


def _is_sound(setting: Setting) -> bool:
    """Whether it can be shown, and started as it is shown."""
    return bool(setting.name) and (setting.command or "").isprintable() and not any("\0" in arg for arg in setting.args)


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())
