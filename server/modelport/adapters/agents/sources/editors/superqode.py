"""The agents that this user has set up for SuperQode, a file each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.domain.agents.observations import Setting

MAX_FILES = 100
SYSTEMS = {"darwin": "macos", "win32": "windows"}
"""SuperQode's names of systems, where they differ from ``sys.platform``."""


class AgentFile(Struct):
    """The fields of a file that SuperQode requires or reads."""

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
    split: Callable[[str, str], tuple[str, ...]],
) -> Iterator[Setting]:
    """The agents. ``read`` reads a file, ``split`` splits a command line as the system's shell does.

    Source: SuperagenticAI/superqode src/superqode/agents/discovery.py and src/superqode/agents/data.
    """
    folder = f"{home}/.superqode/agents"
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))  # noqa: PTH208
    except OSError:
        return
    for name in names[:MAX_FILES]:
        agent = _agent_file(read(f"{folder}/{name}"))
        if agent is None or not agent.active or agent.protocol != "acp":
            continue
        commands = agent.run_command
        argv = split(commands.get(SYSTEMS.get(platform, platform)) or commands.get("*", ""), platform)
        if argv:
            host = f"SuperQode (~/.superqode/agents/{name})"
            yield Setting(host=host, name=agent.name, command=argv[0], args=argv[1:])


def _agent_file(text: bytes) -> AgentFile | None:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(text.decode()), AgentFile)
    except (ValueError, RecursionError):
        return None
