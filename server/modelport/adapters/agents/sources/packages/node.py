"""Which Node scripts would run on, found without running it."""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH116, PTH118, PTH120, PTH206
from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from modelport.adapters.agents.sources.files.reading import head, real
from modelport.adapters.agents.sources.files.scan import endings, is_program, path_folders
from modelport.adapters.agents.sources.packages.owner import manifest
from modelport.adapters.agents.sources.packages.shims import Shims


def node_identity(variables: Mapping[str, str], platform: str = sys.platform) -> str:
    """The path, time and size of the first Node in PATH, to notice another one; empty where there is none."""
    names = [f"node{ending}" for ending in endings(variables, platform)] or ["node"]
    # One stat per folder: this is called for every agent, and a listing would cost a hundred times as much.
    for folder in path_folders(variables.get("PATH", ""), "PATH", platform):
        for path in (os.path.join(folder.path, name) for name in names if folder.refused is None):
            if is_program(path):
                # Another version chosen in a version manager leaves its shim as it was.
                final = real(Shims(variables, variables.get("HOME", "")).target(path) or path)
                status = os.stat(final)
                return f"{final} {status.st_mtime_ns} {status.st_size}"
    return ""


def node_version(path: str) -> str | None:
    """The version of a Node, from the folder of its installer or the files beside it; None where neither has it.

    Source: the layouts of nvm, fnm, n, asdf, mise and Homebrew, the headers that Node's own archives and
    packages bring, and npm's package ``node``.
    """
    final = real(path)
    prefix = os.path.dirname(os.path.dirname(final))
    package = manifest(prefix)
    if package and package.name and package.name.startswith("node") and package.version:
        return _version(package.version)
    for part in reversed(final.split(os.sep)[-6:-1]):
        # v22.1.0, 22.1.0, node-v22.1.0-linux-x64
        if version := _version(part.removeprefix("node-").partition("-")[0]):
            return version
    # On Windows the program lies at the top of its folder.
    for folder in (prefix, os.path.dirname(final)):
        if version := _of_header(os.path.join(folder, "include", "node", "node_version.h")):
            return version
    return None


def _version(text: str) -> str | None:
    number = text.removeprefix("v")
    parts = number.split(".")
    return number if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts) else None


def _of_header(path: str) -> str | None:
    numbers: dict[str, str] = {}
    for line in head(path).decode("ascii", "replace").splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define":
            numbers.setdefault(words[1], words[2])
    names = ("NODE_MAJOR_VERSION", "NODE_MINOR_VERSION", "NODE_PATCH_VERSION")
    return _version(".".join(numbers.get(name, "") for name in names))
