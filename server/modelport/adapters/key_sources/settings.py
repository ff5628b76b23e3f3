"""Keys and providers in the settings of programs, in the forms that ``modelport config import`` reads as well."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from modelport.adapters.configuration.forms.table import FORMS, Form
from modelport.adapters.configuration.forms.translated import Find, Translated
from modelport.adapters.key_sources.documents import Document, Reader, json_object, toml_object, yaml_object
from modelport.adapters.key_sources.variables import of_nested
from modelport.domain.key_imports.found import FoundFile, FoundKey, FoundProviders
from modelport.protocol.shapes import is_object


def settings_reader(form: Form, find: Find) -> Reader:
    """The reader of a program's settings; ``find`` finds a shipped provider by a name."""

    def read(document: Document, variables: Collection[str]) -> FoundFile:
        value = _parser(document.path)(document.text)
        return _found(document, value, FORMS[form](value, find), variables)

    return read


def _parser(path: str) -> Callable[[str], dict[str, Any]]:
    if path.endswith((".yaml", ".yml")):
        return yaml_object
    return toml_object if path.endswith(".toml") else json_object


def _found(document: Document, value: Any, done: Translated, variables: Collection[str]) -> FoundFile:
    keys = [
        FoundKey(place=document.place(_entry(done, name), secret.reveal()), secret=secret, provider=name)
        for name, secret in done.keys.items()
    ]
    tables = {name: table for name, table in done.raw["providers"].items() if is_object(table)}
    return FoundFile(
        keys=[*keys, *of_nested(document, value, variables)],
        providers=FoundProviders(program=document.source.program, path=document.path, tables=tables),
    )


def _entry(done: Translated, provider: str) -> str:
    """What to call a provider's key in the words of its file."""
    return ".".join(done.written.get(("providers", provider), (provider,)))
