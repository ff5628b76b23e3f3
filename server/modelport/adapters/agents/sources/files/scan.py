"""Where programs are looked for, and which are there: one listing per folder, and nothing is run."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH100, PTH116, PTH117, PTH118
from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from modelport.adapters.agents.sources.files.reading import listed, shown

DEFAULT_ENDINGS = ".COM;.EXE;.BAT;.CMD"
"""What Windows runs by its bare name, if PATHEXT does not say."""


class SearchFolder(NamedTuple):
    """A folder to look in."""

    folder: str
    """Its absolute path."""
    label: str
    """What it is, for people."""
    refused: str | None = None
    """Why nothing in it is started, as the end of a sentence."""


class Hit(NamedTuple):
    """A program of a name that was looked for."""

    name: str
    """As it was looked for, without the ending that Windows gives it."""
    path: str
    place: SearchFolder


def path_places(value: str, label: str, platform: str) -> Iterator[SearchFolder]:
    """The entries of a PATH. A relative one is another folder in every place, so nothing in it is ever started."""
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


def known_places(folders: Iterable[str], home: str) -> Iterator[SearchFolder]:
    """Folders that are looked in although no PATH names them."""
    return (SearchFolder(folder, shown(folder, home)) for folder in folders)


def distinct(places: Iterable[SearchFolder]) -> list[SearchFolder]:
    """The places that exist, each folder once under the first of its names."""
    seen: set[tuple[int, int]] = set()
    kept: list[SearchFolder] = []
    for place in places:
        try:
            status = os.stat(place.folder)
        except (OSError, ValueError):
            continue
        key = (status.st_dev, status.st_ino)
        if not stat.S_ISDIR(status.st_mode) or key in seen:
            continue
        kept.append(place)
        # A folder that is refused for the way it is named may be named better later on.
        if place.refused is None:
            seen.add(key)
    return kept


def scan(places: Iterable[SearchFolder], names: Collection[str], endings: Sequence[str] = ()) -> list[Hit]:
    """The programs of these names, in the order of the places.

    ``endings`` is what Windows runs by its bare name, in its order; of several the first is the program.
    """
    files = {f"{name}{ending}".lower(): name for ending in endings for name in names}
    wanted = frozenset(names)
    hits: list[Hit] = []
    for place in places:
        found = listed(place.folder)
        if endings:
            by_low = {entry.lower(): entry for entry in found}
            pairs = [(name, by_low[low]) for low, name in files.items() if low in by_low]
        else:
            pairs = [(name, name) for name in sorted(wanted.intersection(found))]
        taken: set[str] = set()
        for name, entry in pairs:
            path = os.path.join(place.folder, entry)
            if name not in taken and is_program(path):
                taken.add(name)
                hits.append(Hit(name, path, place))
    return hits


def is_program(path: str) -> bool:
    """Whether a path leads to a regular file that this user may run."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False


def endings(variables: Mapping[str, str], platform: str) -> tuple[str, ...]:
    """What may follow a program's name: ``.exe`` and others on Windows, nothing elsewhere."""
    if platform != "win32":
        return ()
    return tuple(part.lower() for part in variables.get("PATHEXT", DEFAULT_ENDINGS).split(";") if part.strip())
