"""npm's prefix and cache, as its variables and configuration files set them. npm itself is not asked.

Source: npm's documentation of ``npmrc`` and ``config``; ``lib/index.js`` and ``lib/env-replace.js`` of its package
``@npmcli/config``.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH118
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from modelport.adapters.agents.sources.files.reading import whole

_SETTINGS = {"prefix": "NPM_CONFIG_PREFIX", "cache": "NPM_CONFIG_CACHE"}
_PREFIX = "npm_config_"


def with_npmrc(variables: Mapping[str, str], home: str) -> dict[str, str]:
    """The variables, and npm's prefix and cache as its other sources set them where none of the usual variables does.

    The sources, strongest first: variables in any case, the user's file, the global file, ``PREFIX``. The file of a
    project is none of them.
    """
    result = dict(variables)
    own = {name.lower(): value for name, value in result.items() if value and name.lower().startswith(_PREFIX)}
    settings = {name.removeprefix(_PREFIX).replace("_", "-"): value for name, value in own.items()}
    for key, value in _read(settings.get("userconfig") or os.path.join(home, ".npmrc"), variables, home):
        settings.setdefault(key, value)
    prefix = settings.get("prefix") or variables.get("PREFIX")
    if place := settings.get("globalconfig") or (os.path.join(prefix, "etc", "npmrc") if prefix else None):
        for key, value in _read(place, variables, home):
            settings.setdefault(key, value)
    if prefix:
        settings.setdefault("prefix", prefix)
    for key, name in _SETTINGS.items():
        if key in settings and not variables.get(name) and not variables.get(name.lower()):
            result[name] = settings[key]
    return result


def _read(file: str, variables: Mapping[str, str], home: str) -> Iterator[tuple[str, str]]:
    """The settings of a file that are paths; those of its sections are none of npm's."""
    # A relative name would depend on the working folder.
    content = whole(file).decode("utf-8", "replace") if os.path.isabs(file) else ""  # noqa: PTH117  a text
    for line in content.splitlines():
        if line.startswith("["):
            return
        key, equals, value = line.partition("=")
        if equals and (key := key.strip()) in ("prefix", "cache", "globalconfig") and (text := _unquoted(value)):
            path = _replaced(text, {"HOME": home, **variables})
            yield key, home + path[1:] if path.startswith(("~/", "~\\")) else path


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return value.partition(";")[0].partition("#")[0].strip()


def _replaced(text: str, variables: Mapping[str, str]) -> str:
    """A text with the values of its ``${NAME}``; one that is not set stays, and ``${NAME?}`` is then empty."""
    before, *parts = text.split("${")
    for part in parts:
        name, closed, after = part.partition("}")
        value = variables.get(name.removesuffix("?"), "" if name.endswith("?") else None)
        before += value + after if closed and value is not None else "${" + part
    return before
