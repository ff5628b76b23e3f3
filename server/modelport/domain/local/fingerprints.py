"""Recognises local model servers: rows with the answers of each one, and the rules that compare replies with them.

Nothing here sends a request. A bare 200 never counts, since some servers answer it to everything; every row
names a header, a text or a field that only its own server sends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Generic, Protocol, Self, TypeVar

import msgspec
from msgspec import Struct

from modelport.protocol.shapes import is_list, is_object

MAX_TEXT_CHARS = 80
MAX_NAME_CHARS = 256
MAX_MODELS = 1000


class Reply(Struct, frozen=True, kw_only=True):
    """A server's reply to a GET. ``text`` may be cut; ``json`` is None where the body is not JSON, or was cut."""

    status: int
    headers: dict[str, str] = {}
    """By name in lower case."""
    text: str = ""
    json: Any = None
    latency_ms: float = 0.0


class Probe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions on the reply to one path; all that are given must hold.

    A field is written as a dotted path, with ``*`` for every element of a list: ``data.*.owned_by``.
    """

    path: str
    statuses: tuple[int, ...] = (200,)
    """The statuses that count; empty: any."""
    header: dict[str, str] = {}
    """Headers by name in lower case, values as shell-style patterns."""
    text: str | None = None
    """The whole body, without spaces around it."""
    contains: tuple[str, ...] = ()
    """Texts that the body contains."""
    json: dict[str, str | int | bool] = {}
    """Fields with their values, in every element."""
    has: tuple[str, ...] = ()
    """Fields that every element has."""
    lacks: tuple[str, ...] = ()
    """Fields that no element has."""
    shows: str | None = None
    """A field whose value goes into the evidence, without being required."""


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The location of a value: a request path, and a dotted path in its reply."""

    path: str
    at: str


class Fingerprint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one server is recognised: all probes of one of its ``ways`` hold."""

    provider: str
    """The row in ``providers.toml``."""
    ways: tuple[tuple[Probe, ...], ...]
    checked: str
    """The day the facts of this row were checked, ISO 8601."""
    source: str
    """Where the facts come from, and whether they were checked on a running server."""
    ports: tuple[int, ...] = ()
    """Its default ports."""
    base_path: str | None = None
    """The path of the base URL; absent: as in the provider's row."""
    models: Field | None = None
    version: Field | None = None
    last: bool = False
    """Counts only when no other row matches and no request is left to send."""

    @property
    def details(self) -> frozenset[str]:
        """The paths whose replies hold its version and its models."""
        return frozenset(field.path for field in (self.models, self.version) if field)


