"""The state that a provider needs back with the next turn, in the order of the answer it came in.

An outline of the answer: opaque entries as they came, and between them the lengths of text and the tool calls. It
travels through the client, so nothing in it is trusted when it comes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from modelport.protocol.shapes import is_list, is_object


class Entry(Struct, frozen=True, omit_defaults=True):
    """One stretch of an answer: an opaque value, a number of characters of text, or the id of a tool call."""

    kept: dict[str, Any] | None = None
    text: int = 0
    call: str = ""


class Outline(Struct, frozen=True):
    """The state of an answer."""

    outline: list[Entry] = []


class TurnState:
    """Collects the outline of an answer. ``text_length`` is the number of characters of text so far."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, dict[str, Any] | int]] = []

    def append(self, value: dict[str, Any], text_length: int) -> None:
        """Adds a value that has to come back unchanged."""
        self._entries.append((text_length, value))

    def call(self, index: int, text_length: int) -> None:
        """The tool call with this index has begun."""
        self._entries.append((text_length, index))

    def value(self, ids: Mapping[int, str], text_length: int) -> dict[str, Any]:
        """The state of the whole answer, with the calls by their ids; empty where no value was added."""
        if all(isinstance(entry, int) for _, entry in self._entries):
            return {}
        outline: list[Entry] = []
        noted = 0
        for before, entry in self._entries:
            outline += [Entry(text=before - noted)] if before > noted else []
            noted = before
            outline.append(Entry(call=ids[entry]) if isinstance(entry, int) else Entry(kept=entry))
        outline += [Entry(text=text_length - noted)] if text_length > noted else []
        return {"outline": [msgspec.to_builtins(entry) for entry in outline]}


def in_order(
    state: Mapping[str, Any], text: str, calls: Sequence[str]
) -> Iterator[tuple[dict[str, Any] | None, str, str]]:
    """The stretches of a turn in the order of its state, each an opaque value, a text or the id of a call.

    In a turn that the client has changed since, the opaque values come first, then the text, then the calls. Opaque
    values behind which nothing follows are left out.
    """
    try:
        entries = msgspec.convert(dict(state), Outline).outline
    except msgspec.ValidationError:
        entries = []
    unchanged = sum(entry.text for entry in entries) == len(text)
    if not unchanged or [entry.call for entry in entries if entry.call] != list(calls):
        entries = [entry for entry in entries if entry.kept] + [Entry(text=len(text)), *(Entry(call=i) for i in calls)]
    position = 0
    # A value stands before what followed from it, and is refused where nothing did.
    waiting: list[dict[str, Any]] = []
    for entry in entries:
        stretch = text[position : position + entry.text]
        position += entry.text
        # Blank text is refused where text stands in blocks.
        if entry.kept:
            waiting.append(entry.kept)
        elif entry.call or stretch.strip():
            yield from ((kept, "", "") for kept in waiting)
            waiting = []
            yield None, stretch, entry.call


def renamed(packed: dict[str, Any] | None, names: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """A packed state whose calls have other ids now; ``names`` are the old and the new ones, in the order of the calls.

    States name calls in the entries of an ``outline`` or of ``parts``, and as the names of ``calls``.
    """
    state = (packed or {}).get("state")
    if packed is None or not is_object(state):
        return packed
    changed = dict(state)
    for name in ("outline", "parts"):
        if is_list(entries := state.get(name)):
            left: dict[str, deque[str]] = {}
            for old, other in names:
                left.setdefault(old, deque()).append(other)
            changed[name] = [_renamed_entry(entry, left) for entry in entries]
    if is_object(calls := state.get("calls")):
        first = dict(reversed(names))
        changed["calls"] = {first.get(old, old): value for old, value in calls.items()}
    return packed | {"state": changed}


def _renamed_entry(entry: Any, left: Mapping[str, deque[str]]) -> Any:
    """The entry with the first new name left of its call, which is taken out of ``left``."""
    old = entry.get("call") if is_object(entry) else None
    names = left.get(old) if isinstance(old, str) else None
    return entry | {"call": names.popleft()} if names else entry
