"""``agent/discover`` through the started server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from support import fake_agents
from support.discovering import Discovering
from support.server_process import ServerProcess

SCHEMA = json.loads((Path(__file__).parents[2] / "protocol" / "agent.schema.json").read_text(encoding="utf-8"))
CANCELLED = -32800


@pytest.fixture
def machine(tmp_path: Path) -> Discovering:
    """A machine with one agent that answers and one that never does."""
    good = fake_agents.installed(tmp_path / "one", "@google/gemini-cli", "gemini", f"pids={tmp_path}/pids")
    mute = fake_agents.installed(
        tmp_path / "two", "@agentclientprotocol/codex-acp", "codex-acp", "silent", f"pids={tmp_path}/pids"
    )
    made = Discovering(tmp_path / "home", [good, mute])
    made.sees_this_process = False
    return made


@pytest.fixture
def server(machine: Discovering) -> Iterator[ServerProcess]:
    with ServerProcess(env=machine.variables()) as running:
        running.initialize()
        yield running
        assert running.close() == 0


def test_the_default_lists_what_is_here(server: ServerProcess) -> None:
    agents = server.result("agent/discover")["agents"]
    assert [agent["agentId"] for agent in agents] == ["gemini", "codex-acp"]
    for agent in agents:
        jsonschema.Draft202012Validator(SCHEMA).validate(agent)
        assert agent["status"] == "unknown"


def test_another_server_of_this_user_is_among_them(server: ServerProcess, machine: Discovering) -> None:
    with ServerProcess(env=machine.variables()) as other:
        other.initialize()
        while not list(machine.runtime.rglob(f"*-{other.process.pid}.json")):
            other.request("usage/snapshot")
        found = [a for a in server.result("agent/discover")["agents"] if a["agentId"] == "modelport"]
        assert [(agent["pid"], agent["protocol"]) for agent in found] == [(other.process.pid, "lsp")]
        assert other.close() == 0


def test_each_agent_is_told_of_once_as_soon_as_it_is_known(server: ServerProcess) -> None:
    params = {"level": "verify", "timeoutMs": 6000, "ids": ["gemini", "codex-acp"], "streamId": "s"}
    reply = server.result("agent/discover", params)
    updates = server.claim("agent/update")
    assert [update["seq"] for update in updates] == [0, 1]
    assert {update["streamId"] for update in updates} == {"s"}
    assert {update["update"]["kind"] for update in updates} == {"agent"}
    reported = [update["update"]["agent"] for update in updates]
    # The one that answers is reported before the one that never does.
    assert [(agent["agentId"], agent["status"]) for agent in reported] == [("gemini", "ready"), ("codex-acp", "hung")]
    assert reported == reply["agents"]


def test_progress_reports_the_same_under_its_token(server: ServerProcess) -> None:
    server.result("agent/discover", {"ids": ["gemini"], "workDoneToken": 7})
    (update,) = server.claim("agent/update")
    assert (update["streamId"], update["update"]["agent"]["agentId"]) == ("7", "gemini")
    values = [note["value"] for note in server.claim("$/progress")]
    assert values[0] == {"kind": "begin", "title": "Looking for agents"}
    assert values[1] == {"kind": "report", "message": "Gemini CLI: unknown"}
    assert values[2] == {"kind": "end"}


def test_cancelling_ends_what_was_started_and_answers_once(server: ServerProcess, tmp_path: Path) -> None:
    request = server.begin("agent/discover", {"level": "verify", "ids": ["codex-acp"], "streamId": "s"})
    while not (tmp_path / "pids").exists():
        server.request("usage/snapshot")
    server.notify("$/cancelRequest", {"id": request})
    assert server.reply(request)["error"]["code"] == CANCELLED
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    # The id can be used again.
    assert server.result("agent/discover", {"ids": ["gemini"], "streamId": "s"})["agents"]
    server.claim("agent/update")


def test_two_searches_at_once_do_not_mix(server: ServerProcess) -> None:
    first = server.begin("agent/discover", {"level": "verify", "ids": ["gemini"], "streamId": "a"})
    second = server.begin("agent/discover", {"level": "verify", "ids": ["gemini"], "streamId": "b"})
    third = server.error("agent/discover", {"level": "verify", "streamId": "a"})
    assert (third["code"], third["message"]) == (-32602, "streamId is in use by another request: choose another.")
    for request in (first, second):
        assert server.reply(request)["result"]["agents"][0]["status"] == "ready"
    assert sorted(update["streamId"] for update in server.claim("agent/update")) == ["a", "b"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"level": "deep"}, "level"),
        ({"timeoutMs": 0}, "timeoutMs"),
        ({"ids": ["gemni"]}, "did you mean gemini?"),
        ({"sessions": True}, "level verify"),
        ({"registry": "file:///etc/passwd"}, "https"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(shared: ServerProcess, params: dict, words: str) -> None:
    error = shared.error("agent/discover", params)
    assert error["code"] == -32602
    assert words in error["message"]
