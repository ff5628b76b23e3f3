"""Cohere's own Chat API: messages and tools out, typed events in, thinking and plans there and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.cohere.chat import CohereChat, CohereDecoder
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.finish_reasons import FAILURES, FINISH_REASONS
from modelport.adapters.wire.listings import model_ids
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, Tool, ToolCall
from support.builders import SCHEMA, answer, call, endpoint, fitted, json_form, row, tool, user

PNG = "iVBORw0KGgo="
COHERE = row("cohere", dialect="cohere_chat")


def asking(*messages: Message, **changes: Any) -> ModelCall:
    return call(*messages, **({"provider": COHERE, "model": "command-a-reasoning-08-2025"} | changes))


def body(asked: ModelCall) -> dict[str, Any]:
    return CohereChat().request(fitted(asked, "cohere_chat")).body


def extra(**changes: Any) -> dict[str, Any]:
    """What a call's body has that a plain one's has not."""
    plain = body(asking())
    return {key: value for key, value in body(asking(**changes)).items() if plain.get(key) != value}


# Requests.


def test_a_plain_call() -> None:
    assert body(asking(user("Hello"))) == {
        "model": "command-a-reasoning-08-2025",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
    }


def test_a_conversation() -> None:
    made = (
        ToolCall(id="c1", name="get_weather", arguments={"city": "Paris"}),
        ToolCall(id="c2", name="get_weather", arguments_text='{"city"'),
    )
    messages = [
        Message(role="system", content="Be brief."),
        user([TextPart(text="Weather "), TextPart(text="here?")]),
        Message(role="assistant", tool_calls=made),
        Message(role="tool", tool_call_id="c1", content="18"),
        Message(role="tool", tool_call_id="c2", content=(TextPart(text="no"), TextPart(text="idea"))),
        Message(role="assistant", content="It is 18 degrees."),
        user("Thanks."),
    ]
    assert body(asking(*messages))["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather \nhere?"},
        {
            "role": "assistant",
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
        {"role": "assistant", "content": "It is 18 degrees."},
        {"role": "user", "content": "Thanks."},
    ]


def test_text_beside_calls_goes_as_the_plan_since_the_api_refuses_it() -> None:
    said = Message(role="assistant", content="Let me see.", tool_calls=(ToolCall(id="c", name="f", arguments={}),))
    sent = body(asking(user(), said))["messages"][1]
    assert sent["tool_plan"] == "Let me see."
    assert "content" not in sent


def test_images_by_address_and_by_value() -> None:
    parts = [TextPart(text="Look:"), ImagePart(url="https://i.example/x.png"), ImagePart(data=PNG)]
    assert body(asking(user(parts)))["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://i.example/x.png"}},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]


@pytest.mark.parametrize("role", ["system", "assistant"])
def test_images_are_shown_by_the_user(role: Any) -> None:
    seen = Message(role=role, content=(TextPart(text="See."), ImagePart(data=PNG)), tool_call_id="c")
    *_, before, shown = body(asking(user(), seen))["messages"]
    assert before == {"role": role, "content": "See."}
    assert (shown["role"], shown["content"][1]["type"]) == ("user", "image_url")


def test_tools_and_their_choice() -> None:
    sent = extra(tools=(tool(), Tool(name="now")))
    assert sent == {
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "Does get_weather.",
                    "parameters": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    },
                },
            },
            {
                "type": "function",
                "function": {"name": "now", "description": "", "parameters": {"type": "object", "properties": {}}},
            },
        ]
    }
    choices = {choice: extra(tools=(tool(),), tool_choice=choice).get("tool_choice") for choice in ("auto", "none", "required")}  # fmt: skip
    assert choices == {"auto": None, "none": "NONE", "required": "REQUIRED"}
    assert extra(tool_choice="none") == {}


def test_one_tool_cannot_be_demanded() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(asking(tools=(tool(),), tool_choice="named", named_tool="get_weather"))
    assert refused.value.field == "toolChoice"


def test_json_with_and_without_a_schema_but_not_beside_tools() -> None:
    assert extra(answer_format=json_form(schema=None)) == {"response_format": {"type": "json_object"}}
    assert extra(answer_format=json_form()) == {"response_format": {"type": "json_object", "json_schema": SCHEMA}}
    with pytest.raises(InvalidParams, match="together with tools") as refused:
        body(asking(answer_format=json_form(), tools=(tool(),)))
    assert refused.value.field == "responseFormat"


def test_parameters_under_their_names() -> None:
    given = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "max_tokens": 50,
        "stop": ["END"],
        "seed": 7,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.25,
    }
    assert extra(parameters=given) == {
        "temperature": 0.5,
        "p": 0.9,
        "k": 5,
        "max_tokens": 50,
        "stop_sequences": ["END"],
        "seed": 7,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.25,
    }


@pytest.mark.parametrize(
    ("parameters", "thinking"),
    [
        ({"reasoning_effort": "none"}, {"type": "disabled"}),
        ({"reasoning_effort": "high"}, {"type": "enabled"}),
        ({"reasoning_budget": 0}, {"type": "disabled"}),
        ({"reasoning_budget": 500}, {"type": "enabled", "token_budget": 500}),
        ({"reasoning_budget": 500, "reasoning_effort": "low"}, {"type": "enabled", "token_budget": 500}),
    ],
)
def test_thinking(parameters: dict[str, Any], thinking: dict[str, Any]) -> None:
    assert extra(parameters=parameters) == {"thinking": thinking}


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"min_p": 0.1}, "min_p"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"user": "me"}, "user"),
        ({"reasoning_effort": "none", "reasoning_budget": 500}, "reasoning_budget"),
    ],
)
def test_other_parameters_are_refused_by_name(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(asking(parameters=parameters))
    assert refused.value.field == f"parameters.{field}"


def test_the_rows_flags() -> None:
    strict = row("cohere", dialect="cohere_chat", wire={"refused_parameters": ("seed",), "extra_body": {"safety": 1}})
    assert body(asking(provider=strict))["safety"] == 1
    with pytest.raises(InvalidParams):
        body(asking(provider=strict, parameters={"seed": 1}))


@pytest.mark.parametrize(("path", "sent"), [(None, "/v2/chat"), ("/cohere/v2/chat", "/cohere/v2/chat")])
def test_the_path(path: str | None, sent: str) -> None:
    assert CohereChat().request(call(endpoint=endpoint(COHERE, chat_path=path))).path == sent


def test_the_models_are_listed_all_at_once() -> None:
    wire = CohereChat()
    assert wire.models_path(COHERE) == "/v1/models?endpoint=chat&page_size=1000"
    assert wire.models_path(row(dialect="cohere_chat", wire={"models_path": ""})) == ""
    # That Cohere's other address lists none means nothing for this one.
    assert wire.models_path(row(wire={"models_path": ""})) == wire.models_path(COHERE)
    assert model_ids(b'{"models":[{"name":"command-a-03-2025","endpoints":["chat"]}]}') == ("command-a-03-2025",)


# Replies.


def decoded(*events: Any, model: str = "command-a-reasoning-08-2025") -> tuple[Answer, CohereDecoder]:
    built = answer()
    decoder = CohereChat().decoder(asking(model=model), built)
    for event in events:
        decoder.event(b"", event if isinstance(event, bytes) else json.dumps(event).encode())
    return built, decoder


def replied(reply: Any) -> tuple[Answer, CohereDecoder]:
    built = answer()
    decoder = CohereChat().decoder(asking(), built)
    decoder.whole(reply if isinstance(reply, bytes) else json.dumps(reply).encode())
    return built, decoder


def event(kind: str, index: int = 0, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


def begun(index: int, call_id: str, name: str, arguments: str = "") -> dict[str, Any]:
    made = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return event("tool-call-start", index, tool_calls=made)


def more(index: int, arguments: str) -> dict[str, Any]:
    return event("tool-call-delta", index, tool_calls={"function": {"arguments": arguments}})


def end(reason: str = "COMPLETE", **fields: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, **fields}}


START = {"id": "1", "type": "message-start", "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}}  # fmt: skip


def test_a_stream_of_thinking_and_text() -> None:
    usage = {"tokens": {"input_tokens": 508, "output_tokens": 86, "reasoning_tokens": 28}, "cached_tokens": 144}
    built, decoder = decoded(
        START,
        event("content-start", content={"type": "thinking", "thinking": ""}),
        event("content-delta", content={"thinking": "Hm."}),
        {"type": "content-end", "index": 0},
        event("content-start", 1, content={"type": "text", "text": "Y"}),
        event("content-delta", 1, content={"text": "es."}),
        event("citation-start", citations={"start": 0, "end": 4, "text": "Yes.", "sources": []}),
        {"type": "citation-end", "index": 0},
        {"type": "content-end", "index": 1},
        {"type": "debug", "prompt": "…"},
        end(usage=usage),
    )
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Yes.", "stop")
    assert built.counts == TokenCounts(input=508, output=86, cache_read=144, reasoning=28)
    assert (decoder.complete, decoder.over) == (True, True)


def test_a_stream_of_a_plan_and_calls() -> None:
    built, _ = decoded(
        START,
        event("tool-plan-delta", tool_plan="I will "),
        event("tool-plan-delta", tool_plan="look."),
        begun(0, "a", "f"),
        more(0, '{"x"'),
        more(0, ":1}"),
        {"type": "tool-call-end", "index": 0},
        begun(1, "b", "g"),
        {"type": "tool-call-end", "index": 1},
        end("TOOL_CALL"),
    )
    assert built.whole_reasoning() == "I will look."
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls()] == [("a", "f", {"x": 1}), ("b", "g", {})]
    assert built.finish_reason == "toolCalls"


def test_calls_that_all_have_one_number_come_apart() -> None:
    built, _ = decoded(begun(0, "a", "f", "{"), more(0, "}"), begun(0, "b", "f"), more(0, '{"x":1}'), end("TOOL_CALL"))
    assert [(c.id, c.arguments) for c in built.tool_calls()] == [("a", {}), ("b", {"x": 1})]


def test_a_whole_reply() -> None:
    made = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    message = {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes."}],
        "tool_plan": "Look.",
        "tool_calls": [made, {**made, "id": "b"}],
    }
    built, decoder = replied({"id": "1", "message": message, "finish_reason": "TOOL_CALL"})
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.Look.", "Yes.")
    assert [(c.id, c.name, c.arguments) for c in built.tool_calls()] == [("a", "f", {"x": 1}), ("b", "f", {"x": 1})]
    assert (built.finish_reason, decoder.complete) == ("toolCalls", True)
    assert replied({"message": {"content": "Yes."}})[0].whole_text() == "Yes."


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (
            {"billed_units": {"input_tokens": 8, "output_tokens": 2}, "tokens": {"input_tokens": 503, "output_tokens": 4}},
            TokenCounts(input=503, output=4, billed_input=8, billed_output=2),
        ),
        ({"billed_units": {"input_tokens": 8.0, "output_tokens": 2.0}}, TokenCounts(input=8, output=2, billed_input=8, billed_output=2)),
        ({"tokens": {"input_tokens": 34, "output_tokens": 56, "image_tokens": 259}}, TokenCounts(input=293, output=56)),
        ({"tokens": {"output_tokens": 4}, "cached_tokens": 0}, TokenCounts(input=0, output=4, cache_read=0)),
        ({}, None),
        (None, None),
        ({"tokens": {}}, None),
        ({"tokens": {"input_tokens": "many"}}, None),
    ],
)  # fmt: skip
def test_usage(usage: Any, counts: TokenCounts | None) -> None:
    assert decoded(end(usage=usage))[0].counts == counts


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("TOOL_CALL", "other"), ("SOMETHING_NEW", "other")],
)
def test_finish_reasons(reason: str, finish: str) -> None:
    assert decoded(event("content-delta", content={"text": "x"}), end(reason))[0].finish_reason == finish


def test_calls_tell_where_the_reason_does_not() -> None:
    assert decoded(begun(0, "a", "f"), end("COMPLETE"))[0].finish_reason == "toolCalls"
    assert decoded(begun(0, "a", "f", "{"), end("MAX_TOKENS"))[0].finish_reason == "length"


def test_every_reason_of_the_api_is_known() -> None:
    reasons = {"complete", "stop_sequence", "max_tokens", "tool_call", "error", "timeout"}
    assert reasons <= FINISH_REASONS.keys() | FAILURES


@pytest.mark.parametrize(
    ("reason", "fields", "words"),
    [
        ("ERROR", {"error": "No valid response generated."}, "No valid response"),
        ("COMPLETE", {"error": {"message": "overloaded"}}, "overloaded"),
    ],
)
def test_an_end_that_is_a_failure(reason: str, fields: dict[str, Any], words: str) -> None:
    whole = {"message": {"role": "assistant"}, "finish_reason": reason, **fields}
    for give in (lambda: decoded(begun(0, "a", "f"), end(reason, **fields)), lambda: replied(whole)):
        with pytest.raises(ProviderRefused) as refused:
            give()
        assert words in str(refused.value.error)


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_a_reason_that_means_a_failure(reason: str) -> None:
    assert reason in decoded(begun(0, "a", "f"), end(reason))[0].failure
    assert not decoded(begun(0, "a", "f"), end("COMPLETE"))[0].failure


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "1", "message": "invalid api token"},
        {"error": {"message": "overloaded"}},
        {"type": "error", "message": "overloaded"},
    ],
)
def test_an_error_in_other_words_is_an_error_too(odd: Any) -> None:
    for give in (decoded, replied):
        with pytest.raises(ProviderRefused):
            give(odd)


@pytest.mark.parametrize("odd", [b"{}", b"[]", b'"x"', b"{", b'{"type":5}', b'{"event_type":"stream-start"}'])
def test_what_is_no_answer_is_not_understood(odd: bytes) -> None:
    for give in (decoded, replied):
        with pytest.raises(NotUnderstood):
            give(odd)


def test_an_end_mark_alone_does_not_make_an_answer_whole() -> None:
    _, decoder = decoded(event("content-delta", content={"text": "half"}), b"[DONE]")
    assert (decoder.complete, decoder.over) == (False, True)


# What goes back.


def second_turn(first: Answer, **changes: Any) -> dict[str, Any]:
    """The assistant's message in the request that follows an answer, with a result for each of its calls."""
    asked = asking(user("Weather?"))
    state = json.loads(json.dumps(asked.pack_state(first.whole_state())))
    said = Message(
        role="assistant", content=first.whole_text(), tool_calls=first.tool_calls() or None, provider_state=state
    )
    results = [Message(role="tool", tool_call_id=c.id, content="18") for c in first.tool_calls()]
    sent = body(asking(*asked.messages, said, *results, **changes))["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", *("tool" for _ in results)]
    return sent[1]


