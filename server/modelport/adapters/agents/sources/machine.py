"""The static level's view of this machine: reads files and variables; runs, contacts and changes nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from modelport.adapters.agents.sources.login_shell import ask_shell, asked_since, cache_path, cached_path
from modelport.adapters.agents.sources.packaged_agents import npm_programs, python_programs, wanted_packages
from modelport.adapters.agents.sources.program_folders import SearchPaths
from modelport.adapters.agents.sources.programs import FoundPrograms
from modelport.domain.agents.observations import Machine
from modelport.domain.agents.registry import RegistryCopy
from modelport.domain.agents.rows import AgentBook, AgentRow


class LocalMachine:
    """This machine, as a user with these variables and this home sees it.

    ``cache`` is the data folder; the login shell's PATH is cached there. ``platform`` is ``sys.platform``. ``paths``
    say where programs are searched; without them no workspace is open.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        home: Path,
        cache: Path,
        platform: str = sys.platform,
        paths: SearchPaths | None = None,
    ) -> None:
        self._paths = paths or SearchPaths(variables, str(home), platform)
        self._variables = variables
        self._home = home
        self._cache = str(cache)
        self._platform = platform

    def look(self, book: AgentBook, copy: RegistryCopy | None) -> Machine:
        """What concerns the rows and the registry's entries on this machine. What cannot be read is left out."""
        from modelport.adapters.agents.sources.editors.settings import configured

        home = str(self._home)
        own_folders = [folder for row in book.agent for folder in row.folders]
        path = self._paths.to_search(cached_path(self._cache), own_folders)
        settings = configured(self._home, self._variables, self._platform)
        found = FoundPrograms(path, book.agent, settings, self._paths.inspector(), home)
        programs = found.of_agents()
        wanted = wanted_packages(book, copy.entries if copy else (), programs)
        programs += npm_programs(wanted, path.modules, found.node(), found.inspector)
        programs += python_programs(wanted, [*path.pythons, *found.pythons()], found.inspector)
        return Machine(
            programs=tuple(programs),
            settings=found.settings(),
            variables=frozenset(name for row in book.agent for name in row.key_variables if self._variables.get(name)),
            files=frozenset(_existing(book.agent, home)),
            commands=found.related(),
            node=found.node_version(),
        )

    def start_path(self) -> str:
        """The PATH to start agents with: without the folders from which nothing is started."""
        return self._paths.to_start(cached_path(self._cache))

    def refresh(self, *, older_than_s: float) -> None:
        """Caches the login shell's PATH, unless the shell was run within the last ``older_than_s`` seconds.

        Blocks, for a few seconds at most. A shell that prints nothing leaves the cached PATH as it was.
        """
        if not asked_since(self._cache, time.time() - older_than_s):
            path = ask_shell(self._variables, str(self._home), self._platform, self._paths.inspector().refused)
            cache_path(self._cache, path or cached_path(self._cache))


def _existing(rows: Iterable[AgentRow], home: str) -> Iterable[str]:
    for row in rows:
        for file in row.credential_files:
            path = os.path.join(home, file[2:]) if file.startswith("~/") else file  # noqa: PTH118  a text
            if os.path.exists(path):  # noqa: PTH110  likewise
                yield file
