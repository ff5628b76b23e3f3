"""Searches this machine for files that hold keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePath

import msgspec

from modelport.adapters.configuration.forms.translated import Find
from modelport.adapters.key_sources.documents import Document, Reader, Unreadable, file_text
from modelport.adapters.key_sources.places import Located, Machine
from modelport.adapters.key_sources.readers import readers
from modelport.adapters.key_sources.table import Form, Source, load_sources
from modelport.domain.errors import InvalidParams
from modelport.domain.key_imports.found import FoundFile, FoundFiles

PLAIN = Source(program="file", form="env", files=(), source="", checked="")
START_FILE = Source(program="file", form="shell", files=(), source="", checked="")
"""What a file is taken for that has no known name: the two differ in what a line may hold besides."""
DATA_SUFFIXES = (".json", ".jsonc", ".toml", ".yaml", ".yml")


class LocalKeySources:
    """The files of other programs; ``find`` finds a shipped provider by a name. Both methods block."""

    def __init__(self, machine: Callable[[], Machine], find: Find) -> None:
        self._machine = machine
        self._find = find

    def search(self, variables: Collection[str]) -> FoundFiles:
        """What the known files hold, each file once."""
        machine, reading = self._machine(), readers(self._find)
        files: list[FoundFile] = []
        problems: list[str] = []
        seen: set[tuple[str, Form]] = set()
        for located in (one for source in load_sources() for one in machine.located(source)):
            real = os.path.realpath(located.path)
            if (real, located.source.form) in seen or not _is_there(located.path):
                continue
            seen.add((real, located.source.form))
            try:
                files += _read(located, machine, reading, variables)
            except Unreadable as error:
                problems.append(f"{machine.shown(located.path)} {error}.")
        return FoundFiles(files=[file for file in files if not file.is_empty], problems=problems)

    def read(self, path: str, variables: Collection[str]) -> FoundFiles:
        """What one file holds, in the form that its name says; any other is read as variables, or as settings.

        Raises:
            InvalidParams: it cannot be read, or is in no form that is known here.
        """
        machine, reading = self._machine(), readers(self._find)
        name = PurePath(path).name
        problem = (
            "is in no form that is known here: name an .env file, a start file of a shell, or a program's settings"
        )
        for source in _likely(name):
            try:
                text = file_text(path, others=True)
                if text is None:
                    raise InvalidParams(f"There is no file {machine.shown(path)}.", field="from")
                file = reading[source.form](Document(source=source, path=machine.shown(path), text=text), variables)
            except Unreadable as error:
                problem = str(error)
                continue
            if not file.is_empty:
                return FoundFiles(files=[file])
            problem = ""
        if problem:
            raise InvalidParams(f"{machine.shown(path)} {problem}.", field="from")
        return FoundFiles(files=())


def _read(
    located: Located, machine: Machine, reading: Mapping[Form, Reader], variables: Collection[str]
) -> Iterator[FoundFile]:
    text = file_text(located.path)
    if text is None:
        return
    path = machine.shown(located.path)
    file = reading[located.source.form](Document(source=located.source, path=path, text=text), variables)
    # A project may come from a stranger, whose addresses would take the place of the user's.
    yield msgspec.structs.replace(file, providers=None) if located.here else file


def _likely(name: str) -> Iterator[Source]:
    """The sources whose files have this name, then those that it may be by its ending."""
    rows = load_sources()
    known = [row for row in rows if any(PurePath(file).name == name for file in row.files)]
    yield from known
    suffix = PurePath(name).suffix
    if suffix in DATA_SUFFIXES:
        forms = {row.form for row in known}
        others = {row.form: row for row in rows if row.form not in forms and _has_suffix(row, suffix)}
        yield from others.values()
    elif not known:
        yield from (PLAIN, START_FILE, msgspec.structs.replace(START_FILE, form="fish"))


def _has_suffix(row: Source, suffix: str) -> bool:
    return any(PurePath(file).suffix == suffix for file in row.files)


def _is_there(path: str) -> bool:
    return os.path.lexists(path)
