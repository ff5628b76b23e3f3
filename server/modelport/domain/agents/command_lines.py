"""Which agent a command line is. Arguments are compared and never shown: they may hold keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modelport.domain.agents.editors.settings import program_name
from modelport.domain.agents.rows import AgentBook, AgentRow

INTERPRETERS = ("node", "bun", "deno", "python", "pypy")
"""The beginnings of their names: ``python3.12`` is one."""
SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
OPTIONS_WITH_VALUE = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "-X", "-W"})
"""Options of interpreters with a value behind them."""
NO_SCRIPT = frozenset({"-e", "--eval", "-p", "--print", "-c", "-"})
PACKAGES = "/node_modules/"


class CommandLineIndex:
    """The rows of agents by what a command line shows: a program's name, a package's folder or a Python module.

    A machine runs hundreds of processes, so each is matched by look-up and not by trying every row.
    """

    def __init__(self, book: AgentBook) -> None:
        self._rows = book.agent
        self._by_command: dict[str, list[int]] = {}
        self._by_module: dict[str, list[int]] = {}
        self._by_package: dict[str, list[int]] = {}
        """By the beginning of a path below ``node_modules``."""
        for rank, row in enumerate(book.agent):
            for command in row.commands:
                self._by_command.setdefault(command, []).append(rank)
            if row.module is not None:
                self._by_module.setdefault(row.module, []).append(rank)
            for package in row.packages:
                ecosystem, _, name = package.partition(":")
                if ecosystem == "npm":
                    folder = name[:-1] if name.endswith("*") else f"{name}/"
                    self._by_package.setdefault(folder, []).append(rank)
        self._folder_lengths = sorted({len(folder) for folder in self._by_package})

    def row_of(self, argv: Sequence[str]) -> AgentRow | None:
        """The first row whose program and protocol arguments a command line has."""
        if not argv:
            return None
        name, args = program_name(argv[0]), argv[1:]
        ranks = self._with_args(self._of_program(argv[0], name), args)
        if name in SHELLS or name.lower().startswith(INTERPRETERS):
            ranks += self._of_script(args)
        return self._rows[min(ranks)] if ranks else None

    def _of_script(self, args: Sequence[str]) -> list[int]:
        """The ranks of the rows whose script or module an interpreter runs, with their protocol arguments."""
        position = _script(args)
        if position is None:
            return []
        script, behind = args[position], args[position + 1 :]
        if position and args[position - 1] == "-m":
            return self._with_args(self._by_module.get(script, ()), behind)
        stem = program_name(script).removesuffix(".js").removesuffix(".mjs").removesuffix(".py")
        return self._with_args(self._of_program(script, stem), behind)

    def _of_program(self, path: str, name: str) -> list[int]:
        """The ranks of the rows whose program has a name, or whose package a path leads into."""
        ranks = [*self._by_command.get(name, ())]
        plain = path.replace("\\", "/")
        at = plain.find(PACKAGES)
        while at >= 0:
            below = at + len(PACKAGES)
            for length in self._folder_lengths:
                ranks += self._by_package.get(plain[below : below + length], ())
            at = plain.find(PACKAGES, at + 1)
        return ranks

    def _with_args(self, ranks: Iterable[int], args: Sequence[str]) -> list[int]:
        return [rank for rank in ranks if _has_args(self._rows[rank], args)]


def _script(args: Sequence[str]) -> int | None:
    """The position of the script or the module that an interpreter runs."""
    skip = False
    for position, arg in enumerate(args):
        if skip:
            skip = False
        elif arg in NO_SCRIPT:
            return None
        elif arg == "-m":
            return position + 1 if position + 1 < len(args) else None
        elif not arg.startswith("-") and not (position == 0 and arg == "run"):
            return position
        else:
            skip = arg in OPTIONS_WITH_VALUE
    return None


def _has_args(row: AgentRow, args: Sequence[str]) -> bool:
    """Whether the arguments that make an agent speak the protocol are there, one behind the other."""
    spellings = [row.args] + ([row.older_args] if row.older_args else [])
    given = tuple(args)
    return any(
        any(given[position : position + len(wanted)] == wanted for position in range(len(given) - len(wanted) + 1))
        for wanted in spellings
    )
