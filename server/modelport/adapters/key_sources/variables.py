"""Keys in files that set variables of the environment: ``.env`` files and start files of shells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from modelport.adapters.key_sources.assignments import Assignment, dotenv, fish, last_values, shell
from modelport.adapters.key_sources.documents import Document
from modelport.domain.key_imports.found import FoundFile, FoundKey, KeptLogIn
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_list, is_object

COMPUTED = "Its value is computed when the file is run, so that it is not known here."
ADDRESS_ENDINGS = ("_URL", "_BASE", "_HOST", "_ENDPOINT")


def of_dotenv(document: Document, variables: Collection[str]) -> FoundFile:
    """The keys of an ``.env`` file."""
    return _found(document, dotenv, variables)


def of_shell(document: Document, variables: Collection[str]) -> FoundFile:
    """The keys of a start file of a POSIX shell."""
    return _found(document, shell, variables)


def of_fish(document: Document, variables: Collection[str]) -> FoundFile:
    """The keys of fish's start file or universal variables."""
    return _found(document, fish, variables)


def of_nested(document: Document, value: Any, variables: Collection[str]) -> list[FoundKey]:
    """The keys in the ``env`` objects of a JSON value, such as those of agents and terminals in editors' settings."""
    found: list[FoundKey] = []
    for path, table in _env_objects(value, ()):
        addresses = _addresses(table)
        for name, text in table.items():
            if name in variables and isinstance(text, str) and text:
                place = document.place(".".join((*path, name)), text)
                found.append(FoundKey(place=place, secret=Secret(text), variable=name, addresses=addresses))
    return found


def _found(document: Document, read: Callable[[str], Iterator[Assignment]], variables: Collection[str]) -> FoundFile:
    assigned = list(read(document.text))
    addresses = _addresses({one.name: one.value for one in assigned})
    keys: list[FoundKey] = []
    computed: list[KeptLogIn] = []
    for one in last_values(iter(assigned), variables):
        place = document.place(one.name, "", line=one.line, is_whole_line=one.is_whole_line)
        if one.value is None:
            computed.append(KeptLogIn(place=place, reason=COMPUTED, variable=one.name))
        elif one.value.strip():
            secret = Secret(one.value.strip())
            keys.append(FoundKey(place=place, secret=secret, variable=one.name, addresses=addresses))
    return FoundFile(keys=keys, log_ins=computed)


def _addresses(values: Mapping[str, Any]) -> dict[str, str]:
    """The values that may be addresses."""
    return {name: text for name, text in values.items() if name.endswith(ADDRESS_ENDINGS) and isinstance(text, str)}


def _env_objects(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every object called ``env`` in a value, which is no deeper than values from outside may be."""
    parts: Any = value.items() if is_object(value) else enumerate(value) if is_list(value) else ()
    for name, part in parts:
        here = (*path, str(name))
        if name == "env" and is_object(part):
            yield here, part
        else:
            yield from _env_objects(part, here)
