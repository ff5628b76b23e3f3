"""Finds and reads the configuration file: ``config.toml``, else one of the forms of other programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from modelport.adapters.configuration.checking import check
from modelport.adapters.configuration.documents import Unparsable, parsed
from modelport.adapters.system.user_path import user_path
from modelport.domain.local.model_files import mounted
from modelport.domain.providers.configuration import (
    Configuration,
    Document,
    FileRead,
    Finding,
    KeyPath,
    Problem,
)

if TYPE_CHECKING:
    from modelport.adapters.configuration.forms.translated import Translated

Locate = Callable[[Finding], Problem]
NAMES = ("config.toml", "config.json", "skynet.toml")


def config_folder(variables: Mapping[str, str]) -> Path:
    """``MODELPORT_CONFIG_DIR``, else the platform's folder for configuration."""
    if chosen := variables.get("MODELPORT_CONFIG_DIR"):
        return user_path(chosen)
    from platformdirs import user_config_path

    return user_config_path("modelport", appauthor=False)


class LocalConfigurationFile:
    """The file in a folder of this machine. Both methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stamp(self) -> object:
        """The metadata of the files that count; it changes when one of them does."""
        return tuple(_stamp(self._folder / name) for name in NAMES)

    def read(self) -> FileRead:
        """The configuration in the file now, with everything that is wrong with it."""
        path = next((path for name in NAMES if (path := self._folder / name).exists()), None)
        if path is None:
            return FileRead(path=str(self._folder / NAMES[0]), exists=False, configuration=Configuration())
        try:
            raw, lines = parsed(path)
        except Unparsable as wrong:
            return _broken(path, Finding((), wrong.message), wrong.line)
        return _read(path, raw, lines)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _broken(path: Path, finding: Finding, line: int | None) -> FileRead:
    return FileRead(path=str(path), exists=True, configuration=None, problems=(finding.problem(line),))


def _read(path: Path, raw: Any, lines: Callable[[], Mapping[KeyPath, int]]) -> FileRead:
    """The file with its content in our own form, whatever form it has."""
    done = _translated(path.name, raw)

    def locate(finding: Finding) -> Problem:
        written = msgspec.structs.replace(finding, key_path=_written(done.written, finding.key_path))
        return written.problem(_line(lines(), written.key_path))

    return _checked(path, done, locate)


def _translated(name: str, raw: Any) -> Translated:
    """The content in our own form. The forms of other programs are loaded only where there is a file of theirs."""
    from modelport.adapters.configuration.forms.translated import Translated

    match name:
        case "config.json":
            from modelport.adapters.configuration.forms.ai_router import translate
        case "skynet.toml":
            from modelport.adapters.configuration.forms.skynet import translate
        case _:
            return Translated(raw)
    return translate(raw)


def _written(names: Mapping[KeyPath, KeyPath], place: KeyPath) -> KeyPath:
    for length in range(len(place), 0, -1):
        if place[:length] in names:
            return names[place[:length]] + place[length:]
    return place


def _line(lines: Mapping[KeyPath, int], place: KeyPath) -> int | None:
    """The line of a key, or of the nearest table around it."""
    return next((lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), None)


def _checked(path: Path, done: Translated, locate: Locate) -> FileRead:
    raw = done.raw
    findings = [*done.findings, *check(raw)]
    broken = any(finding.level == "error" for finding in findings)
    configuration = None
    if not broken:
        document = msgspec.convert(raw, Document)
        findings += _missing_files(path, document)
        tables = raw.get("providers", {}).items()
        wire = {name: table["wire"] for name, table in tables if "wire" in table}
        configuration = Configuration(
            document=_at_home(document, path.parent), wire=wire, keys=done.keys, file_name=path.name
        )
    return FileRead(
        path=str(path),
        exists=True,
        configuration=configuration,
        problems=tuple(locate(finding) for finding in findings),
        locate=locate,
    )


def _ca_file(folder: Path, name: str) -> Path:
    return folder / user_path(name)


def _is_readable(path: Path) -> bool:
    try:
        return os.access(path, os.R_OK)
    except ValueError:
        # It holds a character that no path has.
        return False


def _missing_files(path: Path, document: Document) -> list[Finding]:
    entry = document.local_models
    absent = entry is not None and not os.path.isdir(_model_folder(path.parent, entry.folder))  # noqa: PTH112  no error
    found = [Finding(("local_models", "folder"), "There is no such folder.", "warning")] if absent else []
    return found + [
        Finding(("providers", name, "ca_file"), "There is no such file that could be read.", "warning")
        for name, entry in document.providers.items()
        if entry.ca_file is not None and not _is_readable(_ca_file(path.parent, entry.ca_file))
    ]


def _at_home(document: Document, folder: Path) -> Document:
    """The document with absolute paths."""
    entries = {
        name: msgspec.structs.replace(entry, ca_file=str(_ca_file(folder, entry.ca_file))) if entry.ca_file else entry
        for name, entry in document.providers.items()
    }
    local = document.local_models
    if local is not None:
        local = msgspec.structs.replace(local, folder=str(_model_folder(folder, local.folder)))
    return msgspec.structs.replace(document, providers=entries, local_models=local)


def _model_folder(folder: Path, name: str, platform: str = sys.platform) -> Path:
    """The folder of models, as this system has it: a drive of Windows is below ``/mnt`` in WSL."""
    return folder / user_path(name if platform == "win32" else mounted(name))
