"""Which processes are agents. Their arguments are compared and never shown: they may hold keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from modelport.domain.agents.editors.settings import program_name
from modelport.domain.agents.observations import Running
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.protocol.types import Agent, AgentProcess

INTERPRETERS = ("node", "bun", "deno", "python", "pypy")
"""The beginnings of their names: ``python3.12`` is one."""
SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
TAKE_A_VALUE = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "-X", "-W"})
"""Options of interpreters with a value behind them."""
NO_SCRIPT = frozenset({"-e", "--eval", "-p", "--print", "-c", "-"})
STARTERS = SHELLS | {"fish", "env", "npm", "npx", "bunx", "pnpm", "uv", "uvx", "timeout", "nice"}
"""Programs that only start another: whoever started them has started the agent."""
LAST_PORT = 65535


def row_of(book: AgentBook, argv: Sequence[str]) -> AgentRow | None:
    """The agent that a command line is, its arguments for the protocol included."""
    return next((row for row in book.agent if _is(row, argv)), None)


def running_agents(book: AgentBook, processes: Iterable[Running]) -> dict[str, tuple[AgentProcess, ...]]:
    """The processes that run agents on standard input and output, by the agent's id.

    Agents start themselves again, or a program of their own that does the work: such a family counts once.
    """
    everybody = {one.pid: one for one in processes}
    rows = {pid: row for pid, one in everybody.items() if (row := row_of(book, one.argv)) and not _listens(row, one)}
    found: dict[str, list[AgentProcess]] = {}
    for pid in sorted(rows):
        if not any(rows.get(above) is rows[pid] for above in _ancestors(pid, everybody)):
            found.setdefault(rows[pid].id, []).append(_told(everybody[pid], everybody))
    return {name: tuple(several) for name, several in found.items()}


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


def tcp_agents(
    book: AgentBook, processes: Iterable[Running], listeners: Mapping[int, int | None]
) -> dict[int, AgentRow]:
    """The ports that agents were told to listen on, by their command lines, or do listen on."""
    found: dict[int, AgentRow] = {}
    for one in processes:
        row = row_of(book, one.argv)
        if row is None or not _listens(row, one):
            continue
        if port := _port(row, one.argv):
            found[port] = row
        found |= dict.fromkeys((port for port, pid in listeners.items() if pid == one.pid), row)
    return found


def _is(row: AgentRow, argv: Sequence[str]) -> bool:
    if not argv:
        return False
    name, rest = program_name(argv[0]), argv[1:]
    if _in_package(row, argv[0]) or name in row.commands:
        return _has_args(row, rest)
    if name not in SHELLS and not name.lower().startswith(INTERPRETERS):
        return False
    place = _script(rest)
    if place is None:
        return False
    script, behind = rest[place], rest[place + 1 :]
    if place and rest[place - 1] == "-m":
        return script == row.module and _has_args(row, behind)
    stem = program_name(script).removesuffix(".js").removesuffix(".mjs").removesuffix(".py")
    return (_in_package(row, script) or stem in row.commands) and _has_args(row, behind)


def _script(args: Sequence[str]) -> int | None:
    """Where the script or the module stands that an interpreter runs."""
    skip = False
    for place, arg in enumerate(args):
        if skip:
            skip = False
        elif arg in NO_SCRIPT:
            return None
        elif arg == "-m":
            return place + 1 if place + 1 < len(args) else None
        elif not arg.startswith("-") and not (place == 0 and arg == "run"):
            return place
        else:
            skip = arg in TAKE_A_VALUE
    return None


def _in_package(row: AgentRow, path: str) -> bool:
    """Whether a path leads into one of the agent's packages."""
    plain = path.replace("\\", "/")
    names = (package.partition(":")[2] for package in row.packages if package.startswith("npm:"))
    return any(f"/node_modules/{name[:-1] if name.endswith('*') else f'{name}/'}" in plain for name in names)


def _has_args(row: AgentRow, args: Sequence[str]) -> bool:
    """Whether the arguments that make it speak the protocol are there, one behind the other."""
    spellings = [row.args] + ([row.older_args] if row.older_args else [])
    given = tuple(args)
    return any(
        any(given[place : place + len(wanted)] == wanted for place in range(len(given) - len(wanted) + 1))
        for wanted in spellings
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
            if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= LAST_PORT:
                return int(text)
    return None


def _ancestors(pid: int, everybody: Mapping[int, Running]) -> Iterable[int]:
    """Who started it, who started that one, and so on."""
    seen = {pid}
    above = everybody[pid].parent_pid
    while above is not None and above in everybody and above not in seen:
        yield above
        seen.add(above)
        above = everybody[above].parent_pid


def _told(running: Running, everybody: Mapping[int, Running]) -> AgentProcess:
    """As the contract tells it, with the program that wanted it, and not a shell or a package runner between."""
    one = running
    for above in _ancestors(running.pid, everybody):
        if one.parent not in STARTERS:
            break
        one = everybody[above]
    return AgentProcess(pid=running.pid, parent=one.parent, parent_pid=one.parent_pid)
