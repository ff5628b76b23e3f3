"""Keys in aider's ``.aider.conf.yml``.

Source: aider, "YAML config file" and "API keys": ``openai-api-key``, ``anthropic-api-key``, ``api-key`` with entries
``PROVIDER=KEY`` that stand for the variable ``PROVIDER_API_KEY``, and ``set-env`` with entries ``NAME=VALUE``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from modelport.adapters.key_sources.documents import Document, yaml_object
from modelport.domain.key_imports.found import FoundFile, FoundKey
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_list

ENDING = "-api-key"
ADDRESS_ENDING = "-api-base"


def of_aider(document: Document, variables: Collection[str]) -> FoundFile:
    """The keys of the file, each under the variable that aider sets for it."""
    settings = yaml_object(document.text)
    given = [(entry, name, value) for entry, name, value in _settings(settings) if value.strip()]
    addresses = {name: value for _, name, value in given if name.endswith(("_API_BASE", "_BASE_URL"))}
    return FoundFile(
        keys=[
            FoundKey(
                place=document.place(entry, value),
                secret=Secret(value.strip()),
                variable=name,
                addresses=_both_spellings(addresses),
            )
            for entry, name, value in given
            if name in variables
        ]
    )


def _settings(settings: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The settings that stand for a variable: how they are written, the variable, and its value."""
    for name, value in settings.items():
        if name.endswith((ENDING, ADDRESS_ENDING)) and isinstance(value, str):
            yield name, name.replace("-", "_").upper(), value
        elif name in ("api-key", "set-env"):
            for text in value if is_list(value) else (value,):
                entry, equals, given = str(text).partition("=")
                if equals:
                    entry = entry.strip()
                    yield name, f"{entry.upper()}_API_KEY" if name == "api-key" else entry, given


def _both_spellings(addresses: dict[str, str]) -> dict[str, str]:
    """Addresses under both of the names that programs read them from."""
    return {
        spelling: value
        for name, value in addresses.items()
        for spelling in (name, name.replace("_API_BASE", "_BASE_URL"))
    }
