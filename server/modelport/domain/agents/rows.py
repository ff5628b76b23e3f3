"""The agents that are known by name: a row of ``data/agents.toml`` each."""

from __future__ import annotations

from msgspec import Struct

from modelport.protocol.types import AgentOwner

DEFAULT_START_S = 15.0
"""How long an agent that is installed may take to answer, where its row has no time of its own."""


class AgentRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of an agent.

    A package is written ``npm:NAME`` or ``pypi:NAME``; a ``*`` at its end stands for anything.
    """

    id: str
    """The public registry's id, where the agent is in the registry."""
    also: tuple[str, ...] = ()
    """Other ids of it: those of other programs, and former ones."""
    name: str
    command: str | None = None
    """The name of the program; absent where a package has none."""
    args: tuple[str, ...] = ()
    older_args: tuple[str, ...] | None = None
    """The arguments of older versions: tried when the program does not support ``args``."""
    aliases: tuple[str, ...] = ()
    """Other names of the same program."""
    module: str | None = None
    """The Python module to run, for a package without a program."""
    env: dict[str, str] = {}
    """Variables it is started with, none of them secret."""
    packages: tuple[str, ...] = ()
    """The packages that own the real program; the first is the one to install."""
    stubs: tuple[str, ...] = ()
    """Packages of the same program that are not the agent any more, from a version on: ``pypi:NAME>=1.52``."""
    adapts: str | None = None
    """The program that this agent is the adapter of, and that does not speak the protocol itself."""
    requires: tuple[str, ...] = ()
    """Other programs that it needs for a session."""
    node: str | None = None
    """The oldest Node that its current version runs on, as ``22.19``."""
    generic: bool = False
    """Whether other programs have this name too, so that the name alone proves nothing."""
    folders: tuple[str, ...] = ()
    """Folders of its own installer, ``~`` for home; a program found there is confirmed."""
    key_variables: tuple[str, ...] = ()
    credential_files: tuple[str, ...] = ()
    """Files that its own log-in writes, ``~`` for home; only their existence is checked."""
    tcp_option: str | None = None
    """The option after which it listens on a TCP port, as ``--port``."""
    start_s: float = DEFAULT_START_S
    """How long it may take to answer its first request, in seconds."""
    install: str | None = None
    """What to type to install it, where it is not the first package."""
    login: str | None = None
    """What to do to log in."""
    codecompanion: str | None = None
    """The name of the adapter that CodeCompanion.nvim has for it."""
    checked: str
    source: str

    @property
    def commands(self) -> tuple[str, ...]:
        """The names its program may have, the usual one first."""
        return (self.command, *self.aliases) if self.command else self.aliases

    @property
    def install_hint(self) -> str | None:
        """What to type to install it."""
        if self.install:
            return self.install
        ecosystem, _, package = (self.packages[0] if self.packages else "").partition(":")
        return {"npm": f"npm install -g {package}", "pypi": f"uv tool install {package}"}.get(ecosystem)

    def goes_by(self, name: str) -> bool:
        """Whether an id means this agent, in any case."""
        return name.lower() in (self.id.lower(), *(other.lower() for other in self.also))

    def owned_by(self, owner: AgentOwner) -> bool:
        """Whether a package that owns a program makes it this agent."""
        return any(_is(owner, package) for package in self.packages)

    def is_stub(self, owner: AgentOwner) -> bool:
        """Whether a package that owns a program makes it an obsolete stub of this agent."""
        for stub in self.stubs:
            package, _, since = stub.partition(">=")
            if _is(owner, package) and numbers(owner.version or "") >= numbers(since):
                return True
        return False


class AgentBook(Struct, frozen=True, forbid_unknown_fields=True):
    """All rows, in the order in which agents are listed."""

    agent: tuple[AgentRow, ...]

    def named(self, name: str) -> AgentRow | None:
        """The row with this id, other id, or program's name, in any case."""
        low = name.lower()
        by_id = (row for row in self.agent if row.id.lower() == low)
        by_other_id = (row for row in self.agent if row.goes_by(low))
        by_command = (row for row in self.agent if low in (c.lower() for c in row.commands))
        return next(by_id, None) or next(by_other_id, None) or next(by_command, None)

    def of_package(self, package: str) -> AgentRow | None:
        """The row of a package, written as in ``packages``."""
        ecosystem, _, name = package.partition(":")
        if ecosystem not in ("npm", "pypi"):
            return None
        owner = AgentOwner(ecosystem=ecosystem, package=name)
        return next((row for row in self.agent if row.owned_by(owner)), None)


def numbers(version: str) -> list[int]:
    """The numbers of a version, to compare it by; other parts count as 0."""
    return [int(part) if part.isdigit() else 0 for part in version.removeprefix("v").split(".")]


def _is(owner: AgentOwner, package: str) -> bool:
    ecosystem, _, name = package.partition(":")
    if owner.ecosystem != ecosystem:
        return False
    return owner.package.startswith(name[:-1]) if name.endswith("*") else owner.package == name
