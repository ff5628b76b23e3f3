"""The rows of agents: what holds for every one of them."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable

import pytest

from modelport.adapters.agents.sources.editors.settings import ZED_BUILT_IN
from modelport.adapters.data.agents import load_agents
from modelport.domain.agents.editors.settings import is_of
from modelport.domain.agents.environment import holds_secret
from modelport.domain.agents.observations import Setting
from modelport.domain.agents.rows import AgentRow
from modelport.protocol.types import AgentOwner
from support.checks import Checks

BOOK = load_agents()
ROWS = BOOK.agent
NPM = re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*\*?")
PYPI = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ID = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
SHELL = ("|", ";", "&", "$", "`", "<", ">", "\n")
REFERENCE = (
    "gemini", "claude-code", "codex", "junie", "goose", "kimi", "opencode", "stakpak", "vtcode", "auggie",
    "code-assistant", "cagent", "fast-agent", "llmling-agent",
)  # fmt: skip
"""What another program that lists agents calls them."""
REGISTRY = (
    "amp-acp", "auggie", "autohand", "claude-acp", "cline", "codex-acp", "cortex-code", "corust-agent", "cursor",
    "devin", "dimcode", "dirac", "factory-droid", "gemini", "github-copilot", "github-copilot-cli", "glm-acp-agent",
    "goose", "grok-build", "harn", "junie", "kilo", "kimi", "nova", "opencode", "pi-acp", "poolside", "qwen-code",
    "sigit", "stakpak",
)  # fmt: skip
"""The ids that the public registry tried in August 2026: its .protocol-matrix/snapshots/2026-08-20.json."""

row_checks = Checks[[AgentRow], None]()


def repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def test_no_name_means_two_agents() -> None:
    """An id, another id and a program's name may be the same within a row, and nowhere else."""
    assert repeated(row.id for row in ROWS) == []
    assert repeated(name for row in ROWS for name in {row.id, *row.also, *row.commands}) == []
    assert repeated(package for row in ROWS for package in (*row.packages, *row.stubs)) == []
    assert repeated(row.codecompanion for row in ROWS if row.codecompanion) == []
    assert repeated(row.name for row in ROWS) == []


def test_no_package_means_two_agents() -> None:
    """A ``*`` must not take in what belongs to another row."""
    for row in ROWS:
        for package in row.packages:
            ecosystem, _, name = package.partition(":")
            owner = AgentOwner(ecosystem=ecosystem, package=name.replace("*", "x"))
            assert [other.id for other in ROWS if other.owned_by(owner)] == [row.id], package


@pytest.mark.parametrize("name", [*REFERENCE, *REGISTRY])
def test_what_others_call_an_agent_finds_it(name: str) -> None:
    row = BOOK.named(name)
    assert row is not None
    assert row.goes_by(name)
    assert BOOK.named(name.upper()) is row


@pytest.mark.parametrize("id_", REGISTRY)
def test_agents_of_the_registry_have_its_ids(id_: str) -> None:
    assert id_ in {row.id for row in ROWS}


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("claude", "claude-acp"),
        ("codex", "codex-acp"),
        ("copilot", "github-copilot-cli"),
        ("llmling-agent", "agentpool"),
    ],
)
def test_a_name_finds_its_row(name: str, id_: str) -> None:
    row = BOOK.named(name)
    assert row is not None
    assert row.id == id_


@row_checks
def words(row: AgentRow) -> None:
    assert all(ID.fullmatch(name) for name in (row.id, *row.also))
    assert row.id not in row.also
    assert row.command not in row.aliases
    texts = (row.name, row.source, row.login or "", row.install or "", *row.args, *row.commands)
    assert all(text.isprintable() and text == text.strip() for text in texts)
    assert row.commands or row.module
    assert all("/" not in command and "\\" not in command and " " not in command for command in row.commands)
    if row.login:
        assert row.login.endswith(".")
        assert row.login.split()[0] in {"Run", "Set", "Sign"}, "it says what to do"


@row_checks
def packages_are_written_as_their_ecosystem_writes_them(row: AgentRow) -> None:
    for package in (*row.packages, *row.stubs):
        ecosystem, _, name = package.partition(">=")[0].partition(":")
        assert {"npm": NPM, "pypi": PYPI}[ecosystem].fullmatch(name), package
    assert not row.packages or not row.packages[0].endswith("*"), "the first is the one to install"
    for stub in row.stubs:
        package, since, version = stub.partition(">=")
        assert (package in row.packages) == bool(since), "an old version was the agent, or none ever was"
        assert not since or version[0].isdigit()


@row_checks
def it_can_be_installed_or_read_up_on(row: AgentRow) -> None:
    assert row.install_hint
    assert not any(character in row.install_hint for character in SHELL), (
        "no user is told to pipe a script into a shell"
    )
    if row.install:
        assert row.install.startswith(("see https://", "uv tool install ", "cargo install ", "pip install "))


@row_checks
def what_it_rests_on(row: AgentRow) -> None:
    assert len(row.source) > 10
    assert dt.date.fromisoformat(row.checked) >= dt.date(2026, 11, 20)
    assert "TODO" not in row.source


@row_checks
def no_secret_and_no_folder_shared_with_others(row: AgentRow) -> None:
    assert not any(holds_secret(name) for name in row.env)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) and len(value) < 20 for name, value in row.env.items())
    for name in row.key_variables:
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", name)
        assert holds_secret(name) or name == "AUGMENT_SESSION_AUTH", "its name does not say that it holds a key"
    for path in (*row.credential_files, *row.folders):
        assert path.startswith("~/")
        assert ".." not in path
        assert not path.endswith("/")
    assert set(row.folders).isdisjoint({"~/.local/bin", "~/bin", "~/.cargo/bin"}), "these are shared by many programs"


@row_checks
def what_it_needs(row: AgentRow) -> None:
    assert row.start_s >= 15
    assert row.node is None or re.fullmatch(r"\d+(\.\d+)*", row.node)
    for program in (*row.requires, *((row.adapts,) if row.adapts else ())):
        assert program not in row.commands
        other = BOOK.named(program)
        assert other is None or other is row, "what is adapted speaks no protocol, so it has no row of its own"
    assert not (row.generic and row.adapts)


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_a_row_is_whole(row: AgentRow) -> None:
    row_checks.run(row)


@pytest.mark.parametrize("name", ZED_BUILT_IN)
def test_what_zed_calls_its_own_agents_is_known(name: str) -> None:
    setting = Setting(host="Zed", name=name, registry_id=name)
    assert [row.id for row in ROWS if is_of(setting, row, BOOK)] == [{"gemini": "gemini"}.get(name, f"{name}-acp")]


def test_what_lacks_the_protocol_and_has_an_adapter() -> None:
    adapted = {row.adapts: row.id for row in ROWS if row.adapts}
    assert adapted == {
        "claude": "claude-acp", "codex": "codex-acp", "pi": "pi-acp", "amp": "amp-acp", "autohand": "autohand",
    }  # fmt: skip


@pytest.mark.parametrize(
    "command", ["agent", "pool", "fx", "goose", "kimi", "copilot", "hermes", "nova", "devin", "cortex"]
)
def test_names_that_others_have_too_prove_nothing(command: str) -> None:
    row = BOOK.named(command)
    assert row is not None
    assert row.generic
