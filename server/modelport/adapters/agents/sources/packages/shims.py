"""Shims: programs of version managers that start another program, chosen by the working folder. None of them is run.

A shim is the user's own and may still start what a project names, so it is replaced by the program that it stands for
outside of any project.

Source: ``volta-layout`` and ``run/binary.rs`` of Volta, ``internal/shims`` of asdf, ``src/shims.rs`` of mise,
``libexec/nodenv-rehash`` and ``nodenv-which`` of nodenv, the same of pyenv, ``main_shim.rs`` of proto, and the
documentation of pixi's trampolines and of scoop.
"""

# Texts are cheaper than paths, and there are hundreds.
# ruff: noqa: PTH115, PTH117, PTH118, PTH119, PTH120
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from modelport.adapters.agents.sources.files.install_folders import expanded, newest_first
from modelport.adapters.agents.sources.files.reading import head, listed, real, whole
from modelport.adapters.agents.sources.files.scan import Hit, is_program
from modelport.adapters.agents.sources.packages.version_choices import (
    as_folder,
    asdf_choices,
    mise_choices,
    proto_choices,
)
from modelport.borders import NOT_JSON

T = TypeVar("T")
_MAX_LINKS = 16
_ENDINGS = ("", ".exe", ".cmd", ".bat")
"""Those of programs on Windows, after none."""


class Shim(NamedTuple):
    """A file that a version manager has made."""

    path: str
    name: str
    """The program, without an ending."""
    content: bytes
    """The beginning of what it holds; empty for a link to the manager."""
    variables: Mapping[str, str]
    home: str

    @property
    def root(self) -> str:
        """The folder of the manager: its shims lie one below."""
        return os.path.dirname(os.path.dirname(self.path))


class Manager(NamedTuple):
    """How the shims of a version manager are recognised, and where their programs are."""

    programs: Callable[[Shim], Iterable[str]]
    """The paths at which the program may be, without an ending, the likeliest first."""
    links: tuple[str, ...] = ()
    """The names of the program that its shims are links to."""
    marks: tuple[bytes, ...] = ()
    """What its shims hold where they are scripts."""
    record: str = ""
    """The file beside its shims where they are binaries, with ``*`` for the name."""


class Shims:
    """Finds the programs behind shims, with the variables and the home of a user. It caches the folders it lists."""

    def __init__(self, variables: Mapping[str, str], home: str) -> None:
        self._variables = variables
        self._home = home
        self._beside: dict[str, frozenset[str]] = {}

    def resolved(self, hit: Hit) -> Hit:
        """The hit with the program that its shim stands for; the same for any other program."""
        target = self.target(hit.path)
        return hit if target is None else hit._replace(path=target, shim=hit.path)

    def target(self, path: str) -> str | None:
        """The program that a shim stands for; None where the file is no shim, or that program is not installed."""
        found = self._recognised(path)
        if found is None:
            return None
        manager, shim = found
        for program in manager.programs(shim):
            for ending in _ENDINGS:
                if is_program(program + ending) and real(program + ending) != real(path):
                    return program + ending
        return None

    def _recognised(self, path: str) -> tuple[Manager, Shim] | None:
        """A file's manager, if it has one. Most programs have none, and there are many of them: calls are few here."""
        for _ in range(_MAX_LINKS):
            try:
                link = os.readlink(path)
            except (OSError, ValueError):
                break
            linked = link.rpartition(os.sep)[2]
            folder, _, own = path.rpartition(os.sep)
            if linked != own and (manager := _BY_LINK.get(linked)):
                return manager, self._shim(path, b"")
            path = os.path.join(folder or os.sep, link)
        content = head(path)
        if b"\0" not in content:
            manager = next((one for mark, one in _BY_MARK.items() if mark in content), None)
            return (manager, self._shim(path, content)) if manager else None
        folder, _, own = path.rpartition(os.sep)
        if folder not in self._beside:
            self._beside[folder] = frozenset(listed(folder))
        stem = own.removesuffix(".exe")
        for record, manager in _BY_RECORD.items():
            if record.partition("/")[0].replace("*", stem) in self._beside[folder]:
                return manager, self._shim(path, content)
        return None

    def _shim(self, path: str, content: bytes) -> Shim:
        stem, dot, ending = os.path.basename(path).rpartition(".")
        name = stem if dot and dot + ending.lower() in _ENDINGS else os.path.basename(path)
        # Only the manager's own folders are resolved: the name of the shim is the name of the program.
        path = os.path.join(real(os.path.dirname(path)), os.path.basename(path))
        return Shim(path, name, content, self._variables, self._home)


def _beside(shim: Shim, record: str) -> str:
    return os.path.join(os.path.dirname(shim.path), record.replace("*", shim.name))


class _VoltaProgram(Struct):
    package: str


class _VoltaNode(Struct):
    runtime: str


class _VoltaPlatform(Struct):
    node: _VoltaNode


class _ProtoShim(Struct):
    context: str | None = None
    parent: str | None = None


class _PixiProgram(Struct):
    exe: str


