"""The agents that users have set up in their editors: which known agent a setting means, and the record of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from modelport.domain.agents.observations import Launch, Setting
from modelport.domain.agents.rows import DEFAULT_START_S, AgentBook, AgentRow
from modelport.protocol.types import Agent

KEY_IN_ARGUMENTS = (
    "Its command line holds what looks like a key, so it is neither shown nor started: keys belong into variables."
)


class Candidate(Struct, frozen=True, kw_only=True):
    """A record, and how to start its agent."""

    agent: Agent
    launch: Launch | None = None
    """None where there is no program, or it must not be started."""
    consent: bool = False
    """Whether it is started only when its id is in the request, since it is known by a generic program name alone."""


def own_agents(settings: list[Setting]) -> list[Candidate]:
    """The records of agents that have no row, one for all settings with the same command line."""
    by_line: dict[tuple[str, ...], list[Setting]] = {}
    for setting in settings:
        by_line.setdefault((setting.program or setting.command or setting.name, *setting.args), []).append(setting)
    return [_of_own(same) for same in by_line.values()]


def _of_own(settings: list[Setting]) -> Candidate:
    first = settings[0]
    agent = Agent(
        agent_id=first.registry_id or first.name,
        display_name=first.name,
        installed=False,
        configured=True,
        command=first.command or "",
        version="",
        detail="",
        protocol="acp",
        transport="stdio",
        identity="name-only",
        status="unknown",
        configured_in=tuple(dict.fromkeys(setting.host for setting in settings)),
    )
    return started_by(first, agent)


def started_by(setting: Setting, agent: Agent) -> Candidate:
    """The record of an agent that an editor starts."""
    agent = msgspec.structs.replace(agent, sources=(*agent.sources, setting.host) if agent.sources else (setting.host,))
    if setting.program is None or setting.refused:
        return Candidate(agent=msgspec.structs.replace(agent, **_unstartable(setting, agent)))
    argv = (setting.program, *setting.args)
    if _holds_secret(setting.args):
        return Candidate(
            agent=msgspec.structs.replace(agent, installed=True, detail=KEY_IN_ARGUMENTS, install_hint=None)
        )
    detail = ""
    if setting.variables:
        detail = f"It is started with {', '.join(setting.variables)} set; discovery starts it without."
    agent = msgspec.structs.replace(
        agent, installed=True, status="unknown", identity="name-only", argv=argv, detail=detail, install_hint=None
    )
    return Candidate(agent=agent, launch=Launch(argv=argv, start_s=DEFAULT_START_S))


def _holds_secret(args: Sequence[str]) -> bool:
    if not any("-" in arg or "=" in arg for arg in args):
        return False
    # Imported only for arguments that could hold one: compiling its patterns takes longer than a listing.
    from modelport.domain.agents.cleaning import redacted, secrets_of

    return bool(secrets_of({}, args)) or any(redacted(arg) != arg for arg in args)


def _unstartable(setting: Setting, agent: Agent) -> dict[str, str]:
    where = setting.host.partition(" (")[0]
    if setting.refused:
        return {
            "status": "unknown",
            "detail": f"{where} starts {setting.command}, which is not used: {setting.refused}.",
        }
    if agent.detail:
        return {}
    if setting.command is None:
        return {"status": "needs_install", "detail": f"{where} has a copy of its own, or gets one when it is needed."}
    return {"status": "needs_install", "detail": f"{where} starts {setting.command}, which is not installed."}


def is_of(setting: Setting, row: AgentRow, book: AgentBook) -> bool:
    """Whether a setting means a known agent: by id, by package on an npx or uvx line, or by program and arguments."""
    if setting.registry_id:
        return row.goes_by(setting.registry_id)
    if setting.command is None:
        return False
    name = program_name(setting.command)
    if package := package_of_line(name, setting.args):
        return book.of_package(package) is row
    if name not in row.commands:
        return False
    spellings = [row.args] + ([row.older_args] if row.older_args else [])
    return not row.generic or any(setting.args[: len(args)] == args for args in spellings)


def program_name(command: str) -> str:
    """The name of a program: without folders, and without the ending that Windows gives it."""
    name = command.replace("\\", "/").rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    return stem if stem and ending.lower() in ("exe", "cmd", "bat", "ps1") else name


def package_of_line(name: str, args: Iterable[str]) -> str | None:
    """The package that an npx, bunx, pnpm or uvx line runs, as the rows write it, without its version."""
    ecosystem = {"npx": "npm", "bunx": "npm", "pnpx": "npm", "uvx": "pypi"}.get(name)
    if ecosystem is None:
        return None
    package = next((a for a in args if not a.startswith("-")), None)
    if package is None:
        return None
    bare = package[0] + package[1:].partition("@")[0] if package else package
    return f"{ecosystem}:{bare.partition('==')[0].partition('[')[0]}"
