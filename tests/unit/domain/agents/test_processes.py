"""Which agents run: which processes are one family, which listen on a port, and that all are matched once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import msgspec
import pytest

from modelport.adapters.data.agents import load_agents
from modelport.domain.agents.command_lines import CommandLineIndex
from modelport.domain.agents.observations import Running
from modelport.domain.agents.processes import RunningAgents, running_alone
from modelport.domain.agents.rows import AgentBook
from modelport.protocol.types import AgentProcess

BOOK = load_agents()
INDEX = CommandLineIndex(BOOK)


def running(pid: int, *argv: str, parent: int | None = None, by: str | None = None) -> Running:
    return Running(pid=pid, argv=argv, parent_pid=parent, parent=by)


def agents(processes: Sequence[Running]) -> RunningAgents:
    return RunningAgents(INDEX, processes)


def test_an_agent_that_starts_itself_again_counts_once() -> None:
    found = agents(
        [
            running(10, "zed-editor"),
            running(20, "node", "/usr/bin/opencode", "acp", parent=10, by="zed-editor"),
            running(21, "/x/node_modules/opencode-ai/bin/.opencode", "acp", parent=20, by="node"),
            running(22, "/x/node_modules/opencode-ai/bin/.opencode", "acp", parent=30, by="node"),
            running(30, "node", "worker.js", parent=21, by=".opencode"),
            running(40, "/usr/bin/opencode", "acp", parent=1, by="systemd"),
        ]
    ).on_stdio()
    assert {name: [one.pid for one in several] for name, several in found.items()} == {"opencode": [20, 40]}
    assert found["opencode"][0] == AgentProcess(pid=20, parent="zed-editor", parent_pid=10)


def test_the_program_that_wanted_the_agent_is_reported_and_not_the_shell_between() -> None:
    found = agents(
        [
            running(10, "code", parent=1, by="systemd"),
            running(11, "npm exec @google/gemini-cli --acp", parent=10, by="code"),
            running(12, "sh", "-c", "gemini --acp", parent=11, by="npm"),
            running(13, "node", "/x/bin/gemini", "--acp", parent=12, by="sh"),
            running(14, "/usr/bin/node", "/x/bin/gemini", "--acp", parent=13, by="node"),
        ]
    ).on_stdio()
    assert found == {"gemini": (AgentProcess(pid=13, parent="code", parent_pid=10),)}


def test_parents_that_cannot_be_seen_and_those_that_go_in_circles() -> None:
    found = agents([running(13, "gemini", "--acp", parent=12, by="sh")]).on_stdio()
    assert found == {"gemini": (AgentProcess(pid=13, parent="sh", parent_pid=12),)}
    circle = [
        running(1, "sh", "x", parent=2, by="sh"),
        running(2, "sh", "x", parent=1, by="sh"),
        running(3, "gemini", "--acp", parent=2, by="sh"),
    ]
    assert agents(circle).on_stdio()["gemini"][0].pid == 3
    assert agents([]).on_stdio() == {}


def test_nothing_of_a_command_line_is_reported() -> None:
    found = agents([running(5, "gemini", "--acp", "--api-key", "canary-1234")]).on_stdio()
    row = BOOK.named("gemini")
    assert row is not None
    assert "canary" not in str(found) + str(running_alone(row, found["gemini"]))


def test_an_agent_that_listens_is_no_agent_on_standard_input() -> None:
    by_option = running(5, "copilot", "--acp", "--port", "3000")
    with_equals = running(6, "copilot", "--acp", "--port=3001")
    on_stdio = running(7, "copilot", "--acp")
    several = agents([by_option, with_equals, on_stdio, running(8, "gemini", "--acp", "--port", "9")])
    assert [one.pid for one in several.on_stdio()["github-copilot-cli"]] == [7]
    found = several.on_tcp({4000: 5, 5000: 7, 6000: None, 7000: 8})
    assert {port: row.id for port, row in found.items()} == dict.fromkeys((3000, 3001, 4000), "github-copilot-cli")


@pytest.mark.parametrize("port", ["0", "-1", "65536", "123456", "three", "", "\uff13\uff10", "0x10"])
def test_ports_that_are_none(port: str) -> None:
    assert agents([running(5, "copilot", "--acp", "--port", port)]).on_tcp({}) == {}


def test_a_record_of_an_agent_that_was_found_nowhere_else() -> None:
    row = BOOK.named("goose")
    assert row is not None
    agent = running_alone(row, (AgentProcess(pid=5), AgentProcess(pid=6)))
    assert (agent.pid, agent.status, agent.identity, agent.installed) == (5, "unknown", "name-only", True)
    assert agent.detail == "It runs as process 5; its program was found nowhere else."


# What a search costs.


def calls(action: Callable[[], Any]) -> int:
    """The calls of Python functions that an action makes."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(before)
    return count


def machine(count: int) -> list[Running]:
    """Processes as machines have them, none of them an agent."""
    lines = [
        ("/usr/lib/systemd/systemd", "--user"),
        ("/usr/bin/code", "--type=renderer"),
        ("node", "/usr/share/code/resources/app/extensions/server.js", "--stdio"),
        ("/usr/bin/python3", "-m", "http.server"),
        ("bash", "-c", "make check"),
        ("/x/node_modules/esbuild/bin/esbuild", "--service"),
    ]
    return [running(number, *lines[number % len(lines)], parent=1) for number in range(2, 2 + count)]


def test_a_process_costs_a_look_up_however_many_rows_there_are() -> None:
    copies = tuple(
        msgspec.structs.replace(
            row,
            id=f"{row.id}-{copy}",
            command=f"{row.command}-{copy}" if row.command else None,
            aliases=(),
            module=f"{row.module}-{copy}" if row.module else None,
            packages=tuple(f"{package}-{copy}" for package in row.packages if not package.endswith("*")),
        )
        for copy in range(20)
        for row in BOOK.agent
    )
    larger = CommandLineIndex(AgentBook((*BOOK.agent, *copies)))
    processes, many = machine(60), machine(600)
    cost = calls(lambda: RunningAgents(INDEX, processes))
    assert calls(lambda: RunningAgents(larger, processes)) == cost
    assert cost < 15 * len(processes)
    assert calls(lambda: RunningAgents(INDEX, many)) < 11 * cost
    found = agents(processes)
    assert calls(lambda: (found.on_stdio(), found.on_tcp({3000: 2, 4000: None}))) < 10
