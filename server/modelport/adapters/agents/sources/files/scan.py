"""Searches folders for programs by name: one listing per folder, and nothing is run."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH100, PTH116, PTH117, PTH118
from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from modelport.adapters.agents.sources.files.reading import listed, shown

DEFAULT_ENDINGS = ".COM;.EXE;.BAT;.CMD"
"""What Windows runs by its bare name, without PATHEXT."""


class SearchFolder(NamedTuple):
    """A folder to search."""

    path: str
    """Absolute."""
    label: str
    """What it is, to show: ``PATH``, ``~/.local/bin``."""
    refused: str | None = None
    """Why nothing in it is started, as the end of a sentence."""


class Hit(NamedTuple):
    """A program with one of the names searched for."""

    name: str
    """Without the ending that Windows gives it."""
    path: str
    folder: SearchFolder
    shim: str | None = None
    """The path of the shim that stands for it in the folder."""


def path_folders(value: str, label: str, platform: str) -> Iterator[SearchFolder]:
    """The entries of a PATH. A relative one depends on the working folder, so nothing in it is ever started."""
    for entry in value.split(";" if platform == "win32" else ":") if value else ():
        folder = entry.strip('"') if platform == "win32" else entry
        if os.path.isabs(folder):
            yield SearchFolder(folder, label)
            continue
        try:
            absolute = os.path.abspath(folder)
        except (OSError, ValueError):
            continue
        yield SearchFolder(absolute, label, "its folder is a relative or empty entry of PATH")


def known_folders(paths: Iterable[str], home: str) -> Iterator[SearchFolder]:
    """Folders that are searched although no PATH names them."""
    return (SearchFolder(path, shown(path, home)) for path in paths)


def distinct(folders: Iterable[SearchFolder]) -> list[SearchFolder]:
    """The folders that exist, each once under the first of its names."""
    seen: set[tuple[int, int]] = set()
    kept: list[SearchFolder] = []
    for folder in folders:
        try:
            status = os.stat(folder.path)
        except (OSError, ValueError):
            continue
        key = (status.st_dev, status.st_ino)
        if not stat.S_ISDIR(status.st_mode) or key in seen:
            continue
        kept.append(folder)
        # A folder that is refused as a relative entry may follow as an absolute one.
        if folder.refused is None:
            seen.add(key)
    return kept


def scan(folders: Iterable[SearchFolder], names: Collection[str], endings: Sequence[str] = ()) -> list[Hit]:
    """The programs of these names, in the order of the folders.

    ``endings`` is what Windows runs by its bare name, in its order; of several the first is the program.
    """
    files = {f"{name}{ending}".lower(): name for ending in endings for name in names}
    wanted = frozenset(names)
    hits: list[Hit] = []
    for folder in folders:
        entries = listed(folder.path)
        if endings:
            by_low = {entry.lower(): entry for entry in entries}
            pairs = [(name, by_low[low]) for low, name in files.items() if low in by_low]
        else:
            pairs = [(name, name) for name in sorted(wanted.intersection(entries))]
        taken: set[str] = set()
        for name, entry in pairs:
            path = os.path.join(folder.path, entry)
            if name not in taken and is_program(path):
                taken.add(name)
                hits.append(Hit(name, path, folder))
    return hits


def is_program(path: str) -> bool:
    """Whether a path leads to a regular file that this user may run."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False


def endings(variables: Mapping[str, str], platform: str) -> tuple[str, ...]:
    """The endings of a program's name: ``.exe`` and others on Windows, none elsewhere."""
    if platform != "win32":
        return ()
    return tuple(part.lower() for part in variables.get("PATHEXT", DEFAULT_ENDINGS).split(";") if part.strip())
