"""Where the files of a source are on this machine, for this user, seen from the working folder."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH100, PTH117, PTH118, PTH120
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from modelport.adapters.key_sources.table import Source

MAX_FOLDERS = 40
"""Folders above the working folder that are looked into."""
_VARIABLE = re.compile(r"\$(\w+)")
HERE = "{here}"


class Located(Struct, frozen=True):
    """A file that may be there; ``here`` when it is one of the working folder's, which may be a stranger's project."""

    source: Source
    path: str
    here: bool


class Machine(Struct, frozen=True, kw_only=True):
    """The folders that placeholders stand for."""

    home: str
    working_folder: str
    variables: Mapping[str, str]
    platform: str

    def located(self, source: Source) -> Iterator[Located]:
        """The paths of a source's files, in their order."""
        for template in source.files:
            for folder in self._here() if HERE in template else ("",):
                path = self._filled(template.replace(HERE, folder))
                if path is not None:
                    yield Located(source, path, HERE in template)

    def shown(self, path: str) -> str:
        """The path with the home folder as ``~``."""
        inside = self.home and path.startswith(self.home.rstrip(os.sep) + os.sep)
        return "~/" + os.path.relpath(path, self.home).replace(os.sep, "/") if inside else path

    def _filled(self, template: str) -> str | None:
        variable = _VARIABLE.match(template)
        if variable is not None:
            value = self.variables.get(variable[1], "")
            return os.path.normpath(value + template[variable.end() :]) if os.path.isabs(value) else None
        text = template.replace("~", self.home, 1) if template.startswith("~/") else template
        for name, folder in self._folders().items():
            text = text.replace(f"{{{name}}}", folder)
        return os.path.normpath(text)

    def _folders(self) -> Mapping[str, str]:
        config = self._folder("XDG_CONFIG_HOME", ".config")
        app = config
        if self.platform == "darwin":
            app = os.path.join(self.home, "Library", "Application Support")
        elif self.platform == "win32":
            app = self._folder("APPDATA", "AppData/Roaming")
        return {"config": config, "data": self._folder("XDG_DATA_HOME", ".local/share"), "app": app}

    def _folder(self, variable: str, usual: str) -> str:
        value = self.variables.get(variable, "")
        return value if os.path.isabs(value) else os.path.join(self.home, usual)

    def _here(self) -> Iterator[str]:
        """The working folder and those above it, up to the home folder; outside of that the working folder alone."""
        folder, home = os.path.abspath(self.working_folder), os.path.abspath(self.home)
        yield folder
        if not folder.startswith(home.rstrip(os.sep) + os.sep):
            return
        for _ in range(MAX_FOLDERS):
            folder = os.path.dirname(folder)
            yield folder
            if folder == home:
                return
