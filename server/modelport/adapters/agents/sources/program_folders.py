"""The folders in which the programs of one user are searched, and those that agents are started with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelport.adapters.agents.sources.files.scan import distinct, path_folders
from modelport.adapters.agents.sources.files.trust import Trust
from modelport.adapters.agents.sources.inspection import Inspector
from modelport.adapters.agents.sources.search_path import LOGIN_LABEL, PATH_LABEL, SearchPath, search_path
from modelport.adapters.system.workspace import Workspace


class SearchPaths:
    """Where the programs of one user are searched and started; ``workspace`` is what is open in the editor."""

    def __init__(
        self, variables: Mapping[str, str], home: str, platform: str, workspace: Workspace | None = None
    ) -> None:
        self._variables = variables
        self._home = home
        self._platform = platform
        self._workspace = workspace

    def to_search(self, login_path: str, own_folders: Iterable[str]) -> SearchPath:
        """The folders to search; see ``search_path``."""
        return search_path(self._variables, self._home, login_path, own_folders, self._platform)

    def to_start(self, login_path: str) -> str:
        """The PATH to start agents with: that of this process, and that of the login shell, which may have more.

        Scripts find their interpreters by it, so it names no folder from which nothing would be started.
        """
        trust = Trust(self._home, modes=self._platform != "win32", workspace=self._workspace)
        search_folders = [
            *path_folders(self._variables.get("PATH", ""), PATH_LABEL, self._platform),
            *path_folders(login_path, LOGIN_LABEL, self._platform),
        ]
        kept = (
            folder.path
            for folder in distinct(search_folders)
            if folder.refused is None and trust.folder(folder.path) is None
        )
        return (";" if self._platform == "win32" else ":").join(kept)

    def inspector(self) -> Inspector:
        """What decides for one search whether a program may be started."""
        return Inspector(self._home, self._platform, self._workspace)
