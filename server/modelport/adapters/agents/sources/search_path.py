"""The folders to look in, in order: PATH, the login shell's PATH, where installers put programs, and caches."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH118, PTH120
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from modelport.adapters.agents.sources.files.install_folders import ZED, folders, installers, with_npmrc
from modelport.adapters.agents.sources.files.scan import (
    Hit,
    SearchFolder,
    distinct,
    endings,
    is_program,
    known_places,
    path_places,
)
from modelport.adapters.agents.sources.files.trust import Trust
from modelport.adapters.agents.sources.packages.npx_cache import Modules, global_modules, npx_modules, npx_places
from modelport.adapters.agents.sources.packages.python import is_environment

PATH_LABEL = "PATH"
LOGIN_LABEL = "login shell's PATH"


class SearchPath(NamedTuple):
    """Where to look."""

    places: list[SearchFolder]
    modules: list[Modules]
    """The folders of npm packages: installed for all, and cached by npx."""
    pythons: list[Hit]
    """The interpreters of the environments that tools were installed into, and of the active one."""
    endings: tuple[str, ...]


def search_path(
    variables: Mapping[str, str], home: str, login_path: str, own_folders: Iterable[str], platform: str
) -> SearchPath:
    """``own_folders`` are those of agents' own installers, ``~`` for home; ``platform`` is ``sys.platform``."""
    known = with_npmrc(variables, home)
    own = [os.path.join(home, folder[2:]) if folder.startswith("~/") else folder for folder in own_folders]
    places = distinct(
        [
            *path_places(variables.get("PATH", ""), PATH_LABEL, platform),
            *path_places(login_path, LOGIN_LABEL, platform),
            *known_places(folders(installers(platform), known, home), home),
            *known_places([*own, *(os.path.join(folder, "bin") for folder in own)], home),
            *known_places(folders((ZED,), known, home), home),
        ]
    )
    modules = npx_modules(known, home)
    return SearchPath(
        places=[*places, *npx_places(modules)],
        modules=[*global_modules(places, known, home), *modules],
        pythons=list(_pythons(places, variables.get("VIRTUAL_ENV", ""), home)),
        endings=endings(variables, platform),
    )


def start_path(variables: Mapping[str, str], home: str, login_path: str, platform: str) -> str:
    """The PATH to start agents with: what they are written for may be on the login shell's only.

    Scripts ask it for their interpreters, so it names no folder from which nothing would be started.
    """
    trust = Trust(home, modes=platform != "win32")
    places = [
        *path_places(variables.get("PATH", ""), PATH_LABEL, platform),
        *path_places(login_path, LOGIN_LABEL, platform),
    ]
    kept = (place.folder for place in distinct(places) if place.refused is None and trust.folder(place.folder) is None)
    return (";" if platform == "win32" else ":").join(kept)


def _pythons(places: Iterable[SearchFolder], active: str, home: str) -> Iterator[Hit]:
    if os.path.isabs(active):  # noqa: PTH117  a text
        places = [*places, *known_places((os.path.join(active, "bin"), os.path.join(active, "Scripts")), home)]
    for place in places:
        if place.refused is None and is_environment(os.path.dirname(place.folder)):
            for name in ("python3", "python", "python.exe"):
                path = os.path.join(place.folder, name)
                if is_program(path):
                    yield Hit(name, path, place)
                    break
