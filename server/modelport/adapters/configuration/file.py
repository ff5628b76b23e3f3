"""Finds and reads the configuration file: ``config.toml``, else ``config.json`` in the AI router's form."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from modelport.adapters.configuration import key_lines
from modelport.adapters.configuration.checking import check
from modelport.adapters.configuration.router_form import KNOWN, translate
from modelport.domain.local.model_files import mounted
from modelport.domain.providers.configuration import (
    Configuration,
    Document,
    FileRead,
    Finding,
    KeyPath,
    Problem,
    did_you_mean,
)
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_object

MAX_FILE_BYTES = 1024 * 1024
Locate = Callable[[Finding], Problem]
NAMES = ("config.toml", "config.json")


def config_folder(variables: Mapping[str, str]) -> Path:
    """``MODELPORT_CONFIG_DIR``, else the platform's folder for configuration."""
    if chosen := variables.get("MODELPORT_CONFIG_DIR"):
        return Path(chosen).expanduser()
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
            text = _text(path)
        except (OSError, UnicodeDecodeError, OverflowError) as error:
            return _broken(path, Finding((), _unreadable(error)), None)
        return _read_toml(path, text) if path.suffix == ".toml" else _read_json(path, text)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise OverflowError
    # tomllib wants plain line ends, and neither format a byte order mark.
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def _unreadable(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "The file is not text in UTF-8."
    if isinstance(error, OverflowError):
        return f"The file has more than {MAX_FILE_BYTES} bytes."
    reason = error.strerror if isinstance(error, OSError) else None
    return f"The file cannot be read ({reason or type(error).__name__})."


def _broken(path: Path, finding: Finding, line: int | None) -> FileRead:
    return FileRead(path=str(path), exists=True, configuration=None, problems=(finding.problem(line),))


def _read_toml(path: Path, text: str) -> FileRead:
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        what, _, where = str(error).rpartition(" (at ")
        line = re.match(r"line (\d+)", where)
        last = text.rstrip("\n").count("\n") + 1
        # The messages of tomllib name characters and keys, never a value.
        return _broken(path, Finding((), f"This is not valid TOML: {what}."), int(line[1]) if line else last)
    return _checked(
        path, raw, {}, [], lambda finding: finding.problem(_line(key_lines.toml_lines(text), finding.key_path))
    )


def _read_json(path: Path, text: str) -> FileRead:
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        return _broken(path, Finding((), f"This is not valid JSON: {error.msg}."), error.lineno)
    except RecursionError:
        return _broken(path, Finding((), "This JSON is nested too deeply."), None)
    done = translate(raw)
    unknown = [
        Finding((provider, name), f"There is no such setting{did_you_mean(name, KNOWN)}.")
        for provider, settings in (raw.items() if is_object(raw) else ())
        for name in (settings if is_object(settings) else ())
        if name not in KNOWN
    ]

    def locate(finding: Finding) -> Problem:
        written = msgspec.structs.replace(finding, key_path=_written(done.written, finding.key_path))
        return written.problem(_line(key_lines.json_lines(text), written.key_path))

    if unknown:
        return _checked(path, {}, {}, unknown, locate)
    return _checked(path, done.raw, done.keys, done.findings, locate)


def _written(names: Mapping[KeyPath, KeyPath], place: KeyPath) -> KeyPath:
    for length in range(len(place), 0, -1):
        if place[:length] in names:
            return names[place[:length]] + place[length:]
    return place


def _line(lines: Mapping[KeyPath, int], place: KeyPath) -> int | None:
    """The line of a key, or of the nearest table around it."""
    return next((lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), None)


def _checked(path: Path, raw: Any, keys: dict[str, Secret], found: list[Finding], locate: Locate) -> FileRead:
    findings = [*found, *check(raw)]
    broken = any(finding.level == "error" for finding in findings)
    configuration = None
    if not broken:
        document = msgspec.convert(raw, Document)
        findings += _missing_files(path, document)
        tables = raw.get("providers", {}).items()
        wire = {name: table["wire"] for name, table in tables if "wire" in table}
        configuration = Configuration(document=_at_home(document, path.parent), wire=wire, keys=keys)
    return FileRead(
        path=str(path),
        exists=True,
        configuration=configuration,
        problems=tuple(locate(finding) for finding in findings),
        locate=locate,
    )


def _ca_file(folder: Path, name: str) -> Path:
    return folder / Path(name).expanduser()


def _missing_files(path: Path, document: Document) -> list[Finding]:
    entry = document.local_models
    absent = entry is not None and not os.path.isdir(_model_folder(path.parent, entry.folder))  # noqa: PTH112  no error
    found = [Finding(("local_models", "folder"), "There is no such folder.", "warning")] if absent else []
    return found + [
        Finding(("providers", name, "ca_file"), "There is no such file that could be read.", "warning")
        for name, entry in document.providers.items()
        if entry.ca_file is not None and not os.access(_ca_file(path.parent, entry.ca_file), os.R_OK)
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
    return folder / os.path.expanduser(name if platform == "win32" else mounted(name))  # noqa: PTH111  no error
