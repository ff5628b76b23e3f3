"""Which command lines are agents, and that the index answers as if every row were tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.data.agents import load_agents
from modelport.domain.agents.command_lines import NO_SCRIPT, OPTIONS_WITH_VALUE, SHELLS, CommandLineIndex
from modelport.domain.agents.editors.settings import program_name
from modelport.domain.agents.rows import AgentBook, AgentRow

BOOK = load_agents()
INDEX = CommandLineIndex(BOOK)
NODE_MODULES = "/home/me/.nvm/versions/node/v22.1.0/lib/node_modules"


@pytest.mark.parametrize(
    ("argv", "agent"),
    [
        (["gemini", "--acp"], "gemini"),
        (["/usr/local/bin/gemini", "--yolo", "--acp"], "gemini"),
        (["node", "/home/me/.local/bin/gemini", "--acp"], "gemini"),
        (["/usr/bin/node", "--no-warnings=DEP0040", f"{NODE_MODULES}/@google/gemini-cli/bundle/gemini.js", "--acp"], "gemini"),
        (["node", "--require", "/x/hook.js", "/usr/bin/gemini", "--experimental-acp"], "gemini"),
        (["C:\\Users\\me\\AppData\\gemini.cmd", "--acp"], "gemini"),
        (["node.exe", "C:\\npm\\node_modules\\@google\\gemini-cli\\dist\\index.js", "--acp"], "gemini"),
        (["node", f"{NODE_MODULES}/@agentclientprotocol/claude-agent-acp/dist/index.js"], "claude-acp"),
        (["claude-code-acp"], "claude-acp"),
        (["node", "/x/bin/codex-acp", "-c", "model=o3"], "codex-acp"),
        (["/x/node_modules/opencode-ai/node_modules/opencode-linux-x64/bin/opencode", "acp"], "opencode"),
        (["bun", "run", "/x/bin/opencode", "acp"], "opencode"),
        (["/x/node_modules/@cline/cli-linux-x64/bin/cline", "--acp"], "cline"),
        (["droid", "exec", "--output-format", "acp"], "factory-droid"),
        (["/home/me/venv/bin/python3.12", "/home/me/.local/bin/vibe-acp"], "mistral-vibe"),
        (["python", "-X", "utf8", "-m", "deepagents_acp"], "deepagents"),
        (["/bin/sh", "/usr/local/bin/auggie", "--acp"], "auggie"),
        (["goose", "acp"], "goose"),
        (["agent", "acp"], "cursor"),
        (["grok", "agent", "stdio"], "grok-build"),
    ],
)  # fmt: skip
def test_a_command_line_is_an_agent(argv: Sequence[str], agent: str) -> None:
    row = INDEX.row_of(argv)
    assert row is not None
    assert row.id == agent


@pytest.mark.parametrize(
    "argv",
    [
        [],
        [""],
        ["gemini"],
        ["gemini", "-p", "what does --acp-mode do"],
        ["vim", "gemini", "--acp"],
        ["bash", "-c", "gemini --acp"],
        ["sh", "-c", "gemini", "--acp"],
        ["node"],
        ["node", "-e", "gemini", "--acp"],
        ["node", "--require", "gemini"],
        ["node", "/x/node_modules/@google/gemini-cli-other/index.js", "--acp"],
        ["node", "/x/server.js", "/x/bin/gemini", "--acp"],
        ["npm", "exec", "@google/gemini-cli", "--acp"],
        ["npx", "-y", "@google/gemini-cli", "--acp"],
        ["goose", "up"],
        ["goose"],
        ["agent"],
        ["fx", "data.json"],
        ["copilot", "deploy"],
        ["droid", "exec", "--output-format"],
        ["droid", "exec", "acp", "--output-format"],
        ["python", "-m"],
        ["python", "-m", "http.server"],
        ["python", "deepagents_acp"],
        ["claude"],
        ["tail", "-f", "/var/log/codex-acp"],
    ],
)
def test_another_command_line_is_no_agent(argv: Sequence[str]) -> None:
    assert INDEX.row_of(argv) is None


def test_a_generic_name_never_makes_an_agent_without_arguments() -> None:
    assert [row.id for row in BOOK.agent if row.generic and not row.args] == []


# The same as trying every row.


def plain_row_of(book: AgentBook, argv: Sequence[str]) -> AgentRow | None:
    """The rule that the index looks up: the first row, in the order of the book, that fits by itself."""
    return next((row for row in book.agent if fits(row, argv)), None)


def fits(row: AgentRow, argv: Sequence[str]) -> bool:
    if not argv:
        return False
    name = program_name(argv[0])
    if in_package(row, argv[0]) or name in row.commands:
        return has_args(row, argv[1:])
    if name not in SHELLS and not name.lower().startswith(("node", "bun", "deno", "python", "pypy")):
        return False
    at = script(argv)
    if at is None:
        return False
    if argv[at - 1] == "-m" and at > 1:
        return argv[at] == row.module and has_args(row, argv[at + 1 :])
    stem = program_name(argv[at]).removesuffix(".js").removesuffix(".mjs").removesuffix(".py")
    return (in_package(row, argv[at]) or stem in row.commands) and has_args(row, argv[at + 1 :])


def script(argv: Sequence[str]) -> int | None:
    at = 1
    while at < len(argv):
        if argv[at] in NO_SCRIPT:
            return None
        if argv[at] == "-m":
            return at + 1 if at + 1 < len(argv) else None
        if not argv[at].startswith("-") and (at, argv[at]) != (1, "run"):
            return at
        at += 2 if argv[at] in OPTIONS_WITH_VALUE else 1
    return None


def in_package(row: AgentRow, path: str) -> bool:
    names = [package.removeprefix("npm:") for package in row.packages if package.startswith("npm:")]
    folders = [name[:-1] if name.endswith("*") else f"{name}/" for name in names]
    return any(f"/node_modules/{folder}" in path.replace("\\", "/") for folder in folders)


def has_args(row: AgentRow, args: Sequence[str]) -> bool:
    wanted = [row.args, row.older_args] if row.older_args else [row.args]
    return any(tuple(args[at : at + len(one)]) == one for one in wanted for at in range(len(args) - len(one) + 1))


def folders(row: AgentRow) -> list[str]:
    names = [package.partition(":")[2] for package in row.packages]
    return [f"/x/node_modules/{name.replace('*', 'linux-x64')}/bin/start.js" for name in names]


def lines_of(row: AgentRow) -> list[tuple[str, ...]]:
    """Command lines that are a row's agent, and some that miss it narrowly."""
    programs = [*row.commands, *(f"/usr/bin/{name}" for name in row.commands), *folders(row)]
    programs += [f"C:\\npm\\{name}.CMD" for name in row.commands]
    programs += [path.replace("/", "\\") for path in folders(row)]
    programs += [f"/x/node_modules/node_modules/{name.partition(':')[2]}/a.js" for name in row.packages]
    programs += [f"/x/node_modules/y{path}" for path in folders(row)] + [f"{name}.py" for name in row.commands]
    endings = [row.args, *([row.older_args] if row.older_args else []), ("--more", *row.args, "x"), row.args[:-1], ()]
    starts = [(), ("node",), ("/usr/bin/NODE.exe", "-r", "x"), ("bun", "run"), ("sh",), ("python3.12", "-X", "utf8")]
    lines = [(*start, program, *args) for start in starts for program in programs for args in endings]
    modules = [(start, "-m", row.module, *args) for start in ("python", "node") for args in endings if row.module]
    return [*lines, *modules, *((program, "-e", program, *args) for program in programs for args in endings)]