CALLED = [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}]


def test_a_plan_goes_back_with_its_calls() -> None:
    plan = [event("tool-plan-delta", tool_plan="I will "), event("tool-plan-delta", tool_plan="look.")]
    first, _ = decoded(START, *plan, begun(0, "a", "f"), more(0, '{"x":1}'), end("TOOL_CALL"))
    assert second_turn(first) == {"role": "assistant", "tool_plan": "I will look.", "tool_calls": CALLED}


def test_thinking_goes_back_with_its_calls() -> None:
    thought = event("content-delta", content={"thinking": "Hm."})
    first, _ = decoded(thought, begun(0, "a", "f"), more(0, '{"x":1}'), end("TOOL_CALL"))
    content = [{"type": "thinking", "thinking": "Hm."}]
    assert second_turn(first) == {"role": "assistant", "content": content, "tool_calls": CALLED}


@pytest.mark.parametrize("changes", [{"model": "command-a-03-2025"}, {"parameters": {"reasoning_effort": "none"}}])
def test_where_nothing_is_thought_the_thinking_is_a_plan(changes: dict[str, Any]) -> None:
    thought = event("content-delta", content={"thinking": "Hm."})
    first, _ = decoded(thought, begun(0, "a", "f", '{"x":1}'), end("TOOL_CALL"))
    assert second_turn(first, **changes) == {"role": "assistant", "tool_plan": "Hm.", "tool_calls": CALLED}


def test_thinking_before_a_text_goes_back_to_the_model_that_thought_it() -> None:
    blocks = [{"thinking": "H"}, {"thinking": "m."}, {"text": "Yes."}]
    first, _ = decoded(*(event("content-delta", content=block) for block in blocks), end())
    content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes."}]
    assert second_turn(first) == {"role": "assistant", "content": content}
    assert second_turn(first, model="command-a-03-2025") == {"role": "assistant", "content": "Yes."}


def test_an_answer_without_thinking_has_no_state() -> None:
    first, _ = decoded(event("content-delta", content={"text": "Yes."}), begun(0, "a", "f"), end("TOOL_CALL"))
    assert first.whole_state() == {}


@pytest.mark.parametrize("odd", [{"thinking": 5}, {"model": None}, {"parts": []}])
def test_a_state_that_is_not_ours_is_none(odd: dict[str, Any]) -> None:
    asked = asking()
    said = Message(role="assistant", content="Yes.", provider_state=asked.pack_state(odd))
    assert body(asking(user(), said))["messages"][1] == {"role": "assistant", "content": "Yes."}
