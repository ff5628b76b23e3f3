"""``completion/*`` through the started server, against a local server that answers correctly or wrongly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import JSON, SSE, delta, end, event, held, refused, streamed

PROVIDER = "openai-compatible"


Behaviour = Callable[[Received], Answer]
Connected = Callable[..., AbstractContextManager[tuple[ServerProcess, LocalServer]]]


@pytest.fixture
def connected(shared: ServerProcess) -> Connected:
    """Connects the module's server to an upstream that behaves like this."""

    @contextmanager
    def connect(behaviour: Behaviour, **overrides: Any) -> Iterator[tuple[ServerProcess, LocalServer]]:
        with LocalServer(behaviour) as upstream:
            params = {"provider": PROVIDER, "model": "m", "baseUrl": upstream.url, "verify": False, **overrides}
            shared.result("provider/connect", params)
            yield shared, upstream

    return connect


def ask(server: ServerProcess, **params: Any) -> dict[str, Any]:
    return server.request("completion/create", {"prompt": "hi", **params})


def failure(server: ServerProcess, **params: Any) -> dict[str, Any]:
    reply = ask(server, **params)
    assert "error" in reply, reply
    message = reply["error"]["message"]
    assert message.endswith((".", "?"))
    assert "\n" not in message
    return reply["error"]


def test_streams_the_upstreams_answer(connected: Connected) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
    with connected(lambda _: streamed("Hel", "lo, ", "wörld", usage=usage)) as (server, upstream):
        completion = ask(server, streamId="s")["result"]
        assert completion["text"] == "Hello, wörld"
        updates = server.claim("completion/update")
        assert "".join(u["update"]["text"] for u in updates) == "Hello, wörld"
        assert completion["finishReason"] == "stop"
        assert (completion["provider"], completion["model"]) == (PROVIDER, "m")
        used = completion["usage"]
        assert (used["inputTokens"], used["outputTokens"], used["cacheReadTokens"]) == (9, 4, 8)
        assert used["usdMicros"] == 0
        assert used["estimated"] is False
        assert used["timeToFirstTokenMs"] <= used["latencyMs"]
        assert [a["outcome"] for a in completion["attempts"]] == ["ok"]
        sent = json.loads(upstream.requests[0].body)
        assert sent["stream"] is True
        assert sent["messages"] == [{"role": "user", "content": "hi"}]


def test_first_delta_is_not_held_back(connected: Connected) -> None:
    released = threading.Event()
    with connected(lambda _: held([delta("first")], released, [delta(" second"), end()])) as (server, _):
        request_id = server.begin("completion/create", {"prompt": "hi", "streamId": "s"})
        assert server.notification("completion/update")["update"] == {"kind": "text", "text": "first"}
        released.set()
        assert server.reply(request_id)["result"]["text"] == "first second"
        server.claim("completion/update")


def test_cancel_closes_the_upstream(connected: Connected) -> None:
    released = threading.Event()
    with connected(lambda _: held([delta("some")], released)) as (server, upstream):
        request_id = server.begin("completion/create", {"prompt": "hi", "streamId": "s"})
        server.notification("completion/update")
        server.notify("$/cancelRequest", {"id": request_id})
        assert server.reply(request_id)["error"]["code"] == -32800
        assert upstream.closed_by_client.wait(5)
        updated = server.take(lambda m: m.get("method") == "usage/updated" and m["params"]["call"]["outcome"] != "ok")
        assert updated["params"]["call"]["outcome"] == "cancelled"
        assert updated["params"]["call"]["usage"]["outputTokens"] == 1


def test_time_out_carries_the_partial_text(connected: Connected) -> None:
    released = threading.Event()
    with connected(lambda _: held([delta("so far")], released)) as (server, upstream):
        error = failure(server, timeoutMs=1000)
        assert error["code"] == -32803
        assert error["data"]["kind"] == "timeout"
        assert error["data"]["text"] == "so far"
        assert error["data"]["usage"]["estimated"] is True
        assert "timeoutMs" in error["message"]
        assert upstream.closed_by_client.wait(5)
        assert server.result("usage/history", {"limit": 1})["calls"][0]["errorKind"] == "timeout"


