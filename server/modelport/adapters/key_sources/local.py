"""Searches this machine for files that hold keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import PurePath

import msgspec

from modelport.adapters.configuration.forms.translated import Find
from modelport.adapters.key_sources.documents import Document, Reader, Unreadable, file_text
from modelport.adapters.key_sources.places import Located, Machine
from modelport.adapters.key_sources.readers import readers
from modelport.adapters.key_sources.table import Form, Source, load_sources
from modelport.domain.errors import InvalidParams
from modelport.domain.key_imports.found import FoundFile, FoundFiles

VARIABLES = tuple(
    Source(program="file", form=form, files=(), source="", checked="") for form in ("env", "shell", "fish")
)
"""What a file may be that has no known name."""
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
        return FoundFiles(files=tuple(file for file in files if not file.is_empty), problems=tuple(problems))

    def read(self, path: str, variables: Collection[str]) -> FoundFiles:
        """What one file holds, in the form that its name says; any other is read as variables, or as settings.

        Raises:
            InvalidParams: it cannot be read, or is in no form that is known here.
        """
        machine, reading = self._machine(), readers(self._find)
        shown = machine.shown(path)
        try:
            text = file_text(path, others=True)
        except Unreadable as error:
            raise InvalidParams(f"{shown} {error}.", field="from") from error
        if text is None:
            raise InvalidParams(f"There is no file {shown}.", field="from")
        problem: str | None = None
        for sources in _likely(PurePath(path).name):
            found: list[FoundFile] = []
            for source in sources:
                try:
                    found.append(reading[source.form](Document(source=source, path=shown, text=text), variables))
                except Unreadable as error:
                    problem = problem or f"{shown} {error}."
            # Several programs call their file so, and the one that it is of finds most in it.
            best = max(found, key=lambda file: file.size, default=FoundFile())
            if not best.is_empty:
                return FoundFiles(files=(best,))
        if problem is not None:
            raise InvalidParams(problem, field="from")
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


def _likely(name: str) -> Iterator[Sequence[Source]]:
    """The sources whose files have this name, then those that it may be of by its ending."""
    rows = load_sources()
    yield [row for row in rows if any(PurePath(file).name == name for file in row.files)]
    suffix = PurePath(name).suffix
    if suffix in DATA_SUFFIXES:
        yield [row for row in rows if any(PurePath(file).suffix == suffix for file in row.files)]
    else:
        yield VARIABLES


def _is_there(path: str) -> bool:
    return os.path.lexists(path)
