"""Which processes are agents, which of them are one family, and which listen on a port."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from modelport.domain.agents.command_lines import SHELLS, CommandLineIndex
from modelport.domain.agents.observations import Running
from modelport.domain.agents.rows import AgentRow
from modelport.protocol.types import Agent, AgentProcess

STARTERS = SHELLS | {"fish", "env", "npm", "npx", "bunx", "pnpm", "uv", "uvx", "timeout", "nice"}
"""Programs that only start another one: their own parent is reported in their place."""
MAX_PORT = 65535


class RunningAgents:
    """The agents among the processes of a machine. Each command line is matched once, when this is made."""

    def __init__(self, index: CommandLineIndex, processes: Iterable[Running]) -> None:
        self._processes = {one.pid: one for one in processes}
        self._on_stdio: dict[int, AgentRow] = {}
        self._on_tcp: dict[int, AgentRow] = {}
        for pid, one in self._processes.items():
            if row := index.row_of(one.argv):
                (self._on_tcp if _listens(row, one) else self._on_stdio)[pid] = row

    def on_stdio(self) -> dict[str, tuple[AgentProcess, ...]]:
        """The processes that run agents on standard input and output, by the agent's id.

        Agents start themselves again, or a program of their own that does the work: such a family counts once.
        """
        families: dict[str, list[AgentProcess]] = {}
        for pid in sorted(self._on_stdio):
            row = self._on_stdio[pid]
            if not any(self._on_stdio.get(above) is row for above in self._ancestors(pid)):
                families.setdefault(row.id, []).append(self._reported(pid))
        return {name: tuple(several) for name, several in families.items()}

    def on_tcp(self, listeners: Mapping[int, int | None]) -> dict[int, AgentRow]:
        """The agent by port: the ports in the command lines of agents, and those their processes listen on."""
        ports: dict[int, AgentRow] = {}
        for pid, row in self._on_tcp.items():
            if port := _port(row, self._processes[pid].argv):
                ports[port] = row
            ports |= dict.fromkeys((port for port, listener in listeners.items() if listener == pid), row)
        return ports

    def _ancestors(self, pid: int) -> Iterable[int]:
        """The process that started it, the one that started that one, and so on."""
        seen = {pid}
        above = self._processes[pid].parent_pid
        while above is not None and above in self._processes and above not in seen:
            yield above
            seen.add(above)
            above = self._processes[above].parent_pid

    def _reported(self, pid: int) -> AgentProcess:
        """The process as the contract has it, with the program that wanted it: no shell or package runner between."""
        one = self._processes[pid]
        for above in self._ancestors(pid):
            if one.parent not in STARTERS:
                break
            one = self._processes[above]
        return AgentProcess(pid=pid, parent=one.parent, parent_pid=one.parent_pid)


def running_alone(row: AgentRow, processes: tuple[AgentProcess, ...]) -> Agent:
    """The record of an agent that runs, and of which nothing else was found."""
    by = f", started by {processes[0].parent}" if processes[0].parent else ""
    return Agent(
        agent_id=row.id,
        display_name=row.name,
        installed=True,
        configured=True,
        command=row.command or "",
        version="",
        detail=f"It runs as process {processes[0].pid}{by}; its program was found nowhere else.",
        protocol="acp",
        transport="stdio",
        pid=processes[0].pid,
        processes=processes,
        sources=("running processes",),
        identity="name-only",
        status="unknown",
    )


def _listens(row: AgentRow, running: Running) -> bool:
    option = row.tcp_option
    return option is not None and any(arg == option or arg.startswith(f"{option}=") for arg in running.argv)


def _port(row: AgentRow, argv: Sequence[str]) -> int | None:
    """The port behind the option; None where the system chooses one."""
    for arg, following in zip(argv, [*argv[1:], ""], strict=True):
        name, equals, value = arg.partition("=")
        if name == row.tcp_option:
            text = value if equals else following
            if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= MAX_PORT:
                return int(text)
    return None
