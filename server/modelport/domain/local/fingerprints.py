"""Which local model server is it: rows of what each one answers, and the rules that compare answers with them.

Nothing here asks anybody. A bare 200 never counts, since some servers answer it to everything; every row
names a header, a text or a field that only its own server sends.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Generic, Protocol, Self, TypeVar

import msgspec
from msgspec import Struct

from modelport.protocol.shapes import is_list, is_object

LONGEST_TEXT = 80
LONGEST_NAME = 256
MOST_MODELS = 1000


class Reply(Struct, frozen=True, kw_only=True):
    """What a server answered to a GET. ``text`` may be cut; ``json`` is None where the body is none, or was cut."""

    status: int
    headers: dict[str, str] = {}
    """By name in lower case."""
    text: str = ""
    json: Any = None
    latency_ms: float = 0.0


class Probe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one answer must be; everything given must hold.

    A field is written as a dotted path, with ``*`` for every element of a list: ``data.*.owned_by``.
    """

    path: str
    statuses: tuple[int, ...] = (200,)
    """Those that count; none given means any."""
    header: dict[str, str] = {}
    """Headers by name in lower case, values as shell-style patterns."""
    text: str | None = None
    """The whole body, but for spaces around it."""
    contains: tuple[str, ...] = ()
    """Texts that stand somewhere in the body."""
    json: dict[str, str | int | bool] = {}
    """Fields that have a value, in every element."""
    has: tuple[str, ...] = ()
    """Fields that are there, in every element."""
    lacks: tuple[str, ...] = ()
    """Fields that no element has."""
    shows: str | None = None
    """A field whose value is worth telling, without being needed."""


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value stands: in the answer of a path, at a dotted path in it."""

    path: str
    at: str


class Fingerprint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one server is known: all probes of one of its ``ways`` hold."""

    provider: str
    """The row in ``providers.toml``."""
    ways: tuple[tuple[Probe, ...], ...]
    checked: str
    """The day the facts of this row were checked, ISO 8601."""
    source: str
    """Where the facts come from, and whether they were seen on a running server."""
    ports: tuple[int, ...] = ()
    """Where it listens when nobody says otherwise."""
    base_path: str | None = None
    """What the base URL has behind the port; absent: as in the provider's row."""
    models: Field | None = None
    version: Field | None = None
    last: bool = False
    """Counts only when no other row fits and there is nothing left to ask."""

    @property
    def details(self) -> frozenset[str]:
        """The paths that tell its version and its models."""
        return frozenset(field.path for field in (self.models, self.version) if field)