def test_an_idle_upstream_times_out(connected: Connected) -> None:
    with connected(lambda _: Answer(headers=SSE, chunks=stalling([delta("a")])), timeoutMs=250) as (server, _):
        error = failure(server)
        assert error["data"]["kind"] == "timeout"
        assert error["data"]["text"] == "a"
        assert "0.25 s" in error["message"]


def stalling(pieces: list[bytes]) -> Iterator[bytes]:
    yield from pieces
    threading.Event().wait(5)


def test_upstream_that_accepts_and_never_answers(connected: Connected) -> None:
    def never(_: Received) -> Answer:
        threading.Event().wait(5)
        return streamed("late")

    with connected(never, timeoutMs=250) as (server, _):
        assert failure(server)["data"]["kind"] == "timeout"


def test_wrong_key_says_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_wrong-0123456789abcdef")
    body = {"error": {"message": "Invalid API Key gsk_wrong-0123456789abcdef", "code": "invalid_api_key"}}
    with LocalServer(lambda _: refused(401, body)) as upstream, ServerProcess() as server:
        server.initialize()
        server.result("provider/connect", {"provider": "groq", "baseUrl": upstream.url, "verify": False})
        error = failure(server)
        assert error["data"]["kind"] == "auth_rejected"
        assert error["data"]["httpStatus"] == 401
        assert "GROQ_API_KEY" in error["message"]
        assert "gsk_wrong" not in json.dumps(error)
        connect = server.error("provider/connect", {"provider": "groq", "baseUrl": upstream.url})
        assert connect["data"]["kind"] == "auth_rejected"


def test_missing_key_names_the_variable_to_set() -> None:
    with ServerProcess() as server:
        server.initialize()
        error = failure(server, model="groq/openai/gpt-oss-120b")
        assert error["data"]["kind"] == "auth_required"
        assert "GROQ_API_KEY" in error["message"]
        assert server.result("usage/snapshot")["totalCalls"] == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/v1", ("http://127.0.0.1:9/v1", "is it running?")),
        ("http://no-such-host.invalid/v1", ("no-such-host.invalid",)),
    ],
)
def test_an_address_without_a_server(shared: ServerProcess, url: str, said: tuple[str, ...]) -> None:
    shared.result("provider/connect", {"provider": PROVIDER, "baseUrl": url, "model": "m", "verify": False})
    error = failure(shared)
    assert error["data"]["kind"] == "network"
    assert [text for text in said if text not in error["message"]] == []


def test_tls_where_there_is_none(shared: ServerProcess) -> None:
    with LocalServer(lambda _: streamed("x")) as upstream:
        address = upstream.url.replace("http://", "https://")
        shared.result("provider/connect", {"provider": PROVIDER, "baseUrl": address, "model": "m", "verify": False})
        error = failure(shared)
        assert error["data"]["kind"] == "invalid_response"
        assert "does not speak TLS: write http://" in error["message"]


@pytest.mark.parametrize("status", [200, 404, 502])
def test_web_page_in_place_of_an_answer(connected: Connected, status: int) -> None:
    page = (
        b"<!DOCTYPE html><html><head><title>x</title></head><body><h1>Corporate Gateway</h1>Please log in</body></html>"
    )
    with connected(lambda _: Answer(status, {"Content-Type": "text/html"}, [page])) as (server, _):
        error = failure(server)
        assert error["data"]["kind"] == "invalid_response"
        assert "Corporate Gateway" in error["message"]
        assert "<" not in error["message"]


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([delta("partly"), b"data: {broken\n\n"], "invalid_response"),
        (
            [delta("partly"), event({"error": {"message": "overloaded", "type": "overloaded_error"}})],
            "provider_unavailable",
        ),
        ([delta("partly"), b'event: error\ndata: {"message": "try again in 2s", "code": 429}\n\n'], "rate_limited"),
        ([delta("partly")], "stream_interrupted"),
    ],
)
def test_stream_that_fails_keeps_the_text_so_far(connected: Connected, pieces: list[bytes], kind: str) -> None:
    with connected(lambda _: Answer(headers=SSE, chunks=pieces)) as (server, _):
        error = failure(server, streamId="s")
        assert error["data"]["kind"] == kind
        assert error["data"]["text"] == "partly"
        assert [u["update"]["text"] for u in server.claim("completion/update")] == ["partly"]


