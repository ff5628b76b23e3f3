"""The static level's view of this machine: files and variables, and nothing is run, asked or changed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from modelport.adapters.agents.sources.login_shell import ask_shell, asked_since, keep_path, kept_path
from modelport.adapters.agents.sources.packaged_agents import npm_programs, python_programs, wanted_packages
from modelport.adapters.agents.sources.programs import FoundPrograms
from modelport.adapters.agents.sources.search_path import search_path, start_path
from modelport.domain.agents.observations import Machine
from modelport.domain.agents.registry import RegistryCopy
from modelport.domain.agents.rows import AgentBook, AgentRow


class LocalMachine:
    """This machine, as a user with these variables and this home sees it.

    ``cache`` is the data folder; the login shell's PATH is kept there. ``platform`` is ``sys.platform``.
    """

    def __init__(self, variables: Mapping[str, str], home: Path, cache: Path, platform: str = sys.platform) -> None:
        self._variables = variables
        self._home = home
        self._cache = str(cache)
        self._platform = platform

    def look(self, book: AgentBook, copy: RegistryCopy | None) -> Machine:
        """Everything that bears on the rows and the entries. What cannot be read is left out."""
        from modelport.adapters.agents.sources.editors.settings import configured

        home = str(self._home)
        own_folders = [folder for row in book.agent for folder in row.folders]
        path = search_path(self._variables, home, kept_path(self._cache), own_folders, self._platform)
        settings = configured(self._home, self._variables, self._platform)
        found = FoundPrograms(path, book.agent, settings, home, self._platform)
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
        return start_path(self._variables, str(self._home), kept_path(self._cache), self._platform)

    def refresh(self, *, older_than_s: float) -> None:
        """Asks the login shell for its search path and keeps it, unless it was asked within the last seconds.

        Blocks, for a few seconds at most. A shell that says nothing leaves what it said before.
        """
        if not asked_since(self._cache, time.time() - older_than_s):
            path = ask_shell(self._variables, str(self._home), self._platform)
            keep_path(self._cache, path or kept_path(self._cache))


def _existing(rows: Iterable[AgentRow], home: str) -> Iterable[str]:
    for row in rows:
        for file in row.credential_files:
            path = os.path.join(home, file[2:]) if file.startswith("~/") else file  # noqa: PTH118  a text
            if os.path.exists(path):  # noqa: PTH110  likewise
                yield file
