"""Reads Continue's settings: ``config.yaml``, and ``config.json`` as it was before.

Source: Continue, "config.yaml reference" and "config.json reference": models, their roles and request options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from modelport.adapters.configuration.forms.endpoints import Endpoints
from modelport.adapters.configuration.forms.translated import Find, Translated
from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_list, is_object

PROGRAM = "Continue"
SINGLE = ("tabAutocompleteModel", "embeddingsProvider", "reranker")
"""Models that the older form has outside of its list."""
KNOWN = ("name", "title", "provider", "model", "apiKey", "apiBase", "roles", "requestOptions")
SAME = {"timeout": "timeout_s", "verifySsl": "verify_tls", "caBundlePath": "ca_file", "proxy": "proxy"}
"""Continue's request options for settings of ours; its time is in milliseconds."""
CHAT = ("chat", "agent")
_SECRET = re.compile(r"\$\{\{\s*secrets\.(\w+)\s*\}\}")


def translate(document: dict[str, Any], find: Find) -> Translated:
    """The document as ours: a provider for each address, with its models."""
    done = Translated()
    endpoints = Endpoints(done, find)
    for here, entry in _entries(document):
        if isinstance(entry.get("provider"), str) and isinstance(entry.get("model"), str):
            _entry(done, endpoints, here, entry)
        else:
            done.left_out(here, "This entry names no provider and model.")
    for name in document:
        if name not in ("models", "name", "version", "schema", *SINGLE):
            done.left_out((name,), f"This part of {PROGRAM} has no counterpart here.")
    return done


def _entries(document: dict[str, Any]) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    models = document.get("models")
    for position, entry in enumerate(models if is_list(models) else ()):
        if is_object(entry):
            yield ("models", str(position)), entry
    for name in SINGLE:
        if is_object(entry := document.get(name)):
            yield (name,), entry


def _entry(done: Translated, endpoints: Endpoints, here: KeyPath, entry: dict[str, Any]) -> None:
    title = str(entry.get("name") or entry.get("title") or entry["provider"])
    address = entry.get("apiBase")
    name = endpoints.add(here, entry["provider"], entry["model"], address if isinstance(address, str) else None, title)
    key = entry.get("apiKey")
    if isinstance(key, str) and (secret := _SECRET.fullmatch(key.strip())):
        endpoints.set(name, "api_key_env", secret[1])
    elif key:
        done.key(name, (*here, "apiKey"), key)
    options = entry.get("requestOptions")
    for option, value in options.items() if is_object(options) else ():
        _option(done, endpoints, name, (*here, "requestOptions", option), value)
    for setting in entry:
        if setting not in KNOWN:
            done.unknown((*here, setting), KNOWN, PROGRAM)
    roles = entry.get("roles")
    chats = here[0] not in SINGLE and (not is_list(roles) or any(role in CHAT for role in roles))
    if chats and "default_model" not in done.raw:
        done.raw["default_model"] = f"{name}/{entry['model']}"


def _option(done: Translated, endpoints: Endpoints, name: str, here: KeyPath, value: Any) -> None:
    option = here[-1]
    if option == "headers" and is_object(value):
        headers = {header: text for header, text in value.items() if done.header((*here, header), header)}
        endpoints.set(name, "headers", headers)
    elif option == "timeout" and isinstance(value, int | float):
        endpoints.set(name, "timeout_s", value / 1000)
    elif option in SAME:
        endpoints.set(name, SAME[option], value)
    else:
        done.unknown(here, ("headers", *SAME), PROGRAM)
