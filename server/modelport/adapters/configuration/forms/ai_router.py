"""Reads the AI router's configuration document: an object of providers, each with the keys of that program.

Source: the AI router's provider documentation, ``providers.json``.
"""

from __future__ import annotations

from typing import Any

from modelport.adapters.configuration.forms.translated import Translated
from modelport.domain.providers.configuration import SERVER_COMMAND, KeyPath
from modelport.protocol.shapes import is_object

SAME = {
    "base_url": "base_url",
    "organization": "organization",
    "timeout": "timeout_s",
    "verify_ssl": "verify_tls",
    "custom_headers": "headers",
}
"""The router's names for settings of ours."""
HEADERS = {"app_name": "X-OpenRouter-Title", "app_url": "HTTP-Referer", "api_version": "anthropic-version"}
"""What the router sends in a header of its own."""
MODELS = {"models_dir": "folder", "default_threads": "threads", "default_gpu_layers": "gpu_layers"}
"""The router's names for settings of local models."""
FOLDER, PROGRAM = "models_dir", "llama_cpp_path"
KEY = "api_key"
KNOWN = (*SAME, *HEADERS, *MODELS, PROGRAM, KEY)


def is_form(document: dict[str, Any]) -> bool:
    """Whether each provider has a setting of the router's; other programs have files of the same name."""
    return all(is_object(entry) and any(name in entry for name in KNOWN) for entry in document.values())


def translate(document: Any) -> Translated:
    """The document as ours; settings that are not known are left out."""
    done = Translated()
    if not is_object(document):
        done.wrong((), "The file must be an object with a provider's settings under its name.")
        return done
    for provider, settings in document.items():
        done.written["providers", provider] = (provider,)
        done.raw["providers"][provider] = settings
        if is_object(settings):
            done.raw["providers"][provider] = _settings(done, provider, settings)
    return done


def _settings(done: Translated, provider: str, settings: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    headers: dict[str, Any] = {}
    for name, value in settings.items():
        here = (provider, name)
        if name in MODELS or name == PROGRAM:
            _local(done, provider, settings, name)
        elif name == KEY:
            done.key(provider, here, value)
        elif name in HEADERS:
            headers[HEADERS[name]] = value
            done.written["providers", provider, "headers", HEADERS[name]] = here
        elif name not in SAME:
            done.unknown(here, KNOWN, "the AI router")
        else:
            ours = SAME[name]
            found[ours] = _sendable(done, here, value) if ours == "headers" and is_object(value) else value
            done.written["providers", provider, ours] = here
    if headers:
        more = found.get("headers")
        found["headers"] = headers | more if is_object(more) else headers
    return found


def _sendable(done: Translated, here: KeyPath, headers: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if done.header((*here, name), name)}


def _local(done: Translated, provider: str, settings: dict[str, Any], name: str) -> None:
    """Takes a setting of the program that the router runs by itself, as one of the server that we run."""
    here, value = (provider, name), settings[name]
    if FOLDER not in settings:
        done.left_out(here, f"This is of no use without {FOLDER}.")
        return
    table = done.raw.setdefault("local_models", {})
    ours = MODELS.get(name, "command")
    done.written["local_models", ours] = here
    if name == PROGRAM and isinstance(value, str):
        value = [_server(value), *SERVER_COMMAND[1:]]
    table[ours] = value


def _server(program: str) -> str:
    """The server that is built beside the program for the command line."""
    folder, separator, name = program.replace("\\", "/").rpartition("/")
    return folder + separator + name.replace("llama-cli", "llama-server")
