"""Scripts that only start one other program: of npm, pnpm, Yarn, Homebrew, Nix and Deno. They are read, not run.

Source: the shims that npm's ``cmd-shim`` and pnpm's fork of it write, Yarn's on Windows, ``write_env_script`` of
Homebrew, ``makeWrapper`` of nixpkgs, and ``deno install`` in Deno's documentation.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH117, PTH118, PTH119
from __future__ import annotations

import os

from modelport.adapters.agents.sources.files.reading import is_file
from modelport.protocol.types import AgentOwner

_STARTS = ("$basedir/", "%dp0%\\", "%~dp0\\", "%~dp0/")
"""How shims write their own folder."""
_INTERPRETERS = frozenset(("node", "python", "pypy", "sh", "bash", "dash", "zsh", "env", "deno", "bun", "cmd"))
"""Programs that run another one, without the digits of a version."""
_MODULES = "/node_modules/"


def wrapped(content: bytes, folder: str) -> str | None:
    """The other program that a script in a folder starts; None where it does more, or is no script."""
    if not content or b"\0" in content:
        return None
    text = content.decode("utf-8", "replace")
    if "basedir" in text or "dp0" in text:
        return _of_shim(text, folder)
    return _of_exec(text) if text.startswith("#!") else None


def deno_package(content: bytes) -> AgentOwner | None:
    """The npm package that a script of ``deno install`` runs, with its version if the script names one."""
    if b"deno run " not in content or b"\0" in content:
        return None
    words = content.decode("utf-8", "replace").replace("'", " ").replace('"', " ").split()
    word = next((word for word in words if word.startswith("npm:")), "").removeprefix("npm:").lstrip("/")
    scope, slash, rest = word.partition("/") if word.startswith("@") else ("", "", word)
    name, _, version = rest.partition("/")[0].partition("@")
    if not name or not word.isprintable() or len(word) > 214:
        return None
    exact = version if version[:1].isdigit() and version.count(".") == 2 else None
    return AgentOwner(ecosystem="npm", package=f"{scope}{slash}{name}", version=exact)


def _of_shim(text: str, folder: str) -> str | None:
    for line in text.splitlines():
        if line.startswith("#") or ("exec " not in line and "dp0" not in line):
            continue
        for part in line.split('"')[1::2]:
            start = next((start for start in _STARTS if part.startswith(start)), None)
            target = part[len(start) :].replace("\\", "/") if start else ""
            if "/" in target and not any(mark in target for mark in "$%:*"):
                return os.path.normpath(os.path.join(folder, target))
            if part.startswith("/") and _MODULES in part:
                return part
    return None


def _of_exec(text: str) -> str | None:
    """The file that the last line with ``exec`` starts: a package's script, else a program that is no interpreter."""
    line = next((line for line in reversed(text.splitlines()) if "exec " in line and line[:1] != "#"), "")
    words = line.partition("exec ")[2].replace('"', " ").replace("'", " ").split()
    if words[:1] == ["-a"]:
        # The name that the program is told, as Nix gives it.
        words = words[2:]
    paths = [word for word in words if os.path.isabs(word) and "$" not in word and is_file(word)]
    if script := next((path for path in paths if _MODULES in path), None):
        return script
    first = next((word for word in words if not word.startswith("-") and "=" not in word), "")
    fits = first in paths and os.path.basename(first).rstrip("0123456789.") not in _INTERPRETERS
    return first if fits else None
