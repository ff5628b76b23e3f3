"""Reads the providers in Zed's ``settings.json``. It holds no keys of them: Zed keeps those in the system's keyring.

Source: Zed, "LLM Providers": ``language_models``, and ``openai_compatible`` in it.
"""

from __future__ import annotations

from typing import Any

from modelport.adapters.configuration.forms.endpoints import name_of
from modelport.adapters.configuration.forms.translated import Find, Translated
from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_list, is_object

PROGRAM = "Zed"
PART = "language_models"
COMPATIBLE = "openai_compatible"
ADDRESS, MODELS = "api_url", "available_models"


def translate(document: dict[str, Any], find: Find) -> Translated:
    """The document as ours; everything but the providers is about the editor."""
    done = Translated()
    providers = document.get(PART)
    for name, settings in providers.items() if is_object(providers) else ():
        if name == COMPATIBLE:
            for title, own in settings.items() if is_object(settings) else ():
                _provider(done, (PART, name, title), name_of(title), own)
        else:
            row = find(name) or find(name.replace("_", ""))
            _provider(done, (PART, name), row.id if row is not None else name_of(name), settings)
    return done


def _provider(done: Translated, here: KeyPath, name: str, settings: Any) -> None:
    if not name or not is_object(settings):
        done.left_out(here, "This is no provider.")
        return
    found: dict[str, Any] = {}
    if isinstance(address := settings.get(ADDRESS), str) and address:
        found["base_url"] = address
    models = settings.get(MODELS)
    names = [model.get("name") for model in models if is_object(model)] if is_list(models) else []
    if texts := [name for name in names if isinstance(name, str) and name]:
        found["models"] = texts
    if found:
        done.raw["providers"].setdefault(name, found)
        done.written.setdefault(("providers", name), here)
