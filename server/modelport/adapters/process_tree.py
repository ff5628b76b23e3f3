"""Confines discovery on this machine to one process and its descendants.

On a machine that several jobs of one user share, as in continuous integration, each can see its own servers and agents
only: the variable ``MODELPORT_PROCESS_TREE`` names the process whose tree counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from modelport.adapters.agents.processes import SystemProcesses
from modelport.adapters.local_servers.listening_ports import SystemListeningPorts
from modelport.domain.agents.observations import Running
from modelport.domain.agents.ports import Processes
from modelport.domain.ports import ListeningPorts

VARIABLE = "MODELPORT_PROCESS_TREE"


class ProcessTree:
    """``Processes`` and ``ListeningPorts`` of one process and its descendants."""

    def __init__(self, root: int, processes: Processes, listening: ListeningPorts) -> None:
        self._root = root
        self._processes = processes
        self._listening = listening

    async def running(self) -> Sequence[Running]:
        """The processes of the tree, without this one."""
        running = await self._processes.running()
        members = _members(self._root, running)
        return [one for one in running if one.pid in members]

    async def listeners(self) -> Mapping[int, int | None]:
        """The ports that processes of the tree listen on, each with its process."""
        members = _members(self._root, await self._processes.running())
        listeners = await self._listening.listeners()
        return {port: pid for port, pid in listeners.items() if pid in members}

    async def ports(self) -> frozenset[int]:
        """The ports alone."""
        return frozenset(await self.listeners())


def process_tree(variables: Mapping[str, str]) -> ProcessTree | None:
    """The tree that the environment names; None where it names none. What is no number gives an empty tree."""
    name = variables.get(VARIABLE, "").strip()
    if not name:
        return None
    return ProcessTree(int(name) if name.isdecimal() else 0, SystemProcesses(), SystemListeningPorts())


def _members(root: int, running: Iterable[Running]) -> frozenset[int]:
    """The root and those whose parents lead to it. This process is not among those that run, but may be on the way."""
    parents = {one.pid: one.parent_pid for one in running} | {os.getpid(): os.getppid()}
    members = {root}
    for pid in parents:
        way: list[int] = []
        at: int | None = pid
        # A number that was given again meanwhile could lead in a circle.
        while at is not None and at not in members and at not in way:
            way.append(at)
            at = parents.get(at)
        if at in members:
            members.update(way)
    return frozenset(members)
