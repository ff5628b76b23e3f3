"""The table of agents: what stands in which column, and in which colour."""

from __future__ import annotations

import pytest

from modelport.frontends.cli.agent_table import lines
from modelport.protocol.types import Agent, AgentOwner, AgentProcess


def agent(**changes) -> Agent:
    values = {
        "agent_id": "gemini", "display_name": "Gemini CLI", "installed": True, "configured": True, "command": "gemini",
        "version": "", "detail": "", "status": "unknown", "install_hint": "npm install -g x", "login_hint": "Run gemini.",
    }  # fmt: skip
    return Agent(**(values | changes))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"owner": AgentOwner(ecosystem="npm", package="@g/x")}, "package @g/x"),
        ({"verified_at": "2026-11-20T00:00:00Z", "latency_ms": 2345.6}, "answered in 2.3 s"),
        ({"url": "http://127.0.0.1:1", "status": "ready"}, "answers"),
        ({"url": "http://127.0.0.1:1"}, "listens"),
        ({"identity": "name-only"}, "name only"),
        ({"identity": "confirmed"}, "its own folder"),
        ({}, "-"),
    ],
)  # fmt: skip
def test_the_evidence_for_a_record(changes: dict, evidence: str) -> None:
    assert lines([agent(**changes)], colours=False)[1].endswith(f"  {evidence}")


def test_where_it_was_found_and_where_it_is_set_up() -> None:
    _, line, *_ = lines([agent(sources=("PATH", "PATH"), configured_in=("Zed (~/x)", "Zed (~/y)"))], colours=False)
    assert "PATH, in Zed" in line
    assert cells(lines([agent()], colours=False)[1]) == ["gemini", "-", "unknown", "-", "-", "-"]


@pytest.mark.parametrize(
    ("changes", "remarks"),
    [
        ({}, []),
        ({"detail": "Why."}, ["Why."]),
        ({"installed": False}, ["to install: npm install -g x"]),
        ({"status": "needs_install"}, ["to install: npm install -g x"]),
        ({"auth": "required"}, ["to log in: Run gemini."]),
        ({"auth": "unknown"}, ["to log in: Run gemini."]),
        ({"auth": "not_required"}, []),
        ({"stderr_tail": ("a", "b", "c", "d")}, ["! b", "! c", "! d"]),
        ({"processes": (AgentProcess(pid=1, parent="zed"), AgentProcess(pid=2))}, ["runs now: pid 1 under zed, pid 2"]),
    ],
)  # fmt: skip
def test_what_stands_below(changes: dict, remarks: list[str]) -> None:
    assert [line.strip() for line in lines([agent(**changes)], colours=False)[2:]] == remarks


def test_green_is_for_what_is_proven() -> None:
    green, yellow, red = "\x1b[32m", "\x1b[33m", "\x1b[31m"
    for changes, colour in (
        ({"status": "ready", "auth": "not_required"}, green),
        ({"status": "ready", "auth": "unknown"}, yellow),
        ({"status": "auth_required"}, yellow),
        ({"status": "broken"}, red),
        ({"status": "hung"}, red),
        ({"status": "stub"}, red),
    ):
        line = lines([agent(**changes)], colours=True)[1]
        assert colour in line
        assert {green, yellow, red}.isdisjoint({*filter(line.__contains__, (green, yellow, red))} - {colour})


def test_wide_characters_take_two_columns() -> None:
    head, wide, plain = lines(
        [agent(agent_id="代理", version="1.0"), agent(agent_id="gemini", version="1.0")], colours=False
    )
    assert head.index("version") == plain.index("1.0") == wide.index("1.0") + 2
