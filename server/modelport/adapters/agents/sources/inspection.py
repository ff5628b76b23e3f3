"""Makes a ``Program`` of a file: the package that owns it, and whether it may be started."""

from __future__ import annotations

import os
from collections.abc import Sequence

from modelport.adapters.agents.sources.files.install_folders import registry_id
from modelport.adapters.agents.sources.files.reading import is_file, shown
from modelport.adapters.agents.sources.files.scan import Hit
from modelport.adapters.agents.sources.files.trust import Trust
from modelport.adapters.agents.sources.packages.owner import Packages
from modelport.adapters.agents.sources.packages.python import PythonPackages
from modelport.adapters.system.workspace import Workspace
from modelport.domain.agents.observations import Program


class Inspector:
    """Inspects programs. It caches what it has read for as long as it exists: make one per search."""

    def __init__(self, home: str, platform: str, workspace: Workspace | None = None) -> None:
        self._home = home
        self.windows = platform == "win32"
        self._trust = Trust(home, modes=not self.windows, workspace=workspace)
        self.python = PythonPackages(home)
        self._packages = Packages(self.python)

    def program(self, hit: Hit, guesses: Sequence[str] = ()) -> Program:
        """The program of a hit. ``guesses`` are Python projects that it may belong to."""
        return Program(
            name=hit.name,
            argv=(hit.path,),
            found_in=hit.folder.label,
            owner=self._packages.owner(hit.path, guesses),
            registry_id=registry_id(hit.path),
            refused=self.refusal(hit),
        )

    def refusal(self, hit: Hit) -> str | None:
        """Why a program must not be started, as the end of a sentence: for its folder, itself, or what it starts."""
        shim = self.refused(hit.shim) if hit.shim else None
        return hit.folder.refused or shim or self.refused(hit.path)

    def refused(self, path: str) -> str | None:
        """Why a file must not be started, whatever folder it was found in."""
        if why := self._trust.program(path):
            return why
        other = self._packages.leads_to(path)
        if other is None:
            return None
        if not is_file(other):
            return f"it needs {shown(other, self._home)}, which is missing"
        return self._trust.program(other)

    def folder_refused(self, folder: str) -> str | None:
        """Why nothing that lies in a folder must be started."""
        return self._trust.folder(folder)

    def may_hold(self, argument: str) -> str | None:
        """Why a file that a command line names must not be used; None where the argument names no file."""
        named = os.path.isabs(argument) and is_file(argument)  # noqa: PTH117  a text
        return self._trust.program(argument) if named else None
