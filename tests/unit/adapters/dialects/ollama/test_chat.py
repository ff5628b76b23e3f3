"""Ollama's native chat: options and messages out, lines in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.ollama.chat import Ollama, OllamaDecoder
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.listings import model_ids
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall
from support.builders import SCHEMA, answer, call, endpoint, fitted, json_form, row, tool, user

PNG = "iVBORw0KGgo="
ROW = row("ollama", dialect="ollama", wire={"tool_choice": (), "reasoning_request": "think"})


def body(asked: ModelCall) -> dict[str, Any]:
    return Ollama().request(fitted(asked, "ollama")).body


def extra(*messages: Message, **changes: Any) -> dict[str, Any]:
    """What a call's body has that a plain one's has not."""
    plain = body(call(*messages, provider=ROW))
    return {k: v for k, v in body(call(*messages, provider=ROW, **changes)).items() if plain.get(k) != v}


# Requests.


def test_a_plain_call() -> None:
    assert body(call(Message(role="system", content="Be brief."), user("Hello"), provider=ROW)) == {
        "model": "some-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "stream": True,
    }


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"top_k": 5}, {"top_k": 5}),
        ({"min_p": 0.1}, {"min_p": 0.1}),
        ({"max_tokens": 9}, {"num_predict": 9}),
        ({"context_length": 8192}, {"num_ctx": 8192}),
        ({"stop": ["END"]}, {"stop": ["END"]}),
        ({"seed": 7}, {"seed": 7}),
        ({"presence_penalty": 1}, {"presence_penalty": 1}),
        ({"frequency_penalty": 1}, {"frequency_penalty": 1}),
        ({"repetition_penalty": 1.1}, {"repeat_penalty": 1.1}),
    ],
)
def test_sampling_parameters_are_options(given: dict[str, Any], option: dict[str, Any]) -> None:
    assert extra(parameters=given) == {"options": option}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"keep_alive": "5m"}, {"keep_alive": "5m"}),
        ({"keep_alive": -1}, {"keep_alive": -1}),
        ({"reasoning_effort": "none"}, {"think": False}),
        ({"reasoning_effort": "low"}, {"think": "low"}),
        ({"reasoning_effort": "high"}, {"think": "high"}),
        ({"reasoning_effort": "minimal"}, {"think": "low"}),
    ],
)
def test_the_rest_stands_beside_the_options(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert extra(parameters=given) == sent


@pytest.mark.parametrize("name", ["user", "parallel_tool_calls", "reasoning_budget"])
def test_a_parameter_the_format_has_no_place_for_is_refused(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        extra(parameters={name: 1})
    assert refused.value.field == f"parameters.{name}"


def test_a_conversation_with_parallel_tool_results_names_their_tools() -> None:
    calls = (
        ToolCall(id="c1", name="get_weather", arguments={"city": "Paris"}),
        ToolCall(id="c2", name="get_time", arguments_text="Paris"),
    )
    messages = body(
        call(
            user("Weather?"),
            Message(role="assistant", tool_calls=calls),
            Message(role="tool", tool_call_id="c1", content="18"),
            Message(role="tool", tool_call_id="c2", content="noon"),
            provider=ROW,
        )
    )["messages"]
    assert messages[1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"function": {"name": "get_weather", "arguments": {"city": "Paris"}}},
                {"function": {"name": "get_time", "arguments": {"text": "Paris"}}},
            ],
        },
        {"role": "tool", "content": "18", "tool_name": "get_weather"},
        {"role": "tool", "content": "noon", "tool_name": "get_time"},
    ]


def test_a_tool_result_belongs_to_the_call_before_it_when_ids_repeat() -> None:
    # Ollama gives no ids, so ours begin anew with every answer.
    def turn(name: str, result: str) -> list[Message]:
        made = ToolCall(id="call_0", name=name, arguments={})
        return [
            Message(role="assistant", tool_calls=(made,)),
            Message(role="tool", tool_call_id="call_0", content=result),
        ]

    messages = body(call(user("?"), *turn("get_weather", "18"), *turn("get_time", "noon"), provider=ROW))["messages"]
    assert [m["tool_name"] for m in messages if m["role"] == "tool"] == ["get_weather", "get_time"]


def test_images_go_by_value() -> None:
    parts = [TextPart(text="Look:"), ImagePart(data=PNG), ImagePart(url=f"data:image/png;base64,{PNG}")]
    (message,) = body(call(user(parts), provider=ROW))["messages"]
    assert message == {"role": "user", "content": "Look:", "images": [PNG, PNG]}


def test_an_image_by_address_is_refused() -> None:
    with pytest.raises(InvalidParams, match="by value") as refused:
        body(call(user([ImagePart(url="https://i/x.png")]), provider=ROW))
    assert (refused.value.kind, refused.value.provider) == ("unsupported", "ollama")


def test_tools() -> None:
    function = {"name": "get_weather", "description": "Does get_weather.", "parameters": SCHEMA}
    assert extra(tools=(tool(),)) == {"tools": [{"type": "function", "function": function}]}
    assert extra(tools=(tool(),), tool_choice="auto")["tools"]


def test_no_tools_are_offered_when_none_may_be_called() -> None:
    assert extra(tools=(tool(),), tool_choice="none") == {}


@pytest.mark.parametrize("choice", ["required", "named"])
@pytest.mark.parametrize("provider", [ROW, row("own", dialect="openai_chat")])
def test_a_choice_the_format_has_no_field_for_is_refused_whatever_is_in_the_row(choice: str, provider: Any) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(call(provider=provider, tools=(tool(),), tool_choice=choice, named_tool="get_weather"))
    assert refused.value.field == "toolChoice"


def test_the_choice_of_what_models_do_anyway_is_taken_whatever_is_in_the_row() -> None:
    assert body(call(provider=row(), tools=(tool(),), tool_choice="auto"))["tools"]


def test_the_form_of_the_answer() -> None:
    assert extra(answer_format=json_form(schema=None)) == {"format": "json"}
    assert extra(answer_format=json_form()) == {"format": SCHEMA}


def test_the_rows_constants_and_paths() -> None:
    assert body(call(provider=row(wire={"extra_body": {"keep": 1}})))["keep"] == 1
    assert Ollama().request(call()).path == "/api/chat"
    assert Ollama().request(call(endpoint=endpoint(chat_path="/chat"))).path == "/chat"
    assert Ollama().models_path(row()) == "/api/tags"


# Replies.


def decoded(*lines: Any) -> tuple[Answer, OllamaDecoder]:
    built = answer()
    decoder = Ollama().decoder(call(), built)
    for line in lines:
        decoder.event(b"", line if isinstance(line, bytes) else json.dumps(line).encode())
    return built, decoder


def says(content: str = "", **fields: Any) -> dict[str, Any]:
    return {"model": "m", "message": {"role": "assistant", "content": content, **fields}, "done": False}


def done(reason: str | None = "stop", **fields: Any) -> dict[str, Any]:
    return says() | {"done": True} | ({"done_reason": reason} if reason else {}) | fields


def test_a_stream_of_thinking_and_text() -> None:
    built, decoder = decoded(
        says(thinking="Hm."), says("Hel"), says("lo"), done(prompt_eval_count=10, eval_count=5, total_duration=1)
    )
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Hello", "stop")
    assert built.counts == TokenCounts(input=10, output=5)
    assert decoder.complete
    assert decoder.over


def test_parallel_tool_calls_come_whole() -> None:
    one = {"function": {"name": "f", "arguments": {"x": 1}}}
    two = {"id": "own", "function": {"index": 0, "name": "g", "arguments": {"y": 2}}}
    three = {"function": {"name": "h"}}
    built, _ = decoded(says(tool_calls=[one, two]), says(tool_calls=[three]), done())
    made = [(c.id, c.name, c.arguments) for c in built.tool_calls()]
    assert made == [("call_0", "f", {"x": 1}), ("own", "g", {"y": 2}), ("call_2", "h", {})]
    assert built.finish_reason == "toolCalls"


def test_arguments_as_text() -> None:
    built, _ = decoded(says(tool_calls=[{"function": {"name": "f", "arguments": '{"x":1}'}}]))
    assert built.tool_calls()[0].arguments == {"x": 1}


@pytest.mark.parametrize(
    ("reason", "meant"),
    [("stop", "stop"), (None, "stop"), ("length", "length"), ("load", "other"), ("unload", "other")],
)
def test_finish_reasons(reason: str | None, meant: str) -> None:
    assert decoded(says("x"), done(reason))[0].finish_reason == meant


def test_the_last_line_may_have_no_message() -> None:
    built, decoder = decoded(says("x"), {"done": True, "done_reason": "stop", "eval_count": 3})
    assert decoder.complete
    assert built.counts == TokenCounts(input=0, output=3)


def test_no_counts_are_unknown() -> None:
    assert decoded(done())[0].counts is None


def test_a_reply_of_generate_counts_too() -> None:
    assert decoded({"response": "Hel", "done": False}, {"response": "lo", "done": True})[0].whole_text() == "Hello"


@pytest.mark.parametrize("line", [{"error": "model not found"}, {"error": {"message": "no"}}, {"detail": "no"}])
def test_an_error_inside_the_stream(line: Any) -> None:
    with pytest.raises(ProviderRefused):
        decoded(says("x"), line)


@pytest.mark.parametrize("line", [{"status": "?"}, {}])
def test_a_line_without_meaning_is_not_understood(line: Any) -> None:
    with pytest.raises(NotUnderstood):
        decoded(says("x"), line)


def test_a_stream_without_its_last_line_is_not_complete() -> None:
    assert not decoded(says("x"))[1].complete


def test_a_line_cut_inside_a_character_is_repaired() -> None:
    assert decoded(b'{"message":{"content":"a\xe6\x9d"},"done":false}')[0].whole_text() == "a\ufffd"


@pytest.mark.parametrize("broken", [b"{", b"text", b'{"message":5}', b"[]", b"<html>"])
def test_what_is_no_line_is_not_understood(broken: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decoded(broken)


def test_a_whole_reply_is_one_line() -> None:
    built = answer()
    decoder = Ollama().decoder(call(), built)
    decoder.whole(json.dumps(done(message={"content": "Hello"}), indent=1).encode())
    assert built.whole_text() == "Hello"
    assert decoder.complete


def test_model_ids_are_the_names_of_the_tags() -> None:
    assert model_ids(b'{"models":[{"name":"qwen3:8b","model":"qwen3:8b"}]}') == ("qwen3:8b",)
