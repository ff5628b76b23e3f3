"""Conversations over the wire: histories that another model made, and what goes back to the one that made them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import SSE, end, event
from support.vendors import FORMATS, SAID, typed

TOOLS = [{"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]
CALL_ID = "functions.get_weather:0"
CALLED = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": "", "toolCalls": [{"id": CALL_ID, "name": "get_weather", "arguments": {"city": "Rome"}}]},
    {"role": "tool", "toolCallId": CALL_ID, "content": "18"},
    {"role": "user", "content": "And now?"},
]  # fmt: skip


Connected = Callable[..., AbstractContextManager[tuple[ServerProcess, LocalServer]]]


@pytest.fixture
def connected(shared: ServerProcess) -> Connected:
    """Connects the module's server to an upstream that behaves like this."""

    @contextmanager
    def connect(
        behave: Callable[[Received], Answer], provider: str, dialect: str, model: str = "m", **more: Any
    ) -> Iterator[tuple[ServerProcess, LocalServer]]:
        with LocalServer(behave) as upstream:
            params = {"provider": provider, "model": model, "dialect": dialect, "baseUrl": upstream.url, "verify": False, "apiKey": "k-0123456789"}  # fmt: skip
            shared.result("provider/connect", params | more)
            yield shared, upstream

    return connect


def bodies(upstream: LocalServer) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in upstream.requests]


@pytest.mark.parametrize(
    ("provider", "dialect", "form"),
    [("anthropic", "anthropic_messages", "[a-zA-Z0-9_-]{1,64}"), ("mistral", "openai_chat", "[a-zA-Z0-9]{9}")],
)
def test_ids_of_another_provider_fit(connected: Connected, provider: str, dialect: str, form: str) -> None:
    with connected(
        lambda _: Answer(headers=SSE, chunks=FORMATS[dialect].answer), provider, dialect, "mistral-large"
    ) as (
        server,
        upstream,
    ):
        for _ in range(2):
            assert server.result("completion/create", {"messages": CALLED})["text"] == SAID
    first, second = bodies(upstream)
    assert first["messages"] == second["messages"]
    ids = re.findall(r'"(?:id|tool_use_id|tool_call_id)": "([^"]*)"', json.dumps(first["messages"]))
    assert len(set(ids)) == 1
    assert re.fullmatch(form, ids[0])
    assert dialect != "anthropic_messages" or first["tools"][0]["name"] == "get_weather"


@pytest.mark.parametrize("dialect", ["anthropic_messages", "openai_responses", "openai_chat"])
def test_a_turn_of_thinking_alone_does_not_end_the_conversation(connected: Connected, dialect: str) -> None:
    messages = [
        {"role": "user", "content": "Hard one."},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "Go on."},
    ]
    with connected(lambda _: Answer(headers=SSE, chunks=FORMATS[dialect].answer), "openai-compatible", dialect) as (
        server,
        upstream,
    ):
        assert server.result("completion/create", {"messages": messages})["text"] == SAID
    (body,) = bodies(upstream)
    assert "assistant" not in json.dumps(body)


def test_deepseek_behind_a_provider_of_ones_own_gets_its_reasoning_back_in_every_turn(connected: Connected) -> None:
    chunks = [event({"choices": [{"index": 0, "delta": {"reasoning_content": "I think."}}]}), event({"choices": [{"index": 0, "delta": {"content": "Yes."}}]}), end()]  # fmt: skip
    with connected(
        lambda _: Answer(headers=SSE, chunks=chunks), "openai-compatible", "openai_chat", "deepseek-v4-pro"
    ) as (server, upstream):
        messages: list[Any] = [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Made elsewhere."},
        ]
        for question in ("Is it so?", "Sure?", "Thanks."):
            messages.append({"role": "user", "content": question})
            answer = server.result("completion/create", {"messages": messages, "tools": TOOLS})
            messages.append({"role": "assistant", "content": answer["text"], "providerState": answer["providerState"]})
        server.result("completion/create", {"messages": [*messages, {"role": "user", "content": "Bye"}]})
    *_, with_tools, without = bodies(upstream)
    thoughts = [message["reasoning_content"] for message in with_tools["messages"] if message["role"] == "assistant"]
    assert thoughts == ["", "I think.", "I think."]
    assert "reasoning_content" not in json.dumps(without)


