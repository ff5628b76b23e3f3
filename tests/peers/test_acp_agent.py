"""Our handshake with agents on the protocol's official library."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelport.adapters.agents.handshakes.stdio import StdioHandshakes
from modelport.domain.agents.observations import HandshakeResult, Launch
from support import programs

AGENT = Path(__file__).with_name("agent.mjs")


async def meet(folder: Path, *options: str, session: bool) -> HandshakeResult:
    programs.node_module("@agentclientprotocol/sdk/package.json")
    launch = Launch(argv=(str(programs.node()), str(AGENT), *options), start_s=15)
    return await StdioHandshakes(folder).start(launch, dict(os.environ), timeout_s=15, session=session)


async def test_it_answers_although_its_requests_are_refused(tmp_path: Path) -> None:
    result = await meet(tmp_path, session=False)

    assert (result.status, result.auth, result.detail) == ("ready", "unknown", "")
    assert result.protocol_version == 1
    assert result.agent_info == {"name": "peer", "title": "refused with -32601", "version": "1.0.0"}
    assert result.auth_methods == ({"id": "terminal", "name": "Terminal", "type": "terminal"},)
    assert result.stdout_noise == 0
    assert result.exits_cleanly is True


async def test_it_opens_a_session(tmp_path: Path) -> None:
    result = await meet(tmp_path, session=True)

    assert (result.status, result.auth, result.models) == ("ready", "unknown", ("small", "large"))


@pytest.mark.parametrize("session", [False, True])
async def test_it_requires_a_log_in(tmp_path: Path, session: bool) -> None:
    result = await meet(tmp_path, "log-in", session=session)

    assert (result.status, result.auth) == (("auth_required", "required") if session else ("ready", "unknown"))


async def test_an_agent_of_the_next_version_alone_says_so(tmp_path: Path) -> None:
    result = await meet(tmp_path, "v2", session=False)

    assert result.status == "broken"
    assert result.detail.startswith("It does not speak version 1 of the protocol: ")