class Fingerprints(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file: the rows, those that could be taken for others first, and the order of requests."""

    waves: tuple[tuple[str, ...], ...]
    """Request paths, in waves. A wave is sent only while the earlier ones are inconclusive, and only the paths that
    could still settle it."""
    other_services: tuple[int, ...]
    """Ports of well-known services other than model servers, which log an HTTP request as an attack or an error."""
    server: tuple[Fingerprint, ...]
    agents: tuple[int, ...] = ()
    """Ports of agents, which are found by other requests."""

    def without_ports(self) -> Self:
        """The same rows without default ports, so that only ports that are known to be open are probed."""
        rows = tuple(msgspec.structs.replace(row, ports=()) for row in self.server)
        return msgspec.structs.replace(self, server=rows)


class Recognisable(Protocol):
    """A row by which a server can be recognised."""

    @property
    def ways(self) -> tuple[tuple[Probe, ...], ...]:
        """The sets of probes; all of one set must hold."""
        ...

    @property
    def last(self) -> bool:
        """Whether it counts only when no other row matches."""
        ...


Row_co = TypeVar("Row_co", bound=Recognisable, covariant=True)


class Rows(Protocol[Row_co]):
    """A book of such rows, those that could be taken for others first."""

    @property
    def waves(self) -> tuple[tuple[str, ...], ...]:
        """The paths to request, in waves."""
        ...

    @property
    def server(self) -> tuple[Row_co, ...]:
        """The rows."""
        ...


class Recognition(Struct, Generic[Row_co], frozen=True):
    """A recognised server, with the evidence and the latency of the deciding reply."""

    row: Row_co
    evidence: str
    latency_ms: float
    way: tuple[Probe, ...]
    """The probes that held."""


def recognise(book: Rows[Row_co], answers: Mapping[str, Reply], *, final: bool = False) -> Recognition[Row_co] | None:
    """The first row that matches a server's replies, by path. ``final``: no more requests will be sent."""
    for row in book.server:
        if row.last and not final:
            continue
        for way in row.ways:
            if all(probe.path in answers and holds(probe, answers[probe.path]) for probe in way):
                evidence = "; ".join(_evidence(probe, answers[probe.path]) for probe in way)
                return Recognition(row, evidence, answers[way[-1].path].latency_ms, way)
    return None


def open_paths(book: Rows[Recognisable], answers: Mapping[str, Reply], requested: Collection[str]) -> frozenset[str]:
    """The paths not yet requested that could still settle it: those of the ways that no reply has ruled out.

    Most ways of several probes are ruled out by the first reply, so a server gets few needless requests. That
    matters: ``/health`` makes a LiteLLM proxy call all its models.
    """
    if not requested:
        # The usual case: at most addresses nothing listens, and there is no second wave.
        return frozenset([probe.path for row in book.server for way in row.ways for probe in way])
    paths: set[str] = set()
    for way in (way for row in book.server for way in row.ways):
        known = [probe for probe in way if probe.path in requested]
        if all(probe.path in answers and holds(probe, answers[probe.path]) for probe in known):
            paths |= {probe.path for probe in way if probe.path not in requested}
    return frozenset(paths)


def holds(probe: Probe, reply: Reply) -> bool:
    """Whether a reply meets the conditions of a probe."""
    return (
        (not probe.statuses or reply.status in probe.statuses)
        and all(fnmatchcase(reply.headers.get(name, ""), value) for name, value in probe.header.items())
        and (probe.text is None or reply.text.strip() == probe.text)
        and all(part in reply.text for part in probe.contains)
        and _fields_hold(probe, reply.json)
    )


def answers_all_alike(answers: Mapping[str, Reply], paths: Sequence[str]) -> bool:
    """Whether a server sent one and the same page for all of these paths, so that its replies identify nothing."""
    replies = [answers[path] for path in paths if path in answers]
    return len(replies) > 1 and all(r.status == 200 and r.text == replies[0].text for r in replies)


def values_at(tree: Any, path: str) -> tuple[list[Any], bool]:
    """The values at a dotted path, and whether every element on the way had the next name."""
    nodes, whole = [tree], True
    for name in path.split("."):
        inner: list[Any] = []
        for node in nodes:
            if name == "*" and is_list(node):
                inner += node
            elif is_object(node) and name in node:
                inner.append(node[name])
            else:
                whole = False
        nodes = inner
    return nodes, whole and bool(nodes)


def names_at(tree: Any, path: str) -> tuple[str, ...]:
    """The model names at a dotted path, each once; values that cannot be one are left out."""
    texts = (value for value in values_at(tree, path)[0] if isinstance(value, str))
    sound = (name for name in texts if 0 < len(name) <= MAX_NAME_CHARS and name.isprintable())
    return tuple(dict.fromkeys(sound))[:MAX_MODELS]


def text_at(tree: Any, path: str) -> str | None:
    """The first text at a dotted path, if it is short and on one line, as a version is."""
    values = values_at(tree, path)[0]
    text = values[0].strip() if values and isinstance(values[0], str) else ""
    return text if 0 < len(text) <= MAX_TEXT_CHARS and text.isprintable() else None


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
    """The conditions that a reply met, in words."""
    parts = [f'sent "{name.title()}: {reply.headers[name][:MAX_TEXT_CHARS]}"' for name in probe.header]
    if probe.text is not None:
        parts.append(f"answered {_quoted(probe.text)}" if probe.text else "answered nothing")
    if probe.contains:
        parts.append(f"mentions {', '.join(_quoted(text.strip()) for text in probe.contains)}")
    parts += [f"has {_last(path)} {_quoted(value)}" for path, value in probe.json.items()]
    if probe.has:
        parts.append(f"has {', '.join(_last(path) for path in probe.has)}")
    if probe.lacks:
        parts.append(f"has no {', '.join(_last(path) for path in probe.lacks)}")
    if probe.shows is not None and (shown := text_at(reply.json, probe.shows)):
        parts.append(f"has {_last(probe.shows)} {_quoted(shown)}")
    if probe.statuses != (200,):
        parts.insert(0, f"answered {reply.status}")
    return f"GET {probe.path} {', '.join(parts)}"


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _quoted(value: str | int | bool) -> str:  # noqa: FBT001  a value, not a switch
    if isinstance(value, str):
        return value if '"' in value else f'"{value}"'
    return str(value).lower()
