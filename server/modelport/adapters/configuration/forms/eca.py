"""Reads the providers in ECA's ``config.json``.

Source: ECA, "Models": ``providers`` with ``api``, ``url``, ``key``, ``keyEnv`` and ``models``, and ``${env:NAME}``.
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

PROGRAM = "ECA"
DIALECTS: Mapping[str, Dialect] = {
    "openai-chat": "openai_chat",
    "openai-responses": "openai_responses",
    "anthropic": "anthropic_messages",
}
VERSIONED = ("openai-chat", "openai-responses")
"""The APIs before whose paths ECA puts a version itself, which stands in our base URL."""
KNOWN = ("api", "url", "key", "keyEnv", "keyRc", "models", "completionUrlRelativePath")
_VARIABLE = re.compile(r"\$\{env:(\w+)\}")
_VERSION = re.compile(r"/v\d+\w*/?$")


def is_form(providers: Any) -> bool:
    """Whether a table of providers is ECA's: other programs call these settings otherwise."""
    own = ("key", "keyEnv", "keyRc", "url", "api")
    return is_object(providers) and any(
        is_object(one) and any(name in one for name in own) for one in providers.values()
    )


def translate(document: dict[str, Any], find: Find) -> Translated:
    """The document as ours; everything but the providers is about the assistant."""
    done = Translated()
    providers = document.get("providers")
    for given, settings in providers.items() if is_object(providers) else ():
        row = find(given)
        name = row.id if row is not None else name_of(given)
        if not name or not is_object(settings):
            done.left_out(("providers", given), "This is no provider.")
            continue
        _provider(done, ("providers", given), name, settings)
    return done


def _provider(done: Translated, here: KeyPath, name: str, settings: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    api = str(settings.get("api"))
    if api in DIALECTS:
        found["dialect"] = DIALECTS[api]
    if isinstance(path := settings.get("completionUrlRelativePath"), str) and path:
        found["chat_path"] = path
    _address(done, here, settings, found, versioned=api in VERSIONED and "chat_path" not in found)
    if is_object(models := settings.get("models")) and models:
        found["models"] = list(dict.fromkeys(_model(model, more) for model, more in models.items()))
    if isinstance(variable := settings.get("keyEnv"), str) and variable:
        found["api_key_env"] = variable
    if (key := settings.get("key")) is not None:
        if isinstance(key, str) and (named := _VARIABLE.fullmatch(key.strip())):
            found.setdefault("api_key_env", named[1])
        elif isinstance(key, str) and "{" in key:
            done.left_out((*here, "key"), "This key is in another file: keep it with modelport keys set.")
        else:
            done.key(name, (*here, "key"), key)
    for setting in settings:
        if setting not in KNOWN:
            done.unknown((*here, setting), KNOWN, PROGRAM)
    done.raw["providers"].setdefault(name, found)
    done.written.setdefault(("providers", name), here)


def _address(
    done: Translated, here: KeyPath, settings: Mapping[str, Any], found: dict[str, Any], *, versioned: bool
) -> None:
    address = settings.get("url")
    if not isinstance(address, str) or not address:
        return
    if "{" in address:
        done.left_out((*here, "url"), "This address is in a variable: write it into config.toml.")
        return
    bare = address.rstrip("/")
    found["base_url"] = f"{bare}/v1" if versioned and not _VERSION.search(bare) else address


def _model(name: str, settings: Any) -> str:
    other = settings.get("modelName") if is_object(settings) else None
    return other if isinstance(other, str) and other else name
