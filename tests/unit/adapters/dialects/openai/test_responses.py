"""Responses: typed input items out, typed events in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.openai.responses import OpenAIResponses, ResponsesDecoder
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall
from support.builders import SCHEMA, answer, call, endpoint, fitted, json_form, row, tool, user

CLOSED = SCHEMA | {"additionalProperties": False}
PNG = "iVBORw0KGgo="


def body(asked: ModelCall) -> dict[str, Any]:
    return OpenAIResponses().request(fitted(asked, "openai_responses")).body


def text(words: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "input_text", "text": words}]}


# Requests.


def test_a_plain_call() -> None:
    assert body(call(user("Hello"), model="gpt-4.1")) == {"model": "gpt-4.1", "input": [text("Hello")], "stream": True}


@pytest.mark.parametrize(
    ("model", "effort", "asked"),
    [
        ("gpt-5.2", None, True),
        ("o4-mini", None, True),
        # A deployment has any name, and reasoning may come.
        ("my-deployment", None, True),
        ("my-deployment", "high", True),
        ("gpt-5.2", "none", False),
        ("gpt-4o", None, False),
        ("openai/gpt-4.1-mini", None, False),
        ("gpt-5.2-chat-latest", None, False),
        ("chatgpt-4o-latest", None, False),
    ],
)
def test_reasoning_that_may_come_is_asked_for_in_a_form_that_needs_no_storage(
    model: str, effort: Any, asked: bool
) -> None:
    given = {} if effort is None else {"reasoning_effort": effort}
    sent = body(call(user(), model=model, parameters=given)).get("include")
    assert (sent == ["reasoning.encrypted_content"]) is asked


def test_system_messages_are_instructions_wherever_they_stand() -> None:
    one, two = Message(role="system", content="Be brief."), Message(role="system", content="Be kind.")
    asked = body(call(one, user("Hi"), two))
    assert asked["instructions"] == "Be brief.\n\nBe kind."
    assert asked["input"] == [text("Hi")]


def test_a_conversation_with_parallel_tool_results() -> None:
    calls = (
        ToolCall(id="c1", name="get_weather", arguments={"city": "Paris"}),
        ToolCall(id="c2", name="get_weather", arguments_text='{"city"'),
    )
    items = body(
        call(
            user("Weather?"),
            Message(role="assistant", content="Let me see.", tool_calls=calls),
            Message(role="tool", tool_call_id="c1", content="18"),
            Message(role="tool", tool_call_id="c2", content="no idea"),
        )
    )["input"]
    # How an assistant's text is wrapped is the vendor's business: tests/contract checks it against its types.
    spoken = items.pop(1)
    assert spoken["role"] == "assistant"
    assert "Let me see." in str(spoken["content"])
    assert items == [
        text("Weather?"),
        {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": '{"city":"Paris"}'},
        {"type": "function_call", "call_id": "c2", "name": "get_weather", "arguments": '{"text":"{\\"city\\""}'},
        {"type": "function_call_output", "call_id": "c1", "output": "18"},
        {"type": "function_call_output", "call_id": "c2", "output": "no idea"},
    ]


def test_images_by_address_and_by_value() -> None:
    parts = [TextPart(text="Look:"), ImagePart(url="https://i/x.png"), ImagePart(data=PNG, mime_type="image/png")]
    first, *images = body(call(user(parts)))["input"][0]["content"]
    assert first == {"type": "input_text", "text": "Look:"}
    assert [image["type"] for image in images] == ["input_image", "input_image"]
    assert [image["image_url"] for image in images] == ["https://i/x.png", f"data:image/png;base64,{PNG}"]


def test_the_result_of_a_tool_may_hold_images() -> None:
    seen = Message(role="tool", tool_call_id="c1", content=(TextPart(text="Taken."), ImagePart(data=PNG)))
    made = Message(role="assistant", tool_calls=(ToolCall(id="c1", name="shoot", arguments={}),))
    item = body(call(made, seen))["input"][-1]
    assert item["type"] == "function_call_output"
    assert [part["type"] for part in item["output"]] == ["input_text", "input_image"]


def test_tools_are_flat_and_not_strict() -> None:
    assert body(call(tools=(tool(),)))["tools"] == [
        {
            "type": "function",
            "name": "get_weather",
            "description": "Does get_weather.",
            "parameters": SCHEMA,
            "strict": False,
        }
    ]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (None, (True, None)),
        ("auto", (True, "auto")),
        ("required", (True, "required")),
        ("named", (True, {"type": "function", "name": "get_weather"})),
        ("none", (False, None)),
    ],
)
def test_tool_choices(choice: str | None, sent: tuple[bool, Any]) -> None:
    asked = body(call(tools=(tool(),), tool_choice=choice, named_tool="get_weather" if choice == "named" else None))
    assert ("tools" in asked, asked.get("tool_choice")) == sent


def test_a_forced_choice_is_refused_where_the_row_does_not_take_it() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(provider=row(wire={"tool_choice": ("auto",)}), tools=(tool(),), tool_choice="required"))
    assert refused.value.field == "toolChoice"


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        (json_form(schema=None), {"type": "json_object"}),
        (json_form(), {"type": "json_schema", "name": "place", "schema": CLOSED, "strict": True}),
        (json_form(strict=False), {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": False}),
    ],
)
def test_the_answers_form_is_flat(form: Any, sent: Any) -> None:
    assert body(call(answer_format=form))["text"] == {"format": sent}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"max_tokens": 9}, {"max_output_tokens": 9}),
        ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}),
        ({"user": "me"}, {"user": "me"}),
        ({"reasoning_effort": "high"}, {"reasoning": {"effort": "high", "summary": "auto"}}),
        ({"reasoning_effort": "none"}, {"reasoning": {"effort": "none"}}),
    ],
)
def test_parameters(given: dict[str, Any], sent: dict[str, Any]) -> None:
    plain = body(call())
    assert {k: v for k, v in body(call(parameters=given)).items() if k not in plain} == sent


@pytest.mark.parametrize("name", ["stop", "seed", "top_k", "presence_penalty", "frequency_penalty", "reasoning_budget"])
def test_a_parameter_the_format_has_no_place_for_is_refused(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(parameters={name: ["x"] if name == "stop" else 1}))
    assert refused.value.field == f"parameters.{name}"


def test_a_parameter_the_row_refuses_is_refused() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(provider=row(wire={"refused_parameters": ("top_p",)}), parameters={"top_p": 1}))
    assert refused.value.field == "parameters.top_p"


def test_the_rows_constants_and_paths() -> None:
    assert body(call(provider=row(wire={"extra_body": {"store": False}})))["store"] is False
    assert OpenAIResponses().request(call()).path == "/responses"
    assert OpenAIResponses().request(call(endpoint=endpoint(chat_path="/sonar"))).path == "/sonar"
    assert OpenAIResponses().models_path(row()) == "/models"
    assert OpenAIResponses().models_path(row(wire={"models_path": ""})) == ""


# Replies.


def decoded(*events: Any, name: bytes = b"") -> tuple[Answer, ResponsesDecoder]:
    built = answer()
    decoder = OpenAIResponses().decoder(call(), built)
    for event in events:
        decoder.event(name, event if isinstance(event, bytes) else json.dumps(event).encode())
    return built, decoder


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def completed(**fields: Any) -> dict[str, Any]:
    return event("completed", response={"status": "completed", "output": [], **fields})


USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}


def test_a_stream_of_reasoning_and_text() -> None:
    built, decoder = decoded(
        event("created", response={"status": "in_progress"}),
        event("reasoning_summary_text.delta", output_index=0, delta="Hm."),
        event("output_text.delta", output_index=1, delta="Hel"),
        event("output_text.delta", output_index=1, delta="lo"),
        event("output_item.done", output_index=1, item={"type": "message", "content": [{"text": "Hello"}]}),
        completed(usage=USAGE, output=[{"type": "message", "content": [{"text": "Hello"}]}]),
    )
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Hello", "stop")
    assert built.counts == TokenCounts(input=10, output=5)
    assert decoder.complete
    assert decoder.over


def test_a_refusal_is_text() -> None:
    assert decoded(event("refusal.delta", delta="I cannot."))[0].whole_text() == "I cannot."


def test_full_reasoning_text_counts_too() -> None:
    assert decoded(event("reasoning_text.delta", delta="Hm."))[0].whole_reasoning() == "Hm."


def test_parallel_tool_calls_in_deltas() -> None:
    built, _ = decoded(
        event("output_item.added", output_index=1, item={"type": "function_call", "call_id": "a", "name": "f", "arguments": ""}),
        event("output_item.added", output_index=2, item={"type": "function_call", "call_id": "b", "name": "g", "arguments": ""}),
        event("function_call_arguments.delta", output_index=2, delta='{"y":'),
        event("function_call_arguments.delta", output_index=1, delta='{"x":1}'),
        event("function_call_arguments.delta", output_index=2, delta="2}"),
        event("function_call_arguments.done", output_index=1, arguments='{"x":1}'),
        event("output_item.done", output_index=1, item={"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x":1}'}),
        completed(),
    )  # fmt: skip
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls()] == [("a", "f", {"x": 1}), ("b", "g", {"y": 2})]
    assert built.finish_reason == "toolCalls"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"type": "message", "content": [{"type": "output_text", "text": "Hel"}, {"text": "lo"}]}, ("", "Hello")),
        ({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}, ("", "No.")),
        ({"type": "reasoning", "summary": [{"text": "Hm"}, {"text": "."}]}, ("Hm.", "")),
        ({"type": "reasoning", "summary": [], "content": [{"text": "Hm."}]}, ("Hm.", "")),
        ({"type": "web_search_call", "status": "completed"}, ("", "")),
    ],
)
def test_what_never_came_in_deltas_is_taken_from_the_finished_item(item: Any, said: tuple[str, str]) -> None:
    built, _ = decoded(event("output_item.done", output_index=0, item=item), completed(output=[item]))
    assert (built.whole_reasoning(), built.whole_text()) == said


def test_a_tool_call_that_never_came_in_deltas() -> None:
    item = {"type": "function_call", "id": "fc", "call_id": "a", "name": "f", "arguments": '{"x":1}'}
    for stream in (
        [event("output_item.done", output_index=0, item=item)],
        [
            event("output_item.added", output_index=0, item=item | {"arguments": ""}),
            event("output_item.done", output_index=0, item=item),
        ],
        [completed(output=[item])],
    ):
        (made,) = decoded(*stream)[0].tool_calls()
        assert (made.id, made.name, made.arguments) == ("a", "f", {"x": 1})


def test_a_reply_whose_items_come_at_the_very_end_only() -> None:
    output = [
        {"type": "reasoning", "summary": [{"text": "Hm."}]},
        {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]},
    ]
    built, _ = decoded(completed(output=output))
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.", "Hello")


CALL_A = {"type": "function_call", "id": "fc_a", "call_id": "a", "name": "f", "arguments": '{"x":1}'}
CALL_B = {"type": "function_call", "id": "fc_b", "call_id": "b", "name": "g", "arguments": '{"y":2}'}


def begun(item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return event("output_item.added", item=item | {"arguments": ""}, **fields)


def arguments(delta: str, **fields: Any) -> dict[str, Any]:
    return event("function_call_arguments.delta", delta=delta, **fields)


@pytest.mark.parametrize(
    "stream",
    [
        # Without an index the id of the item tells.
        [begun(CALL_A), begun(CALL_B), arguments('{"x":1}', item_id="fc_a"), arguments('{"y":2}', item_id="fc_b")],
        [begun(CALL_A, output_index=None), arguments('{"x":', item_id="fc_a", output_index=None), begun(CALL_B), arguments('{"y":2}', item_id="fc_b"), arguments("1}", item_id="fc_a", output_index=None)],
        # Without both it is the latest.
        [begun(CALL_A), arguments('{"x":'), arguments("1}"), begun(CALL_B), arguments('{"y":2}')],
        [begun({"type": "function_call", "name": "f", "call_id": "a"}), arguments('{"x":1}'), begun({"type": "function_call", "name": "g", "call_id": "b"}), arguments('{"y":2}')],
        # Whole, in the end of an item or of its arguments.
        [event("output_item.done", item=CALL_A), event("output_item.done", item=CALL_B)],
        [begun(CALL_A), event("output_item.done", item=CALL_A), begun(CALL_B), event("output_item.done", item=CALL_B)],
        [begun(CALL_A, output_index=0), event("function_call_arguments.done", output_index=0, arguments='{"x":1}'), begun(CALL_B, output_index=1), event("function_call_arguments.done", output_index=1, arguments='{"y":2}')],
        # The first in the stream, the second in the last event only.
        [begun(CALL_A, output_index=3), arguments('{"x":1}', output_index=3)],
        [begun(CALL_A), begun(CALL_B)],
        [],
    ],
)  # fmt: skip
@pytest.mark.parametrize("last", [[CALL_A, CALL_B], [CALL_A | {"id": "other"}, CALL_B | {"id": "one"}]])
def test_calls_belong_to_the_items_that_their_events_name(stream: list[Any], last: list[Any]) -> None:
    built, _ = decoded(*stream, completed(output=last))
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls()] == [("a", "f", {"x": 1}), ("b", "g", {"y": 2})]
    assert built.finish_reason == "toolCalls"


MESSAGE = {"type": "message", "id": "m", "content": [{"type": "output_text", "text": "Hello"}]}


@pytest.mark.parametrize(
    "stream",
    [
        [event("output_text.delta", delta="Hel"), event("output_text.delta", delta="lo")],
        [event("output_text.delta", output_index=None, delta="Hello"), event("output_item.done", item=MESSAGE)],
        [event("output_text.delta", item_id="m", delta="Hello"), event("output_item.done", item=MESSAGE)],
        [event("output_item.added", item=MESSAGE | {"content": []}), event("output_text.delta", delta="Hello"), event("output_text.done", text="Hello"), event("output_item.done", item=MESSAGE)],
        [event("output_text.done", output_index=0, text="Hello"), event("output_item.done", output_index=0, item=MESSAGE)],
        [event("output_item.done", item=MESSAGE)],
        [event("reasoning_summary_text.delta", delta="Hm.")],
        [event("reasoning_summary_text.delta", output_index=0, delta="Hm."), event("output_text.delta", output_index=1, delta="Hello")],
        [begun(CALL_A, output_index=1)],
        [],
    ],
)  # fmt: skip
@pytest.mark.parametrize("last", [MESSAGE, MESSAGE | {"id": "other"}])
def test_a_text_comes_once_wherever_it_comes(stream: list[Any], last: Any) -> None:
    assert decoded(*stream, completed(output=[last]))[0].whole_text() == "Hello"


def test_of_two_messages_the_one_that_did_not_come_is_given_at_the_end() -> None:
    other = {"type": "message", "id": "n", "content": [{"text": " there"}]}
    for first in (
        [event("output_text.delta", output_index=0, delta="Hello")],
        [event("output_item.done", item=MESSAGE)],
    ):
        assert decoded(*first, completed(output=[MESSAGE, other]))[0].whole_text() == "Hello there"


def test_reasoning_that_comes_in_the_last_event_only() -> None:
    thought = {"type": "reasoning", "id": "rs", "summary": [{"text": "Hm."}]}
    built, _ = decoded(event("output_text.delta", output_index=1, delta="Hello"), completed(output=[thought, MESSAGE]))
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.", "Hello")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"status": "completed"}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "contentFilter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "tired"}}, "other"),
        ({"status": "incomplete"}, "other"),
        ({"status": "queued"}, "other"),
        ({}, "stop"),
    ],
)
@pytest.mark.parametrize("kind", ["completed", "incomplete", "done"])
def test_finish_reasons(response: Any, reason: str, kind: str) -> None:
    built, decoder = decoded(event("output_text.delta", delta="x"), event(kind, response=response))
    assert built.finish_reason == reason
    assert decoder.complete


@pytest.mark.parametrize(
    "failing",
    [
        {"type": "error", "code": "server_error", "message": "overloaded"},
        {"type": "error", "error": {"message": "overloaded"}},
        {"type": "response.failed", "response": {"status": "failed", "error": {"message": "overloaded"}}},
        {"type": "response.completed", "response": {"status": "completed", "error": {"message": "overloaded"}}},
        {"error": {"message": "overloaded"}},
        {"message": "overloaded"},
    ],
)
def test_an_error_inside_the_stream(failing: Any) -> None:
    with pytest.raises(ProviderRefused) as refused:
        decoded(event("output_text.delta", delta="x"), failing)
    assert "overloaded" in str(refused.value.error)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_response_that_ended_badly_without_saying_why(status: str) -> None:
    with pytest.raises(ProviderRefused, match="error") as refused:
        decoded(event(status, response={"status": status}), event("completed", response={"status": status}))
    assert status in str(refused.value.error)


def test_unknown_events_are_ignored() -> None:
    built, _ = decoded(
        event("in_progress", response={"status": "in_progress"}),
        event("content_part.added", part={"type": "output_text", "text": ""}),
        event("web_search_call.searching", output_index=3),
        event("invented.tomorrow", what=[1]),
        {"type": "keepalive", "sequence_number": 3},
        event("output_text.delta", delta="x"),
    )
    assert built.whole_text() == "x"


def test_a_ping_by_name_is_ignored() -> None:
    assert decoded({}, name=b"ping")[0].whole_text() == ""


def test_the_end_mark_of_the_older_format_ends_it() -> None:
    assert not decoded(event("output_text.delta", delta="x"))[1].over
    _, decoder = decoded(event("output_text.delta", delta="x"), b"[DONE]")
    assert decoder.over
    assert not decoder.complete


@pytest.mark.parametrize("odd", ["none", [1], 5, {"input_tokens": "many"}])
def test_odd_usage_spoils_no_answer(odd: Any) -> None:
    built, _ = decoded(event("output_text.delta", delta="x"), completed(usage=odd))
    assert (built.whole_text(), built.counts) == ("x", None)


def test_a_delta_cut_inside_a_character_is_repaired() -> None:
    built, _ = decoded(b'{"type":"response.output_text.delta","delta":"a\xe6\x9d"}')
    assert built.whole_text() == "a\ufffd"


def test_an_end_cut_inside_a_character_is_repaired() -> None:
    built, decoder = decoded(
        b'{"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":1},'
        b'"output":[{"type":"message","content":[{"text":"a\xe6\x9d"}]}]}}'
    )
    assert built.whole_text() == "a\ufffd"
    assert decoder.complete


@pytest.mark.parametrize("broken", [b"{", b"text", b'{"type":5}', b"[]"])
def test_what_is_no_event_is_not_understood(broken: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decoded(broken)


# Whole replies.


def whole(reply: Any) -> Answer:
    built = answer()
    decoder = OpenAIResponses().decoder(call(), built)
    decoder.whole(json.dumps(reply).encode())
    assert decoder.complete
    return built


def test_a_whole_reply() -> None:
    built = whole(
        {
            "id": "r",
            "status": "completed",
            "error": None,
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]},
                {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x":1}'},
                {"type": "function_call", "call_id": "b", "name": "g", "arguments": '{"y":2}'},
            ],
            "usage": USAGE,
        }
    )
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Hello", "toolCalls")
    assert [(c.id, c.arguments) for c in built.tool_calls()] == [("a", {"x": 1}), ("b", {"y": 2})]
    assert built.counts == TokenCounts(input=10, output=5)


def test_a_whole_reply_without_a_status_is_one_too() -> None:
    assert whole({"output": [{"type": "message", "content": [{"text": "Hello"}]}]}).whole_text() == "Hello"


@pytest.mark.parametrize(
    "reply", [{"error": {"message": "no"}}, {"message": "no"}, {}, {"status": "failed", "error": {"message": "no"}}]
)
def test_a_whole_reply_without_an_answer_is_none(reply: Any) -> None:
    with pytest.raises((ProviderRefused, NotUnderstood)):
        whole(reply)
