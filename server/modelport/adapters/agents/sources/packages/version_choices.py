"""The versions of tools that a user has chosen for use outside of any project, as version managers keep them.

Source: ``internal/resolve`` of asdf, ``src/config`` of mise, "Pinning" in proto's documentation.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH117, PTH118
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from modelport.adapters.agents.sources.files.reading import listed, whole
from modelport.borders import NOT_JSON

Choice = tuple[str, str]
"""A tool and its version, both as the names of folders."""
FILE = ".tool-versions"
T = TypeVar("T")
_OTHER_VARIABLES = frozenset(("MISE_INSTALL_VERSION", "MISE_TOOL_VERSION", "MISE_VERSION"))


class _Tool(Struct):
    version: str = ""


class _MiseFile(Struct):
    tools: dict[str, str | int | float | _Tool | list[str | int | float | _Tool]] = {}


def as_folder(version: str) -> str:
    """The name of a version's folder."""
    return version.replace(":", "-")


def asdf_choices(plugins: Iterable[str], variables: Mapping[str, str], home: str) -> Iterator[Choice]:
    """The versions by variables, and by the file of the home folder."""
    for plugin in plugins:
        for version in variables.get(f"ASDF_{_variable(plugin)}_VERSION", "").split():
            yield plugin, as_folder(version)
    yield from _tool_versions(os.path.join(home, variables.get("ASDF_DEFAULT_TOOL_VERSIONS_FILENAME") or FILE))


def mise_choices(variables: Mapping[str, str], home: str) -> Iterator[Choice]:
    """The versions by variables, by the user's own files, and by those of the machine, strongest first."""
    for name, version in variables.items():
        if name.startswith("MISE_") and name.endswith("_VERSION") and name not in _OTHER_VARIABLES:
            yield _folder_name(name.removeprefix("MISE_").removesuffix("_VERSION")), as_folder(version)
    if chosen := variables.get("MISE_GLOBAL_CONFIG_FILE"):
        yield from _mise_file(chosen)
    else:
        config = variables.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        yield from _mise_folder(variables.get("MISE_CONFIG_DIR") or os.path.join(config, "mise"))
        yield from _tool_versions(os.path.join(home, FILE))
    yield from _mise_folder(variables.get("MISE_SYSTEM_CONFIG_DIR") or "/etc/mise")


def proto_choices(tool: str, root: str, variables: Mapping[str, str]) -> Iterator[Choice]:
    """The versions by variables, and by the file of the manager's folder."""
    if version := variables.get(f"PROTO_{_variable(tool)}_VERSION"):
        yield tool, version
    for name, version in (_toml(os.path.join(root, ".prototools"), dict[str, Any]) or {}).items():
        if isinstance(version, str):
            yield name, version


def _variable(tool: str) -> str:
    return tool.upper().replace("-", "_")


def _tool_versions(file: str) -> Iterator[Choice]:
    for line in whole(file).decode("utf-8", "replace").splitlines():
        plugin, *versions = line.partition("#")[0].split() or ("",)
        for version in versions:
            yield plugin, as_folder(version)


def _mise_folder(folder: str) -> Iterator[Choice]:
    parts = sorted((name for name in listed(os.path.join(folder, "conf.d")) if name.endswith(".toml")), reverse=True)
    names = ("config.local.toml", "mise.local.toml", "config.toml", "mise.toml", *(f"conf.d/{name}" for name in parts))
    for name in names:
        yield from _mise_file(os.path.join(folder, name))


def _mise_file(file: str) -> Iterator[Choice]:
    # A relative name would depend on the working folder.
    content = _toml(file, _MiseFile) if os.path.isabs(file) else None
    for tool, value in content.tools.items() if content else ():
        for one in value if isinstance(value, list) else (value,):
            yield _folder_name(tool), as_folder(one.version if isinstance(one, _Tool) else str(one))


def _folder_name(tool: str) -> str:
    """The folder of a tool, as ``npm-google-gemini-cli`` for ``npm:@google/gemini-cli``."""
    return "-".join("".join(char if char.isalnum() else " " for char in tool).lower().split())


def _toml(file: str, form: type[T]) -> T | None:
    content = whole(file)
    try:
        return msgspec.toml.decode(content, type=form) if content else None
    except NOT_JSON:
        return None
