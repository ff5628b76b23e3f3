"""Anthropic Messages: turns of blocks out, block events in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages, MessagesDecoder
from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.protocol.types import ImagePart, Message, TextPart, Tool, ToolCall
from support.builders import SCHEMA, answer, call, endpoint, fitted, json_form, row, stub_exchange, tool, user
from support.event_stream import chunk, exception

CLOSED = SCHEMA | {"additionalProperties": False}
PNG = "iVBORw0KGgo="


def body(asked: ModelCall) -> dict[str, Any]:
    return AnthropicMessages().request(fitted(asked, "anthropic_messages")).body


def extra(**changes: Any) -> dict[str, Any]:
    """What a call's body has that a plain one's has not."""
    plain = body(call())
    return {key: value for key, value in body(call(**changes)).items() if plain.get(key) != value}


# Requests.


def test_a_plain_call() -> None:
    limit = row(wire={"default_max_tokens": 4000})
    assert body(call(user("Hello"), provider=limit)) == {
        "model": "some-model",
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
        "stream": True,
    }


def test_a_limit_is_always_sent_since_the_format_cannot_do_without() -> None:
    assert body(call())["max_tokens"] > 0
    assert body(call(parameters={"max_tokens": 9}))["max_tokens"] == 9


def test_the_version_of_the_api_is_pinned() -> None:
    assert AnthropicMessages.headers == {"anthropic-version": "2023-06-01"}
    assert AnthropicMessages.key_header == "x-api-key"


def test_system_messages_are_the_system_text() -> None:
    one, two = Message(role="system", content="Be brief."), Message(role="system", content="Be kind.")
    asked = body(call(one, user("Hi"), two))
    assert asked["system"] == "Be brief.\n\nBe kind."
    assert [turn["role"] for turn in asked["messages"]] == ["user"]


def test_a_conversation_with_parallel_tool_results_has_turns_that_alternate() -> None:
    calls = (
        ToolCall(id="c1", name="get_weather", arguments={"city": "Paris"}),
        ToolCall(id="c2", name="get_weather", arguments_text='{"city"'),
    )
    turns = body(
        call(
            user("Weather?"),
            user("In Paris."),
            Message(role="assistant", content="Let me see.", tool_calls=calls),
            Message(role="tool", tool_call_id="c1", content="18"),
            Message(role="tool", tool_call_id="c2", content="no idea"),
            user("And?"),
        )
    )["messages"]
    assert turns == [
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}, {"type": "text", "text": "In Paris."}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "c1", "name": "get_weather", "input": {"city": "Paris"}},
                {"type": "tool_use", "id": "c2", "name": "get_weather", "input": {"text": '{"city"'}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "18"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "no idea"},
                {"type": "text", "text": "And?"},
            ],
        },
    ]


def test_an_empty_message_is_no_turn() -> None:
    turns = body(call(user("a"), Message(role="assistant", content=""), user("b")))["messages"]
    assert turns == [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]


def test_images_by_address_and_by_value() -> None:
    parts = [TextPart(text="Look:"), ImagePart(url="https://i/x.png"), ImagePart(data=PNG, mime_type="image/png")]
    assert body(call(user(parts)))["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image", "source": {"type": "url", "url": "https://i/x.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    ]


def test_tools() -> None:
    assert extra(tools=(tool(), Tool(name="now"))) == {
        "tools": [
            {"name": "get_weather", "description": "Does get_weather.", "input_schema": SCHEMA},
            {"name": "now", "description": "", "input_schema": {"type": "object", "properties": {}}},
        ]
    }


@pytest.mark.parametrize(
    ("choice", "named", "sent"),
    [
        (None, None, None),
        ("auto", None, None),
        ("none", None, {"type": "none"}),
        ("required", None, {"type": "any"}),
        ("named", "get_weather", {"type": "tool", "name": "get_weather"}),
    ],
)
def test_tool_choices(choice: str | None, named: str | None, sent: Any) -> None:
    assert extra(tools=(tool(),), tool_choice=choice, named_tool=named).get("tool_choice") == sent


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", {"type": "any", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
    ],
)
def test_one_tool_at_a_time_is_part_of_the_choice(choice: str | None, sent: Any) -> None:
    asked = extra(tools=(tool(),), tool_choice=choice, parameters={"parallel_tool_calls": False})
    assert asked["tool_choice"] == sent


def test_many_tools_at_a_time_need_no_word() -> None:
    assert "tool_choice" not in extra(tools=(tool(),), parameters={"parallel_tool_calls": True})


def test_a_choice_the_row_does_not_take_is_refused() -> None:
    limited = row(dialect="anthropic_messages", wire={"tool_choice": ("auto",)})
    with pytest.raises(InvalidParams) as refused:
        body(call(provider=limited, tools=(tool(),), tool_choice="required"))
    assert refused.value.field == "toolChoice"


def test_no_tools_are_offered_where_the_row_has_no_choice_of_none() -> None:
    limited = row(dialect="anthropic_messages", wire={"tool_choice": ("auto",)})
    assert "tools" not in body(call(provider=limited, tools=(tool(),), tool_choice="none"))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"top_k": 5}, {"top_k": 5}),
        ({"stop": ["END"]}, {"stop_sequences": ["END"]}),
        ({"user": "me"}, {"metadata": {"user_id": "me"}}),
        ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ({"reasoning_budget": 0}, {"thinking": {"type": "disabled"}}),
        ({"reasoning_effort": "high"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        ({"reasoning_effort": "minimal"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
    ],
)
def test_parameters(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert extra(parameters=given) == sent


@pytest.mark.parametrize("budget", [1024, 100_000])
def test_a_thinking_budget_always_leaves_room_for_the_answer(budget: int) -> None:
    asked = body(call(parameters={"reasoning_budget": budget}))
    assert asked["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert asked["max_tokens"] > budget


def test_a_budget_is_adaptive_where_another_model_began_the_loop() -> None:
    begun = Message(role="assistant", tool_calls=(ToolCall(id="c1", name="f", arguments={}),))
    result = Message(role="tool", tool_call_id="c1", content="18")
    asked = body(call(user(), begun, result, model="claude-opus-4-6", parameters={"reasoning_budget": 4096}))
    assert asked["thinking"] == {"type": "adaptive"}
    assert asked["output_config"] == {"effort": "medium"}


@pytest.mark.parametrize("budget", [0, 2048])
def test_an_effort_and_a_budget_together_are_both_sent(budget: int) -> None:
    asked = body(call(parameters={"reasoning_effort": "high", "reasoning_budget": budget}))
    assert asked["thinking"].get("budget_tokens", 0) == budget
    assert asked["output_config"] == {"effort": "high"}


def test_a_budget_for_no_reasoning_is_refused() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(parameters={"reasoning_effort": "none", "reasoning_budget": 2048}))
    assert refused.value.field == "parameters.reasoning_budget"


@pytest.mark.parametrize("name", ["seed", "presence_penalty", "frequency_penalty", "min_p", "keep_alive"])  # fmt: skip
def test_a_parameter_the_format_has_no_place_for_is_refused(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(parameters={name: 1}))
    assert refused.value.field == f"parameters.{name}"


def test_a_parameter_the_row_refuses_is_refused() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(provider=row(wire={"refused_parameters": ("top_k",)}), parameters={"top_k": 1}))
    assert refused.value.field == "parameters.top_k"


def test_an_answer_that_fits_a_schema() -> None:
    asked = extra(answer_format=json_form())
    assert asked == {"output_config": {"format": {"type": "json_schema", "schema": CLOSED}}}


def test_a_schema_and_an_effort_share_their_place() -> None:
    asked = extra(answer_format=json_form(), parameters={"reasoning_effort": "low"})
    assert asked["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": CLOSED}}


def test_any_json_is_requested_in_words() -> None:
    asked = body(call(Message(role="system", content="Be brief."), user("x"), answer_format=json_form(schema=None)))
    assert asked["system"].startswith("Be brief.\n\n")
    assert "JSON" in asked["system"]


def test_the_rows_constants_and_paths() -> None:
    assert extra(provider=row(wire={"extra_body": {"store": False}})) == {"store": False}
    assert AnthropicMessages().request(call()).path == "/v1/messages"
    assert AnthropicMessages().request(call(endpoint=endpoint(chat_path="/messages"))).path == "/messages"
    assert AnthropicMessages().models_path(row()) == "/v1/models"
    assert AnthropicMessages().models_path(row(wire={"models_path": ""})) == ""


# Replies.


def decoded(*events: Any, name: bytes = b"") -> tuple[Answer, MessagesDecoder]:
    built = answer()
    decoder = AnthropicMessages().decoder(call(), built)
    for event in events:
        decoder.event(name, event if isinstance(event, bytes) else json.dumps(event).encode())
    return built, decoder


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def begin(**usage: Any) -> dict[str, Any]:
    return {"type": "message_start", "message": {"type": "message", "content": [], "usage": usage}}


def end(reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


STOP = {"type": "message_stop"}


def test_a_stream_of_thinking_and_text() -> None:
    built, decoder = decoded(
        begin(input_tokens=10, output_tokens=1),
        start(0, type="thinking", thinking=""),
        delta(0, type="thinking_delta", thinking="Hm."),
        delta(0, type="signature_delta", signature="abc="),
        {"type": "content_block_stop", "index": 0},
        start(1, type="text", text=""),
        {"type": "ping"},
        delta(1, type="text_delta", text="Hel"),
        delta(1, type="text_delta", text="lo"),
        end(output_tokens=5),
        STOP,
    )
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Hello", "stop")
    assert built.counts == TokenCounts(input=10, output=5)
    assert decoder.complete
    assert decoder.over


def test_parallel_tool_calls_in_deltas() -> None:
    built, _ = decoded(
        start(0, type="text", text="Let me see."),
        start(1, type="tool_use", id="a", name="f", input={}),
        delta(1, type="input_json_delta", partial_json=""),
        delta(1, type="input_json_delta", partial_json='{"x":'),
        delta(1, type="input_json_delta", partial_json="1}"),
        start(2, type="tool_use", id="b", name="g", input={}),
        delta(2, type="input_json_delta", partial_json='{"y":2}'),
        start(3, type="tool_use", id="c", name="h", input={}),
        end("tool_use"),
    )
    made = [(c.id, c.name, c.arguments) for c in built.tool_calls()]
    assert made == [("a", "f", {"x": 1}), ("b", "g", {"y": 2}), ("c", "h", {})]
    assert built.finish_reason == "toolCalls"
    # The listener counts calls, not blocks.
    assert {event[1] for event in built.listener.events if event[0] == "toolCall"} == {0, 1, 2}  # type: ignore[attr-defined]


def test_an_empty_input_may_be_written_with_a_space() -> None:
    built, _ = decoded(
        b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{ }}}',
        delta(0, type="input_json_delta", partial_json='{"x":1}'),
    )
    assert built.tool_calls()[0].arguments == {"x": 1}


def test_the_vendors_own_tools_are_not_ours_to_call() -> None:
    built, _ = decoded(
        start(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, type="input_json_delta", partial_json='{"query":"x"}'),
        start(1, type="redacted_thinking", data="x"),
        delta(2, type="citations_delta", citation={"url": "https://x"}),
        start(3, type="text", text="Found."),
    )
    assert built.tool_calls() == ()
    assert built.whole_text() == "Found."


@pytest.mark.parametrize(
    ("events", "counts"),
    [
        # Anthropic's input leaves both kinds of cached tokens out; ours has them in.
        (
            [begin(input_tokens=10, cache_read_input_tokens=90, cache_creation_input_tokens=5, output_tokens=1), end(output_tokens=7)],
            TokenCounts(input=105, output=7, cache_read=90, cache_write=5),
        ),
        # The last word counts, and what it does not say stays.
        ([begin(input_tokens=10, output_tokens=1), end(input_tokens=12, output_tokens=7)], TokenCounts(input=12, output=7)),
        ([begin(input_tokens=10, output_tokens=1), end(input_tokens=None, output_tokens=7)], TokenCounts(input=10, output=7)),
        ([begin(input_tokens=10)], TokenCounts(input=10, output=0)),
        ([end(output_tokens=7)], TokenCounts(input=0, output=7)),
        ([begin(), end()], None),
    ],
)  # fmt: skip
def test_usage_adds_up_over_the_events(events: list[Any], counts: TokenCounts | None) -> None:
    assert decoded(*events)[0].counts == counts


@pytest.mark.parametrize("odd", ["none", [1], 5, {"input_tokens": "many"}])
def test_odd_usage_spoils_no_answer(odd: Any) -> None:
    odd_end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": odd}
    built, _ = decoded(start(0, type="text", text="x"), odd_end)
    assert (built.whole_text(), built.finish_reason, built.counts) == ("x", "stop", None)


@pytest.mark.parametrize(
    ("reason", "meant"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "other"),
        ("refusal", "contentFilter"),
        ("pause_turn", "other"),
        ("invented", "other"),
    ],
)
def test_finish_reasons(reason: str, meant: str) -> None:
    assert decoded(end(reason))[0].finish_reason == meant


def test_a_stream_without_an_end_is_not_complete() -> None:
    assert not decoded(start(0, type="text", text="x"))[1].complete


def test_a_stop_reason_is_enough_of_an_end() -> None:
    _, decoder = decoded(end())
    assert decoder.complete
    assert not decoder.over


@pytest.mark.parametrize(
    "failing",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "overloaded"}},
        {"type": "strange", "error": {"message": "overloaded"}},
        {"error": {"message": "overloaded"}},
        {"message": {"type": "x"}, "detail": "overloaded"},
    ],
)
def test_an_error_inside_the_stream(failing: Any) -> None:
    with pytest.raises(ProviderRefused) as refused:
        decoded(start(0, type="text", text="x"), failing)
    assert b"overloaded" in refused.value.error


def test_unknown_events_are_ignored() -> None:
    built, _ = decoded(
        {"type": "invented_tomorrow", "what": 1},
        delta(0, type="invented_delta"),
        start(0, type="invented_block"),
        {"type": "message_delta"},
        start(1, type="text", text="x"),
    )
    assert built.whole_text() == "x"


def test_a_ping_without_a_type_is_ignored() -> None:
    assert decoded({}, name=b"ping")[0].whole_text() == ""


def test_text_cut_inside_a_character_is_repaired() -> None:
    cut = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\xe6\x9d"}}'
    assert decoded(cut)[0].whole_text() == "a\ufffd"


def test_half_a_surrogate_pair_inside_a_tools_arguments() -> None:
    built, _ = decoded(
        start(0, type="tool_use", id="a", name="f", input={}),
        b'{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"x\\":\\"\\ud83d\\"}"}}',
    )
    assert built.tool_calls()[0].arguments == {"x": "\ufffd"}


@pytest.mark.parametrize("broken", [b"{", b"text", b'{"type":5}', b"[]", b"<html>"])
def test_what_is_no_event_is_not_understood(broken: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decoded(broken)


# Whole replies.


def whole(reply: Any) -> Answer:
    built = answer()
    decoder = AnthropicMessages().decoder(call(), built)
    decoder.whole(json.dumps(reply).encode())
    assert decoder.complete
    assert decoder.over
    return built


def test_a_whole_reply() -> None:
    built = whole(
        {
            "type": "message",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "x"},
                {"type": "text", "text": "Hel"},
                {"type": "text", "text": "lo"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 1},
        }
    )
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Hello", "toolCalls")
    assert [(c.id, c.arguments) for c in built.tool_calls()] == [("a", {"x": 1}), ("b", {})]
    assert built.counts == TokenCounts(input=11, output=5, cache_read=1)


def test_a_whole_reply_without_a_reason() -> None:
    assert whole({"type": "message", "content": []}).finish_reason == "other"


@pytest.mark.parametrize("reply", [{"type": "error", "error": {"message": "no"}}, {"error": {"message": "no"}}, {}])
def test_a_whole_reply_without_an_answer_is_none(reply: Any) -> None:
    with pytest.raises((ProviderRefused, NotUnderstood)):
        whole(reply)


# Behind Bedrock's InvokeModelWithResponseStream.

INVOKE = endpoint(
    row("claude-on-aws", wire={"extra_body": {"anthropic_version": "bedrock-2023-05-31"}}),
    chat_path="/model/{model}/invoke-with-response-stream",
)


def test_bedrocks_path_names_the_model_and_asks_for_the_stream() -> None:
    request = AnthropicMessages().request(call(user("Hello"), endpoint=INVOKE, model="us.anthropic.claude-x-v1:0"))
    assert request.path == "/model/us.anthropic.claude-x-v1%3A0/invoke-with-response-stream"
    assert request.body.keys() == {"anthropic_version", "max_tokens", "messages"}
    assert request.body["anthropic_version"] == "bedrock-2023-05-31"


async def test_events_behind_bedrocks_framing() -> None:
    stream = (
        {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "東京"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3}},
    )
    built = answer()
    exchange = stub_exchange(*(chunk(event) for event in stream))
    await HttpCompleter(AnthropicMessages(), exchange).complete(call(endpoint=INVOKE), built)
    assert (built.whole_text(), built.finish_reason) == ("東京", "stop")
    assert built.counts == TokenCounts(input=3, output=2)


async def test_an_exception_behind_bedrocks_framing() -> None:
    exchange = stub_exchange(exception("throttlingException", "Too many tokens, please wait before trying again."))
    with pytest.raises(RequestFailed) as failed:
        await HttpCompleter(AnthropicMessages(), exchange).complete(call(endpoint=INVOKE), answer())
    assert (failed.value.kind, failed.value.http_status) == ("rate_limited", 429)