class Fingerprints(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file: the rows, those that could be taken for others first, and what to ask in which order."""

    waves: tuple[tuple[str, ...], ...]
    """Paths that are asked together, as far as they could decide, while the ones before them have not decided."""
    other_services: tuple[int, ...]
    """Ports of well-known services that are no model servers, and take an HTTP request for an attack or an error."""
    server: tuple[Fingerprint, ...]
    agents: tuple[int, ...] = ()
    """Ports of agents, which are found by other questions."""

    def without_ports(self) -> Self:
        """The same servers, with no port at which they are looked for unless something is known to listen there."""
        rows = tuple(msgspec.structs.replace(row, ports=()) for row in self.server)
        return msgspec.structs.replace(self, server=rows)


class Recognisable(Protocol):
    """A row that says how its server is known."""

    @property
    def ways(self) -> tuple[tuple[Probe, ...], ...]:
        """All probes of one of them hold."""
        ...

    @property
    def last(self) -> bool:
        """Whether it counts only when no other row fits."""
        ...


Row_co = TypeVar("Row_co", bound=Recognisable, covariant=True)


class Rows(Protocol[Row_co]):
    """A file of such rows, those that could be taken for others first."""

    @property
    def server(self) -> tuple[Row_co, ...]:
        """The rows."""
        ...


class Recognition(Struct, Generic[Row_co], frozen=True):
    """A server that was recognised, by which evidence, and how long the deciding answer took."""

    row: Row_co
    evidence: str
    latency_ms: float
    way: tuple[Probe, ...]
    """What held."""


def recognise(book: Rows[Row_co], answers: Mapping[str, Reply], *, final: bool = False) -> Recognition[Row_co] | None:
    """The first row that fits the answers a port has given, by path. ``final`` says that nothing more will be asked."""
    for row in book.server:
        if row.last and not final:
            continue
        for way in row.ways:
            if all(probe.path in answers and holds(probe, answers[probe.path]) for probe in way):
                evidence = "; ".join(_evidence(probe, answers[probe.path]) for probe in way)
                return Recognition(row, evidence, answers[way[-1].path].latency_ms, way)
    return None


def open_paths(book: Rows[Recognisable], answers: Mapping[str, Reply], asked: Container[str]) -> frozenset[str]:
    """The paths that could still decide: those of the ways that nothing known speaks against.

    Most ways of more than one probe end with the first answer, so a server is spared what does not concern it. That
    matters: ``/health`` makes a LiteLLM proxy call all its models.
    """
    found: set[str] = set()
    for way in (way for row in book.server for way in row.ways):
        known = [probe for probe in way if probe.path in asked]
        if all(probe.path in answers and holds(probe, answers[probe.path]) for probe in known):
            found |= {probe.path for probe in way if probe.path not in asked}
    return frozenset(found)


def holds(probe: Probe, reply: Reply) -> bool:
    """Whether an answer is what a probe asks for."""
    return (
        (not probe.statuses or reply.status in probe.statuses)
        and all(fnmatchcase(reply.headers.get(name, ""), value) for name, value in probe.header.items())
        and (probe.text is None or reply.text.strip() == probe.text)
        and all(part in reply.text for part in probe.contains)
        and _fields_hold(probe, reply.json)
    )


def answers_all_alike(answers: Mapping[str, Reply], paths: Sequence[str]) -> bool:
    """Whether a server gave one and the same page for every one of these paths: there is nothing to learn from it."""
    replies = [answers[path] for path in paths if path in answers]
    return len(replies) > 1 and all(r.status == 200 and r.text == replies[0].text for r in replies)


def values_at(tree: Any, path: str) -> tuple[list[Any], bool]:
    """What stands at a dotted path, and whether every element on the way there had it."""
    places, whole = [tree], True
    for name in path.split("."):
        inner: list[Any] = []
        for place in places:
            if name == "*" and is_list(place):
                inner += place
            elif is_object(place) and name in place:
                inner.append(place[name])
            else:
                whole = False
        places = inner
    return places, whole and bool(places)


def names_at(tree: Any, path: str) -> tuple[str, ...]:
    """The names that stand at a dotted path, each once. What no model is called is left out."""
    found = (value for value in values_at(tree, path)[0] if isinstance(value, str))
    sound = (name for name in found if 0 < len(name) <= LONGEST_NAME and name.isprintable())
    return tuple(dict.fromkeys(sound))[:MOST_MODELS]


def text_at(tree: Any, path: str) -> str | None:
    """The text that stands at a dotted path, when it is short and on one line, as a version is."""
    found = values_at(tree, path)[0]
    text = found[0].strip() if found and isinstance(found[0], str) else ""
    return text if 0 < len(text) <= LONGEST_TEXT and text.isprintable() else None


def _fields_hold(probe: Probe, tree: Any) -> bool:
    if not (probe.json or probe.has or probe.lacks):
        return True
    return (
        (is_object(tree) or is_list(tree))
        and all(_equals(tree, path, value) for path, value in probe.json.items())
        and all(values_at(tree, path)[1] for path in probe.has)
        and not any(values_at(tree, path)[0] for path in probe.lacks)
    )


def _equals(tree: Any, path: str, wanted: str | int | bool) -> bool:  # noqa: FBT001  a value, not a switch
    values, whole = values_at(tree, path)
    return whole and all(type(value) is type(wanted) and value == wanted for value in values)


def _evidence(probe: Probe, reply: Reply) -> str:
    """What an answer had to show, in words."""
    said = [f'sent "{name.title()}: {reply.headers[name][:LONGEST_TEXT]}"' for name in probe.header]
    if probe.text is not None:
        said.append(f"answered {_quoted(probe.text)}" if probe.text else "answered nothing")
    if probe.contains:
        said.append(f"mentions {', '.join(_quoted(part.strip()) for part in probe.contains)}")
    said += [f"has {_last(path)} {_quoted(value)}" for path, value in probe.json.items()]
    if probe.has:
        said.append(f"has {', '.join(_last(path) for path in probe.has)}")
    if probe.lacks:
        said.append(f"has no {', '.join(_last(path) for path in probe.lacks)}")
    if probe.shows is not None and (shown := text_at(reply.json, probe.shows)):
        said.append(f"has {_last(probe.shows)} {_quoted(shown)}")
    if probe.statuses != (200,):
        said.insert(0, f"answered {reply.status}")
    return f"GET {probe.path} {', '.join(said)}"


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _quoted(value: str | int | bool) -> str:  # noqa: FBT001  a value, not a switch
    if isinstance(value, str):
        return value if '"' in value else f'"{value}"'
    return str(value).lower()
