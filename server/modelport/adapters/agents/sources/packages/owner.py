"""Which package a program belongs to, read from the files around it. Nothing is run.

Source: ``package.json`` in npm's documentation, and the launchers of pip and uv, measured.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH115, PTH117, PTH118, PTH119, PTH120, PTH206
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from modelport.adapters.agents.sources.files.reading import HEAD_BYTES, head, is_file, real, whole
from modelport.adapters.agents.sources.packages.python import (
    MAX_NAME_CHARS,
    PythonPackages,
    is_environment,
    printable_version,
)
from modelport.adapters.agents.sources.packages.wrappers import deno_package, wrapped
from modelport.borders import NOT_JSON
from modelport.protocol.types import AgentOwner

SHIM_HEAD_BYTES = 4 * HEAD_BYTES
"""pnpm's shims begin with long lists of folders."""
_MAX_LINKS = 16
_MAX_PARENTS = 6
_MAX_WRAPPERS = 4
"""How many scripts in a row are followed, each of which only starts the next."""
_MODULES = f"{os.sep}node_modules{os.sep}"


class Manifest(Struct):
    """The fields of a ``package.json`` that matter here."""

    name: str | None = None
    version: str | None = None
    bin: str | dict[str, str] | None = None

    def bins(self) -> dict[str, str]:
        """The package's programs and their files."""
        if isinstance(self.bin, str):
            return {(self.name or "").rpartition("/")[2]: self.bin}
        return self.bin or {}

    def owner(self) -> AgentOwner | None:
        """The package; None where its name is not valid."""
        if not self.name or len(self.name) > MAX_NAME_CHARS or not self.name.isprintable():
            return None
        return AgentOwner(ecosystem="npm", package=self.name, version=printable_version(self.version))


_MANIFEST = msgspec.json.Decoder(Manifest)


class Packages:
    """Identifies the packages of programs; caches what it has read for as long as it exists."""

    def __init__(self, python: PythonPackages) -> None:
        self._python = python
        self._contents: dict[str, bytes] = {}
        self._manifests: dict[str, Manifest | None] = {}
        self._folders: dict[str, str] = {}

    def owner(self, path: str, guesses: Sequence[str] = ()) -> AgentOwner | None:
        """The package of a program. ``guesses`` are Python projects that it may belong to."""
        for _ in range(_MAX_WRAPPERS):
            final = path
            for final in self._links(path):
                if owner := self._of_npm(final):
                    return owner
            content = self._content(final)
            target = wrapped(content, os.path.dirname(path))
            if target is None:
                return deno_package(content) or self._of_python(final, content, guesses)
            path = target
        return None

    def _of_python(self, final: str, content: bytes, guesses: Sequence[str]) -> AgentOwner | None:
        interpreter = interpreter_of(content, final)
        if interpreter is None:
            return self._python.of_binary(final, guesses) or self._of_launcher(final, guesses)
        if not os.path.basename(interpreter).startswith(("python", "pypy")):
            return None
        beside = os.path.join(os.path.dirname(final), "python3")
        if not os.path.isabs(interpreter):
            # PATH decides which Python it is, unless the script lies in an environment and that is the one in use.
            if not _in_environment(final):
                return None
            interpreter = beside
        name = os.path.basename(final)
        if name.startswith(".") and name.endswith("-wrapped"):
            name = name[1:].removesuffix("-wrapped")
        # An installer with a prefix of its own for each package, as Nix, leaves the packages beside the script.
        return self._python.of_script(interpreter, name, guesses) or self._python.of_script(beside, name, guesses)

    def leads_to(self, path: str) -> str | None:
        """The other file that a program starts: the interpreter of a script, the program that it wraps."""
        content = self._content(path)
        found = wrapped(content, os.path.dirname(path)) or interpreter_of(content, path)
        return found if found and os.path.isabs(found) else None

    def _content(self, path: str) -> bytes:
        if path not in self._contents:
            self._contents[path] = head(path, SHIM_HEAD_BYTES)
        return self._contents[path]

    def _links(self, path: str) -> Iterator[str]:
        """A path and the targets of its links, one after the other, with their folders resolved."""
        for _ in range(_MAX_LINKS):
            folder = os.path.dirname(path)
            if folder not in self._folders:
                self._folders[folder] = real(folder)
            path = os.path.join(self._folders[folder], os.path.basename(path))
            yield path
            try:
                path = os.path.join(self._folders[folder], os.readlink(path))
            except (OSError, ValueError):
                return

    def _of_npm(self, path: str) -> AgentOwner | None:
        """The npm package that a file belongs to.

        In a ``node_modules`` that is the package it lies in, unless the package has programs and this is none of them:
        the packages with a program for one platform have none. Elsewhere the package has to name the file as a program.
        """
        before, modules, after = path.rpartition(_MODULES)
        if modules:
            parts = after.split(os.sep)
            root = os.path.join(before + modules, *parts[: 2 if after.startswith("@") else 1])
            found = self._manifest(root)
            return found.owner() if found and (not found.bins() or _is_bin(path, root, found)) else None
        root = path
        for _ in range(_MAX_PARENTS):
            root, below = os.path.dirname(root), root
            if root == below:
                break
            found = self._manifest(root)
            if found and found.name:
                return found.owner() if _is_bin(path, root, found) else None
        return None

    def _manifest(self, root: str) -> Manifest | None:
        if root not in self._manifests:
            self._manifests[root] = manifest(root)
        return self._manifests[root]

    def _of_launcher(self, path: str, guesses: Sequence[str]) -> AgentOwner | None:
        """The project of a launcher that pip or uv makes on Windows: an ``.exe`` among an environment's ``Scripts``."""
        stem, _, ending = os.path.basename(path).rpartition(".")
        if ending.lower() != "exe" or not _in_environment(path):
            return None
        return self._python.of_script(os.path.join(os.path.dirname(path), "python.exe"), stem, guesses)


