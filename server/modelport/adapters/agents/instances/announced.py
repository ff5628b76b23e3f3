"""Lists the agents and servers that have announced themselves. Needs no event loop.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast, get_args

from modelport.adapters.agents.instances.file import Host, Instance, decode
from modelport.adapters.agents.instances.folder import content, files, instance_folder, is_safe
from modelport.adapters.agents.instances.liveness import began_after
from modelport.adapters.agents.instances.names import line
from modelport.protocol.types import Agent, AgentProcess, AgentProtocol, AgentTransport

LOOPBACK_URL = r"(?:https?|wss?|tcp)://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?:/[\w./~%-]*)?"
MAX_CAPABILITIES = 100


class AnnouncedInstances:
    """``Instances`` in the folder that the environment names."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def announced(self) -> Sequence[Agent]:
        """A record per running instance, by name, without this process. What a file claims is not verified."""
        folder = instance_folder(self._variables)
        if folder is None or not is_safe(folder):
            return ()
        try:
            names = [name for name, pid in files(folder) if pid != os.getpid()]
        except OSError:
            return ()
        read = ((name, content(os.path.join(folder, name))) for name in names)  # noqa: PTH118
        instances = (decode(data, name) for name, data in read if data is not None)
        return [_agent(one) for one in instances if one and not began_after(one.pid, one.started_at.timestamp())]


def _agent(one: Instance) -> Agent:
    host = one.host or Host()
    protocol = one.protocol if one.protocol in get_args(AgentProtocol) else "other"
    version = one.protocol_version
    return Agent(
        agent_id=one.name,
        display_name=line(one.display_name or "") or one.name,
        installed=True,
        configured=True,
        command="",
        version=line(one.version or ""),
        detail=_detail(one, host),
        protocol=cast("AgentProtocol", protocol),
        transport=cast("AgentTransport", one.transport) if one.transport in get_args(AgentTransport) else None,
        url=one.url if one.url and re.fullmatch(LOOPBACK_URL, one.url, re.ASCII) else None,
        pid=one.pid,
        sources=("announced",),
        identity="name-only",
        status="unknown",
        protocol_version=line(version) if isinstance(version, str) else version,
        capabilities={line(name): True for name in one.capabilities[:MAX_CAPABILITIES]} or None,
        processes=(AgentProcess(pid=one.pid, parent=line(host.name or "") or None, parent_pid=host.pid),),
    )


def _detail(one: Instance, host: Host) -> str:
    started, now = one.started_at.astimezone(), datetime.now(UTC).astimezone()
    since = f"{started:%H:%M}" if started.date() == now.date() else f"{started:%Y-%m-%d %H:%M}"
    name = line(host.name or "") or ("another program" if host.pid else "")
    if not name:
        return f"Runs since {since}."
    return f"Serves {name}{f' (pid {host.pid})' if host.pid else ''} since {since}."
