"""The agents that this user has set up in editors and in other programs that start agents.

Only settings of the user's own are read: what a folder that is worked on says about agents is as trustworthy as whoever
sent the folder. Of the variables that an agent is started with the names are kept; their values are not even decoded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.agents.sources.editors import jsonc
from modelport.adapters.agents.sources.editors.settings_files import SettingsFile, places, shown
from modelport.adapters.agents.sources.editors.superqode import superqode_agents
from modelport.domain.agents.observations import Setting

LARGEST = 1_000_000
"""No settings are larger, in bytes; what is, is left unread."""
ZED_BUILT_IN = ("gemini", "claude", "codex")
"""The agents that Zed has set up under these names itself, before it had the registry."""


class Started(Struct):
    """How older settings of Zed name a program: all of it under ``command``."""

    path: str
    args: tuple[str, ...] = ()
    env: dict[str, Raw] | None = None


class Entry(Struct):
    """An agent as any of the files writes it."""

    type: str | None = None
    command: str | Started | None = None
    args: tuple[str, ...] | None = None
    argv: tuple[str, ...] | None = None
    env: dict[str, Raw] | None = None


def configured(home: Path, variables: Mapping[str, str], platform: str) -> tuple[Setting, ...]:
    """What is set up, file by file. Files that cannot be read, or are broken, have nothing to say.

    ``platform`` is ``sys.platform``.
    """
    found: list[Setting] = []
    for place in places(home, variables, platform):
        text = read_settings(place.path)
        if text and place.key.encode() in text:
            found += _of_file(place, text, f"{place.editor} ({shown(place.path, home)})", platform)
    found += superqode_agents(home, platform, read_settings, command_line)
    return tuple(setting for setting in found if _is_sound(setting))


def read_settings(path: str) -> bytes:
    """The content of a file; nothing where it cannot be had, is too large, or is no file. It never waits."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return b""
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            return b""
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _of_file(place: SettingsFile, text: bytes, host: str, platform: str) -> Iterator[Setting]:
    agents = jsonc.members(text).get(place.key)
    for name, raw in jsonc.members(bytes(agents)).items() if agents else ():
        try:
            entry = msgspec.json.decode(raw, type=Entry)
        except (ValueError, RecursionError):
            continue
        setting = _setting(place.editor, host, _printable(name), entry, platform)
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
    """An agent that Zed fetches itself: from the registry, from an extension, or one of those it came with.

    Source: zed-industries/zed crates/settings_content/src/agent.rs.
    """
    variables = _names(entry.env)
    if entry.type == "registry" or (entry.type is None and name in ZED_BUILT_IN):
        return Setting(host=host, name=name, registry_id=name, variables=variables)
    return Setting(host=host, name=name, variables=variables) if entry.type == "extension" else None


def command_line(line: str, platform: str) -> tuple[str, ...]:
    """A line as a shell would cut it; nothing where its quotes are not closed, or the system's shell cuts otherwise."""
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
    """Whether it can be shown to people, and started as it is shown."""
    return bool(setting.name) and (setting.command or "").isprintable() and not any("\0" in arg for arg in setting.args)


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())
