"""Agents without a program on any path: npm packages with a program, Python packages with a module."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH118, PTH120
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from modelport.adapters.agents.sources.files.scan import Hit, SearchFolder, is_program
from modelport.adapters.agents.sources.inspection import Inspector
from modelport.adapters.agents.sources.packages.npx_cache import Modules, installed
from modelport.adapters.agents.sources.packages.owner import bin_path, manifest
from modelport.adapters.agents.sources.packages.python import canonical, scripts_of
from modelport.domain.agents.observations import Program
from modelport.domain.agents.registry import RegistryEntry
from modelport.domain.agents.rows import AgentBook, AgentRow


class Wanted(NamedTuple):
    """A package to look for."""

    name: str
    """The name of its program in ``Machine.programs``."""
    package: str
    """With its ecosystem, as ``npm:NAME``."""
    commands: tuple[str, ...]
    """The names that its program may have."""
    module: str | None = None


def wanted_packages(book: AgentBook, entries: Iterable[RegistryEntry], programs: Sequence[Program]) -> list[Wanted]:
    """The packages of rows whose program was not found for certain, and of registry entries that have no row."""
    wanted = [
        Wanted(row.command or row.id, package, row.commands, row.module)
        for row in book.agent
        if not _is_found(row, programs)
        for package in row.packages
    ]
    known = {row.id for row in book.agent}
    for entry in entries:
        if entry.package and entry.id not in known and not book.of_package(entry.package):
            short = entry.package.rpartition(":")[2].rpartition("/")[2]
            wanted.append(Wanted(entry.id, entry.package, (entry.id, short)))
    return wanted


def npm_programs(
    wanted: Iterable[Wanted], modules: Iterable[Modules], node: str | None, inspector: Inspector
) -> Iterator[Program]:
    """The programs of npm packages. ``node`` starts those whose file is not executable."""
    by_package = {one.package.removeprefix("npm:"): one for one in wanted if one.package.startswith("npm:")}
    for package, root, label in installed(modules, by_package):
        one = by_package[package]
        package_json = manifest(root)
        path = bin_path(root, package_json, one.commands) if package_json else None
        if path is None:
            continue
        program = inspector.program(Hit(one.name, path, SearchFolder(os.path.dirname(path), label)))
        if inspector.windows or not is_program(path):
            if node is None:
                continue
            program = msgspec.structs.replace(
                program, argv=(node, path), refused=program.refused or inspector.refused(node)
            )
        yield program


def python_programs(wanted: Iterable[Wanted], pythons: Iterable[Hit], inspector: Inspector) -> Iterator[Program]:
    """The modules and scripts of Python packages, in any of the environments."""
    projects = [
        (one, canonical(one.package.removeprefix("pypi:"))) for one in wanted if one.package.startswith("pypi:")
    ]
    folders: set[str] = set()
    for python in pythons:
        folder = os.path.dirname(python.path)
        if folder in folders:
            continue
        folders.add(folder)
        installed_here = inspector.python.projects(python.path)
        for one, project in projects:
            info = installed_here.get(project)
            if info is None:
                continue
            path = _script(folder, scripts_of(info), (*one.commands, project), only=one.module is None)
            if path:
                yield inspector.program(Hit(one.name, path, python.folder), (project,))
            elif one.module:
                yield Program(
                    name=one.name,
                    argv=(python.path, "-m", one.module),
                    found_in=python.folder.label,
                    owner=inspector.python.owner(info),
                    refused=inspector.refusal(python) or inspector.folder_refused(os.path.dirname(info)),
                )


def _script(folder: str, scripts: list[str], names: Iterable[str], *, only: bool) -> str | None:
    """The path of the script with one of these names; with ``only`` that of an only script, whatever its name."""
    name = next((name for name in names if name in scripts), scripts[0] if only and len(scripts) == 1 else None)
    paths = [os.path.join(folder, name + ending) for ending in ("", ".exe")] if name else []
    return next((path for path in paths if is_program(path)), None)


def _is_found(row: AgentRow, programs: Iterable[Program]) -> bool:
    names = {row.id, *row.commands}
    own = (p for p in programs if p.name in names and p.owner and row.owned_by(p.owner))
    return any(not p.refused and not (p.owner and row.is_stub(p.owner)) for p in own)