def test_ollama_gets_its_thinking_back_in_a_tool_loop(connected: Connected) -> None:
    lines = [
        {"message": {"role": "assistant", "thinking": "I look it up."}, "done": False},
        {
            "message": {"role": "assistant", "tool_calls": [{"function": {"name": "get_weather", "arguments": {}}}]},
            "done": False,
        },
        {"message": {"content": ""}, "done": True, "done_reason": "stop"},
    ]
    chunks = [json.dumps(line).encode() + b"\n" for line in lines]
    with connected(
        lambda _: Answer(headers={"Content-Type": "application/x-ndjson"}, chunks=chunks),
        "ollama",
        "ollama",
        "qwen3:8b",
    ) as (server, upstream):
        messages: list[Any] = [{"role": "user", "content": "Weather?"}]
        ids: list[str] = []
        for _ in range(2):
            answer = server.result("completion/create", {"messages": messages, "tools": TOOLS})
            (made,) = answer["toolCalls"]
            ids.append(made["id"])
            messages += [
                {"role": "assistant", "content": "", "toolCalls": [made], "providerState": answer["providerState"]},
                {"role": "tool", "toolCallId": made["id"], "content": "18"},
            ]
    sent = bodies(upstream)[1]["messages"]
    assert sent[1]["thinking"] == "I look it up."
    assert sent[2]["tool_name"] == "get_weather"
    assert len(set(ids)) == 2


def test_ten_turns_with_claude_are_read_from_the_cache(connected: Connected) -> None:
    def behave(request: Received) -> Answer:
        """Counts as Anthropic does: what was marked before, as far as it is still the same, is read from the cache."""
        body = json.loads(request.body)
        system = body["system"] if isinstance(body["system"], list) else [{"text": body["system"]}]
        sent = [*body["tools"], *system, *(block for message in body["messages"] for block in message["content"])]
        blocks = [
            json.dumps({name: value for name, value in block.items() if name != "cache_control"}) for block in sent
        ]
        marks = [number for number, block in enumerate(sent) if "cache_control" in block]
        assert len(marks) <= 4
        hit = max((n + 1 for n in marks if tuple(blocks[: n + 1]) in kept), default=0)
        kept.update(tuple(blocks[: n + 1]) for n in marks)
        usage = {"input_tokens": len(blocks) - hit, "cache_read_input_tokens": hit, "output_tokens": 1}
        return Answer(headers=SSE, chunks=typed({"type": "message_start", "message": {"usage": usage}}, *ENDING))

    kept: set[tuple[str, ...]] = set()
    with connected(behave, "anthropic", "anthropic_messages", "claude-opus-5") as (server, upstream):
        messages: list[Any] = []
        read: list[int] = []
        for turn in range(10):
            messages.append({"role": "user", "content": f"Question {turn}"})
            answer = server.result("completion/create", {"messages": messages, "system": "Be brief.", "tools": TOOLS})
            messages.append({"role": "assistant", "content": answer["text"]})
            read.append(answer["usage"].get("cacheReadTokens") or 0)
        server.result(
            "completion/create", {"messages": messages[:-1], "system": "Be brief.", "tools": TOOLS, "cache": False}
        )
    # Tools, system text and every turn before the last two blocks: all that was sent the time before.
    assert read == [0, *range(3, 21, 2)]
    assert "cache_control" in json.dumps(bodies(upstream)[-2])
    assert "cache_control" not in json.dumps(bodies(upstream)[-1])


ENDING = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SAID}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]


def test_a_result_without_its_call_is_told_with_its_place(shared: ServerProcess) -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "tool", "toolCallId": "x", "content": "1"}]
    error = shared.error("completion/create", {"model": "mock/mock", "messages": messages})
    assert (error["code"], error["data"]["field"]) == (-32602, "messages[1].toolCallId")


