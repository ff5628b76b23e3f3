"""JSON values as no well-behaved program sends them, and mutations that keep most of a value's structure."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

NUMBERS: tuple[Any, ...] = (0, -1, 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**30, 0.5, -0.0, 5.0, 1e308, 1e-320)  # fmt: skip
TEXTS: tuple[str, ...] = (
    "",
    " ",
    "\0",
    "\n",
    "a\r\nb: c",
    "\ud800",
    "half \udc00 pair \ud83d",
    "😀\u202e\u2028\ufeff",
    "{}",
    '"',
    "null",
    "../../etc/passwd",
    "%s%n{0}{x}",
    "Content-Length: 5",
    "x" * 5000,
    "é" * 300,
    "-1",
    "1e400",
    "2026-02-30T25:61:00Z",
    "0001-01-01T00:00:00+14:00",
    "mock/mock",
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"": None}, {"jsonrpc": "2.0", "id": 1, "method": "exit"}, {"type": "text"}, {"kind": "text"})  # fmt: skip
MAX_DEPTH = 200
"""What any reader of JSON takes; what is deeper may be refused as no JSON."""


def odd(chance: Random) -> Any:
    """One odd value."""
    draw = chance.random()
    if draw < 0.3:
        return chance.choice(NUMBERS)
    if draw < 0.6:
        return chance.choice(TEXTS)
    if draw < 0.93:
        return copy.deepcopy(chance.choice(OTHERS))
    if draw < 0.96:
        return deep(chance.randint(20, MAX_DEPTH), chance.random() < 0.5)
    return "long " * chance.choice((10_000, 100_000))


def deep(depth: int, lists: bool) -> Any:
    """A value in so many lists, or objects."""
    value: Any = 0
    for _ in range(depth):
        value = [value] if lists else {"a": value}
    return value


def mutated(value: Any, chance: Random, changes: int = 1) -> Any:
    """A copy of a JSON value, changed at so many places."""
    value = json.loads(json.dumps(value))
    for _ in range(changes):
        value = _changed(value, chance)
    return value


def _changed(value: Any, chance: Random) -> Any:
    places = list(_places(value))
    if not places or chance.random() < 0.04:
        return odd(chance)
    parent, key = chance.choice(places)
    action = chance.randrange(6)
    if action == 0:
        del parent[key]
    elif action == 1:
        parent[key] = None
    elif action == 2 and isinstance(parent, dict):
        parent[chance.choice((*TEXTS[:6], "type", "kind", "error", "id", "index", f"{key}s"))] = parent[key]
    elif action == 2:
        parent.insert(key, parent[key])
    elif action == 3:
        parent[key] = _retyped(parent[key], chance)
    else:
        parent[key] = odd(chance)
    return value


def _retyped(value: Any, chance: Random) -> Any:
    """The same content in another type."""
    forms = ([value], {"value": value}, json.dumps(value), [value, value], bool(value))
    return chance.choice(forms)


def _places(value: Any) -> Any:
    """Every place below a value, as its parent and the key in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(pairs):
        yield value, key
        yield from _places(part)


def simpler(value: Any) -> Any:
    """Copies of a JSON value that are smaller at one place, the largest cuts first."""
    places = list(_places(value))
    for index in range(len(places)):
        copy = json.loads(json.dumps(value))
        parent, key = list(_places(copy))[index]
        del parent[key]
        yield copy
    for index, (parent, key) in enumerate(places):
        if isinstance(parent[key], str) and len(parent[key]) > 20:
            copy = json.loads(json.dumps(value))
            inside, place = list(_places(copy))[index]
            inside[place] = inside[place][: len(inside[place]) // 2]
            yield copy
