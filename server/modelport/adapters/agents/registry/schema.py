"""The schema of the public registry's document, and what is kept of it.

It is as strict as the registry's own schemas, except for what later versions of them may add or leave out: an unknown
field, a new platform, a new kind of distribution, and a document without ``extensions`` are accepted.

Source: registry.schema.json and agent.schema.json of github.com/agentclientprotocol/registry, and its FORMAT.md.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from modelport.borders import NOT_JSON
from modelport.domain.agents.registry import RegistryEntry

MAX_NAME_CHARS = 200
Text = Annotated[str, Meta(min_length=1)]
Version = Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+")]
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
"""The registry's names of processors, where the system uses others."""
_NPM = re.compile(r"((?:@\w[\w.~-]*/)?\w[\w.~-]*)(?:@.*)?", re.ASCII)
_PYPI = re.compile(r"(\w(?:[\w.-]*\w)?)(?:\[[^\]]*\])?\s*(?:[@=<>~!].*)?", re.ASCII)


class Unfit(Exception):
    """A document is not the registry. Its text is where and why, as the end of a sentence."""


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
    """The ways to install an agent. That there is at least one is checked apart, since new ones are unknown here."""

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
    """The agents of a document, each id once, with the distribution for this machine. Slow: call it off the event loop.

    Raises:
        Unfit: it is not JSON, or does not fit the schemas.
    """
    try:
        value = msgspec.json.decode(body)
    except NOT_JSON as error:
        raise Unfit("it is not JSON") from error
    try:
        document = msgspec.convert(value, Document)
    except msgspec.ValidationError as error:
        raise Unfit(_problem(str(error))) from error
    for place in _without_distribution(value):
        raise Unfit(f"{place}: it names no distribution")
    here = f"{platform.system().lower()}-{_machine()}"
    entries: dict[str, RegistryEntry] = {}
    for listed in document.agents:
        entries.setdefault(listed.id, _entry(listed, here))
    return tuple(entries.values())


def package_name(ecosystem: str, line: str) -> str | None:
    """The package of an npx or uvx line, as the rows write it; None for anything but a plain name, such as an address.

    It is shown as something to type, so it must be nothing else.
    """
    match = (_NPM if ecosystem == "npm" else _PYPI).fullmatch(line)
    return f"{ecosystem}:{match[1]}" if match else None


def _problem(text: str) -> str:
    """The message of msgspec, with the position in front and without its punctuation."""
    what, _, where = text.partition(" - at `$")
    plain = what.replace("`", "")
    place = where.rstrip("`").lstrip(".")
    return f"{place}: {plain[:1].lower()}{plain[1:]}" if place else f"{plain[:1].lower()}{plain[1:]}"


def _without_distribution(value: dict[str, Any]) -> Iterator[str]:
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
    """A text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_NAME_CHARS]


def _machine() -> str:
    machine = platform.machine().lower()
    return MACHINES.get(machine, machine)
