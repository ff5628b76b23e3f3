"""The level that runs nothing: rows, files, what is kept of earlier answers, and names."""

from __future__ import annotations

import pytest

from modelport.domain.agents.observations import HandshakeResult, Machine
from modelport.domain.agents.registry import RegistryCopy, RegistryEntry
from modelport.domain.agents.rows import AgentBook, AgentRow
from modelport.domain.errors import InvalidParams
from modelport.engine.agents.file_level import FileLevel
from modelport.protocol.types import AgentRegistry
from support.agent_parts import ANNOUNCED, FakeCache, FakeHandshakeCache, FakeInstances, FakeView, program, static


def test_only_what_is_here_is_listed_unless_everything_is_asked_for() -> None:
    agents = static(Machine(programs=(program("gemini"),)))
    assert [one.agent.agent_id for one in agents.list().candidates] == ["gemini"]
    assert [one.agent.agent_id for one in agents.list(everything=True).candidates] == ["gemini", "goose", "codex-acp"]


def test_an_earlier_answer_of_the_same_program_is_told_with_its_date() -> None:
    verdicts = FakeHandshakeCache(
        {("/bin/gemini", "--acp"): HandshakeResult(status="ready", auth="unknown", verified_at="2026-11-01T00:00:00Z")}
    )
    (one,) = static(Machine(programs=(program("gemini"),)), verdicts).list().candidates
    assert (one.agent.status, one.agent.auth, one.agent.verified_at) == ("ready", "unknown", "2026-11-01T00:00:00Z")


@pytest.mark.parametrize("status", ["broken", "hung", "stub"])
def test_an_earlier_failure_is_not_held_against_it(status) -> None:
    verdicts = FakeHandshakeCache({("/bin/gemini", "--acp"): HandshakeResult(status=status, detail="old")})
    (one,) = static(Machine(programs=(program("gemini"),)), verdicts).list().candidates
    assert (one.agent.status, one.agent.detail) == ("unknown", "")


def test_an_agent_is_asked_for_by_id_or_command_in_any_case() -> None:
    agents = static(Machine(programs=(program("gemini"), program("codex-acp"))))
    for name in ("codex-acp", "CODEX-ACP"):
        assert [one.agent.agent_id for one in agents.list([name]).candidates] == ["codex-acp"]
    listing = agents.list(["goose"])
    assert [(one.agent.agent_id, one.agent.status) for one in listing.candidates] == [("goose", "needs_install")]
    assert listing.ids == {"goose"}


def test_another_id_and_the_name_of_the_program_find_the_agent() -> None:
    row = AgentRow(
        id="codex", also=("codex-acp",), name="Codex", command="codex-agent", checked="2026-11-20", source="test"
    )
    agents = FileLevel(AgentBook((row,)), FakeView(Machine()), FakeCache(None), FakeHandshakeCache(), FakeInstances(()))
    for name in ("codex", "Codex-ACP", "codex-agent"):
        listing = agents.list([name])
        assert listing.ids == {"codex"}
        assert [one.agent.agent_id for one in listing.candidates] == ["codex"]


def test_an_unknown_name_offers_the_nearest() -> None:
    agents = static(Machine())
    with pytest.raises(InvalidParams, match="No agent is called gemni \\(did you mean gemini\\?\\)") as error:
        agents.list(["gemni"])
    assert error.value.field == "ids"
    assert agents.list(["echo"], strict=False).ids == {"echo"}


def test_who_has_announced_itself_is_listed() -> None:
    agents = static(Machine(), announced=(ANNOUNCED,))
    assert [agent.agent_id for agent in agents.list().result().agents] == ["modelport"]
    assert agents.list(["modelport"]).announced == (ANNOUNCED,)
    assert agents.list(["gemini"]).announced == ()


def test_the_registry_copy_adds_agents_and_is_reported() -> None:
    about = AgentRegistry(url="https://x.test/r.json", fetched_at="2026-11-01T00:00:00Z", agent_count=1)
    copy = RegistryCopy(about=about, entries=(RegistryEntry(id="new", name="New", version="1", package="npm:new"),))
    listing = static(Machine(), copy=copy).list(everything=True)
    assert listing.candidates[-1].agent.agent_id == "new"
    assert listing.result().registry == about