@pytest.mark.parametrize("row", BOOK.agent, ids=lambda row: row.id)
def test_the_index_finds_what_the_rule_finds_for_every_row(row: AgentRow) -> None:
    lines = lines_of(row)
    assert [INDEX.row_of(argv) for argv in lines] == [plain_row_of(BOOK, argv) for argv in lines]
    # Another agent may come first, where both have the name.
    assert any(INDEX.row_of(argv) == row for argv in lines)


PARTS = sorted(
    {
        *(part for row in BOOK.agent for line in lines_of(row)[:12] for part in line),
        *(part for row in BOOK.agent for part in (*row.args, *(row.older_args or ()), row.module or "")),
        *SHELLS, *NO_SCRIPT, *OPTIONS_WITH_VALUE,
        "node", "python3", "Bun.exe", "-m", "run", "/x/node_modules/", "/node_modules/@", "",
    }
)  # fmt: skip


@given(argv=st.lists(st.sampled_from(PARTS), max_size=6))
def test_the_index_finds_what_the_rule_finds_for_any_arguments(argv: list[str]) -> None:
    assert INDEX.row_of(argv) == plain_row_of(BOOK, argv)


def made_up(id: str, **fields: Any) -> AgentRow:
    return AgentRow(id=id, name=id, checked="2026-11-20", source="made up", **fields)


@pytest.mark.parametrize(
    ("argv", "agent"),
    [
        # Its name is the second row's, its package the first one's.
        (["/x/node_modules/one/bin/two"], "first"),
        (["node", "/x/node_modules/one/bin/two.js"], "first"),
        (["two"], "second"),
        # The program is an agent, and so is the script that it runs.
        (["node-two", "first"], "first"),
        (["node-two", "/bin/two"], "second"),
        # An option of the script, not of the interpreter.
        (["python", "two", "-m"], "second"),
        (["python", "-m", "two"], "third"),
        (["python", "-m", "two", "-m"], "third"),
    ],
)
def test_the_first_row_that_fits_counts(argv: list[str], agent: str) -> None:
    book = AgentBook(
        (
            made_up("first", command="first", packages=("npm:one",)),
            made_up("second", command="two", aliases=("node-two",)),
            made_up("third", module="two"),
        )
    )
    row = CommandLineIndex(book).row_of(argv)
    assert row == plain_row_of(book, argv)
    assert row is not None
    assert row.id == agent


NAMES = st.sampled_from(["a", "b", "node", "a-x"])
ROWS = st.builds(
    AgentRow,
    id=st.uuids().map(str),
    name=st.just("made up"),
    command=st.none() | NAMES,
    aliases=st.lists(NAMES, max_size=1).map(tuple),
    args=st.sampled_from([(), ("acp",), ("acp", "on"), ("--acp",)]),
    older_args=st.sampled_from([None, (), ("acp",)]),
    module=st.none() | NAMES,
    packages=st.lists(st.sampled_from(["npm:a", "npm:a*", "npm:@s/a", "npm:@s/a-*", "npm:*", "pypi:a"]), max_size=2).map(tuple),
    checked=st.just("2026-11-20"),
    source=st.just("made up"),
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "a", "/bin/b", "a-x.mjs", "node", "sh", "-m", "-c", "-r", "run", "acp", "on", "--acp", "", "/node_modules/a/x",
        "/y/node_modules/node_modules/a", "/node_modules/@s/a-x/node_modules/ab", "C:\\node_modules\\@s\\a\\x.js",
    ]
)  # fmt: skip


@given(rows=st.lists(ROWS, max_size=5), argv=st.lists(WORDS, max_size=6))
def test_rows_that_share_names_and_packages_come_in_their_order(rows: list[AgentRow], argv: list[str]) -> None:
    book = AgentBook(tuple(rows))
    assert CommandLineIndex(book).row_of(argv) == plain_row_of(book, argv)
