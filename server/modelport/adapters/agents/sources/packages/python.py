"""Which Python package a script belongs to, read from the records of installers. Nothing is imported or run.

Source: the specifications "Recording installed projects" and "Entry points" on packaging.python.org.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH118, PTH119, PTH120
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from modelport.adapters.agents.sources.files.reading import HEAD_BYTES, head, is_file, listed, real
from modelport.protocol.types import AgentOwner

MAX_PROJECTS = 500
"""How many projects of one environment are searched for a script whose project cannot be guessed."""
RECORD_HEAD_BYTES = 16 * 1024
MAX_NAME_CHARS = 214
_RECORDS = (".dist-info", ".egg-info")


class PythonPackages:
    """The projects of Python environments; caches what it has listed for as long as it exists."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._projects: dict[str, dict[str, str]] = {}
        self._scripts: dict[str, dict[str, str]] = {}
        self._of_pythons: dict[str, list[str]] = {}

    def of_script(self, python: str, script: str, guesses: Iterable[str] = ()) -> AgentOwner | None:
        """The project that has a script of this name in the environment of an interpreter.

        ``guesses`` are projects that it may belong to; they are tried before all others.
        """
        sites = self._sites(python)
        for site in sites:
            for guess in (*guesses, script, os.path.basename(_prefix(python))):
                info = self._all(site).get(canonical(guess))
                if info and script in scripts_of(info):
                    return _owner(info)
        for site in sites:
            if info := self._by_script(site).get(script):
                return _owner(info)
        return None

    def of_binary(self, path: str, guesses: Iterable[str] = ()) -> AgentOwner | None:
        """The project that has installed a binary into an environment, by its record."""
        name = os.path.basename(path)
        python = os.path.join(os.path.dirname(path), "python3")
        for site in self._sites(python):
            for guess in (*guesses, name, os.path.basename(_prefix(python))):
                info = self._all(site).get(canonical(guess))
                if info and _records(info, path):
                    return _owner(info)
        return None

    def projects(self, python: str) -> dict[str, str]:
        """The folders of the projects' records in the environment of an interpreter, by their normalized names."""
        found: dict[str, str] = {}
        for site in reversed(self._sites(python)):
            found |= self._all(site)
        return found

    def owner(self, info: str) -> AgentOwner | None:
        """The project of a record."""
        return _owner(info)

    def _all(self, site: str) -> dict[str, str]:
        """The records in a folder of packages, by the name of their project."""
        if site not in self._projects:
            self._projects[site] = {_project(n): f"{site}{os.sep}{n}" for n in listed(site) if n.endswith(_RECORDS)}
        return self._projects[site]

    def _by_script(self, site: str) -> dict[str, str]:
        if site not in self._scripts:
            infos = list(self._all(site).values())[:MAX_PROJECTS]
            self._scripts[site] = {script: info for info in infos for script in scripts_of(info)}
        return self._scripts[site]

    def _sites(self, python: str) -> list[str]:
        if python not in self._of_pythons:
            sites = dict.fromkeys(_sites(python, self._home))
            self._of_pythons[python] = [site for site in sites if self._all(site)]
        return self._of_pythons[python]


def canonical(project: str) -> str:
    """A project's name in its normalized spelling."""
    return "-".join(filter(None, project.lower().replace("_", "-").replace(".", "-").split("-")))


def _project(record: str) -> str:
    """The project of a record, by its name: ``mistral_vibe-3.0.2.dist-info``, ``six-1.16.0-py3.11.egg-info``."""
    stem, dot, ending = record.rpartition(".")
    return canonical(stem.rpartition("-")[0] if "-" in stem and dot + ending == _RECORDS[0] else stem.partition("-")[0])


def scripts_of(info: str) -> list[str]:
    """The names of the programs that a project's entry points define."""
    text = head(os.path.join(info, "entry_points.txt"), HEAD_BYTES * 4).decode("utf-8", "replace")
    section, found = "", list[str]()
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped
        elif section == "[console_scripts]" and "=" in stripped:
            found.append(stripped.partition("=")[0].strip())
    return found


def is_environment(prefix: str) -> bool:
    """Whether a folder is a virtual environment."""
    return is_file(f"{prefix}{os.sep}pyvenv.cfg")


def _prefix(python: str) -> str:
    return os.path.dirname(os.path.dirname(python))


def _sites(python: str, home: str) -> Iterator[str]:
    prefix, named = _prefix(python), ""
    alone = is_environment(prefix)
    if not alone:
        final = real(python)
        prefix, named = _prefix(final), os.path.basename(final)
    # Joined here: this is done for every interpreter, and a call for each would take most of a search.
    for root in (prefix,) if alone else (prefix, f"{prefix}{os.sep}local", f"{home}{os.sep}.local"):
        lib = f"{root}{os.sep}lib"
        for version in listed(lib):
            # An interpreter called python3.11 has the packages of that version only.
            if version.startswith("python3") and ("." not in named or version in (named, "python3")):
                yield f"{lib}{os.sep}{version}{os.sep}site-packages"
                yield f"{lib}{os.sep}{version}{os.sep}dist-packages"
    yield f"{prefix}{os.sep}Lib{os.sep}site-packages"


def _records(info: str, path: str) -> bool:
    """Whether a project's record names a file. Files outside of its packages come first in it."""
    site = os.path.dirname(info)
    final = real(path)
    lines = head(os.path.join(info, "RECORD"), RECORD_HEAD_BYTES).decode("utf-8", "replace").splitlines()
    wanted = os.path.basename(path)
    files = (line.partition(",")[0].strip('"') for line in lines)
    return any(file.endswith(wanted) and real(os.path.join(site, file)) == final for file in files)


def _owner(info: str) -> AgentOwner | None:
    file = "METADATA" if info.endswith(".dist-info") else "PKG-INFO"
    name = version = None
    for line in head(os.path.join(info, file)).decode("utf-8", "replace").splitlines():
        if not line:
            break
        key, _, value = line.partition(":")
        if key == "Name":
            name = canonical(value.strip())
        elif key == "Version":
            version = value.strip()
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        return None
    return AgentOwner(ecosystem="pypi", package=name, version=printable_version(version))


def printable_version(version: str | None) -> str | None:
    """A version that can be shown, else None."""
    return version if version and len(version) <= 64 and version.isprintable() else None
