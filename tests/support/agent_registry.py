"""Documents of the public registry of agents, as its own format page shows them."""

from __future__ import annotations

import copy
from typing import Any

ENTRY: dict[str, Any] = {
    "id": "acme",
    "name": "Acme Agent",
    "version": "1.2.3",
    "description": "Does things",
    "repository": "https://github.com/acme/agent",
    "authors": ["Acme"],
    "license": "MIT",
    "icon": "https://host.example/acme.svg",
    "distribution": {"npx": {"package": "@acme/agent@1.2.3", "args": ["--acp"], "env": {"ACME_QUIET": "1"}}},
}
TARGET: dict[str, Any] = {"archive": "https://host.example/a.zip", "cmd": "./acme", "args": ["serve"], "env": {}}


def entry(**changes: Any) -> dict[str, Any]:
    """An entry with other fields; a field that is None is left out."""
    merged = {**copy.deepcopy(ENTRY), **changes}
    return {name: value for name, value in merged.items() if value is not None}


def registry(*entries: Any, **changes: Any) -> dict[str, Any]:
    """A whole document; a field that is None is left out."""
    merged = {"version": "1.0.0", "agents": list(entries), "extensions": [], **changes}
    return {name: value for name, value in merged.items() if value is not None}
