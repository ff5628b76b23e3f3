"""The validator that is made from the specification alone: what fits, what does not, and how it follows a session."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.contract_validator import Contract, Exchange
from support.server_process import frame

CONTRACT = Contract()
TEXT = {"kind": "text", "text": "Hello"}
USAGE = {"inputTokens": 1, "outputTokens": 2, "latencyMs": 3.5, "usdMicros": None, "estimated": False}
COMPLETION = {
    "text": "hi",
    "reasoning": "",
    "toolCalls": [],
    "finishReason": "stop",
    "provider": "mock",
    "model": "mock",
    "usage": USAGE,
    "attempts": [{"provider": "mock", "model": "mock", "outcome": "ok", "latencyMs": 1}],
}


def update(**fields: Any) -> list[str]:
    """The mistakes in a completion/update with this update."""
    return CONTRACT.params("completion/update", {"streamId": "s", "seq": 0, "update": fields}, sender="server")


def test_what_fits() -> None:
    assert update(**TEXT) == []
    assert CONTRACT.result("completion/create", COMPLETION) == []
    assert CONTRACT.result("shutdown", None) == []
    token = {"token": 7, "value": {"kind": "end"}}
    assert CONTRACT.params("$/progress", token, sender="server") == []


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({"kind": "text"}, ".update.text is missing"),
        ({"text": "no tag"}, ".update has no kind of CompletionUpdateKind"),
        ({"kind": "smell"}, ".update has no kind of CompletionUpdateKind"),
        (TEXT | {"smell": 1}, ".update.smell is not a field of TextUpdate"),
        ({"kind": "text", "text": 5}, ".update.text must be string, not 5"),
        ({"kind": "text", "text": None}, ".update.text must not be null"),
        ({"kind": "attempt", "provider": "p", "model": "m", "reason": "tired"}, ".update.reason must be one of ErrorKind, not 'tired'"),
    ],
)  # fmt: skip
def test_what_does_not_fit(fields: dict[str, Any], mistake: str) -> None:
    assert update(**fields) == [f"completion/update params: {mistake}"]


def test_lists_maps_and_limits() -> None:
    broken = COMPLETION | {"attempts": {}}
    assert CONTRACT.result("completion/create", broken) == [
        "completion/create result: .attempts must be a list of Attempt"
    ]
    judged = {"flagged": True, "categories": {"violence": "yes"}, "scores": []}
    found = "\n".join(CONTRACT.result("moderation/create", judged))
    assert ".categories.violence must be boolean" in found
    assert ".scores must be a map of number" in found
    (late,) = CONTRACT.params("usage/history", {"limit": 10_001}, sender="client")
    assert "limits" in late


def test_an_object_that_says_what_it_is_must_be_it() -> None:
    params = {"streamId": "s", "seq": 0, "update": {"kind": "agent", "agent": {}}}
    assert CONTRACT.params("agent/update", params, sender="server")
    own = params | {"update": {"sessionUpdate": "agent_message_chunk"}}
    assert CONTRACT.params("agent/update", own, sender="server") == []


def test_a_client_may_send_more_and_null() -> None:
    params = {"prompt": "x", "model": None, "smell": 1}
    assert CONTRACT.params("completion/create", params, sender="client") == []
    assert CONTRACT.params("completion/create", {"prompt": 5}, sender="client")
    assert CONTRACT.params("usage/delta", {"before": {}}, sender="client") == []


@pytest.mark.parametrize(
    ("error", "mistake"),
    [
        ({"code": -32803, "message": "x", "data": {"kind": "tls", "retryable": False}}, None),
        ({"code": -32601, "message": "x"}, None),
        ({"code": -1, "message": "x"}, "error code -1 is not among the errors"),
        ({"code": -32803, "message": ""}, "error has no message"),
        ({"code": -32803, "message": "x", "data": {}}, "a failed request has no data.kind"),
        ({"code": -32602, "message": "x", "data": {"kind": "tls"}}, "the kind tls does not come with the code -32602"),
        ({"code": -32803, "message": "x", "data": {"kind": "tls", "httpStatus": 5}}, "the kind tls does not come with data.httpStatus"),
        ({"code": -32803, "message": "x", "data": {"kind": "agent_failed"}}, "the kind agent_failed is not among the errors of completion/create"),
        ({"code": -32803, "message": "x", "trace": "y"}, "error has the field trace"),
    ],
)  # fmt: skip
def test_errors(error: dict[str, Any], mistake: str | None) -> None:
    found = CONTRACT.error("completion/create", error)
    assert found == ([] if mistake is None else [f"completion/create: {mistake}"])


def test_any_request_may_be_stopped() -> None:
    stopped = {"code": -32803, "message": "x", "data": {"kind": "stream_interrupted", "retryable": True}}
    assert CONTRACT.error("provider/list", stopped) == []


def request(method: str, params: Any = None, message_id: int | str = 1) -> bytes:
    return frame({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})


def test_a_reply_is_checked_as_that_of_its_request() -> None:
    seen = Exchange(CONTRACT)
    seen.sent(request("shutdown"))
    seen.received({"jsonrpc": "2.0", "id": 1, "result": None})
    assert (seen.mistakes, seen.checked) == ([], 1)
    seen.received({"jsonrpc": "2.0", "id": 1, "result": None})
    assert seen.mistakes[0].startswith("a reply to no request")


def test_a_command_is_checked_as_its_method() -> None:
    seen = Exchange(CONTRACT)
    params = {"command": "modelport.completion.create", "arguments": [{"prompt": "x"}]}
    seen.sent(request("workspace/executeCommand", params, "a") + request("workspace/executeCommand", params, "b"))
    seen.received({"jsonrpc": "2.0", "id": "a", "result": COMPLETION})
    assert seen.mistakes == []
    seen.received({"jsonrpc": "2.0", "id": "b", "result": {}})
    assert "completion/create result: .text is missing" in seen.mistakes


def test_the_params_of_a_request_are_checked_once_it_was_answered_with_a_result() -> None:
    seen = Exchange(CONTRACT)
    wrong = {"limit": "many"}
    refusal = {"code": -32602, "message": "limit must be a whole number.", "data": {"field": "limit"}}
    seen.sent(request("usage/history", wrong, 1) + request("usage/history", wrong, 2))
    seen.received({"jsonrpc": "2.0", "id": 1, "error": refusal})
    assert seen.mistakes == []
    seen.received({"jsonrpc": "2.0", "id": 2, "result": {"calls": []}})
    assert seen.mistakes == ["usage/history params: .limit must be integer, not 'many'"]


def test_the_later_of_two_requests_with_one_id_is_the_refused_one() -> None:
    seen = Exchange(CONTRACT)
    seen.sent(request("completion/create", {"prompt": "x"}) + request("provider/list"))
    seen.received({"jsonrpc": "2.0", "id": 1, "error": {"code": -32600, "message": "in flight"}})
    seen.received({"jsonrpc": "2.0", "id": 1, "result": COMPLETION})
    assert seen.mistakes == []


def test_what_is_no_request_is_the_refused_one_of_two_with_one_id() -> None:
    exchange = Exchange(CONTRACT)
    exchange.sent(frame({"jsonrpc": "2.0", "id": " ", "method": ["provider/status"], "params": {}}))
    exchange.sent(frame({"jsonrpc": "2.0", "id": " ", "method": "provider/status", "params": {}}))
    error = {"code": -32600, "message": "The method must be a text."}
    exchange.received({"jsonrpc": "2.0", "id": " ", "error": error})
    exchange.received({"jsonrpc": "2.0", "id": " ", "result": {"active": None, "connections": [], "health": []}})
    assert exchange.mistakes == []
    exchange.received({"jsonrpc": "2.0", "id": " ", "result": {}})
    assert exchange.mistakes


def test_frames_in_pieces_and_what_is_no_frame() -> None:
    seen = Exchange(CONTRACT)
    data = b"garbage\r\n" + request("shutdown").replace(b"Content-Length", b"content-length")
    data += b"Content-Length: 99999999999\r\n\r\n" + b"Content-Length: 3\r\n\r\n{{{" + request("shutdown", None, 2)
    for position in range(len(data)):
        seen.sent(data[position : position + 1])
    for message_id in (1, 2):
        seen.received({"jsonrpc": "2.0", "id": message_id, "result": None})
    assert seen.mistakes == []


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 1, "result": 1, "error": {}},
        {"jsonrpc": "2.0", "result": 1},
        {"jsonrpc": "2.0", "id": 1, "result": None, "more": 1},
    ],
)
def test_what_is_no_reply(message: dict[str, Any]) -> None:
    seen = Exchange(CONTRACT)
    seen.received(message)
    assert seen.mistakes == [f"not a reply: {message!r:.200}"]


def test_a_message_that_the_server_never_sends() -> None:
    seen = Exchange(CONTRACT)
    seen.received({"jsonrpc": "2.0", "method": "completion/invent", "params": {}})
    seen.received(json.loads('{"jsonrpc": "2.0", "method": "exit", "params": {}}'))
    assert len(seen.mistakes) == 2
