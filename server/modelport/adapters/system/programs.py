"""The programs that the configuration names and the system brings: by which path they are started, and with what."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from modelport.adapters.system.workspace import Workspace
from modelport.domain.child_variables import without_log_ins
from modelport.protocol.secret import SecretValues


class Programs:
    """Finds programs on PATH, but for the workspace. It reads the disk: call it in a worker thread."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        self._workspace = workspace or Workspace()

    def find(self, name: str, folders: Collection[str] = ()) -> str | None:
        """The path of a program by its name on PATH, or by an absolute path, ``~`` filled in; None where there is none.

        ``folders`` are looked in behind those of PATH. A relative path would depend on the working folder, and leads to
        nothing.
        """
        import shutil

        program = os.path.expanduser(name)  # noqa: PTH111  a name, or a path as a person wrote it
        if os.path.isabs(program):  # noqa: PTH117  a text
            return shutil.which(program)
        if os.path.dirname(program):  # noqa: PTH120  likewise
            return None
        # One folder at a time: given a bare name, Windows looks in the working folder first.
        more = self._workspace.usable_path(os.pathsep.join(map(os.path.expanduser, folders)))
        for folder in [*self.search_path().split(os.pathsep), *more.split(os.pathsep)]:
            if folder and (found := shutil.which(os.path.join(folder, program))):  # noqa: PTH118  likewise
                return found
        return None

    def search_path(self) -> str:
        """PATH without the workspace and relative entries, for programs that are started and look for others."""
        return self._workspace.usable_path(os.environ.get("PATH", ""))

    def environment(self, hidden: Collection[str]) -> SecretValues[str]:
        """The variables for a program: those of this process without ``hidden`` ones, in any case, and a safe PATH.

        Proxies are without their passwords.
        """
        names = {name.casefold() for name in hidden}
        variables = without_log_ins(os.environ)
        kept = SecretValues({name: value for name, value in variables.items() if name.casefold() not in names})
        return kept | ({"PATH": self.search_path()} if "PATH" in kept else {})


def home_folder() -> str | None:
    """The folder to start a program in, so that it finds no module of the workspace; None leaves it where it is."""
    home = Path.home()
    return str(home) if home.is_dir() else None


def system_program(name: str, variables: Mapping[str, str]) -> str:
    """A program of Windows by its whole path: by its bare name the working folder would be searched first."""
    root = variables.get("SYSTEMROOT") or r"C:\Windows"
    return rf"{root}\System32\{name}.exe"


def system_environment() -> dict[str, str]:
    """The variables that programs of the system need, which are none with a key."""
    return {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "WINDIR", "TEMP", "TMPDIR") if name in os.environ}
