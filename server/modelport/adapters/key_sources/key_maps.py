"""Keys in files that are maps from a provider to its key: those of llm and of opencode's log-ins.

Source: llm, "API key management", ``keys.json``; opencode, "Providers", ``auth.json`` with entries of type ``api``,
``oauth`` and ``wellknown``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from modelport.adapters.key_sources.documents import Document, json_object
from modelport.domain.key_imports.found import FoundFile, FoundKey, KeptLogIn
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_object

COMMENT = "//"
"""How the names of llm's notes begin."""


def of_llm(document: Document, _variables: Collection[str]) -> FoundFile:
    """The keys of llm."""
    return FoundFile(
        keys=[
            FoundKey(place=document.place(name, value), secret=Secret(value.strip()), provider=name)
            for name, value in json_object(document.text).items()
            if isinstance(value, str) and value.strip() and not name.startswith(COMMENT)
        ]
    )


def of_opencode(document: Document, _variables: Collection[str]) -> FoundFile:
    """The keys of opencode; its log-ins stay its own."""
    keys: list[FoundKey] = []
    log_ins: list[KeptLogIn] = []
    for name, entry in json_object(document.text).items():
        match entry:
            case {"type": "api", "key": str(key)} if key.strip():
                place = document.place(f"{name}.key", key)
                keys.append(FoundKey(place=place, secret=Secret(key.strip()), provider=name))
            case {"type": "oauth" | "wellknown"}:
                log_ins.append(own_log_in(document, name, name))
            case _:
                pass
    return FoundFile(keys=keys, log_ins=log_ins)


def own_log_in(document: Document, entry: str, provider: str | None) -> KeptLogIn:
    """A log-in that its program renews: a copy of it would end the one or the other."""
    program = document.source.program
    return KeptLogIn(
        place=document.place(entry, f'"{entry}"'),
        reason=f"This is a log-in that {program} renews, and a copy would end one of the two: "
        f"modelport login {provider or 'PROVIDER'} makes one of your own.",
        provider=provider,
    )


def of_log_in(document: Document, _variables: Collection[str]) -> FoundFile:
    """The log-in of a program whose file holds nothing else."""
    value = json_object(document.text)
    token = next((name for name in ("refresh_token", "access_token") if _is_text(value.get(name))), None)
    return FoundFile(log_ins=[own_log_in(document, token, document.source.provider)] if token else [])


def of_codex(document: Document, variables: Collection[str]) -> FoundFile:
    """Codex's key, where it was given one; its log-in to ChatGPT stays its own."""
    value = json_object(document.text)
    keys = [
        FoundKey(place=document.place(name, text), secret=Secret(text.strip()), variable=name)
        for name, text in value.items()
        if name in variables and _is_text(text)
    ]
    tokens = value.get("tokens")
    has_log_in = is_object(tokens) and _is_text(tokens.get("refresh_token"))
    return FoundFile(
        keys=[] if has_log_in else keys,
        log_ins=[own_log_in(document, "tokens", document.source.provider)] if has_log_in else [],
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
