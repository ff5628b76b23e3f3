"""Reads SmartopolAI's configuration document, ``skynet.toml``.

Source: SmartopolAI's provider documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelport.adapters.configuration.forms.translated import Translated
from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_list, is_object

PROGRAM = "SmartopolAI"
COMPATIBLE = "openai_compat"
KEY = "api_key"
SAME = {
    "base_url": "base_url",
    "chat_path": "chat_path",
    "model": "default_model",
    "token_path": "token_path",
    "credentials_path": "credentials_path",
    "region": "region",
    "profile": "profile",
    "key_file": "key_file",
    "project_id": "project_id",
    "location": "location",
}
"""SmartopolAI's names for settings of ours."""
SLOTS = ("anthropic", "openai", COMPATIBLE, "copilot", "qwen_oauth", "bedrock", "vertex", "ollama")
"""The order in which SmartopolAI takes providers, which a model of the agent goes to."""
DEFAULT_CHAT_PATH = "/v1/chat/completions"
VERSION = "/v1"


def translate(document: Any) -> Translated:
    """The document as ours. Sections about anything but models are left out."""
    done = Translated()
    providers = document.get("providers")
    for section in document:
        if section not in ("agent", "providers"):
            done.left_out((section,), f"This part of {PROGRAM} has no counterpart here.")
    if is_object(providers):
        for name in sorted(providers, key=lambda name: SLOTS.index(name) if name in SLOTS else len(SLOTS)):
            _provider(done, name, providers[name])
    agent = document.get("agent")
    if is_object(agent):
        _agent(done, agent)
    model = agent.get("model") if is_object(agent) else None
    _slots(done, model if isinstance(model, str) else None)
    return done


def _agent(done: Translated, agent: dict[str, Any]) -> None:
    for name in agent:
        if name != "model":
            done.left_out(("agent", name), f"This part of {PROGRAM} has no counterpart here.")
    model = agent.get("model")
    if isinstance(model, str):
        first = next(iter(done.raw["providers"]), None)
        done.raw["default_model"] = f"{first}/{model}" if first else model
        done.written["default_model",] = ("agent", "model")


def _slots(done: Translated, model: str | None) -> None:
    """Makes a chain of several providers, in whose order they are tried there.

    It is not written as a chain there, so a refused key ends a request: its prompt goes to no other company. A provider
    without a model of its own gets the agent's, unless it may be one with a usual model.
    """
    providers: dict[str, dict[str, Any]] = done.raw["providers"]
    if len(providers) > 1:
        first, *others = (_slot(name, settings, model) for name, settings in providers.items())
        done.raw["chains"] = {"default": [done.raw.get("default_model", first), *others]}
        done.raw["failover"] = {"on_auth": "stop"}


def _slot(name: str, settings: Mapping[str, Any], model: str | None) -> str:
    is_own = "base_url" in settings and name not in SLOTS
    return f"{name}/{model}" if is_own and model and "default_model" not in settings else name


def _provider(done: Translated, name: str, settings: Any) -> None:
    here = ("providers", name)
    if name == COMPATIBLE:
        if not is_list(settings):
            done.wrong(here, "The value must be a list of tables.")
            return
        for entry in settings:
            if is_object(entry) and isinstance(entry.get("id"), str):
                own = {key: value for key, value in entry.items() if key != "id"}
                _settings(done, entry["id"], here, own, compatible=True)
            else:
                done.wrong(here, "Each provider must be a table with an id.")
    elif is_object(settings):
        _settings(done, name, here, settings)
    else:
        done.wrong(here, "The value must be a table.")


def _settings(
    done: Translated, provider: str, here: KeyPath, settings: dict[str, Any], *, compatible: bool = False
) -> None:
    if provider in done.raw["providers"]:
        done.left_out(here, f"Another table is about {provider} already, so this one is left out.")
        return
    found: dict[str, Any] = {}
    done.written["providers", provider] = here
    for name, value in settings.items():
        if name == KEY:
            done.key(provider, (*here, name), value)
        elif name in SAME:
            found[SAME[name]] = value
            done.written["providers", provider, SAME[name]] = (*here, name)
        else:
            done.unknown((*here, name), (*SAME, KEY), PROGRAM)
    if compatible:
        _versioned(found)
    done.raw["providers"][provider] = found


def _versioned(found: dict[str, Any]) -> None:
    """Puts the version into the base URL, which also lists the models; there it stands in the path of a completion."""
    address = found.get("base_url")
    if isinstance(address, str) and found.get("chat_path", DEFAULT_CHAT_PATH) == DEFAULT_CHAT_PATH:
        found.pop("chat_path", None)
        bare = address.rstrip("/")
        found["base_url"] = bare if bare.endswith(VERSION) else bare + VERSION
