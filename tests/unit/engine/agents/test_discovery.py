"""The use case of finding agents: what each level does, what is started, and what is reported."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from modelport.domain.agents.observations import HandshakeResult, Machine, Setting
from modelport.domain.agents.registry import RegistryCopy
from modelport.domain.errors import InvalidParams
from modelport.engine.agents.discovery import SHELL_PATH_MAX_AGE_S, AgentDiscovery
from modelport.engine.agents.starts import LATE, MAX_STARTS_AT_ONCE, AgentStarter
from modelport.protocol.types import Agent, AgentProcess, AgentRegistry, DiscoverAgentParams
from support.agent_parts import ANNOUNCED, SERVER, FakeHandshakeCache, FakeHandshakes, FakeProbe, program, static

TWO = Machine(programs=(program("gemini"), program("codex-acp")))
VARIABLES = {"PATH": "/bin", "GEMINI_API_KEY": "canary", "ODD": "canary-of-a-provider"}


async def odd_names() -> set[str]:
    return {"ODD"}


class Variables:
    def variables(self) -> dict[str, str]:
        return VARIABLES


class Case:
    """A discovery, its parts, and the agents it reported."""

    def __init__(
        self,
        machine: Machine = TWO,
        answers: dict[str, HandshakeResult] | None = None,
        probe: FakeProbe | None = None,
        **more: Any,
    ) -> None:
        self.handshakes = FakeHandshakes(answers)
        self.verdicts = FakeHandshakeCache()
        self.probe = probe or FakeProbe()
        self.static = static(machine, self.verdicts, **more)
        starter = AgentStarter(self.handshakes, self.verdicts, Variables(), self.static.view, odd_names)
        self.discovery = AgentDiscovery(self.static, self.probe, starter)  # type: ignore[arg-type]
        self.reported: list[Agent] = []

    async def find(self, **params: Any) -> dict[str, Agent]:
        self.reported.clear()
        result = await self.discovery.find(DiscoverAgentParams(**params), self.reported.append)
        assert sorted(agent.agent_id for agent in self.reported) == sorted(agent.agent_id for agent in result.agents)
        return {agent.agent_id: agent for agent in result.agents}


async def test_the_default_starts_nothing_and_sends_nothing() -> None:
    case = Case(probe=FakeProbe([SERVER]), announced=(ANNOUNCED,))
    assert list(await case.find()) == ["gemini", "codex-acp", "modelport"]
    assert (case.handshakes.started, case.probe.asked) == ([], [])


async def test_a_probe_adds_who_listens_and_who_runs_and_starts_nothing() -> None:
    processes = {"gemini": (AgentProcess(pid=5, parent="zed"),), "goose": (AgentProcess(pid=6),)}
    case = Case(probe=FakeProbe([SERVER], processes), announced=(ANNOUNCED,))
    found = await case.find(level="probe")
    assert list(found) == ["gemini", "codex-acp", "echo", "goose", "modelport"]
    assert found["gemini"].pid == 5
    assert found["gemini"].processes == processes["gemini"]
    assert (case.handshakes.started, case.probe.asked) == ([], [])


async def test_verify_starts_exactly_what_is_reported() -> None:
    case = Case()
    found = await case.find(level="verify")
    assert sorted(case.handshakes.started) == [("/bin/codex-acp",), ("/bin/gemini", "--acp")]
    assert {agent.argv for agent in found.values()} == set(case.handshakes.started)
    assert [agent.status for agent in found.values()] == ["ready", "ready"]


async def test_no_key_is_handed_to_an_agent_unless_a_session_is_asked_for() -> None:
    case = Case()
    await case.find(level="verify")
    assert all("canary" not in value for given in case.handshakes.environments for value in given.values())
    case.handshakes.environments.clear()
    await case.find(level="verify", sessions=True, ids=("gemini",))
    (given,) = case.handshakes.environments
    assert given["GEMINI_API_KEY"] == "canary"
    assert "ODD" not in given


async def test_what_is_started_looks_for_programs_where_nothing_is_refused() -> None:
    case = Case()
    await case.find(level="verify")
    assert {given["PATH"] for given in case.handshakes.environments} == {"/bin:/safe"}


async def test_the_login_shell_is_not_asked_by_the_first_two_levels() -> None:
    case = Case()
    await case.find()
    await case.find(level="probe")
    assert case.static.view.refreshed == []  # type: ignore[attr-defined]


async def test_what_has_answered_is_not_started_again_until_it_is_asked_for() -> None:
    case = Case()
    await case.find(level="verify")
    case.handshakes.started.clear()
    assert (await case.find(level="verify"))["gemini"].status == "ready"
    assert case.handshakes.started == []
    await case.find(level="verify", refresh=True)
    assert len(case.handshakes.started) == 2
    assert case.static.view.refreshed == [SHELL_PATH_MAX_AGE_S, SHELL_PATH_MAX_AGE_S, 0.0]  # type: ignore[attr-defined]


async def test_a_failure_is_tried_again() -> None:
    case = Case(answers={"/bin/gemini": HandshakeResult(status="broken", detail="It ended.")})
    for _ in range(2):
        case.handshakes.started.clear()
        found = await case.find(level="verify", ids=("gemini",))
        assert (found["gemini"].status, found["gemini"].detail) == ("broken", "It ended.")
        assert case.handshakes.started == [("/bin/gemini", "--acp")]


async def test_what_a_session_told_is_not_kept() -> None:
    case = Case(answers={"/bin/gemini": HandshakeResult(status="ready", auth="unknown", models=("m",))})
    found = await case.find(level="verify", ids=("gemini",), sessions=True)
    assert (found["gemini"].auth, found["gemini"].models) == ("unknown", ("m",))
    assert case.verdicts.kept == {}


async def test_a_generic_name_is_started_only_when_it_is_named() -> None:
    case = Case(Machine(programs=(program("goose", owned=False),)))
    assert not (await case.find(level="verify"))["goose"].installed
    assert case.handshakes.started == []
    named = (await case.find(level="verify", ids=("goose",)))["goose"]
    assert case.handshakes.started == [("/bin/goose", "acp")]
    assert (named.installed, named.status) == (True, "ready")


async def test_a_generic_name_that_does_not_answer_is_still_no_agent() -> None:
    case = Case(
        Machine(programs=(program("goose", owned=False),)), answers={"/bin/goose": HandshakeResult(status="broken")}
    )
    named = (await case.find(level="verify", ids=("goose",)))["goose"]
    assert (named.installed, named.status) == (False, "broken")


async def test_only_a_few_are_started_at_once() -> None:
    case = Case(Machine(programs=TWO.programs, settings=tuple(_own(number) for number in range(8))))
    case.handshakes.expected = MAX_STARTS_AT_ONCE
    await case.find(level="verify")
    assert len(case.handshakes.started) == 10
    assert case.handshakes.most == MAX_STARTS_AT_ONCE


async def test_no_start_is_given_longer_than_its_row_or_the_search_has() -> None:
    case = Case()
    await case.find(level="verify", ids=("codex-acp",))
    assert case.handshakes.limits == [2.0]
    case.handshakes.limits.clear()
    await case.find(level="verify", refresh=True, timeout_ms=1000)
    assert len(case.handshakes.limits) == 2
    assert all(limit <= 1.0 for limit in case.handshakes.limits)


async def test_who_is_not_reached_in_time_is_told_so_and_not_called_hung() -> None:
    case = Case(Machine(settings=tuple(_own(number) for number in range(4))))

    async def slow(launch, environment, *, timeout_s, session):
        await anyio.sleep(timeout_s)
        return HandshakeResult(status="hung", detail="slow")

    case.handshakes.start = slow  # type: ignore[method-assign]
    found = await case.find(level="verify", timeout_ms=50)
    assert sorted(agent.status for agent in found.values()) == ["hung", "hung", "hung", "unknown"]
    assert next(agent.detail for agent in found.values() if agent.status == "unknown") == LATE


async def test_a_server_that_was_found_is_talked_to_at_the_last_level() -> None:
    case = Case(probe=FakeProbe([SERVER]))
    await case.find(level="verify")
    assert case.probe.asked == ["echo"]


async def test_one_server_is_asked_for_by_its_own_name() -> None:
    case = Case(probe=FakeProbe([SERVER]))
    assert list(await case.find(level="probe", ids=("echo",))) == ["echo"]
    with pytest.raises(InvalidParams, match="No agent is called unknown"):
        await case.find(level="probe", ids=("unknown",))


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"timeout_ms": 0}, "timeoutMs"),
        ({"timeout_ms": -5}, "timeoutMs"),
        ({"sessions": True}, "sessions"),
        ({"refresh": True, "level": "probe"}, "refresh"),
        ({"ids": ("unknown",)}, "ids"),
    ],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as error:
        await Case().find(**params)
    assert error.value.field == field


async def test_the_registry_is_downloaded_only_when_it_is_asked_for() -> None:
    about = AgentRegistry(url="https://x.test", fetched_at="2026-11-01T00:00:00Z", agent_count=0)
    case = Case(copy=RegistryCopy(about=about, entries=()))
    await case.find()
    assert case.static.cache.fetched == []  # type: ignore[attr-defined]
    await case.find(registry="https://x.test")
    assert case.static.cache.fetched == ["https://x.test"]  # type: ignore[attr-defined]


async def test_a_search_that_is_cancelled_ends_what_it_has_started() -> None:
    case = Case()
    begun, ended = anyio.Event(), anyio.Event()

    async def endless(launch, environment, *, timeout_s, session):
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    case.handshakes.start = endless  # type: ignore[method-assign]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: case.find(level="verify"))
        await begun.wait()
        tasks.cancel_scope.cancel()
    assert ended.is_set()


def _own(number: int) -> Setting:
    return Setting(host="Zed (x)", name=f"own-{number}", command=f"/own/{number}", program=f"/own/{number}")
