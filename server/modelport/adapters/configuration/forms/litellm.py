"""Reads LiteLLM's proxy configuration, ``config.yaml``.

Source: LiteLLM, "Proxy config.yaml": ``model_list``, ``litellm_params``, ``os.environ/`` references and fallbacks.
"""

from __future__ import annotations

from typing import Any

from modelport.adapters.configuration.forms.endpoints import Endpoints
from modelport.adapters.configuration.forms.litellm_fallbacks import Groups, add_chains
from modelport.adapters.configuration.forms.translated import Find, Translated
from modelport.domain.providers.configuration import KeyPath
from modelport.protocol.shapes import is_list, is_object

PROGRAM = "LiteLLM"
DEFAULT_PROVIDER = "openai"
ENVIRONMENT = "os.environ/"
SETTINGS = ("litellm_settings", "router_settings")
LIST, PARAMETERS = "model_list", "litellm_params"
KNOWN = ("model", "api_base", "base_url", "api_key", "organization", "timeout", "extra_headers")


def translate(document: dict[str, Any], find: Find) -> Translated:
    """The document as ours: a provider for each address, with its models."""
    done = Translated()
    endpoints = Endpoints(done, find)
    groups: Groups = {}
    entries = document.get(LIST)
    for position, entry in enumerate(entries if is_list(entries) else ()):
        parameters: Any = entry.get(PARAMETERS) if is_object(entry) else None
        here = (LIST, str(position))
        if is_object(parameters) and isinstance(parameters.get("model"), str):
            title = str(entry.get("model_name") or "")
            groups.setdefault(title, []).append(_entry(done, endpoints, here, title, parameters))
        else:
            done.left_out(here, f"This entry has no {PARAMETERS} with a model.")
    for name, part in document.items():
        if name in SETTINGS and is_object(part):
            add_chains(done, (name,), part, groups, PROGRAM)
        elif name != LIST:
            done.left_out((name,), f"This part of {PROGRAM} has no counterpart here.")
    return done


def _entry(done: Translated, endpoints: Endpoints, here: KeyPath, title: str, parameters: dict[str, Any]) -> str:
    """Adds the provider of an entry; returns the model as PROVIDER/MODEL."""
    prefix, slash, model = str(parameters["model"]).partition("/")
    provider = prefix if slash else DEFAULT_PROVIDER
    address = parameters.get("api_base") or parameters.get("base_url")
    name = endpoints.add(here, provider, model if slash else prefix, _text(address), title)
    key = parameters.get("api_key")
    if isinstance(key, str) and key.startswith(ENVIRONMENT):
        endpoints.set(name, "api_key_env", key.removeprefix(ENVIRONMENT))
    elif key is not None:
        done.key(name, (*here, "api_key"), key)
    if isinstance(parameters.get("organization"), str):
        endpoints.set(name, "organization", parameters["organization"])
    if isinstance(parameters.get("timeout"), int | float):
        endpoints.set(name, "timeout_s", parameters["timeout"])
    headers = parameters.get("extra_headers")
    if is_object(headers):
        kept = {header: value for header, value in headers.items() if done.header((*here, header), header)}
        endpoints.set(name, "headers", kept)
    for setting in parameters:
        if setting not in KNOWN:
            done.unknown((*here, setting), KNOWN, PROGRAM)
    if title and title != model:
        done.left_out((*here, "model_name"), f"The name {title} is not taken over: ask for {name}/{model or prefix}.")
    return f"{name}/{model if slash else prefix}"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and not value.startswith(ENVIRONMENT) else None
