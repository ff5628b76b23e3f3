"""Makes records of the static observations: one per agent, with how it would be started."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from modelport.domain.agents.editors.settings import Candidate, is_of, own_agents, started_by
from modelport.domain.agents.environment import harmless
from modelport.domain.agents.observations import Launch, Machine, Program, Setting
from modelport.domain.agents.registry import RegistryEntry
from modelport.domain.agents.rows import AgentBook, AgentRow, numbers
from modelport.protocol.types import Agent, AgentIdentity, AgentStatus

SURENESS: tuple[AgentIdentity, ...] = ("confirmed", "name-only", "mismatch")


def records(book: AgentBook, entries: Iterable[RegistryEntry], machine: Machine) -> list[Candidate]:
    """A record per agent that is known or set up, those of the rows first, in their order."""
    settings = list(machine.settings)
    candidates: list[Candidate] = []
    for row in book.agent:
        mine = [setting for setting in settings if is_of(setting, row, book)]
        settings = [setting for setting in settings if setting not in mine]
        candidates.append(_of_row(row, machine, mine))
    known = {row.id for row in book.agent}
    for entry in entries:
        if entry.id in known or (entry.package and book.of_package(entry.package)):
            continue
        mine = [setting for setting in settings if setting.registry_id == entry.id]
        settings = [setting for setting in settings if setting not in mine]
        candidates.append(_of_entry(entry, machine, mine))
    return [*candidates, *own_agents(settings)]


def best(programs: Iterable[Program], row: AgentRow) -> tuple[Program, AgentIdentity] | None:
    """The program that most certainly is the agent, and how certain; of equal ones the first."""
    ranked: list[tuple[Program, AgentIdentity]] = [(program, identity_of(program, row)) for program in programs]
    return min(ranked, key=lambda one: (one[0].refused is not None, SURENESS.index(one[1])), default=None)


def identity_of(program: Program, row: AgentRow) -> AgentIdentity:
    """Whether a program is the agent, by the package that owns it and the folder it is in."""
    if program.registry_id and row.goes_by(program.registry_id):
        return "confirmed"
    if program.owner is None:
        own = any(program.found_in == folder or program.found_in.startswith(f"{folder}/") for folder in row.folders)
        return "confirmed" if own else "name-only"
    return "confirmed" if row.owned_by(program.owner) and not row.is_stub(program.owner) else "mismatch"


def _of_row(row: AgentRow, machine: Machine, settings: list[Setting]) -> Candidate:
    names = {row.id, *row.commands}
    seen = best((program for program in machine.programs if program.name in names), row)
    agent = Agent(
        agent_id=row.id,
        display_name=row.name,
        installed=False,
        configured=_is_configured(row, machine),
        command=row.command or (f"python -m {row.module}" if row.module else ""),
        version="",
        detail="",
        protocol="acp",
        transport="stdio",
        status="unknown",
        install_hint=row.install_hint,
        login_hint=row.login,
        configured_in=tuple(setting.host for setting in settings) or None,
    )
    if seen is None:
        return _missing(agent, row, machine, settings)
    program, identity = seen
    agent = msgspec.structs.replace(
        agent,
        sources=_sources(machine.programs, names),
        identity=identity,
        owner=program.owner,
        command=program.name if program.name in row.commands else agent.command,
        version=(program.owner.version if program.owner else None) or "",
    )
    return _of_program(agent, row, machine, program, identity)


def _of_program(agent: Agent, row: AgentRow, machine: Machine, program: Program, identity: AgentIdentity) -> Candidate:
    """The record of a row whose program was found."""
    owner = program.owner
    if owner and row.is_stub(owner):
        named = f"{owner.package} {owner.version or ''}".strip()
        return _rejected(agent, "stub", f"{named} is no longer the agent: install its successor.")
    if owner and identity == "mismatch":
        belongs = f"The {program.name} found here belongs to {owner.package} ({owner.ecosystem}), another program."
        return _rejected(agent, "needs_install", belongs)
    if program.refused:
        return _rejected(agent, "unknown", f"Found, but not used: {program.refused}.", hint=False)
    missing = [name for name in row.requires if name not in machine.commands]
    status: AgentStatus = "needs_install" if missing else "unknown"
    details = [f"It needs {' and '.join(missing)}, which is not installed."] if missing else []
    doubtful = identity == "name-only" and row.generic
    if doubtful:
        details.append(
            f"Other programs are called {program.name} too, and it is not proven that this one is the agent."
        )
    if (old := _too_old(row, machine)) and not details:
        details.append(old)
    agent = msgspec.structs.replace(
        agent,
        installed=not doubtful,
        status=status,
        detail=" ".join(details),
        argv=(*program.argv, *row.args),
        install_hint=agent.install_hint if missing else None,
    )
    return Candidate(agent=agent, launch=_launch(row, program), consent=doubtful)


def _missing(agent: Agent, row: AgentRow, machine: Machine, settings: list[Setting]) -> Candidate:
    """The record of a row whose program was not found: the program it adapts may be, or an editor may start it."""
    if row.adapts and row.adapts in machine.commands:
        agent = msgspec.structs.replace(
            agent,
            sources=("PATH",),
            status="needs_install",
            detail=f"{row.adapts} is installed, but does not speak ACP itself: it needs the adapter {row.command}.",
        )
    for setting in settings:
        started = started_by(setting, agent)
        if started.launch or setting is settings[-1]:
            return started
    return Candidate(agent=msgspec.structs.replace(agent, status="needs_install"))


def _of_entry(entry: RegistryEntry, machine: Machine, settings: list[Setting]) -> Candidate:
    """The record of an agent that is only in the registry."""
    row = AgentRow(
        id=entry.id,
        name=entry.name,
        packages=(entry.package,) if entry.package else (),
        args=entry.args,
        env=harmless(entry.env),
        checked="",
        source="",
    )
    return _of_row(row, machine, settings)


def _rejected(agent: Agent, status: AgentStatus, detail: str, *, hint: bool = True) -> Candidate:
    kept = agent.install_hint if hint else None
    return Candidate(agent=msgspec.structs.replace(agent, status=status, detail=detail, install_hint=kept))


def _launch(row: AgentRow, program: Program) -> Launch:
    return Launch(
        argv=(*program.argv, *row.args),
        older_argv=None if row.older_args is None else (*program.argv, *row.older_args),
        env=row.env,
        start_s=row.start_s,
        keys=row.key_variables,
    )


def _sources(programs: Iterable[Program], names: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(program.found_in for program in programs if program.name in names))


def _is_configured(row: AgentRow, machine: Machine) -> bool:
    if not row.key_variables and not row.credential_files:
        return True
    return not machine.variables.isdisjoint(row.key_variables) or not machine.files.isdisjoint(row.credential_files)


def _too_old(row: AgentRow, machine: Machine) -> str | None:
    if row.node is None or machine.node is None or numbers(machine.node) >= numbers(row.node):
        return None
    return f"Its current version needs Node {row.node}; the installed Node is {machine.node}."