def test_a_fallback_goes_on_in_the_middle_of_a_tool_loop(connected: Connected) -> None:
    with (
        LocalServer(lambda _: Answer(503)) as down,
        connected(
            lambda _: Answer(headers=SSE, chunks=FORMATS["anthropic_messages"].answer),
            "anthropic",
            "anthropic_messages",
        ) as (server, upstream),
    ):
        server.result(
            "provider/connect", {"provider": "openai-compatible", "model": "m", "baseUrl": down.url, "verify": False}
        )
        params = {"model": "openai-compatible/m", "messages": CALLED[:3], "tools": TOOLS, "fallbacks": ["anthropic/m"]}
        answer = server.result("completion/create", params)
        assert (answer["text"], answer["provider"]) == (SAID, "anthropic")
    (body,) = bodies(upstream)
    made, given = body["messages"][1]["content"][0], body["messages"][2]["content"][0]
    assert made["id"] == given["tool_use_id"]
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", made["id"])


def test_a_context_length_that_the_server_sets_itself_is_left_out_with_a_note(connected: Connected) -> None:
    with connected(lambda _: Answer(headers=SSE, chunks=FORMATS["openai_chat"].answer), "groq", "openai_chat") as (
        server,
        upstream,
    ):
        asked = {"prompt": "Hello", "parameters": {"ctx_size": 32768, "temperature": 0.5}}
        reply = server.result("completion/create", asked)
        assert reply["notes"] == ["Groq sets the context length itself, so the parameter context_length was left out."]
        assert "notes" not in server.result("completion/create", {"prompt": "Hello"})
        error = server.error("completion/create", {"prompt": "Hello", "parameters": {"special_flags": ["--jinja"]}})
        assert "[local_models]" in error["message"]
    assert "context_length" not in bodies(upstream)[0]
    assert bodies(upstream)[0]["temperature"] == 0.5


@pytest.mark.parametrize("dialect", ["anthropic_messages", "openai_chat"])
def test_a_loop_that_another_model_began_goes_on_without_reasoning_and_says_so(
    connected: Connected, dialect: str
) -> None:
    model = "claude-sonnet-4-5"
    row = "anthropic" if dialect == "anthropic_messages" else "openrouter"
    asked = {"messages": CALLED[:3], "tools": TOOLS, "parameters": {"reasoning_effort": "high"}}
    with connected(lambda _: Answer(headers=SSE, chunks=FORMATS[dialect].answer), row, dialect, model) as (
        server,
        upstream,
    ):
        answer = server.result("completion/create", asked)
        again = server.result("completion/create", asked | {"messages": [*CALLED[:3], {"role": "assistant", "content": "18."}, CALLED[3]]})  # fmt: skip
    assert (answer["text"], again["text"]) == (SAID, SAID)
    assert "reasoning_effort was left out" in answer["notes"][0]
    assert "notes" not in again
    first, second = (json.dumps(body) for body in bodies(upstream))
    assert '"thinking"' not in first
    assert '"reasoning"' not in first
    assert '"thinking"' in second or '"reasoning"' in second


def test_an_answer_that_was_cut_goes_on_where_no_answer_can_be_gone_on_with(connected: Connected) -> None:
    messages = [{"role": "user", "content": "Tell me."}, {"role": "assistant", "content": "It is \n"}]
    for row, dialect, model in (
        ("anthropic", "anthropic_messages", "claude-opus-5"),
        ("mistral", "openai_chat", "mistral-large-latest"),
        ("gemini", "gemini", "gemini-3-pro-preview"),
    ):
        with connected(lambda _: Answer(headers=SSE, chunks=FORMATS[dialect].answer), row, dialect, model) as (  # noqa: B023
            server,
            upstream,
        ):
            assert server.result("completion/create", {"messages": messages})["text"] == SAID
        (body,) = bodies(upstream)
        assert (body.get("messages") or body["contents"])[-1]["role"] == "user"


def test_a_refusal_of_the_conversation_is_cured_once_and_remembered(connected: Connected) -> None:
    def refuse(received: Received) -> Answer:
        said = [one for one in json.loads(received.body)["messages"] if one["role"] == "assistant"]
        if all("reasoning_content" in one for one in said):
            return Answer(headers=SSE, chunks=FORMATS["openai_chat"].answer)
        words = "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1"
        return Answer(400, chunks=[json.dumps({"error": {"message": words}}).encode()])

    with connected(refuse, "openai-compatible", "openai_chat", "fast-coder") as (server, upstream):
        for _ in range(2):
            assert server.result("completion/create", {"messages": CALLED, "tools": TOOLS})["text"] == SAID
    assert len(upstream.requests) == 3
