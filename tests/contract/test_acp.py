"""What agents are sent fits the official schema of the Agent Client Protocol, as do the answers of the fake agent."""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from modelport.adapters.agents.handshakes.stdio import StdioHandshakes
from modelport.domain.agents import handshake
from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import Launch
from support import fake_agent, programs

OPENED = {"jsonrpc": "2.0", "id": 2, "result": fake_agent.SESSION}


@cache
def schema(version: int = 1) -> dict[str, Any]:
    path = programs.node_module(f"@agentclientprotocol/sdk/schema/v{version}/schema.json")
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def validator(name: str | None = None, version: int = 1) -> jsonschema.Draft202012Validator:
    """For one type of the schema, or for any message; the schema itself, which is not ours, is not checked each time."""
    if name is None:
        return jsonschema.Draft202012Validator(schema(version))
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema(version)["$defs"]})


def check(value: Any, name: str, version: int = 1) -> None:
    """Asserts that a value is of a type of the schema."""
    validator(name, version).validate(value)


def no_unknown(value: dict[str, Any], name: str) -> None:
    """Asserts that an object has only fields of the schema."""
    assert value.keys() <= schema()["$defs"][name]["properties"].keys()


def test_the_first_request() -> None:
    request = handshake.initialize("0.1.0")

    check(request, "ClientRequest")
    check(request["params"], "InitializeRequest")
    no_unknown(request["params"], "InitializeRequest")
    no_unknown(request["params"]["clientCapabilities"], "ClientCapabilities")
    no_unknown(request["params"]["clientCapabilities"]["auth"], "AuthCapabilities")
    no_unknown(request["params"]["clientInfo"], "Implementation")
    assert schema()["$defs"]["InitializeRequest"]["x-method"] == request["method"]


def test_a_session_is_asked_for_and_ended() -> None:
    new = handshake.new_session("/empty")
    close, delete = handshake.end_session(OPENED, fake_agent.CAPABILITIES)

    for request, name in ((new, "NewSessionRequest"), (close, "CloseSessionRequest"), (delete, "DeleteSessionRequest")):
        check(request, "ClientRequest")
        check(request["params"], name)
        no_unknown(request["params"], name)
        assert schema()["$defs"][name]["x-method"] == request["method"]


@pytest.mark.parametrize("method", ["fs/read_text_file", "session/request_permission", "terminal/create", "_own/thing"])
def test_the_answer_to_what_agents_ask_for(method: str) -> None:
    answer = handshake.not_offered({"jsonrpc": "2.0", "id": "p1", "method": method, "params": {}})

    assert answer is not None
    check(answer, "ClientResponse")
    check(answer["error"], "Error")
    known = [code["const"] for code in schema()["$defs"]["ErrorCode"]["anyOf"] if "const" in code]
    assert {handshake.METHOD_NOT_FOUND, handshake.AUTH_REQUIRED} <= set(known)


def test_the_fake_answers_as_an_agent_would() -> None:
    check(fake_agent.GOOD, "InitializeResponse")
    check(fake_agent.INITIALIZE["no-methods"], "InitializeResponse")
    check(fake_agent.SESSION, "NewSessionResponse")
    check(fake_agent.SESSIONS["session-groups"]["result"], "NewSessionResponse")
    for option in fake_agent.SESSION["configOptions"]:
        check(option, "SessionConfigOption")
    for error in (*fake_agent.ERRORS.values(), fake_agent.SESSIONS["session-fails"]["error"]):
        check(error, "Error")
    check(fake_agent.INITIALIZE["v2"], "InitializeResponse", version=2)


def test_the_schema_has_what_is_read_from_answers() -> None:
    one, two = schema()["$defs"], schema(2)["$defs"]

    assert {"protocolVersion", "agentInfo", "agentCapabilities", "authMethods"} <= one["InitializeResponse"][
        "properties"
    ].keys()
    assert {"protocolVersion", "info", "capabilities", "authMethods"} <= two["InitializeResponse"]["properties"].keys()
    assert {"close", "delete"} <= one["SessionCapabilities"]["properties"].keys()
    assert "delete" in two["SessionCapabilities"]["properties"]
    assert "session/close" in two["SessionCapabilities"]["description"]
    assert "methodId" in two["AuthMethodAgent"]["properties"]
    assert one["ProtocolVersion"]["maximum"] == handshake.MAX_VERSION
    result = handshake.initialized({"id": 1, "result": fake_agent.INITIALIZE["v2"]}, Censor())
    assert result.capabilities == {"session": {}}


@pytest.mark.skipif(os.name == "nt", reason="the fake is for process groups")
async def test_every_line_that_an_agent_gets(tmp_path: Path) -> None:
    received = tmp_path / "received"
    argv = (sys.executable, "-I", "-S", str(Path(fake_agent.__file__)), "asks-first", f"received={received}")
    handshakes = StdioHandshakes(tmp_path / "empty")

    result = await handshakes.start(Launch(argv=argv, start_s=15), dict(os.environ), timeout_s=15, session=True)

    assert result.auth == "unknown"
    lines = [json.loads(line) for line in received.read_text().splitlines()]
    assert len(lines) == 5
    for line in lines:
        validator().validate(line)
        check(line, "ClientRequest" if "method" in line else "ClientResponse")
