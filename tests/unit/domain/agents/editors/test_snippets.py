"""The settings for editors: read back as the editors read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.agents.sources.editors.settings import configured
from modelport.domain.agents.editors.snippets import EMITTERS, TARGETS, snippet
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.frontends.cli import acp_discover
from modelport.protocol.types import Agent

ODD = '/opt/it\'s a "place"\\né/\U0001f98a\u202e/\x1b[2J\x9b'
JSON_PLACES = {
    "zed": (".config/zed/settings.json", "agent_servers"),
    "jetbrains": (".jetbrains/acp.json", "agent_servers"),
    "vscode": (".config/Code/User/settings.json", "acp.agents"),
    "acpx": (".acpx/config.json", "agents"),
}


def agent(agent_id: str, *argv: str, **changed: Any) -> Agent:
    said: dict[str, Any] = {
        "agent_id": agent_id,
        "display_name": agent_id.title(),
        "installed": True,
        "configured": False,
        "command": "x",
        "version": "",
        "detail": "",
        "protocol": "acp",
        "transport": "stdio",
        "status": "unknown",
        "argv": argv or (f"/bin/{agent_id}", "acp"),
    }
    return Agent(**{**said, **changed})


def row(agent_id: str, **changed: Any) -> AgentRow:
    return AgentRow(id=agent_id, name=agent_id, checked="2026-11-20", source="", **changed)


BOOK = AgentBook(agent=(row("quiet", env={"NO_UPDATE": "1"}), row("slow", start_s=30)))


def entries(target: str, *agents: Agent, book: AgentBook = BOOK) -> dict[str, Any]:
    return json.loads(snippet(target, agents, book).text)[JSON_PLACES[target][1]]


def test_the_targets() -> None:
    assert TARGETS == ("zed", "jetbrains", "vscode", "codecompanion", "avante", "acpx")
    assert set(EMITTERS) == set(TARGETS)
    # The command names them without loading them.
    assert acp_discover.TARGETS == TARGETS


def test_zed() -> None:
    assert entries("zed", agent("gemini", "/bin/gemini", "--acp"), agent("quiet", "/bin/q")) == {
        "Gemini": {"type": "custom", "command": "/bin/gemini", "args": ["--acp"]},
        "Quiet": {"type": "custom", "command": "/bin/q", "args": [], "env": {"NO_UPDATE": "1"}},
    }


def test_jetbrains() -> None:
    made = json.loads(snippet("jetbrains", [agent("quiet")], BOOK).text)
    assert made == {
        "default_mcp_settings": {},
        "agent_servers": {"Quiet": {"command": "/bin/quiet", "args": ["acp"], "env": {"NO_UPDATE": "1"}}},
    }


def test_vscode() -> None:
    assert entries("vscode", agent("gemini")) == {"Gemini": {"command": "/bin/gemini", "args": ["acp"]}}


def test_acpx_says_what_it_cannot_set() -> None:
    made = snippet("acpx", [agent("quiet"), agent("gemini")], BOOK)
    assert json.loads(made.text) == {
        "agents": {"quiet": {"argv": ["/bin/quiet", "acp"]}, "gemini": {"argv": ["/bin/gemini", "acp"]}}
    }
    assert "NO_UPDATE=1" in made.where
    assert "variables" not in snippet("acpx", [agent("gemini")], BOOK).where


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "changed",
    [
        {"installed": False},
        {"argv": None},
        {"transport": "http"},
        {"transport": None},
        {"protocol": "a2a"},
        *({"status": status} for status in ("broken", "hung", "stub", "needs_install")),
        {"argv": ("/opt/\udcff", "acp")},
    ],
)
def test_agents_that_no_editor_can_start_are_left_out(target: str, changed: Mapping[str, Any]) -> None:
    made = snippet(target, [agent("gone", **changed), agent("here")], BOOK).text
    assert "here" in made.lower()
    assert "gone" not in made.lower()
    assert "\udcff" not in made


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("status", ["ready", "auth_required", "not_configured", "unknown"])
def test_agents_that_may_work_are_in(target: str, status: str) -> None:
    assert "/bin/here" in snippet(target, [agent("here", status=status)], BOOK).text


@pytest.mark.parametrize("target", TARGETS)
def test_no_agent_hides_another(target: str) -> None:
    same = [agent("one", f"/bin/{n}", display_name="Same") for n in range(3)]
    made = snippet(target, same, BOOK).text
    assert [made.count(f'"/bin/{n}"') for n in range(3)] == [1, 1, 1]
    if target in JSON_PLACES:
        assert len(entries(target, *same)) == 3


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_the_same_every_time_and_has_no_more_than_it_needs(target: str) -> None:
    agents = [agent("b"), agent("a", auth_methods=({"id": "secret-method"},), version="1.2.3")]
    made = snippet(target, agents, BOOK)
    assert made == snippet(target, agents, BOOK)
    assert made.text.index("/bin/b") < made.text.index("/bin/a"), "in the order in which they were given"
    assert "secret-method" not in made.text
    assert made.where.endswith(".")


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_in_it_moves_a_cursor(target: str) -> None:
    made = snippet(target, [agent("odd", ODD, ODD, display_name=ODD)], BOOK).text
    assert all(character.isprintable() or character == "\n" for character in made)


@pytest.mark.parametrize("target", JSON_PLACES)
@given(argv=st.lists(st.text(st.characters(codec="utf-8"), max_size=6), min_size=1, max_size=3))
def test_what_json_says_is_exactly_the_command_line(target: str, argv: list[str]) -> None:
    (entry,) = entries(target, agent("odd", *argv)).values()
    assert entry.get("argv") == argv or [entry.get("command"), *entry.get("args", ())] == argv


@pytest.mark.parametrize("target", JSON_PLACES)
def test_what_is_emitted_is_found_again(target: str, tmp_path: Path) -> None:
    place = tmp_path / JSON_PLACES[target][0]
    place.parent.mkdir(parents=True)
    agents = [agent("gemini", "/opt/my tools/gemini", "--acp"), agent("quiet", "/bin/q"), agent("odd", "/b", ODD)]
    place.write_text(snippet(target, agents, BOOK).text)
    found = configured(tmp_path, {}, "linux")
    assert [(setting.command, *setting.args) for setting in found] == [one.argv for one in agents]
    shown = [one.agent_id if target == "acpx" else one.display_name for one in agents]
    assert [setting.name for setting in found] == shown
    assert [setting.variables for setting in found] == [(), () if target == "acpx" else ("NO_UPDATE",), ()]


def test_none_is_also_an_answer() -> None:
    assert entries("zed") == {}
    assert 'require("avante").setup' in snippet("avante", [], BOOK).text


def test_an_agent_may_be_called_what_its_id_is() -> None:
    assert list(entries("zed", agent("plain", "/bin/plain", display_name="plain"))) == ["plain"]