def _json(path: str, form: type[T]) -> T | None:
    try:
        return msgspec.json.decode(whole(path), type=form)
    except NOT_JSON:
        return None


def _is_below(name: str) -> bool:
    """Whether a name from a file leads to a folder below, and nowhere else."""
    return bool(name) and name.isprintable() and not os.path.isabs(name) and ".." not in name


def _of_volta(shim: Shim) -> Iterator[str]:
    tools = os.path.join(shim.root, "tools")
    folders: list[str] = []
    program = _json(f"{tools}/user/bins/{shim.name}.json", _VoltaProgram)
    if program and _is_below(program.package):
        folders.append(f"{tools}/image/packages/{program.package}")
    platform = _json(f"{tools}/user/platform.json", _VoltaPlatform)
    if platform and _is_below(platform.node.runtime):
        folders.append(f"{tools}/image/node/{platform.node.runtime}")
    # On Windows the programs lie at the top.
    return (f"{folder}/{below}{shim.name}" for folder in folders for below in ("bin/", ""))


def _of_asdf(shim: Shim) -> Iterator[str]:
    lines = (line.split() for line in shim.content.decode("utf-8", "replace").splitlines())
    pairs = [(words[2], as_folder(words[3])) for words in lines if words[:2] == ["#", "asdf-plugin:"] and words[3:]]
    order = newest_first({version for _, version in pairs})
    installed = sorted(pairs, key=lambda pair: order.index(pair[1]))
    chosen = asdf_choices([plugin for plugin, _ in pairs], shim.variables, shim.home)
    for plugin, version in dict.fromkeys((*(choice for choice in chosen if choice in pairs), *installed)):
        if _is_below(plugin) and _is_below(version):
            for folder in ("bin", ".npm/bin", "."):
                yield f"{shim.root}/installs/{plugin}/{version}/{folder}/{shim.name}"


def _of_mise(shim: Shim) -> Iterator[str]:
    installs = shim.variables.get("MISE_INSTALLS_DIR") or f"{shim.root}/installs"
    for tool, version in mise_choices(shim.variables, shim.home):
        if _is_below(tool) and _is_below(version):
            yield from _in_mise(f"{installs}/{tool}/{version}", shim.name)
    for folder in expanded(installs, "*/*"):
        yield from _in_mise(folder, shim.name)


def _in_mise(folder: str, name: str) -> Iterator[str]:
    return (f"{folder}/{below}{name}" for below in ("bin/", "node_modules/.bin/", ""))


def _of_rbenv_kind(shim: Shim) -> Iterator[str]:
    """Those of nodenv, pyenv and others of the kind, which say in the shim what their variables are called."""
    before, _, _ = shim.content.partition(b"_ROOT=")
    kind = before.rpartition(b" ")[2].decode("ascii", "replace")
    chosen = shim.variables.get(f"{kind}_VERSION") or head(f"{shim.root}/version").decode("utf-8", "replace")
    for version in chosen.replace(":", " ").split():
        if _is_below(version):
            yield f"{shim.root}/versions/{version}/bin/{shim.name}"
    for folder in expanded(shim.root, "versions/*/bin"):
        yield f"{folder}/{shim.name}"


def _of_proto(shim: Shim) -> Iterator[str]:
    known = _json(_beside(shim, "registry.json"), dict[str, _ProtoShim]) or {}
    own = known.get(shim.name)
    tool = (own.context or own.parent or shim.name) if own else ""
    if not _is_below(tool):
        return
    chosen = (version for name, version in proto_choices(tool, shim.root, shim.variables) if name == tool)
    folders = [f"{shim.root}/tools/{tool}/{version}" for version in chosen if _is_below(version)]
    for folder in (*folders, *expanded(shim.root, f"tools/{tool}/*")):
        yield f"{folder}/bin/{shim.name}"
        yield f"{folder}/{shim.name}"


def _of_pixi(shim: Shim) -> Iterator[str]:
    program = _json(_beside(shim, "trampoline_configuration/*.json"), _PixiProgram)
    if program and os.path.isabs(program.exe):
        yield program.exe


def _of_scoop(shim: Shim) -> Iterator[str]:
    for line in whole(_beside(shim, "*.shim")).decode("utf-8", "replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "path" and os.path.isabs(program := value.strip().strip('"')):
            yield program


MANAGERS = (
    Manager(_of_volta, links=("volta-shim",), marks=(b"volta run ",)),
    Manager(_of_mise, links=("mise", "rtx"), marks=(b"mise x -- ",)),
    Manager(_of_asdf, marks=(b"asdf exec ",)),
    Manager(_of_rbenv_kind, marks=(b' exec "$program" "$@"',)),
    Manager(_of_proto, record="registry.json"),
    Manager(_of_pixi, record="trampoline_configuration/*.json"),
    Manager(_of_scoop, record="*.shim"),
)
_BY_LINK = {link: manager for manager in MANAGERS for link in manager.links}
_BY_MARK = {mark: manager for manager in MANAGERS for mark in manager.marks}
_BY_RECORD = {manager.record: manager for manager in MANAGERS if manager.record}
