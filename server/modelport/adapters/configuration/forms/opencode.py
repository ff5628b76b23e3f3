"""Reads opencode's settings, ``opencode.json``.

Source: opencode, "Config" and "Providers": ``provider``, its options, and ``{env:NAME}`` references.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelport.adapters.configuration.forms.endpoints import name_of
from modelport.adapters.configuration.forms.translated import Find, Translated
from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_object
from modelport.protocol.types import Dialect

PROGRAM = "opencode"
DIALECTS: Mapping[str, Dialect] = {
    "@ai-sdk/openai-compatible": "openai_chat",
    "@ai-sdk/openai": "openai_responses",
    "@ai-sdk/anthropic": "anthropic_messages",
    "@ai-sdk/google": "gemini",
    "@ai-sdk/amazon-bedrock": "bedrock_converse",
}
"""The packages that opencode calls providers with."""
OPTIONS = ("baseURL", "apiKey", "headers", "timeout")
_VARIABLE = re.compile(r"\{env:(\w+)\}")


def translate(document: dict[str, Any], find: Find) -> Translated:
    """The document as ours."""
    done = Translated()
    providers = document.get("provider")
    for name, settings in providers.items() if is_object(providers) else ():
        if is_object(settings):
            _provider(done, name, settings, find)
    if isinstance(model := document.get("model"), str):
        done.raw["default_model"] = model
        done.written["default_model",] = ("model",)
    for name in document:
        if name not in ("provider", "model", "$schema"):
            done.left_out((name,), f"This part of {PROGRAM} has no counterpart here.")
    return done


def _provider(done: Translated, given: str, settings: dict[str, Any], find: Find) -> None:
    here = ("provider", given)
    row = find(given)
    name = row.id if row is not None else name_of(given)
    found: dict[str, Any] = {}
    if isinstance(settings.get("name"), str):
        found["display_name"] = settings["name"]
    if row is None and (dialect := DIALECTS.get(str(settings.get("npm")))):
        found["dialect"] = dialect
    if is_object(models := settings.get("models")) and models:
        found["models"] = list(models)
    if is_object(options := settings.get("options")):
        _options(done, name, here, options, found)
    done.raw["providers"][name] = found
    done.written["providers", name] = here


def _options(done: Translated, name: str, here: KeyPath, options: dict[str, Any], found: dict[str, Any]) -> None:
    for option, value in options.items():
        place = (*here, "options", option)
        if option == "baseURL" and isinstance(value, str):
            found["base_url"] = value
        elif option == "apiKey" and isinstance(value, str) and (variable := _VARIABLE.fullmatch(value)):
            found["api_key_env"] = variable[1]
        elif option == "apiKey":
            done.key(name, place, value)
        elif option == "headers" and is_object(value):
            found["headers"] = {key: _value(text) for key, text in value.items() if done.header((*place, key), key)}
        elif option == "timeout" and isinstance(value, int | float) and not isinstance(value, bool):
            found["timeout_s"] = value / 1000
        else:
            done.unknown(place, OPTIONS, PROGRAM)


def _value(text: Any) -> Any:
    variable = _VARIABLE.fullmatch(text) if isinstance(text, str) else None
    return {"env": variable[1]} if variable else text
