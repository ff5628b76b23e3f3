"""The programs of the search path that have an agent's name, or that agents and settings need."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import msgspec

from modelport.adapters.agents.sources.files.reading import real, shown
from modelport.adapters.agents.sources.files.scan import Hit, scan
from modelport.adapters.agents.sources.inspection import Inspector
from modelport.adapters.agents.sources.packages.node import node_version
from modelport.adapters.agents.sources.search_path import SearchPath
from modelport.adapters.agents.sources.setting_programs import bare_names, resolved
from modelport.domain.agents.observations import Program, Setting
from modelport.domain.agents.rows import AgentRow


class FoundPrograms:
    """The programs found by one listing of every folder, of all names that matter."""

    def __init__(
        self, path: SearchPath, rows: Iterable[AgentRow], settings: Iterable[Setting], inspector: Inspector, home: str
    ) -> None:
        self._rows = tuple(rows)
        self._home = home
        self.inspector = inspector
        self._endings = path.endings
        self._related = {name for row in self._rows for name in (row.adapts, *row.requires) if name}
        self._settings = tuple(settings)
        agents = {name for row in self._rows for name in row.commands}
        names = agents | self._related | bare_names(self._settings) | {"node", "python3", "python"}
        self._shims = path.shims
        self._hits = [path.shims.resolved(hit) for hit in scan(path.folders, names, path.endings)]

    def of_agents(self) -> list[Program]:
        """The programs with an agent's name, in the order in which they were found."""
        guesses: dict[str, list[str]] = {}
        for row in self._rows:
            projects = [
                p.removeprefix("pypi:").partition(">=")[0] for p in (*row.packages, *row.stubs) if p.startswith("pypi:")
            ]
            for name in row.commands:
                guesses.setdefault(name, []).extend(projects)
        found: list[Program] = []
        for hit in self._hits:
            if hit.name in guesses:
                program = self.inspector.program(hit, guesses[hit.name])
                found.append(program)
                found += self._in_own_folder(program)
        return found

    def _in_own_folder(self, program: Program) -> Iterator[Program]:
        """The program once more, as found in its own installer's folder, where it is a link into that."""
        folders = {own for row in self._rows if program.name in row.commands for own in row.folders}
        if not folders:
            return
        folder = shown(real(program.argv[0]), self._home).rpartition("/")[0]
        for own in folders:
            inside = folder == own or folder.startswith(f"{own}/")
            if inside and not program.found_in.startswith(own):
                yield msgspec.structs.replace(program, found_in=folder)

    def related(self) -> frozenset[str]:
        """The names that agents adapt or require, of those that could be started."""
        found = (hit for hit in self._hits if hit.name in self._related)
        return frozenset(hit.name for hit in found if self.inspector.refusal(hit) is None)

    def settings(self) -> tuple[Setting, ...]:
        """The settings, with what their commands lead to."""
        return tuple(
            resolved(one, self._hits, self.inspector, self._shims, self._home, self._endings) for one in self._settings
        )

    def node(self) -> str | None:
        """The first Node that may be started."""
        return next((hit.path for hit in self._named("node")), None)

    def node_version(self) -> str | None:
        """The version of that Node; None where its files do not name it."""
        path = self.node()
        return node_version(path) if path else None

    def pythons(self) -> list[Hit]:
        """The interpreters of the search path, one of each folder."""
        found: dict[str, Hit] = {}
        for name in ("python3", "python"):
            for hit in self._hits:
                folder = hit.path.rpartition(os.sep)[0]
                if hit.name == name and folder not in found and self.inspector.refusal(hit) is None:
                    found[folder] = hit
        return list(found.values())

    def _named(self, name: str) -> Iterable[Hit]:
        return (hit for hit in self._hits if hit.name == name and self.inspector.refusal(hit) is None)
