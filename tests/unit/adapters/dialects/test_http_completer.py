"""Completing over HTTP: which framing, when it is over, and the kind of each failure."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dialects import verification
from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.ollama.chat import Ollama
from modelport.adapters.dialects.openai.chat import OpenAIChat
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer
from modelport.domain.errors import RequestFailed
from support.builders import (
    RecordingListener,
    StubPool,
    VirtualTime,
    answer,
    call,
    credential,
    endpoint,
    reply,
    row,
    stub_exchange,
    tool,
)

STREAM = (
    b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"lo"}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
FIRST = STREAM.partition(b"\n\n")[0] + b"\n\n"
WHOLE = b'{\n "choices": [{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}]\n}'
LINES = b'{"message":{"content":"Hel"},"done":false}\n{"message":{"content":"lo"},"done":true}\n'
PAGE = b"<!DOCTYPE html><html><body><h1>Corporate Gateway</h1></body></html>"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


def paused(*chunks: bytes | float) -> ProviderClient:
    """A client whose reply comes in these chunks, with pauses of so many seconds between them."""

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            if isinstance(chunk, bytes):
                yield chunk
            else:
                await anyio.sleep(chunk)

    return ProviderClient(StubPool(lambda _: httpx2.Response(200, content=body())))  # type: ignore[arg-type]


async def complete(*chunks: bytes, wire: Any = None, status: int = 200, **changes: Any) -> Answer:
    built = answer()
    await HttpCompleter(wire or OpenAIChat(), stub_exchange(*chunks, status=status)).complete(call(**changes), built)
    return built


async def failure(*chunks: bytes, **changes: Any) -> RequestFailed:
    with pytest.raises(RequestFailed) as failed:
        await complete(*chunks, **changes)
    return failed.value


def one_by_one(body: bytes) -> list[bytes]:
    return [body[i : i + 1] for i in range(len(body))]


@pytest.mark.parametrize("body", [STREAM, b"\n\n" + STREAM, b": hello\n\n" + STREAM, WHOLE, b"  \n" + WHOLE, b"\xef\xbb\xbf" + STREAM])  # fmt: skip
@pytest.mark.parametrize("cut", [lambda body: [body], one_by_one])
async def test_events_and_whole_replies_are_told_apart_by_their_first_bytes(body: bytes, cut: Any) -> None:
    assert (await complete(*cut(body))).whole_text() == "Hello"


@pytest.mark.parametrize(("wire", "body"), [(OpenAIChat(), STREAM), (OpenAIChat(), WHOLE), (Ollama(), LINES)])
@pytest.mark.parametrize("cut", [[], [1], [2], [3], [1, 2], [4]])
async def test_a_reply_may_begin_with_a_byte_order_mark_wherever_it_is_cut(
    wire: Any, body: bytes, cut: list[int]
) -> None:
    marked = b"\xef\xbb\xbf" + body
    built = await complete(*(marked[a:b] for a, b in pairwise([0, *cut, len(marked)])), wire=wire)
    assert built.whole_text() == "Hello"


@pytest.mark.parametrize(
    "body", [LINES, LINES.rstrip(), b'{\n "message": {"content": "Hello"},\n "done": true\n}', b"\n" + LINES]
)
@pytest.mark.parametrize("cut", [lambda body: [body], one_by_one])
async def test_json_lines_and_a_whole_value_over_several_lines(body: bytes, cut: Any) -> None:
    assert (await complete(*cut(body), wire=Ollama())).whole_text() == "Hello"


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
async def test_the_answer_is_the_same_wherever_the_network_cuts(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    built = await complete(*(STREAM[a:b] for a, b in pairwise(edges)))
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")


@pytest.mark.parametrize(
    ("chunks", "kind", "said"),
    [
        ([], "stream_interrupted", "without an answer"),
        ([b"\n"], "stream_interrupted", "without an answer"),
        ([FIRST], "stream_interrupted", "in the middle of the answer"),
        ([b": nothing but comments\n\n"], "stream_interrupted", "without an answer"),
        ([b"data: {broken\n\n"], "invalid_response", "not openai_chat"),
        ([b'data: {"choices":5}\n\n'], "invalid_response", "not openai_chat"),
        ([b"{broken"], "invalid_response", "not openai_chat"),
        ([PAGE], "invalid_response", "Corporate Gateway"),
        ([b"\xef\xbb\xbf \n" + PAGE], "invalid_response", "Corporate Gateway"),
        ([b'data: {"error":{"message":"overloaded","code":503}}\n\n'], "provider_unavailable", "overloaded"),
        ([b'{"error":{"message":"rate limit"}}'], "rate_limited", "rate limit"),
    ],
)
async def test_what_goes_wrong_in_a_good_status(chunks: list[bytes], kind: str, said: str) -> None:
    error = await failure(*chunks)
    assert error.kind == kind
    assert said in error.message
    assert (error.provider, error.model) == ("acme", "some-model")


async def test_a_web_page_is_reported_as_one_wherever_it_is_cut() -> None:
    error = await failure(*one_by_one(PAGE))
    assert error.kind == "invalid_response"
    assert "web page" in error.message
    assert "Corporate Gateway" in error.message


@pytest.mark.parametrize("start", [b"data: ", b"{", b": "])
async def test_a_reply_over_the_cap_is_refused(start: bytes) -> None:
    megabyte = b"x" * 1024 * 1024
    assert (await failure(start, *[megabyte] * 17)).kind == "invalid_response"


async def test_a_filtered_rest_ends_the_answer_and_a_filtered_beginning_fails() -> None:
    filtered = b'data: {"error":{"message":"blocked","code":"content_filter"}}\n\n'
    built = await complete(FIRST, filtered)
    assert (built.whole_text(), built.finish_reason) == ("Hel", "contentFilter")
    assert (await failure(filtered)).kind == "content_filtered"


async def test_a_refused_request_is_a_failure_with_its_status() -> None:
    error = await failure(b'{"error":{"message":"no such key"}}', status=401)
    assert (error.kind, error.http_status) == ("auth_rejected", 401)


async def test_a_connection_lost_in_the_middle() -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield FIRST
        raise httpx2.ReadError("reset")

    exchange = ProviderClient(StubPool(lambda _: httpx2.Response(200, content=cut())))  # type: ignore[arg-type]
    built = answer()
    with pytest.raises(RequestFailed) as failed:
        await HttpCompleter(OpenAIChat(), exchange).complete(call(), built)
    assert failed.value.kind == "stream_interrupted"
    assert built.whole_text() == "Hel"


async def test_no_connection_at_all() -> None:
    def unreachable(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    exchange = ProviderClient(StubPool(unreachable))  # type: ignore[arg-type]
    with pytest.raises(RequestFailed) as failed:
        await HttpCompleter(OpenAIChat(), exchange).complete(call(), answer())
    assert failed.value.kind == "network"


async def test_a_server_that_lingers_after_the_end_is_not_waited_for() -> None:
    built = answer()
    began = anyio.current_time()
    await HttpCompleter(OpenAIChat(), paused(STREAM, 10_000.0)).complete(call(), built)
    assert anyio.current_time() - began < 1
    assert built.whole_text() == "Hello"


REST = STREAM.removeprefix(FIRST)


@pytest.mark.parametrize(
    ("chunks", "seconds"),
    [
        # Minutes may pass before the first word, half a minute in the middle.
        ([299.0, FIRST, 29.0, REST], None),
        ([299.0, STREAM[:5], 299.0, STREAM[5:]], None),
        ([FIRST, 31.0, REST], 30),
        ([FIRST, 29.0, b": still here\n\n", 29.0, REST], None),
        ([301.0, STREAM], 300),
        # A whole reply has not begun before it is whole.
        ([WHOLE[:20], 299.0, WHOLE[20:40], 299.0, WHOLE[40:]], None),
        ([WHOLE[:20], 301.0, WHOLE[20:]], 300),
    ],
)
async def test_only_a_pause_longer_than_the_idle_timeout_ends_a_call(
    chunks: list[bytes | float], seconds: int | None
) -> None:
    built = answer()
    completer = HttpCompleter(OpenAIChat(), paused(*chunks))
    if seconds is None:
        await completer.complete(call(), built)
        assert built.whole_text() == "Hello"
        return
    with pytest.raises(RequestFailed, match=f"{seconds} s") as failed:
        await completer.complete(call(), built)
    assert failed.value.kind == "timeout"


THOUGHT = b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm."}}]}\n\n'
OLLAMA_TEXT = b'{"message":{"content":"Let me look. "},"done":false}\n'
OLLAMA_CALL = (
    b'{"message":{"content":"","tool_calls":[{"function":{"name":"get_weather","arguments":{"city":"X"}}}]},'
    b'"done":false}\n{"message":{"content":""},"done":true,"done_reason":"stop"}\n'
)
LOCAL = row("here", connection_type="local", base_url="http://localhost:8000/v1")
GAPS: list[tuple[str, dict[str, Any], float]] = [
    ("text only, in the cloud", {}, 30),
    ("a tool call may come", {"tools": (tool(),)}, 300),
    ("a local server", {"provider": LOCAL}, 300),
    ("a local server elsewhere", {"endpoint": endpoint(LOCAL, base_url="https://gpu.acme.example/v1")}, 300),
    ("a gateway on this machine", {"endpoint": endpoint(base_url="http://127.0.0.1:4000/v1")}, 300),
    ("a server in the house", {"endpoint": endpoint(base_url="http://192.168.1.20:4000/v1")}, 300),
    ("a setting", {"endpoint": endpoint(idle_timeout_s=7)}, 7),
    ("a setting, with tools", {"endpoint": endpoint(idle_timeout_s=7), "tools": (tool(),)}, 7),
    ("a longer setting", {"endpoint": endpoint(idle_timeout_s=900)}, 900),
]


@pytest.mark.parametrize(("changes", "seconds"), [gap[1:] for gap in GAPS], ids=[gap[0] for gap in GAPS])
async def test_how_long_a_provider_may_pause_depends_on_what_may_still_come(
    changes: dict[str, Any], seconds: float
) -> None:
    built = answer()
    await HttpCompleter(OpenAIChat(), paused(FIRST, seconds - 1, REST)).complete(call(**changes), built)
    assert built.whole_text() == "Hello"
    built = answer()
    with pytest.raises(RequestFailed, match=f"nothing for {seconds:g} s: .*timeout_s in config.toml") as failed:
        await HttpCompleter(OpenAIChat(), paused(FIRST, seconds + 1, REST)).complete(call(**changes), built)
    assert (failed.value.kind, built.whole_text()) == ("timeout", "Hel")


async def test_a_model_that_has_only_reasoned_may_go_on_thinking() -> None:
    built = answer()
    await HttpCompleter(OpenAIChat(), paused(THOUGHT, 299.0, THOUGHT, 299.0, STREAM)).complete(call(), built)
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.Hm.", "Hello")


async def test_ollama_may_write_a_long_call_in_silence() -> None:
    built = answer()
    completer = HttpCompleter(Ollama(), paused(OLLAMA_TEXT, 35.0, OLLAMA_CALL))
    await completer.complete(call(tools=(tool(),), endpoint=endpoint(row("ollama", dialect="ollama"))), built)
    assert (built.whole_text(), built.finish_reason) == ("Let me look. ", "toolCalls")
    assert [made.name for made in built.tool_calls()] == ["get_weather"]


class Slow(RecordingListener):
    """A listener that is behind once, after the first delta, for as long as it takes."""

    waited = 0

    @property
    def congested(self) -> bool:
        return bool(self.events) and not self.waited

    async def drained(self) -> None:
        await anyio.sleep(1000)
        self.waited += 1


async def test_a_listener_that_is_behind_is_waited_for_and_the_provider_is_not_blamed() -> None:
    slow = Slow()
    await HttpCompleter(OpenAIChat(), paused(FIRST, 5.0, REST)).complete(call(), Answer(slow))
    assert slow.waited == 1
    assert slow.said("text") == "Hello"


async def test_the_idle_timeout_runs_again_after_a_slow_listener() -> None:
    slow = Slow()
    with pytest.raises(RequestFailed) as failed:
        await HttpCompleter(OpenAIChat(), paused(FIRST, 10_000.0)).complete(call(), Answer(slow))
    assert failed.value.kind == "timeout"
    assert slow.waited == 1


async def test_the_formats_headers_and_the_requests_path_are_sent() -> None:
    from modelport.adapters.dialects.anthropic.messages import AnthropicMessages

    body = b'{"type":"message","content":[],"stop_reason":"end_turn"}'
    pool = StubPool(lambda _: reply(body))
    place = endpoint(row(dialect="anthropic_messages", key_header="x-api-key", auth="key"), base_url="https://a/base")
    await HttpCompleter(AnthropicMessages(), ProviderClient(pool)).complete(call(endpoint=place), answer())  # type: ignore[arg-type]
    (request,) = pool.requests
    assert str(request.url) == "https://a/base/v1/messages"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.headers["content-type"] == "application/json"
    assert pool.sent()["model"] == "some-model"


# The check of a connection.


def verifier(body: bytes, status: int = 200) -> tuple[HttpCompleter, StubPool]:
    pool = StubPool(lambda _: reply(body, status=status))
    return HttpCompleter(OpenAIChat(), ProviderClient(pool)), pool  # type: ignore[arg-type]


async def test_a_check_lists_the_models() -> None:
    completer, pool = verifier(b'{"data":[{"id":"a"},{"id":"b"}]}')
    check = await completer.verify(endpoint())
    assert (check.verified, check.models) == (True, ("a", "b"))
    (request,) = pool.requests
    assert (request.method, str(request.url)) == ("GET", "https://acme.example/v1/models")
    assert request.headers["authorization"].startswith("Bearer ")


async def test_a_check_uses_the_rows_own_path_where_the_list_is_public() -> None:
    completer, pool = verifier(b'{"data":{"usage":1}}')
    check = await completer.verify(endpoint(row(wire={"verify_path": "/key"})))
    assert (check.verified, check.models) == (True, ())
    assert pool.requests[0].url.path == "/v1/key"


async def test_a_row_without_a_list_is_not_checked() -> None:
    completer, pool = verifier(b"")
    check = await completer.verify(endpoint(row(wire={"models_path": ""})))
    assert (check.verified, check.models) == (False, ())
    assert pool.requests == []


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b'{"error":{"message":"bad key"}}', 401, "auth_rejected"),
        (PAGE, 200, "invalid_response"),
        (PAGE, 404, "invalid_response"),
        (b"ok", 200, "invalid_response"),
        (b"", 200, "invalid_response"),
        (b'{"data": [{"id"', 200, "invalid_response"),
        (b'{"error":{"message":"down"}}', 503, "provider_unavailable"),
    ],
)
async def test_a_check_that_fails(body: bytes, status: int, kind: str) -> None:
    completer, _ = verifier(body, status)
    with pytest.raises(RequestFailed) as failed:
        await completer.verify(endpoint())
    assert failed.value.kind == kind


APART = row(base_url="https://talk.cloud.example", wire={"models_hosts": {"talk.cloud.example": "list"}})
"""A provider that lists its models on another host than it answers on."""


async def test_a_check_goes_to_the_host_that_lists() -> None:
    completer, pool = verifier(b'{"data":[{"id":"a"}]}')
    check = await completer.verify(endpoint(APART))
    assert (check.verified, check.models) == (True, ("a",))
    assert [str(request.url) for request in pool.requests] == ["https://list.cloud.example/models"]


async def test_a_key_is_not_sent_to_the_neighbour_of_an_address_of_ones_own() -> None:
    completer, pool = verifier(b'{"data":[{"id":"a"}]}')
    check = await completer.verify(endpoint(APART, base_url="https://talk.proxy.example"))
    assert (check.verified, check.models) == (False, ())
    assert pool.requests == []


async def test_a_proof_of_its_own_is_requested_where_calls_go() -> None:
    completer, pool = verifier(b"{}")
    flags = {"models_hosts": {"talk.cloud.example": "list"}, "verify_path": "/key"}
    check = await completer.verify(endpoint(row(base_url="https://talk.cloud.example", wire=flags)))
    assert check.verified
    assert [str(request.url) for request in pool.requests] == ["https://talk.cloud.example/key"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"Message":"User: x is not authorized to perform: cloud:ListModels"}', 403),
        (b'{"message":"slow down"}', 429),
        (b'{"message":"down"}', 503),
        (b'{"message":"no such thing"}', 404),
        (b"ok", 200),
        (PAGE, 200),
    ],
)
async def test_a_list_of_its_own_that_fails_proves_nothing(body: bytes, status: int) -> None:
    completer, _ = verifier(body, status)
    check = await completer.verify(endpoint(APART))
    assert (check.verified, check.models) == (False, ())


async def test_a_host_that_lists_and_cannot_be_reached_proves_nothing() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    completer = HttpCompleter(OpenAIChat(), ProviderClient(StubPool(fail)))  # type: ignore[arg-type]
    assert not (await completer.verify(endpoint(APART))).verified
    with pytest.raises(RequestFailed) as failed:
        await completer.verify(endpoint())
    assert failed.value.kind == "network"


async def test_a_key_that_the_list_refuses_is_refused_all_the_same() -> None:
    completer, _ = verifier(b'{"error":{"message":"bad key"}}', 401)
    with pytest.raises(RequestFailed) as failed:
        await completer.verify(endpoint(APART))
    assert failed.value.kind == "auth_rejected"


async def test_a_check_that_gets_no_answer_gives_up_in_time() -> None:
    began = anyio.current_time()
    with pytest.raises(RequestFailed) as failed:
        await HttpCompleter(OpenAIChat(), paused(b'{"data":', 10_000.0)).verify(endpoint())
    assert failed.value.kind == "timeout"
    assert anyio.current_time() - began == verification.VERIFY_TIMEOUT_S


async def test_a_key_that_is_missing_is_called_missing() -> None:
    completer, _ = verifier(json.dumps({"error": "no"}).encode(), 401)
    with pytest.raises(RequestFailed) as failed:
        await completer.verify(endpoint(credential=credential(None)))
    assert failed.value.kind == "auth_required"


async def test_a_list_that_is_an_error_verifies_nothing() -> None:
    body = b'{"error":"Unexpected endpoint or method. (GET /models). Returning 200 anyway"}'
    with pytest.raises(RequestFailed, match="serves nothing for this") as failed:
        await HttpCompleter(OpenAIChat(), stub_exchange(body)).verify(endpoint())
    assert failed.value.kind == "invalid_response"


@pytest.mark.parametrize("chunk", [b'data: {"error": {"message": "Overloaded"}}\n\n', PAGE], ids=["an error", "a page"])
async def test_a_reply_that_is_given_up_leaves_no_generator_to_the_garbage_collection(chunk: bytes) -> None:
    begun: list[Any] = []
    hooks = sys.get_asyncgen_hooks()

    def note(generator: Any) -> None:
        begun.append(generator)
        hooks.firstiter(generator)  # type: ignore[misc]

    sys.set_asyncgen_hooks(firstiter=note)
    try:
        failed = await failure(chunk, *[b": more\n"] * 10)
    finally:
        sys.set_asyncgen_hooks(*hooks)
    assert failed.kind in ("provider_unavailable", "invalid_response")
    assert begun
    assert [generator.__qualname__ for generator in begun if generator.ag_frame is not None] == []
