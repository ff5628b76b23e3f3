"""Which command lines are agents, which of them are one family, and which listen on a port."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from modelport.adapters.data.agents import load_agents
from modelport.domain.agents.observations import Running
from modelport.domain.agents.processes import row_of, running_agents, running_alone, tcp_agents
from modelport.protocol.types import AgentProcess

BOOK = load_agents()
NODE_MODULES = "/home/me/.nvm/versions/node/v22.1.0/lib/node_modules"


def running(pid: int, *argv: str, parent: int | None = None, by: str | None = None) -> Running:
    return Running(pid=pid, argv=argv, parent_pid=parent, parent=by)


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
    row = row_of(BOOK, argv)
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
def test_another_command_line_is_none(argv: Sequence[str]) -> None:
    assert row_of(BOOK, argv) is None


def test_a_generic_name_never_makes_an_agent_without_arguments() -> None:
    assert [row.id for row in BOOK.agent if row.generic and not row.args] == []


def test_an_agent_that_starts_itself_again_counts_once() -> None:
    found = running_agents(
        BOOK,
        [
            running(10, "zed-editor"),
            running(20, "node", "/usr/bin/opencode", "acp", parent=10, by="zed-editor"),
            running(21, "/x/node_modules/opencode-ai/bin/.opencode", "acp", parent=20, by="node"),
            running(22, "/x/node_modules/opencode-ai/bin/.opencode", "acp", parent=30, by="node"),
            running(30, "node", "worker.js", parent=21, by=".opencode"),
            running(40, "/usr/bin/opencode", "acp", parent=1, by="systemd"),
        ],
    )
    assert {name: [one.pid for one in several] for name, several in found.items()} == {"opencode": [20, 40]}
    assert found["opencode"][0] == AgentProcess(pid=20, parent="zed-editor", parent_pid=10)


def test_whoever_has_wanted_the_agent_is_told_and_not_the_shell_between() -> None:
    found = running_agents(
        BOOK,
        [
            running(10, "code", parent=1, by="systemd"),
            running(11, "npm exec @google/gemini-cli --acp", parent=10, by="code"),
            running(12, "sh", "-c", "gemini --acp", parent=11, by="npm"),
            running(13, "node", "/x/bin/gemini", "--acp", parent=12, by="sh"),
            running(14, "/usr/bin/node", "/x/bin/gemini", "--acp", parent=13, by="node"),
        ],
    )
    assert found == {"gemini": (AgentProcess(pid=13, parent="code", parent_pid=10),)}


def test_parents_that_cannot_be_seen_and_those_that_go_in_circles() -> None:
    found = running_agents(BOOK, [running(13, "gemini", "--acp", parent=12, by="sh")])
    assert found == {"gemini": (AgentProcess(pid=13, parent="sh", parent_pid=12),)}
    circle = [
        running(1, "sh", "x", parent=2, by="sh"),
        running(2, "sh", "x", parent=1, by="sh"),
        running(3, "gemini", "--acp", parent=2, by="sh"),
    ]
    assert running_agents(BOOK, circle)["gemini"][0].pid == 3
    assert running_agents(BOOK, []) == {}


def test_nothing_of_a_command_line_is_told() -> None:
    found = running_agents(BOOK, [running(5, "gemini", "--acp", "--api-key", "canary-1234")])
    row = BOOK.named("gemini")
    assert row is not None
    assert "canary" not in str(found) + str(running_alone(row, found["gemini"]))


def test_an_agent_that_listens_is_no_agent_on_standard_input() -> None:
    by_option = running(5, "copilot", "--acp", "--port", "3000")
    with_equals = running(6, "copilot", "--acp", "--port=3001")
    on_stdio = running(7, "copilot", "--acp")
    everybody = [by_option, with_equals, on_stdio, running(8, "gemini", "--acp", "--port", "9")]
    assert [one.pid for one in running_agents(BOOK, everybody)["github-copilot-cli"]] == [7]
    found = tcp_agents(BOOK, everybody, {4000: 5, 5000: 7, 6000: None, 7000: 8})
    assert {port: row.id for port, row in found.items()} == dict.fromkeys((3000, 3001, 4000), "github-copilot-cli")


@pytest.mark.parametrize("port", ["0", "-1", "65536", "123456", "three", "", "\uff13\uff10", "0x10"])
def test_ports_that_are_none(port: str) -> None:
    assert tcp_agents(BOOK, [running(5, "copilot", "--acp", "--port", port)], {}) == {}


def test_a_record_of_an_agent_that_nothing_else_tells_of() -> None:
    row = BOOK.named("goose")
    assert row is not None
    agent = running_alone(row, (AgentProcess(pid=5), AgentProcess(pid=6)))
    assert (agent.pid, agent.status, agent.identity, agent.installed) == (5, "unknown", "name-only", True)
    assert agent.detail == "It runs as process 5; its program was found nowhere else."