def test_connection_cut_in_the_middle(connected: Connected) -> None:
    with connected(lambda _: Answer(headers=SSE, chunks=[delta("partly")], cut=True)) as (server, _):
        error = failure(server)
        assert error["data"]["kind"] == "stream_interrupted"
        assert error["data"]["text"] == "partly"
        assert error["data"]["retryable"] is True


def test_rate_limit_says_when_to_try_again(connected: Connected) -> None:
    headers = {"Retry-After": "70"}
    body = {"error": {"message": "slow down", "type": "rate_limit_error"}}
    with connected(lambda _: refused(429, body, **headers)) as (server, _):
        error = failure(server)
        assert error["data"]["kind"] == "rate_limited"
        assert error["data"]["retryAfterMs"] == 70_000
        assert error["data"]["retryable"] is True


def test_whole_answer_although_a_stream_was_requested(connected: Connected) -> None:
    body = {"choices": [{"message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}]}
    with connected(lambda _: Answer(headers=JSON, chunks=[json.dumps(body).encode()])) as (server, _):
        assert ask(server)["result"]["text"] == "whole"


def test_event_without_an_end_is_refused(connected: Connected) -> None:
    def endless() -> Iterator[bytes]:
        yield b"data: "
        for _ in range(17):
            yield b"x" * (1024 * 1024)

    with connected(lambda _: Answer(headers=SSE, chunks=endless())) as (server, _):
        assert failure(server)["data"]["kind"] == "invalid_response"


def test_fallbacks_are_tried_in_order_and_reported(connected: Connected) -> None:
    body = {"error": {"message": "down"}}
    with connected(lambda _: refused(503, body)) as (server, _):
        before = server.result("usage/snapshot")["totalCalls"]
        completion = ask(server, streamId="s", fallbacks=["mock/mock:fail=rate_limited", "mock/mock"])["result"]
        assert completion["text"] == "You said: hi"
        # The first is called once more, since it may pass.
        assert [a["outcome"] for a in completion["attempts"]] == ["failed", "failed", "failed", "ok"]
        assert completion["attempts"][0]["error"]["kind"] == "provider_unavailable"
        updates = [u["update"] for u in server.claim("completion/update")]
        assert [u["reason"] for u in updates if u["kind"] == "attempt"] == [
            "provider_unavailable",
            "provider_unavailable",
            "rate_limited",
        ]
        assert "".join(u["text"] for u in updates if u["kind"] == "text") == "You said: hi"
        assert server.result("usage/snapshot")["totalCalls"] == before + 4


def test_no_fallback_once_the_answer_has_begun(connected: Connected) -> None:
    with connected(lambda _: Answer(headers=SSE, chunks=[delta("begun")], cut=True)) as (server, _):
        error = failure(server, fallbacks=["mock/mock"])
        assert error["data"]["kind"] == "stream_interrupted"
        assert len(error["data"]["attempts"]) == 1


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"parameters": {"temperatur": 1}}, "parameters.temperatur"),
        ({"parameters": {"temp": "hot"}}, "parameters.temp"),
        ({"parameters": {"topP": 0.5, "nucleus_sampling": 0.6}}, "parameters.nucleus_sampling"),
        ({"toolChoice": "required"}, "toolChoice"),
        ({"toolChoice": {"name": "absent"}}, "toolChoice"),
        ({"responseFormat": {"type": "xml"}}, "responseFormat.type"),
        ({"responseFormat": {"type": "jsonSchema"}}, "responseFormat.schema"),
        ({"timeoutMs": 0}, "timeoutMs"),
        ({"timeoutMs": "soon"}, "timeoutMs"),
        ({"messages": []}, "prompt"),
        ({"fallbacks": ["mock/mock", "openai/"]}, "fallbacks[1]"),
    ],
)
def test_wrong_parameters_are_named(connected: Connected, params: dict[str, Any], field: str) -> None:
    with connected(lambda _: streamed("never")) as (server, upstream):
        error = failure(server, **params)
        assert error["code"] == -32602
        assert error["data"]["field"] == field
        assert upstream.requests == []


