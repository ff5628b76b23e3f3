"""Chat Completions: bodies out, chunks in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.adapters.dialects.openai.chat import ChatDecoder, OpenAIChat
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall
from support.builders import SCHEMA, answer, call, endpoint, fitted, json_form, row, tool, user

PNG = "iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": SCHEMA, "description": "Does get_weather."},
}


def body(asked: ModelCall) -> dict[str, Any]:
    return OpenAIChat().request(fitted(asked, "openai_chat")).body


# Requests.


def test_a_plain_call() -> None:
    assert body(call(user("Hello"))) == {
        "model": "some-model",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_usage_is_not_requested_of_a_row_that_sends_it_anyway() -> None:
    assert "stream_options" not in body(call(provider=row(wire={"stream_usage": "unasked"})))


@pytest.mark.parametrize("role", ["system", "developer"])
def test_the_system_prompt_speaks_in_the_rows_role(role: str) -> None:
    asked = call(Message(role="system", content="Be brief."), user("Hi"), provider=row(wire={"system_role": role}))
    assert body(asked)["messages"][0] == {"role": role, "content": "Be brief."}


def test_a_conversation_with_parallel_tool_results() -> None:
    calls = (
        ToolCall(id="c1", name="get_weather", arguments={"city": "Paris"}),
        ToolCall(id="c2", name="get_weather", arguments_text='{"city"'),
    )
    messages = body(
        call(
            user("Weather?"),
            Message(role="assistant", tool_calls=calls),
            Message(role="tool", tool_call_id="c1", content="18"),
            Message(role="tool", tool_call_id="c2", content=(TextPart(text="no"), TextPart(text="idea"))),
            Message(role="assistant", content="18 in Paris."),
        )
    )["messages"]
    assert messages[1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}},
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"text":"{\\"city\\""}'},
                },
            ],
        },
        {"role": "tool", "content": "18", "tool_call_id": "c1"},
        {"role": "tool", "content": "no\nidea", "tool_call_id": "c2"},
        {"role": "assistant", "content": "18 in Paris."},
    ]


def test_images_by_address_and_by_value() -> None:
    parts = [TextPart(text="Look:"), ImagePart(url="https://i/x.png"), ImagePart(data=PNG, mime_type="image/png")]
    assert body(call(user(parts)))["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://i/x.png"}},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]


def test_images_of_tools_are_shown_by_the_user_once_all_results_are_given() -> None:
    # The tool role takes text only.
    seen = (TextPart(text="Taken."), ImagePart(data=PNG, mime_type="image/png"))
    turn = (
        Message(
            role="assistant",
            tool_calls=(ToolCall(id="c1", name="shoot", arguments={}), ToolCall(id="c2", name="x", arguments={})),
        ),
        Message(role="tool", tool_call_id="c1", content=seen),
        Message(role="tool", tool_call_id="c2", content="18"),
    )
    shown = {
        "role": "user",
        "content": [
            {"type": "text", "text": "The image of the result of c1:"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        ],
    }
    results = [
        {"role": "tool", "tool_call_id": "c1", "content": "Taken."},
        {"role": "tool", "tool_call_id": "c2", "content": "18"},
    ]
    assert body(call(user("Shoot"), *turn))["messages"][2:] == [*results, shown]
    both = shown | {"content": [*shown["content"], {"type": "text", "text": "And?"}]}
    assert body(call(user("Shoot"), *turn, user("And?")))["messages"][2:] == [*results, both]


def test_parts_without_an_image_are_a_plain_text() -> None:
    # Many compatible servers take nothing else.
    assert body(call(user([TextPart(text="a"), TextPart(text="b")])))["messages"][0]["content"] == "a\nb"


def test_tools_and_the_choice_among_them() -> None:
    asked = body(call(tools=(tool(),), tool_choice="named", named_tool="get_weather"))
    assert asked["tools"] == [WEATHER]
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "get_weather"}}


def test_a_tool_without_a_schema_takes_nothing() -> None:
    from modelport.protocol.types import Tool

    (sent,) = body(call(tools=(Tool(name="now"),)))["tools"]
    assert sent["function"] == {"name": "now", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("modes", "choice", "sent"),
    [
        (("auto", "none", "required", "named"), None, (True, None)),
        (("auto", "none", "required", "named"), "auto", (True, "auto")),
        (("auto", "none", "required", "named"), "required", (True, "required")),
        ((), "auto", (True, None)),
        # No call is requested by offering no tool: every server understands that.
        (("auto", "none", "required", "named"), "none", (False, None)),
        ((), "none", (False, None)),
    ],
)
def test_tool_choices(modes: tuple[str, ...], choice: str | None, sent: tuple[bool, Any]) -> None:
    asked = body(call(provider=row(wire={"tool_choice": modes}), tools=(tool(),), tool_choice=choice))
    assert ("tools" in asked, asked.get("tool_choice")) == sent


def test_a_forced_choice_is_refused_where_the_row_does_not_take_it() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(provider=row(wire={"tool_choice": ("auto",)}), tools=(tool(),), tool_choice="required"))
    assert refused.value.field == "toolChoice"


def test_the_answers_form_and_the_parameters_and_the_rows_constants() -> None:
    wire = {"extra_body": {"reasoning_split": True}, "max_tokens_field": "max_completion_tokens"}
    parameters = {"max_tokens": 9, "stop": ["END"], "seed": 7}
    asked = body(call(provider=row(wire=wire), answer_format=json_form(), parameters=parameters))
    assert asked["response_format"]["json_schema"]["name"] == "place"
    assert (asked["max_completion_tokens"], asked["stop"], asked["seed"]) == (9, ["END"], 7)
    assert asked["reasoning_split"] is True


def test_the_path_is_the_dialects_own_or_the_rows() -> None:
    assert OpenAIChat().request(call()).path == "/chat/completions"
    asked = call(endpoint=endpoint(chat_path="/api/chat/v2"))
    assert OpenAIChat().request(asked).path == "/api/chat/v2"


@pytest.mark.parametrize(("set_", "path"), [(None, "/models"), ("", ""), ("/v2/models", "/v2/models")])
def test_the_models_path_is_the_dialects_own_or_the_rows(set_: str | None, path: str) -> None:
    assert OpenAIChat().models_path(row(wire={"models_path": set_})) == path


# Replies.


def decoded(*events: Any, name: bytes = b"", wire: dict[str, Any] | None = None) -> tuple[Answer, ChatDecoder]:
    built = answer()
    decoder = OpenAIChat().decoder(call(provider=row(wire=wire or {})), built)
    for event in events:
        decoder.event(name, event if isinstance(event, bytes) else json.dumps(event).encode())
    return built, decoder


def delta(finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


def calls(*parts: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """The tool calls of a stream with one of these in each delta."""
    built, _ = decoded(*[delta(tool_calls=[call_part]) for call_part in parts])
    return [(c.id, c.name, c.arguments if c.arguments is not None else c.arguments_text) for c in built.tool_calls()]


def call_part(index: int | None, id: str | None, name: str | None, arguments: str | None) -> dict[str, Any]:
    fields = {"index": index, "id": id}
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {key: value for key, value in fields.items() if value is not None} | {"function": function}


A, B = ("a", "f", {"x": 1}), ("b", "g", {"y": 2})


def test_a_stream_of_text() -> None:
    built, decoder = decoded(
        delta(role="assistant", content=""), delta(content="Hel"), delta(content="lo"), delta("stop"), b"[DONE]"
    )
    assert built.whole_text() == "Hello"
    assert built.finish_reason == "stop"
    assert decoder.complete
    assert decoder.over


def test_a_stream_without_its_finish_reason_is_complete_at_the_end_mark() -> None:
    built, decoder = decoded(delta(content="x"), b"[DONE]")
    assert decoder.complete
    assert built.finish_reason == "other"


def test_a_stream_without_an_end_is_not_complete() -> None:
    _, decoder = decoded(delta(content="x"))
    assert not decoder.complete
    assert not decoder.over


def test_a_finish_reason_is_the_end_but_usage_may_still_follow() -> None:
    built, decoder = decoded(delta("stop"), {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    assert decoder.complete
    assert not decoder.over
    assert built.counts == TokenCounts(input=1, output=2)


@pytest.mark.parametrize(
    ("reason", "meant"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("model_length", "length"),
        ("tool_calls", "other"),
        ("function_call", "other"),
        ("tool_use", "other"),
        ("content_filter", "contentFilter"),
        ("safety", "contentFilter"),
        ("STOP", "stop"),
        ("invented", "other"),
    ],
)
def test_finish_reasons(reason: str, meant: str) -> None:
    assert decoded(delta(reason, content="x"))[0].finish_reason == meant


def test_a_stop_after_a_tool_call_is_a_tool_call() -> None:
    built, _ = decoded(delta(tool_calls=[call_part(0, "a", "f", "{}")]), delta("stop"))
    assert built.finish_reason == "toolCalls"
    built, _ = decoded(delta(tool_calls=[call_part(0, "a", "f", "{}")]), b"[DONE]")
    assert built.finish_reason == "toolCalls"
    built, _ = decoded(delta(tool_calls=[call_part(0, "a", "f", "{")]), delta("length"), b"[DONE]")
    assert built.finish_reason == "length"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_text"])
def test_reasoning_under_any_of_its_names(field: str) -> None:
    built, _ = decoded(delta(**{field: "Hm."}), delta(content="Yes.", **{field: None}))
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.", "Yes.")


def test_reasoning_under_two_names_at_once_counts_once() -> None:
    assert decoded(delta(reasoning="Hm.", reasoning_content="Hm."))[0].whole_reasoning() == "Hm."


@pytest.mark.parametrize(
    ("content", "reasoning", "text"),
    [
        ([{"type": "text", "text": "Yes."}], "", "Yes."),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}], "Hm.", ""),
        ([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}], "Hm.", ""),
        ([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes."}], "Hm.", "Yes."),
        ([{"type": "reference", "reference_ids": [1]}, None, 5], "", ""),
        (["Yes", {"type": "text", "text": "."}], "", "Yes."),
        ([{"type": "text"}, {"type": "thinking"}], "", ""),
    ],
)
def test_content_in_parts(content: Any, reasoning: str, text: str) -> None:
    built, _ = decoded(delta(content=content))
    assert (built.whole_reasoning(), built.whole_text()) == (reasoning, text)


def test_a_refusal_is_text() -> None:
    assert decoded(delta(refusal="I cannot."))[0].whole_text() == "I cannot."


def test_a_second_choice_is_not_mixed_in() -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]}
    assert decoded(chunk)[0].whole_text() == "a"


def test_a_choice_without_an_index_counts() -> None:
    assert decoded({"choices": [{"delta": {"content": "a"}}]})[0].whole_text() == "a"
    assert decoded({"choices": [{"index": None, "delta": {"content": "a"}}]})[0].whole_text() == "a"


def test_text_outside_of_a_delta() -> None:
    assert decoded({"choices": [{"text": "old style"}]})[0].whole_text() == "old style"


# Tool calls as servers really number them.


def test_calls_numbered_and_named_once() -> None:
    assert calls(
        call_part(0, "a", "f", ""),
        call_part(0, None, None, '{"x":'),
        call_part(1, "b", "g", ""),
        call_part(1, None, None, '{"y":2}'),
        call_part(0, None, None, "1}"),
    ) == [A, B]


def test_calls_that_repeat_their_id_in_every_delta() -> None:
    assert calls(
        call_part(0, "a", "f", '{"x":'),
        call_part(0, "a", "f", "1}"),
        call_part(1, "b", "g", '{"y":'),
        call_part(1, "b", "g", "2}"),
    ) == [A, B]


def test_calls_without_an_index() -> None:
    assert calls(
        call_part(None, "a", "f", '{"x":'),
        call_part(None, None, None, "1}"),
        call_part(None, "b", "g", ""),
        call_part(None, None, None, '{"y":2}'),
    ) == [A, B]


def test_calls_that_all_have_the_index_0_and_whole_arguments() -> None:
    assert calls(call_part(0, "a", "f", '{"x":1}'), call_part(0, "b", "g", '{"y":2}')) == [A, B]


def test_calls_that_all_have_the_index_0_and_arguments_in_deltas() -> None:
    assert calls(
        call_part(0, "a", "f", ""),
        call_part(0, None, None, '{"x":1}'),
        call_part(0, "b", "g", ""),
        call_part(0, None, None, '{"y":'),
        call_part(0, None, None, "2}"),
    ) == [A, B]


def test_calls_without_ids() -> None:
    assert calls(call_part(0, None, "f", '{"x":1}'), call_part(1, None, "g", '{"y":2}')) == [
        ("call_0", "f", {"x": 1}),
        ("call_1", "g", {"y": 2}),
    ]


def test_an_id_that_comes_after_the_name_belongs_to_the_same_call() -> None:
    assert calls(call_part(0, None, "f", ""), call_part(0, "a", None, '{"x":1}')) == [A]


@pytest.mark.parametrize("index", [None, 0])
def test_calls_without_ids_and_numbers_are_told_apart_by_their_names(index: int | None) -> None:
    assert calls(call_part(index, None, "f", '{"x":1}'), call_part(index, None, "g", '{"y":2}')) == [
        ("call_0", "f", {"x": 1}),
        ("call_1", "g", {"y": 2}),
    ]


@pytest.mark.parametrize("index", [None, 0])
def test_calls_of_one_function_without_ids_are_told_apart_by_arguments_that_begin_anew(index: int | None) -> None:
    assert calls(call_part(index, None, "f", '{"x":1}'), call_part(index, None, "f", '{"x":2}')) == [
        ("call_0", "f", {"x": 1}),
        ("call_1", "f", {"x": 2}),
    ]


@pytest.mark.parametrize("index", [None, 0])
@pytest.mark.parametrize("call_id", [None, "a"])
def test_a_call_may_repeat_its_name_or_id_in_every_delta(index: int | None, call_id: str | None) -> None:
    parts = [call_part(index, call_id, "f", part) for part in ("", '{"x":', "1", "}", "")]
    assert calls(*parts) == [(call_id or "call_0", "f", {"x": 1})]


def test_the_listener_counts_calls_from_0() -> None:
    built, _ = decoded(
        delta(tool_calls=[call_part(1, "a", "f", "{}")]), delta(tool_calls=[call_part(5, "b", "g", "{}")])
    )
    assert [event[1] for event in built.listener.events if event[0] == "toolCall"] == [0, 1]  # type: ignore[attr-defined]


def test_calls_that_begin_at_1_or_leave_numbers_out() -> None:
    assert calls(call_part(1, "a", "f", '{"x":1}'), call_part(5, "b", "g", '{"y":2}')) == [A, B]


def test_arguments_as_an_object() -> None:
    assert calls({"index": 0, "id": "a", "function": {"name": "f", "arguments": {"x": 1}}}) == [A]


def test_a_call_without_arguments() -> None:
    assert calls(call_part(0, "a", "f", None)) == [("a", "f", {})]
    assert calls({"index": 0, "id": "a", "function": {"name": "f", "arguments": None}}) == [("a", "f", {})]
    assert calls({"index": 0, "id": "a"}) == [("a", "", {})]


def test_two_calls_in_one_delta() -> None:
    built, _ = decoded(delta(tool_calls=[call_part(0, "a", "f", '{"x":1}'), call_part(1, "b", "g", '{"y":2}')]))
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls()] == [A, B]


WHOLE = '{"city":"Paris"}'
"""The arguments of a call that comes in odd deltas."""


def deltas(*parts: tuple[int | None, str | None, str | None, str | None]) -> list[tuple[str, str, Any]]:
    return calls(*(call_part(*part) for part in parts))


@pytest.mark.parametrize(
    "parts",
    [
        # The id changes after the first delta.
        [(0, "a", "get_weather", ""), (0, "b", None, '{"city":'), (0, "c", None, '"Paris"}')],
        [(0, "a", "get_weather", ""), (0, "b", "get_weather", '{"city":'), (0, "c", "get_weather", '"Paris"}')],
        [(0, "a", "get_weather", '{"city":'), (0, "b", None, '"Paris"}')],
        [(0, "a", "get_weather", '{"city":'), (0, "b", "get_weather", '"Paris"}')],
        [(None, "a", "get_weather", '{"city":'), (None, "b", None, '"Paris"}')],
        [(None, "a", "get_weather", '{"city":'), (None, "b", "get_weather", '"Paris"}')],
        # It comes in pieces, or late.
        [(0, "a", None, ""), (0, "_1", "get_weather", ""), (0, None, None, WHOLE)],
        [(0, None, "get_weather", ""), (0, None, None, WHOLE), (0, "a", None, "")],
        [(0, "", "get_weather", ""), (0, "a", "", WHOLE)],
        # The name comes in pieces, grows, is repeated, or comes late.
        [(0, "a", "get_", ""), (0, None, "weather", ""), (0, None, None, WHOLE)],
        [(0, "a", "get_", ""), (0, "a", "weather", WHOLE)],
        [(0, "a", "get_", None), (0, None, "wea", None), (0, None, "ther", None), (0, None, None, WHOLE)],
        [(0, "a", "get_", ""), (0, "a", "get_weather", ""), (0, "a", None, WHOLE)],
        [(0, "a", "get_weather", '{"city"'), (0, None, "get_weather", ":"), (0, None, "get_weather", '"Paris"}')],
        [(0, "a", None, ""), (0, None, "get_weather", WHOLE)],
        [(0, "a", None, '{"city":'), (0, None, "get_weather", '"Paris"}')],
        [(None, "a", "get_", ""), (None, None, "weather", WHOLE)],
        # A later name or an empty delta changes nothing.
        [(0, "a", "get_weather", '{"city":'), (0, None, "other", '"Paris"}')],
        [(0, None, None, None), (0, "a", "get_weather", WHOLE), (0, None, None, ""), (0, "a", None, None)],
        # The id tells where the index is missing later on.
        [(0, "a", "get_weather", ""), (None, "a", None, '{"city":'), (None, None, None, '"Paris"}')],
    ],
)
def test_the_deltas_of_one_call(parts: Any) -> None:
    ((call_id, name, arguments),) = deltas(*parts)
    assert call_id in ("a", "b")
    assert (name, arguments) == ("get_weather", {"city": "Paris"})


@pytest.mark.parametrize(
    "parts",
    [
        # Without an index the id tells, also between others.
        [(None, "a", "f", '{"x"'), (None, "b", "g", '{"y"'), (None, "a", None, ":1}"), (None, "b", None, ":2}")],
        [(None, "a", "f", '{"x":1'), (None, "b", "g", '{"y":2}'), (None, "a", None, "}")],
        # With one the index tells.
        [(0, "a", "f", '{"x"'), (1, "b", "g", '{"y"'), (0, "c", None, ":1}"), (1, "d", "g", ":2}")],
        [(0, "a", "f", ""), (1, "b", "g", ""), (1, "c", None, '{"y":2}'), (0, "d", None, '{"x":1}')],
        # All under the index 0, the first whole when the second begins.
        [(0, "a", "f", '{"x":1}'), (0, "b", "g", '{"y":'), (0, "b", "g", "2}")],
    ],
)
def test_the_deltas_of_two_calls(parts: Any) -> None:
    assert deltas(*parts) == [A, B]


def test_two_calls_without_arguments_under_one_index() -> None:
    assert deltas((0, "a", "f", ""), (0, "b", "g", "")) == [("a", "f", {}), ("b", "g", {})]
    assert deltas((0, "a", "f", "{}"), (0, "b", "f", "{}")) == [("a", "f", {}), ("b", "f", {})]


def test_two_calls_under_one_id_are_told_apart() -> None:
    assert deltas((0, "a", "f", '{"x":1}'), (1, "a", "g", '{"y":2}')) == [A, ("a_1", "g", {"y": 2})]
    assert deltas((None, "a", "f", '{"x":1}'), (None, "a", "g", '{"y":2}')) == [A, ("a_1", "g", {"y": 2})]


def test_the_names_of_tools_tell_a_piece_from_a_whole_name() -> None:
    built = answer()
    decoder = OpenAIChat().decoder(call(tools=(tool("get"), tool("get_weather"), tool("now"))), built)
    for part in ((None, None, "get", None), (None, None, "now", None)):
        decoder.event(b"", json.dumps(delta(tool_calls=[call_part(*part)])).encode())
    assert [c.name for c in built.tool_calls()] == ["get", "now"]
    heard = [event[2:4] for event in built.listener.events if event[0] == "toolCall"]  # type: ignore[attr-defined]
    assert heard == [(None, "get"), (None, "now")]


def test_the_listener_hears_a_name_that_comes_in_pieces_once_and_whole() -> None:
    for end in ([delta(tool_calls=[call_part(0, None, None, "{}")])], [delta("tool_calls")], [b"[DONE]"]):
        pieces = [
            delta(tool_calls=[call_part(0, "a", "get_", "")]),
            delta(tool_calls=[call_part(0, None, "weather", "")]),
        ]
        built, _ = decoded(*pieces, *end)
        heard = [event[1:4] for event in built.listener.events if event[0] == "toolCall" and event[3]]  # type: ignore[attr-defined]
        assert heard == [(0, "a", "get_weather")]


def test_each_call_of_a_whole_reply_is_one() -> None:
    given = [{"function": {"name": "f", "arguments": ""}}, {"function": {"name": "g", "arguments": ""}}]
    assert [c.name for c in whole(message("tool_calls", content=None, tool_calls=given)).tool_calls()] == ["f", "g"]


@pytest.mark.parametrize(
    "details",
    [
        [{"type": "reasoning.text", "text": "Hm.", "index": 0}],
        [{"type": "reasoning.summary", "summary": "Hm.", "index": 0}],
        [{"type": "reasoning.encrypted", "data": "x"}, {"type": "reasoning.text", "text": "Hm."}],
        {"text": "Hm."},
        [{"text": {"value": "x"}, "index": 0}, {"text": "Hm.", "index": 0}, {"text": ["x"], "index": 0}],
    ],
)
def test_reasoning_in_its_details_only(details: Any) -> None:
    assert decoded(delta(reasoning_details=details))[0].whole_reasoning() == "Hm."
    assert decoded(delta(reasoning="Hm.", reasoning_details=details))[0].whole_reasoning() == "Hm."


@given(st.lists(st.booleans(), min_size=2, max_size=14))
def test_calls_that_are_interleaved_come_apart(order: list[bool]) -> None:
    texts = ('{"x":111111}', '{"y":222222}')
    done = [0, 0]
    parts = [call_part(0, "a", "f", ""), call_part(1, "b", "g", "")]
    for second in order:
        part = texts[second][done[second] : done[second] + 2]
        done[second] += 2
        parts.append(call_part(int(second), None, None, part))
    parts += [call_part(i, None, None, texts[i][done[i] :]) for i in (0, 1)]
    assert calls(*parts) == [("a", "f", {"x": 111111}), ("b", "g", {"y": 222222})]


# Usage wherever it stands, and whatever it is.

USAGE = {"prompt_tokens": 10, "completion_tokens": 5}


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [], "usage": USAGE},
        {"choices": None, "usage": USAGE},
        {"usage": USAGE},
        {"choices": [{"index": 0, "delta": {}, "usage": USAGE}]},
        {"choices": [], "x_groq": {"id": "r", "usage": USAGE}},
        {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], "usage": USAGE},
    ],
)
def test_usage_in_odd_places(chunk: Any) -> None:
    assert decoded(delta(content="x"), chunk)[0].counts == TokenCounts(input=10, output=5)


def test_the_last_usage_counts_and_an_empty_one_takes_nothing_back() -> None:
    later = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 6}}
    built, _ = decoded({"choices": [], "usage": USAGE}, later, {"choices": [], "usage": None}, {"choices": [], "usage": {}})  # fmt: skip
    assert built.counts == TokenCounts(input=10, output=6)


@pytest.mark.parametrize("odd", ["none", [1], 5, {"prompt_tokens": "many"}, True])
@pytest.mark.parametrize("place", ["usage", "x_groq"])
def test_odd_usage_spoils_no_answer(odd: Any, place: str) -> None:
    built, _ = decoded(delta(content="x"), {"choices": [], place: odd}, delta("stop"))
    assert (built.whole_text(), built.counts) == ("x", None)


# Errors inside a good status, and broken chunks.


@pytest.mark.parametrize(
    "event",
    [
        {"error": {"message": "overloaded", "code": 503}},
        {"error": "overloaded"},
        {"id": "x", "choices": [], "error": {"message": "overloaded"}},
        {"object": "error", "message": "overloaded", "code": 50001},
        {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": {"message": "overloaded"}}]},
        {"base_resp": {"status_code": 1002, "status_msg": "overloaded"}},
        {"choices": [], "x_groq": {"error": "overloaded"}},
    ],
)  # fmt: skip
def test_an_error_inside_the_stream(event: Any) -> None:
    with pytest.raises(ProviderRefused) as refused:
        decoded(delta(content="x"), event)
    assert "overloaded" in str(refused.value.error)


def test_an_event_that_is_called_error() -> None:
    with pytest.raises(ProviderRefused) as refused:
        decoded({"message": "overloaded"}, name=b"error")
    assert b"overloaded" in refused.value.error


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [], "error": None},
        {"choices": [], "error": {}},
        {"choices": []},
        {"id": "x", "object": "chat.completion.chunk"},
        {"choices": [], "base_resp": {"status_code": 0, "status_msg": ""}},
        {"type": "ping"},
        {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        {},
    ],
)
def test_events_without_content_are_no_errors(event: Any) -> None:
    built, _ = decoded(event, delta(content="x"))
    assert built.whole_text() == "x"


def test_the_text_of_a_failing_chunk_arrives_before_the_failure() -> None:
    built = answer()
    decoder = OpenAIChat().decoder(call(), built)
    failing = {"choices": [{"index": 0, "delta": {"content": "half"}, "error": {"message": "cut"}}]}
    with pytest.raises(ProviderRefused):
        decoder.event(b"", json.dumps(failing).encode())
    assert built.whole_text() == "half"


@pytest.mark.parametrize(
    "event", [b"", b"{", b"text", b"<html>", b'{"choices":5}', b'{"choices":[{"delta":"x"}]}', b"[]"]
)
def test_what_is_no_chunk_is_not_understood(event: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decoded(event)


def test_a_chunk_cut_inside_a_character_is_repaired() -> None:
    built, _ = decoded(b'{"choices":[{"index":0,"delta":{"content":"a\xe6\x9d"},"finish_reason":null}]}')
    assert built.whole_text() == "a\ufffd"


def test_a_chunk_cut_inside_a_character_with_the_usage_that_was_requested() -> None:
    # With include_usage every chunk of OpenAI's has a usage, null in all but the last.
    built, _ = decoded(b'{"choices":[{"index":0,"delta":{"content":"a\xe6\x9d"},"finish_reason":null}],"usage":null}')
    assert built.whole_text() == "a\ufffd"


def test_half_a_surrogate_pair_in_a_chunk() -> None:
    built, _ = decoded(b'{"choices":[{"index":0,"delta":{"content":"a\\ud83d"}}]}', delta(content="b"))
    assert built.whole_text() == "a\ufffdb"


# Whole replies.


def whole(reply: Any) -> Answer:
    built = answer()
    decoder = OpenAIChat().decoder(call(), built)
    decoder.whole(reply if isinstance(reply, bytes) else json.dumps(reply).encode())
    assert decoder.complete
    return built


def message(finish_reason: str = "stop", **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **fields}, "finish_reason": finish_reason}
    return {"id": "x", "object": "chat.completion", "choices": [choice], "usage": USAGE}


def test_a_whole_reply() -> None:
    built = whole(message(content="Hello", reasoning_content="Hm."))
    assert (built.whole_text(), built.whole_reasoning(), built.finish_reason) == ("Hello", "Hm.", "stop")
    assert built.counts == TokenCounts(input=10, output=5)


def test_a_whole_reply_with_tool_calls() -> None:
    given = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": '{"y":2}'}},
    ]
    built = whole(message("tool_calls", content=None, tool_calls=given))
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls()] == [A, B]
    assert built.finish_reason == "toolCalls"


def test_a_message_beside_an_empty_delta() -> None:
    reply = message(content="Hello")
    reply["choices"][0]["delta"] = {}
    assert whole(reply).whole_text() == "Hello"


def test_a_whole_reply_in_a_list() -> None:
    assert whole([message(content="Hello")]).whole_text() == "Hello"


@pytest.mark.parametrize(
    "reply",
    [
        {"error": {"message": "no"}},
        {"choices": []},
        {"message": "no"},
        {},
        {"detail": "no"},
        [],
        [{}],
        [{"error": "no"}],
    ],
)
def test_a_whole_reply_without_an_answer_is_none(reply: Any) -> None:
    with pytest.raises((ProviderRefused, NotUnderstood)):
        whole(reply)
