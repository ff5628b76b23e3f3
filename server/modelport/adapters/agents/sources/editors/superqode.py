"""The agents that this user has described for SuperQode, a file each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.domain.agents.observations import Setting

MOST_FILES = 100
SYSTEMS = {"darwin": "macos", "win32": "windows"}
"""What SuperQode calls a system, where ``sys.platform`` says otherwise."""


class Described(Struct):
    """What such a file has to say before SuperQode takes it."""

    identity: str
    name: str
    short_name: str
    protocol: str
    run_command: dict[str, str]
    active: bool = True


def superqode_agents(
    home: Path,
    platform: str,
    read: Callable[[str], bytes],
    cut: Callable[[str, str], tuple[str, ...]],
) -> Iterator[Setting]:
    """The agents. ``read`` reads a file, ``cut`` cuts a command line as the system's shell would.

    Source: SuperagenticAI/superqode src/superqode/agents/discovery.py and src/superqode/agents/data.
    """
    folder = f"{home}/.superqode/agents"
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))  # noqa: PTH208
    except OSError:
        return
    for name in names[:MOST_FILES]:
        described = _described(read(f"{folder}/{name}"))
        if described is None or not described.active or described.protocol != "acp":
            continue
        commands = described.run_command
        argv = cut(commands.get(SYSTEMS.get(platform, platform)) or commands.get("*", ""), platform)
        if argv:
            host = f"SuperQode (~/.superqode/agents/{name})"
            yield Setting(host=host, name=described.name, command=argv[0], args=argv[1:])


def _described(text: bytes) -> Described | None:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(text.decode()), Described)
    except (ValueError, RecursionError):
        return None
