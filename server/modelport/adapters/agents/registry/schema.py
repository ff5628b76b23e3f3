"""What a document of the public registry must look like, and what is kept of it.

It is read as strictly as the registry's own schemas say, but for what later versions of them add or leave out: an
unknown field, a platform or a way to install that is new, and a document without ``extensions`` are taken.

Source: registry.schema.json and agent.schema.json of github.com/agentclientprotocol/registry, and its FORMAT.md.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from modelport.domain.agents.registry import RegistryEntry

LONGEST_NAME = 200
Text = Annotated[str, Meta(min_length=1)]
Version = Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+")]
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
"""The registry's words for processors, where the system has others."""
_NPM = re.compile(r"((?:@\w[\w.~-]*/)?\w[\w.~-]*)(?:@.*)?", re.ASCII)
_PYPI = re.compile(r"(\w(?:[\w.-]*\w)?)(?:\[[^\]]*\])?\s*(?:[@=<>~!].*)?", re.ASCII)


class Unfit(Exception):
    """A document is not the registry. The text says where and why, as the end of a sentence."""


class Package(Struct, frozen=True, kw_only=True):
    """A package that npx or uvx runs."""

    package: Text
    cmd: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}


class Target(Struct, frozen=True, kw_only=True):
    """An archive for one platform."""

    archive: str
    cmd: str
    sha256: Annotated[str, Meta(pattern=r"^[a-fA-F0-9]{64}\Z")] | msgspec.UnsetType = msgspec.UNSET
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}


class Distribution(Struct, frozen=True, kw_only=True):
    """The ways to install an agent. That there is one is checked apart, since a new way is unknown here."""

    npx: Package | msgspec.UnsetType = msgspec.UNSET
    uvx: Package | msgspec.UnsetType = msgspec.UNSET
    binary: Annotated[dict[str, Target], Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET


class Listed(Struct, frozen=True, kw_only=True):
    """An agent, or an extension. An address is a text and not checked further, as ``format`` is by most validators."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\Z")]
    name: Text
    version: Version
    description: Text
    distribution: Distribution
    repository: str = ""
    website: str = ""
    authors: tuple[str, ...] = ()
    license: str = ""
    license_url: str = ""
    icon: str = ""


class Document(Struct, frozen=True, kw_only=True):
    """The whole file."""

    version: Version
    agents: tuple[Listed, ...]
    extensions: tuple[Listed, ...] = ()


def read_registry(body: bytes) -> tuple[RegistryEntry, ...]:
    """The agents of a document, each id once, with what concerns this machine. Takes a while: call it off the loop.

    Raises:
        Unfit: it is not JSON, or does not fit the schemas.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Unfit("it is not JSON") from error
    try:
        document = msgspec.convert(value, Document)
    except msgspec.ValidationError as error:
        raise Unfit(_place(str(error))) from error
    for place in _without_a_way(value):
        raise Unfit(f"{place}: it names no way to install")
    here = f"{platform.system().lower()}-{_machine()}"
    entries: dict[str, RegistryEntry] = {}
    for listed in document.agents:
        entries.setdefault(listed.id, _entry(listed, here))
    return tuple(entries.values())


def package_name(ecosystem: str, line: str) -> str | None:
    """A package on an npx or uvx line, as the rows write it; None for what is no plain name, such as an address.

    It is shown as something to type, so nothing else may be in it.
    """
    found = (_NPM if ecosystem == "npm" else _PYPI).fullmatch(line)
    return f"{ecosystem}:{found[1]}" if found else None


def _place(text: str) -> str:
    """What msgspec says, with the place in front and without its punctuation."""
    what, _, where = text.partition(" - at `$")
    plain = what.replace("`", "")
    place = where.rstrip("`").lstrip(".")
    return f"{place}: {plain[:1].lower()}{plain[1:]}" if place else f"{plain[:1].lower()}{plain[1:]}"


def _without_a_way(value: dict[str, Any]) -> Iterator[str]:
    for group in ("agents", "extensions"):
        for number, listed in enumerate(value.get(group, ())):
            if not listed["distribution"]:
                yield f"{group}[{number}].distribution"


def _entry(listed: Listed, here: str) -> RegistryEntry:
    ways = listed.distribution
    package, way = None, None
    if isinstance(ways.npx, Package):
        way, package = ways.npx, package_name("npm", ways.npx.package)
    elif isinstance(ways.uvx, Package):
        way, package = ways.uvx, package_name("pypi", ways.uvx.package)
    elif isinstance(ways.binary, dict):
        way = ways.binary.get(here)
    if way and not all(arg.isprintable() for arg in way.args):
        way = None
    return RegistryEntry(
        id=listed.id,
        name=_line(listed.name),
        version=_line(listed.version),
        package=package,
        args=way.args if way else (),
        env=way.env if way else {},
    )


def _line(text: str) -> str:
    """A text for people on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_NAME]


def _machine() -> str:
    machine = platform.machine().lower()
    return MACHINES.get(machine, machine)
