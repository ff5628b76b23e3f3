"""What was observed of agents, before records are made of it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modelport.protocol.types import AgentAuth, AgentOwner, AgentProcess, AgentStatus


class Program(Struct, frozen=True, kw_only=True):
    """A program on this machine that has an agent's name, or belongs to an agent's package."""

    name: str
    """The agent's command, or its id where it has none."""
    argv: tuple[str, ...]
    """How it is started, without the agent's own arguments: an absolute path, or an interpreter and what it runs."""
    found_in: str
    """Where it was found, to show: ``PATH``, ``~/.local/bin``, ``npx cache``."""
    owner: AgentOwner | None = None
    """The package that it belongs to; None where its files name none."""
    registry_id: str | None = None
    """The registry's id under which an editor has installed it, if one has."""
    refused: str | None = None
    """Why it must not be started, as the end of a sentence."""


class Setting(Struct, frozen=True, kw_only=True):
    """An agent that the user has set up in another program."""

    host: str
    """The program it is set up in, and its file, to show: ``Zed (~/.config/zed/settings.json)``."""
    name: str
    command: str | None = None
    """As written in the file; None where it names only the registry's id."""
    args: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    """The names of the variables it is started with. Their values are not decoded."""
    registry_id: str | None = None
    program: str | None = None
    """The absolute path that ``command`` leads to, if any."""
    refused: str | None = None
    """Why it must not be started, as the end of a sentence."""


class Machine(Struct, frozen=True, kw_only=True):
    """Everything that was observed without running a program or sending a request."""

    programs: tuple[Program, ...] = ()
    settings: tuple[Setting, ...] = ()
    variables: frozenset[str] = frozenset()
    """The names of the variables that are set and not empty."""
    files: frozenset[str] = frozenset()
    """The credential files that exist, as the rows write them."""
    commands: frozenset[str] = frozenset()
    """The names of installed programs, of those that rows adapt or require."""
    node: str | None = None
    """The version of the Node that scripts would run on; None where its files do not name it."""


class Launch(Struct, frozen=True, kw_only=True):
    """How an agent is started; the same for a handshake and for working with it."""

    argv: tuple[str, ...]
    """``argv[0]`` is an absolute path."""
    older_argv: tuple[str, ...] | None = None
    env: dict[str, str] = {}
    start_s: float
    keys: tuple[str, ...] = ()
    """The variables that hold its keys; it gets them only when a session is requested."""


class Running(Struct, frozen=True, kw_only=True):
    """A process of this user's, as the system lists it."""

    pid: int
    argv: tuple[str, ...]
    parent_pid: int | None = None
    parent: str | None = None
    """The name of the program that started it."""

    def process(self) -> AgentProcess:
        """The process as the contract has it: without its arguments, which may hold keys."""
        return AgentProcess(pid=self.pid, parent=self.parent, parent_pid=self.parent_pid)


class HandshakeResult(Struct, frozen=True, kw_only=True):
    """The result of a handshake with an agent. All texts of the agent's are already shortened, cleaned and redacted."""

    status: AgentStatus
    detail: str = ""
    auth: AgentAuth | None = None
    verified_at: str | None = None
    latency_ms: float | None = None
    protocol_version: int | str | None = None
    agent_info: dict[str, Any] | None = None
    capabilities: dict[str, Any] | None = None
    auth_methods: tuple[dict[str, Any], ...] | None = None
    models: tuple[str, ...] | None = None
    stdout_noise: int | None = None
    stderr_tail: tuple[str, ...] | None = None
    exits_cleanly: bool | None = None
    argv: tuple[str, ...] | None = None
    """The command line that was answered, if it is not the first that was tried."""
