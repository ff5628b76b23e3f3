"""The folders to search, in order: PATH, the login shell's, those of start files and of installers, and caches."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH118, PTH120
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from modelport.adapters.agents.sources.files.install_folders import ZED, folders, installers
from modelport.adapters.agents.sources.files.npmrc import with_npmrc
from modelport.adapters.agents.sources.files.scan import (
    Hit,
    SearchFolder,
    distinct,
    endings,
    is_program,
    known_folders,
    path_folders,
)
from modelport.adapters.agents.sources.files.shell_files import shell_folders
from modelport.adapters.agents.sources.packages.npx_cache import Modules, global_modules, npx_folders, npx_modules
from modelport.adapters.agents.sources.packages.python import is_environment
from modelport.adapters.agents.sources.packages.shims import Shims

PATH_LABEL = "PATH"
LOGIN_LABEL = "login shell's PATH"


class SearchPath(NamedTuple):
    """The folders to search."""

    folders: list[SearchFolder]
    modules: list[Modules]
    """The folders of npm packages: installed for all, and cached by npx."""
    pythons: list[Hit]
    """The interpreters of the environments that tools were installed into, and of the active one."""
    endings: tuple[str, ...]
    shims: Shims
    """Finds the programs behind shims."""


def search_path(
    variables: Mapping[str, str], home: str, login_path: str, own_folders: Iterable[str], platform: str
) -> SearchPath:
    """``own_folders`` are those of agents' own installers, ``~`` for home; ``platform`` is ``sys.platform``."""
    known = with_npmrc(variables, home)
    own = [os.path.join(home, folder[2:]) if folder.startswith("~/") else folder for folder in own_folders]
    search_folders = distinct(
        [
            *path_folders(variables.get("PATH", ""), PATH_LABEL, platform),
            *path_folders(login_path, LOGIN_LABEL, platform),
            *(() if platform == "win32" else shell_folders(home)),
            *known_folders(folders(installers(platform), known, home), home),
            *known_folders([*own, *(os.path.join(folder, "bin") for folder in own)], home),
            *known_folders(folders((ZED,), known, home), home),
        ]
    )
    modules = npx_modules(known, home)
    return SearchPath(
        folders=[*search_folders, *npx_folders(modules)],
        modules=[*global_modules(search_folders, known, home), *modules],
        pythons=list(_pythons(search_folders, variables.get("VIRTUAL_ENV", ""), home)),
        endings=endings(variables, platform),
        shims=Shims(variables, home),
    )


def _pythons(search_folders: Iterable[SearchFolder], active: str, home: str) -> Iterator[Hit]:
    if os.path.isabs(active):  # noqa: PTH117  a text
        search_folders = [
            *search_folders,
            *known_folders((os.path.join(active, "bin"), os.path.join(active, "Scripts")), home),
        ]
    for folder in search_folders:
        if folder.refused is None and is_environment(os.path.dirname(folder.path)):
            for name in ("python3", "python", "python.exe"):
                path = os.path.join(folder.path, name)
                if is_program(path):
                    yield Hit(name, path, folder)
                    break
