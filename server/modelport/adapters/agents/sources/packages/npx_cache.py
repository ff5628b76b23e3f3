"""Folders of npm packages: those that npx has cached, and those that are installed globally."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH112, PTH116, PTH118, PTH119, PTH120
from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from modelport.adapters.agents.sources.files.install_folders import NODE_MODULES, NPX, folders
from modelport.adapters.agents.sources.files.reading import listed, shown
from modelport.adapters.agents.sources.files.scan import SearchFolder

NPX_LABEL = "npx cache"


class Modules(NamedTuple):
    """A ``node_modules`` folder, and its label to show."""

    folder: str
    label: str


def npx_modules(variables: Mapping[str, str], home: str) -> list[Modules]:
    """The folders in which npx caches packages, the newest first."""
    existing = [folder for folder in folders(NPX, variables, home) if os.path.isdir(folder)]
    return [Modules(folder, NPX_LABEL) for folder in sorted(existing, key=_age)]


def npx_folders(modules: Iterable[Modules]) -> Iterator[SearchFolder]:
    """The folders of the programs that npx has cached: running one of them downloads nothing."""
    return (SearchFolder(os.path.join(folder, ".bin"), label) for folder, label in modules)


def global_modules(search_folders: Iterable[SearchFolder], variables: Mapping[str, str], home: str) -> list[Modules]:
    """The folders of packages that were installed for the whole machine or user.

    Wherever npm puts programs into ``bin``, the packages are in ``lib/node_modules`` beside it.
    """
    candidates = [
        os.path.join(os.path.dirname(folder.path), "lib", "node_modules")
        for folder in search_folders
        if folder.refused is None and os.path.basename(folder.path) == "bin"
    ]
    candidates += folders(NODE_MODULES, variables, home)
    return [Modules(folder, shown(folder, home)) for folder in dict.fromkeys(candidates) if os.path.isdir(folder)]


def installed(modules: Iterable[Modules], packages: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Those of these npm packages that are installed: the package, its folder, and the label of the folder."""
    scoped: dict[str, set[str]] = {}
    for package in packages:
        scope, _, name = package.rpartition("/")
        scoped.setdefault(scope, set()).add(name)
    for folder, label in modules:
        top = set(listed(folder))
        for scope, names in scoped.items():
            if scope and scope not in top:
                continue
            inside = os.path.join(folder, scope) if scope else folder
            for name in sorted(names.intersection(listed(inside) if scope else top)):
                yield f"{scope}/{name}" if scope else name, os.path.join(inside, name), label


def _age(folder: str) -> float:
    try:
        return -os.stat(folder).st_mtime
    except OSError:
        return 0.0