def test_empty_prompt(shared: ServerProcess) -> None:
    assert shared.error("completion/create", {"model": "mock/mock"})["data"]["field"] == "messages"
    assert shared.error("completion/create", {"prompt": "hi"})["data"]["field"] == "model"
    error = shared.error("completion/create", {"prompt": "hi", "model": "no-such-model"})
    assert (error["code"], error["data"]["kind"]) == (-32602, "unknown_model")
    error = shared.error("completion/create", {"prompt": "hi", "provider": "opnai", "model": "x"})
    assert error["data"]["kind"] == "unknown_provider"
    assert "openai" in error["message"]


def test_tool_calls_in_deltas(connected: Connected) -> None:
    def call(index: int, arguments: str, **more: Any) -> bytes:
        piece = {"index": index, **more, "function": {**more.pop("function", {}), "arguments": arguments}}
        return event({"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]})

    pieces = [
        call(0, "", id="a", function={"name": "weather"}),
        call(1, "", id="b", function={"name": "weather"}),
        call(0, '{"city":'),
        call(1, '{"city": "R'),
        call(0, ' "Paris"}'),
        call(1, 'ome"}'),
        end("tool_calls"),
    ]
    with connected(lambda _: Answer(headers=SSE, chunks=pieces)) as (server, _):
        tools = [{"name": "weather", "parameters": {"type": "object"}}]
        completion = ask(server, tools=tools, streamId="s")["result"]
        assert completion["finishReason"] == "toolCalls"
        assert completion["toolCalls"] == [
            {"id": "a", "name": "weather", "arguments": {"city": "Paris"}},
            {"id": "b", "name": "weather", "arguments": {"city": "Rome"}},
        ]
        updates = [u["update"] for u in server.claim("completion/update")]
        for index, city in enumerate(("Paris", "Rome")):
            text = "".join(u["argumentsDelta"] for u in updates if u["index"] == index)
            assert json.loads(text) == {"city": city}
        assert [(u["id"], u["name"]) for u in updates if "id" in u] == [("a", "weather"), ("b", "weather")]


def test_arguments_that_are_no_object_come_as_text(connected: Connected) -> None:
    piece = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"cut'}}
    pieces = [event({"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]}), end("length")]
    with connected(lambda _: Answer(headers=SSE, chunks=pieces)) as (server, _):
        completion = ask(server, tools=[{"name": "f"}])["result"]
        assert completion["toolCalls"] == [{"id": "a", "name": "f", "argumentsText": '{"cut'}]
        assert completion["finishReason"] == "length"


def test_two_clients_do_not_disturb_each_other() -> None:
    with ServerProcess() as one, ServerProcess() as two:
        one.initialize()
        two.initialize()
        slow = one.begin("completion/create", {"model": "mock/mock:stall=1", "prompt": "x", "streamId": "s"})
        one.notification("completion/update")
        began = time.monotonic()
        assert two.result("completion/create", {"model": "mock/mock", "prompt": "y"})["text"] == "You said: y"
        assert time.monotonic() - began < 5
        one.notify("$/cancelRequest", {"id": slow})
        assert one.reply(slow)["error"]["code"] == -32800
        totals = two.result("usage/snapshot")
        assert (totals["totalCalls"], totals["cancelledCalls"]) == (2, 1)


def test_work_done_token_gets_begin_and_end() -> None:
    with ServerProcess() as server:
        server.initialize()
        server.result("completion/create", {"model": "mock/mock", "prompt": "x", "workDoneToken": "t1"})
        values = [p["value"] for p in server.claim("$/progress") if p["token"] == "t1"]
        assert [value["kind"] for value in values] == ["begin", "end"]
        assert values[0]["title"]
        server.error("completion/create", {"model": "mock/mock:fail=network", "prompt": "x", "workDoneToken": 5})
        values = [p["value"] for p in server.claim("$/progress") if p["token"] == 5]
        assert [value["kind"] for value in values] == ["begin", "end"]
        server.claim("usage/updated")
        assert server.close() == 0
