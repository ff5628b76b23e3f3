"""The first requests of the protocol, and the results of their answers."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.agents import handshake
from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult
from support.builders import CANARY

CENSOR = Censor([CANARY])
READY = HandshakeResult(
    status="ready", auth="unknown", auth_methods=({"id": "log-in"},), capabilities={"loadSession": True}
)


def result(value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": value}


def failed(**error: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "error": error}


def test_the_first_request_offers_a_terminal_to_log_in_with_and_nothing_else() -> None:
    request = handshake.initialize("1.2.3")

    assert request["params"]["protocolVersion"] == 1
    assert request["params"]["clientInfo"] == {"name": "modelport", "title": "Modelport", "version": "1.2.3"}
    capabilities = request["params"]["clientCapabilities"]
    assert capabilities["fs"] == {"readTextFile": False, "writeTextFile": False}
    assert capabilities["terminal"] is False
    assert capabilities["auth"] == {"terminal": True}
    assert capabilities["_meta"] == {"terminal-auth": True}


@pytest.mark.parametrize(
    ("value", "auth"),
    [
        ({"protocolVersion": 1}, "not_required"),
        ({"protocolVersion": 1, "authMethods": None}, "not_required"),
        ({"protocolVersion": 1, "authMethods": []}, "not_required"),
        ({"protocolVersion": 1, "authMethods": [{"id": "x"}]}, "unknown"),
        ({"protocolVersion": 2, "authMethods": [{"methodId": "x"}]}, "unknown"),
        ({"protocolVersion": "2026-01", "authMethods": "odd"}, "unknown"),
        ({"protocolVersion": 0, "authMethods": [{"odd": 1}]}, "unknown"),
    ],
)
def test_an_answer_proves_that_it_is_an_agent_and_no_log_in(value: dict[str, Any], auth: str) -> None:
    outcome = handshake.initialized(result(value), CENSOR)

    assert (outcome.status, outcome.auth, outcome.protocol_version) == ("ready", auth, value["protocolVersion"])


@pytest.mark.parametrize(
    "value", [None, "x", 1, True, [], {}, {"protocolVersion": True}, {"protocolVersion": 1.5}, {"protocolVersion": None},
              {"protocolVersion": -1}, {"protocolVersion": 10**30}, {"protocolVersion": [1]}, [{"protocolVersion": 1}],
              {"protocolVersion": "2025-06-18", "serverInfo": {"name": "tools"}}],
)  # fmt: skip
def test_an_answer_of_another_shape_is_not_the_protocol(value: Any) -> None:
    outcome = handshake.initialized(result(value), CENSOR)

    assert outcome.status == "broken"
    assert outcome.detail
    assert outcome.auth is None


def test_both_shapes_are_read_whatever_the_number() -> None:
    for number in (1, 2):
        for info, capabilities in (("agentInfo", "agentCapabilities"), ("info", "capabilities")):
            value = {"protocolVersion": number, info: {"name": "n", "apiKey": "k"}, capabilities: {"auth": {}}}
            outcome = handshake.initialized(result(value), CENSOR)
            assert outcome.agent_info == {"name": "n", "apiKey": "[redacted]"}
            assert outcome.capabilities == {"auth": {}}
    odd = handshake.initialized(result({"protocolVersion": 1, "agentInfo": "n", "agentCapabilities": []}), CENSOR)
    assert (odd.status, odd.agent_info, odd.capabilities) == ("ready", None, None)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ({"code": -32000, "message": f"log in, not {CANARY}"}, "auth_required", "log in, not [redacted] (error -32000)"),
        ({"code": -32603, "message": "Internal error", "data": {"details": "no disk"}}, "broken", "no disk (error -32603)"),
        ({"code": -32603, "message": "same", "data": "same"}, "broken", "same (error -32603)"),
        ({"code": 1, "message": None, "data": {"message": 1}}, "broken", "error 1"),
        ({"code": "-32000", "message": "a text for a code"}, "broken", "a text for a code (error -32000)"),
        ("odd", "broken", "odd"),
    ],
)  # fmt: skip
def test_errors_in_their_own_words(error: Any, status: str, words: str) -> None:
    outcome = handshake.initialized({"jsonrpc": "2.0", "id": 1, "error": error}, CENSOR)
    opened = handshake.session_opened(READY, {"jsonrpc": "2.0", "id": 2, "error": error}, CENSOR)

    assert outcome.status == status
    assert outcome.detail.endswith(words)
    assert opened.status == ("auth_required" if status == "auth_required" else "not_configured")
    assert opened.detail.endswith(words)
    assert opened.capabilities == READY.capabilities
    for one in (outcome, opened):
        assert one.auth == ("required" if status == "auth_required" else one.auth)


def test_a_session_proves_the_log_in_where_there_is_one() -> None:
    opened = result({"sessionId": "s"})
    without = HandshakeResult(status="ready", auth="not_required", auth_methods=())

    assert handshake.session_opened(READY, opened, CENSOR).auth == "unknown"
    assert handshake.session_opened(READY, opened, CENSOR).detail == "It opened a session."
    assert handshake.session_opened(without, opened, CENSOR).auth == "not_required"
    for odd in (None, {}, {"sessionId": 1}, {"sessionId": ""}, {"sessionId": "x" * 1000}, []):
        outcome = handshake.session_opened(READY, result(odd), CENSOR)
        assert (outcome.status, outcome.auth) == ("broken", "unknown")


OPTIONS = [{"value": "a", "name": "A"}, {"value": "b\x1b[1m", "name": "B"}, {"value": "a"}, {"value": 1}, "odd"]


@pytest.mark.parametrize(
    ("value", "models"),
    [
        ({"configOptions": [{"id": "m", "category": "model", "options": OPTIONS}]}, ("a", "b")),
        ({"configOptions": [{"id": "model", "options": OPTIONS}]}, ("a", "b")),
        ({"configOptions": [{"configId": "m", "category": "model", "options": OPTIONS}]}, ("a", "b")),
        ({"configOptions": [{"category": "model", "options": [{"group": "g", "options": OPTIONS}, {"options": None}]}]}, ("a", "b")),
        ({"configOptions": [{"id": "model", "category": "mode", "options": OPTIONS}]}, None),
        ({"configOptions": ["odd", {"category": "model", "options": "odd"}]}, ()),
        ({"configOptions": None, "models": {"availableModels": [{"modelId": "old"}, {}]}}, ("old",)),
        ({"models": "odd"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_models(value: dict[str, Any], models: tuple[str, ...] | None) -> None:
    assert handshake.session_opened(READY, result({"sessionId": "s", **value}), CENSOR).models == models


def test_no_more_models_than_the_limit() -> None:
    many = {"sessionId": "s", "models": {"availableModels": [{"modelId": str(n)} for n in range(10_000)]}}
    assert len(handshake.session_opened(READY, result(many), CENSOR).models or ()) == 500


@pytest.mark.parametrize(
    ("capabilities", "methods"),
    [
        (None, []),
        ({}, []),
        ({"sessionCapabilities": {}}, []),
        ({"sessionCapabilities": {"close": None, "delete": {}}}, ["session/delete"]),
        ({"sessionCapabilities": {"close": {}}}, ["session/close"]),
        ({"sessionCapabilities": {"close": {}, "delete": {}}}, ["session/close", "session/delete"]),
        ({"session": {}}, ["session/close"]),
        ({"session": {"delete": {}}}, ["session/close", "session/delete"]),
        ({"session": "odd"}, []),
    ],
)
def test_a_session_is_ended_as_the_agent_can(capabilities: dict[str, Any] | None, methods: list[str]) -> None:
    requests = handshake.end_session(result({"sessionId": "s"}), capabilities)

    assert [request["method"] for request in requests] == methods
    assert all(request["params"] == {"sessionId": "s"} for request in requests)
    assert len({request["id"] for request in requests}) == len(methods)
    assert handshake.end_session(failed(code=1), capabilities) == []


@pytest.mark.parametrize("asked", ["a", 0, 7])
def test_requests_of_the_agent_are_refused(asked: Any) -> None:
    answer = handshake.not_offered({"jsonrpc": "2.0", "id": asked, "method": "fs/read_text_file", "params": {}})

    assert answer is not None
    assert (answer["id"], answer["error"]["code"]) == (asked, -32601)


@pytest.mark.parametrize(
    "message", [{"method": "session/update"}, {"id": None, "method": "x"}, {"id": 1, "result": {}}, {"id": [1], "method": "x"},
                {"id": True, "method": "x"}, {"id": "x" * 1000, "method": "x"}],
)  # fmt: skip
def test_what_is_no_request_gets_no_answer(message: dict[str, Any]) -> None:
    assert handshake.not_offered(message) is None


def test_which_messages_answer() -> None:
    assert handshake.is_answer(result(None), 1)
    assert handshake.is_answer({"id": 2, "error": {}}, 2)
    assert handshake.is_answer({"error": {"code": -32700}}, 1)
    assert handshake.is_answer({"id": None, "error": {"code": -32700}}, 1)
    for other in (
        {"id": 2, "result": 1},
        {"id": "1", "result": 1},
        {"id": 1},
        {"id": 1, "method": "x", "result": 1},
        {"result": 1},
    ):
        assert not handshake.is_answer(other, 1)