def manifest(root: str) -> Manifest | None:
    """The ``package.json`` of a folder; None where it is missing or broken."""
    content = whole(os.path.join(root, "package.json"))
    try:
        return _MANIFEST.decode(content.removeprefix(b"\xef\xbb\xbf")) if content else None
    except NOT_JSON:
        return None


def _is_bin(path: str, root: str, found: Manifest) -> bool:
    targets = [os.path.join(root, target) for target in found.bins().values() if "\0" not in target]
    return any(os.path.normpath(target) == path for target in targets) or real(path) in map(real, targets)


def interpreter_of(content: bytes, path: str) -> str | None:
    """The interpreter of a script: a path, or a bare name that is looked up in PATH. None for anything but a script."""
    if not content.startswith(b"#!"):
        return None
    lines = content[:HEAD_BYTES].decode("utf-8", "replace").splitlines()
    words = lines[0][2:].split()
    if not words:
        return None
    if os.path.basename(words[0]) == "env":
        return next(
            (os.path.basename(word) for word in words[1:] if not word.startswith("-") and "=" not in word), None
        )
    # A path with a space, or too long for the first line, is in the second one, in a string that Python skips.
    if len(lines) > 1 and lines[1].startswith("'''exec' "):
        command = lines[1].removeprefix("'''exec' ")
        if command.startswith(('"$(dirname', "$(dirname")):
            return os.path.join(os.path.dirname(real(path)), "python3")
        quote = command[0] if command[:1] in ("'", '"') else " "
        return command.removeprefix(quote).partition(quote)[0]
    return words[0]


def _in_environment(path: str) -> bool:
    return is_environment(os.path.dirname(os.path.dirname(path)))


def bin_path(root: str, found: Manifest, names: Iterable[str]) -> str | None:
    """The file of a package's program: that of the first of these names that it has, else its only one."""
    bins: dict[str, Any] = found.bins()
    target = next((bins[name] for name in names if name in bins), None)
    if target is None and len(bins) == 1:
        target = next(iter(bins.values()))
    if not target or "\0" in target:
        return None
    path = os.path.normpath(os.path.join(root, target))
    # A package may name only its own files.
    return path if path.startswith(root + os.sep) and is_file(path) else None
