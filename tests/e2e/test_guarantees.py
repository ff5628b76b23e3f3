"""What protocol/README.md promises besides the shapes: versions, order, what a call is, and the end of a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.server_process import Ended, ServerProcess, frame

pytestmark = pytest.mark.usefixtures("fresh_servers")

WORDS = "You said: a b"


def chat(**params: Any) -> dict[str, Any]:
    return {"model": "mock/mock", "prompt": "a b", **params}


def request(method: str, params: Any, message_id: int) -> bytes:
    return frame({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})


def is_of_a_request(message: dict[str, Any]) -> bool:
    """Whether a message belongs to a request, and not to the server as a whole."""
    return message.get("method") != "status/changed"


def until_reply(server: ServerProcess, message_id: int | str) -> list[str]:
    """The messages up to the reply, in order, by a short name each."""
    names: list[str] = []
    while True:
        message = server.take(is_of_a_request)
        if "method" not in message:
            assert message["id"] == message_id
            return [*names, "reply"]
        params = message["params"]
        kind = params.get("value", {}).get("kind") or params.get("update", {}).get("kind")
        names.append(f"{message['method']} {kind}" if kind else message["method"])


# Versions.


def test_the_server_speaks_one_version_whatever_the_client_asks_for() -> None:
    wanted = {"protocolVersion": "2.0"}
    with ServerProcess() as server:
        result = server.initialize(
            capabilities={"experimental": {"modelport": wanted}}, initializationOptions={"modelport": wanted}
        )
        assert result["capabilities"]["experimental"]["modelport"]["protocolVersion"] == "1.0"
        assert server.close() == 0


# Order.


def test_the_order_of_the_messages_of_a_request(shared: ServerProcess) -> None:
    request_id = shared.begin("completion/create", chat(streamId="s", workDoneToken=1))
    first, *updates, record, end, reply = until_reply(shared, request_id)
    assert first == "$/progress begin"
    assert set(updates) == {"completion/update text"}
    assert (record, end, reply) == ("usage/updated", "$/progress end", "reply")


def test_a_fallback_makes_two_calls_of_one_stream(shared: ServerProcess) -> None:
    params = chat(model="mock/mock:fail=rate_limited", fallbacks=["mock/mock"], streamId="s")
    request_id = shared.begin("completion/create", params)
    seen: list[dict[str, Any]] = []
    while "method" in (message := shared.take(is_of_a_request)):
        seen.append(message)
    assert message["id"] == request_id
    first, second, *_ = seen
    assert (first["method"], second["params"].get("update", {}).get("kind")) == ("usage/updated", "attempt")
    calls = [m["params"] for m in seen if m["method"] == "usage/updated"]
    assert [(call["streamId"], call["call"]["outcome"]) for call in calls] == [("s", "failed"), ("s", "ok")]
    # The numbers of the updates go on over both attempts.
    numbers = [m["params"]["seq"] for m in seen if m["method"] == "completion/update"]
    assert numbers == list(range(len(numbers)))


def test_a_count_of_tokens_is_no_call_and_embeddings_are(server: ServerProcess) -> None:
    server.result("token/count", {"model": "mock/mock", "text": "a"})
    assert server.result("usage/snapshot")["totalCalls"] == 0
    server.result("embedding/create", {"model": "mock/mock", "input": "a"})
    assert server.notification("usage/updated")["call"]["provider"] == "mock"
    assert server.result("usage/snapshot")["totalCalls"] == 1


def test_progress_cannot_be_cancelled_by_its_token(shared: ServerProcess) -> None:
    request_id = shared.begin("completion/create", chat(model="mock/mock:delay=50", workDoneToken="t"))
    begin = shared.notification("$/progress")["value"]
    assert "cancellable" not in begin
    shared.notify("window/workDoneProgress/cancel", {"token": "t"})
    assert shared.reply(request_id)["result"]["text"] == WORDS
    assert [params["value"]["kind"] for params in shared.claim("$/progress")] == ["end"]


# Streams.


def test_of_two_requests_with_one_stream_id_the_later_one_is_refused(shared: ServerProcess) -> None:
    for first in range(100, 140, 2):
        params = chat(streamId="s")
        shared.send_bytes(request("completion/create", params, first) + request("completion/create", params, first + 1))
        assert shared.reply(first)["result"]["text"] == WORDS
        refused = shared.reply(first + 1)["error"]
        assert (refused["code"], refused["data"]["field"]) == (-32602, "streamId")
        shared.claim("completion/update")


def test_a_refused_stream_id_begins_no_progress(shared: ServerProcess) -> None:
    first = shared.begin("completion/create", chat(model="mock/mock:stall=1", streamId="s"))
    shared.notification("completion/update")
    assert shared.error("completion/create", chat(streamId="s", workDoneToken="t"))["data"]["field"] == "streamId"
    assert shared.claim("$/progress") == []
    shared.notify("$/cancelRequest", {"id": first})
    assert shared.reply(first)["error"]["code"] == -32800


def test_a_token_alone_brings_agents_and_no_model_servers(shared: ServerProcess, tmp_path: Path) -> None:
    found = shared.result("agent/discover", {"workDoneToken": 7, "all": True})["agents"]
    updates = shared.claim("agent/update")
    assert len(updates) == len(found) > 0
    assert {update["streamId"] for update in updates} == {"7"}
    shared.result("provider/discover", {"workDoneToken": 8, "ports": [9]})
    assert shared.claim("provider/update") == []
    kinds = [(params["token"], params["value"]["kind"]) for params in shared.claim("$/progress")]
    assert kinds[0] == (7, "begin")
    assert kinds[-1] == (8, "end")


@pytest.mark.parametrize("kind", ["network", "rate_limited", "timeout"])
def test_a_failure_after_text_keeps_its_kind_and_carries_the_text(kind: str) -> None:
    # A server of its own: what has failed rests for the next test.
    with ServerProcess() as server:
        server.initialize()
        data = server.error("completion/create", chat(model=f"mock/mock:fail={kind},after=2"))["data"]
        assert (data["kind"], data["text"]) == (kind, "You said:")
        assert data["usage"]["outputTokens"] > 0
        whole = server.error("completion/create", chat(model=f"mock/mock:fail={kind}"))["data"]
        assert "text" not in whole
        assert server.close() == 0


# Commands.


def test_a_command_takes_the_params_of_its_method_and_nothing_else(shared: ServerProcess) -> None:
    command = "modelport.completion.create"
    params = chat(streamId="s", workDoneToken="t")
    done = shared.result("workspace/executeCommand", {"command": command, "arguments": [params]})
    assert done["text"] == WORDS
    assert "".join(p["update"]["text"] for p in shared.claim("completion/update")) == WORDS
    assert len(shared.claim("$/progress")) == 2
    for arguments in ([params, {}], params):
        error = shared.error("workspace/executeCommand", {"command": command, "arguments": arguments})
        assert (error["code"], error["data"]["field"]) == (-32602, "arguments")


# Paths of mistakes.


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"type": "sound"}, "messages[0].content[1].type"),
        ({"type": "image"}, "messages[0].content[1]"),
        ({"type": "image", "url": "https://i.example/x.png", "data": "AAAA"}, "messages[0].content[1]"),
        ({"type": "image", "url": "file:///etc/hostname"}, "messages[0].content[1].url"),
        ({"type": "image", "data": "no base64!"}, "messages[0].content[1]"),
        ({"type": "image", "url": "data:image/png;base64,?"}, "messages[0].content[1]"),
    ],
)
def test_a_mistake_in_a_part_is_named_by_its_path(shared: ServerProcess, part: dict[str, Any], field: str) -> None:
    content = [{"type": "text", "text": "Look:"}, part]
    error = shared.error(
        "completion/create", {"model": "mock/mock", "messages": [{"role": "user", "content": content}]}
    )
    assert (error["code"], error["data"]["field"]) == (-32602, field)
    assert error["message"].startswith(field)


@pytest.mark.parametrize("kind", ["unknown_provider", "unknown_model", "invalid_key_format"])
def test_the_mock_refuses_as_a_server_does(shared: ServerProcess, kind: str) -> None:
    error = shared.error("completion/create", chat(model=f"mock/mock:fail={kind}"))
    assert (error["code"], error["data"]["kind"]) == (-32602, kind)


def test_an_unknown_model_is_absent_in_an_error(shared: ServerProcess) -> None:
    params = {"provider": "llama-cpp", "baseUrl": "http://127.0.0.1:9", "timeoutMs": 2000}
    data = shared.error("provider/connect", params)["data"]
    assert data["kind"] in ("network", "timeout")
    assert "model" not in data


# The end.


def test_a_request_in_flight_goes_on_after_shutdown(server: ServerProcess) -> None:
    request_id = server.begin("completion/create", chat(model="mock/mock:delay=50", streamId="s"))
    server.notification("completion/update")
    assert server.request("shutdown")["result"] is None
    assert server.reply(request_id)["result"]["text"] == WORDS
    assert server.claim("completion/update")
    server.notify("exit")
    assert server.process.wait(5) == 0


def test_a_request_in_flight_at_exit_is_answered_before_the_output_ends(tmp_path: Path) -> None:
    with ServerProcess(env={"MODELPORT_DATA_DIR": str(tmp_path)}) as server:
        server.initialize()
        request_id = server.begin("completion/create", chat(model="mock/mock:stall=1", streamId="s"))
        server.notification("completion/update")
        assert server.request("shutdown")["result"] is None
        server.notify("exit")
        error = server.reply(request_id)["error"]
        assert (error["code"], error["data"]["kind"]) == (-32803, "stream_interrupted")
        assert server.notification("usage/updated")["call"]["outcome"] == "cancelled"
        with pytest.raises(Ended):
            server.take(is_of_a_request)
        assert server.process.wait(5) == 0


def test_without_initialized_requests_are_answered() -> None:
    with ServerProcess() as server:
        server.request("initialize", {"capabilities": {}})
        assert server.result("completion/create", chat())["text"] == WORDS
        assert server.close() == 0


# A turn with tools.


def test_the_tool_calls_of_a_completion_go_back_unchanged(shared: ServerProcess) -> None:
    tool = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"const": "Paris"}}}}
    question = {"role": "user", "content": "What is the weather?"}
    params = {"model": "mock/mock:tools", "tools": [tool]}
    asked = shared.result("completion/create", {**params, "messages": [question]})
    assert asked["finishReason"] == "toolCalls"
    calls = [*asked["toolCalls"], {"id": "broken", "name": "get_weather", "argumentsText": '{"city": "Par'}]
    results = [{"role": "tool", "toolCallId": call["id"], "content": "18 °C"} for call in calls]
    # Beside toolCalls there need be no content.
    messages = [question, {"role": "assistant", "toolCalls": calls}, *results]
    assert shared.result("completion/create", {**params, "messages": messages})["text"] == "The tool said: 18 °C"


# Agents.


def test_the_server_leaves_itself_out_of_the_agents(server: ServerProcess) -> None:
    found = server.result("agent/discover", {"level": "probe", "all": True})["agents"]
    assert server.process.pid not in [agent.get("pid") for agent in found]
