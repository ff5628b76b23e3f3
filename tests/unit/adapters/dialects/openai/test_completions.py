"""OpenAI's legacy text completions: a conversation as one prompt, and text as the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.openai.completions import CompletionsDecoder, OpenAICompletions
from modelport.adapters.dialects.openai.prompt import DEFAULT_MAX_TOKENS
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.listings import model_ids
from modelport.domain.completions.call import Answer
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall
from support.builders import answer, call, endpoint, json_form, row, tool, user

PNG = "iVBORw0KGgo="
BRIEF = Message(role="system", content="Be brief.")
HELLO = Message(role="assistant", content="Hello.")


def body(*messages: Message, wire: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return OpenAICompletions().request(call(*messages, provider=row(wire=wire or {}), **changes)).body


def test_a_plain_call() -> None:
    assert body(user("Once upon")) == {
        "model": "some-model",
        "prompt": "Once upon",
        "max_tokens": DEFAULT_MAX_TOKENS,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ([user("Hi")], "Hi"),
        ([BRIEF, user("Hi")], "Be brief.\n\nHi"),
        ([BRIEF, Message(role="system", content="Be kind."), user("Hi")], "Be brief.\n\nBe kind.\n\nHi"),
        ([user([TextPart(text="One"), TextPart(text="Two")])], "One\nTwo"),
    ],
)
def test_one_text_of_the_user_is_the_prompt_as_it_is(messages: list[Message], prompt: str) -> None:
    asked = body(*messages)
    assert asked["prompt"] == prompt
    assert "stop" not in asked


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ([user("Hi"), HELLO, user("Who?")], "User:\nHi\n\nAssistant:\nHello.\n\nUser:\nWho?\n\nAssistant:\n"),
        ([BRIEF, user("Hi"), user("Who?")], "Be brief.\n\nUser:\nHi\n\nUser:\nWho?\n\nAssistant:\n"),
        # What the assistant has begun to say, it goes on saying.
        ([user("Hi"), HELLO], "User:\nHi\n\nAssistant:\nHello."),
        ([HELLO], "Assistant:\nHello."),
        ([user("Hi"), HELLO, BRIEF], "Be brief.\n\nUser:\nHi\n\nAssistant:\nHello."),
    ],
)
def test_a_conversation_is_written_down_with_the_assistants_turn_left_open(
    messages: list[Message], prompt: str
) -> None:
    asked = body(*messages)
    assert asked["prompt"] == prompt
    assert asked["stop"] == ["\n\nUser:", "\nUser:"]


@pytest.mark.parametrize(
    ("stops", "sent"),
    [
        (["END"], ["END", "\n\nUser:", "\nUser:"]),
        (["1", "2", "3"], ["1", "2", "3", "\n\nUser:"]),
        (["1", "2", "3", "4", "5"], ["1", "2", "3", "4", "5"]),
    ],
)
def test_stop_texts_of_the_callers_own_come_first(stops: list[str], sent: list[str]) -> None:
    assert body(user("Hi"), HELLO, user("Who?"), parameters={"stop": stops})["stop"] == sent
    assert body(user("Hi"), parameters={"stop": stops})["stop"] == stops


def test_a_server_that_takes_no_stop_texts_gets_none() -> None:
    assert "stop" not in body(user("Hi"), HELLO, user("Who?"), wire={"refused_parameters": ("stop",)})


def test_parameters() -> None:
    given = {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 50,
        "stop": ["END"],
        "seed": 7,
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "user": "me",
    }
    sent = body(parameters=given)
    assert {name: sent[name] for name in given} == given


@pytest.mark.parametrize("name", ["top_k", "reasoning_effort", "parallel_tool_calls", "keep_alive"])
def test_other_parameters_are_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(parameters={name: 1})
    assert refused.value.field == f"parameters.{name}"


def test_the_rows_flags() -> None:
    wire = {
        "extra_parameters": ("top_k",),
        "stream_usage": "unasked",
        "default_max_tokens": 64,
        "extra_body": {"cache": True},
    }
    sent = body(wire=wire, parameters={"top_k": 5})
    assert (sent["top_k"], sent["max_tokens"], sent["cache"]) == (5, 64, True)
    assert "stream_options" not in sent


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tools": (tool(),)}, "tools"),
        ({"tools": (tool(),), "tool_choice": "required"}, "tools"),
        ({"answer_format": json_form()}, "responseFormat"),
        ({"answer_format": json_form(schema=None)}, "responseFormat"),
        ({"messages": (user([ImagePart(data=PNG, mime_type="image/png")]),)}, "messages"),
        ({"messages": (user(), Message(role="assistant", tool_calls=(ToolCall(id="c", name="f"),)))}, "messages"),
        ({"messages": (user(), Message(role="tool", tool_call_id="c", content="18"))}, "messages"),
    ],
)
def test_what_a_prompt_cannot_say_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(*changes.pop("messages", ()), **changes)
    assert (refused.value.field, refused.value.kind, refused.value.provider) == (field, "unsupported", "acme")


def test_tools_that_must_not_be_called_are_left_out() -> None:
    assert body(tools=(tool(),), tool_choice="none") == body()


@pytest.mark.parametrize(("path", "sent"), [(None, "/completions"), ("/v1beta/complete", "/v1beta/complete")])
def test_the_path(path: str | None, sent: str) -> None:
    assert OpenAICompletions().request(call(endpoint=endpoint(chat_path=path))).path == sent


def test_the_models_are_listed_as_openai_lists_them() -> None:
    wire = OpenAICompletions()
    assert wire.models_path(row()) == "/models"
    assert wire.models_path(row(wire={"models_path": ""})) == ""
    assert model_ids(b'{"object":"list","data":[{"id":"davinci-002"}]}') == ("davinci-002",)


# Replies.


def decoded(*events: Any, wire: dict[str, Any] | None = None) -> tuple[Answer, CompletionsDecoder]:
    built = answer()
    decoder = OpenAICompletions().decoder(call(provider=row(wire=wire or {})), built)
    for event in events:
        decoder.event(b"", event if isinstance(event, bytes) else json.dumps(event).encode())
    return built, decoder


def replied(reply: Any) -> Answer:
    built = answer()
    OpenAICompletions().decoder(call(), built).whole(json.dumps(reply).encode())
    return built


def chunk(text: str, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"object": "text_completion", "choices": [{"index": 0, "text": text, "finish_reason": reason}], **more}


USAGE = {"usage": {"prompt_tokens": 14, "completion_tokens": 2, "total_tokens": 16}}


def test_a_stream() -> None:
    built, decoder = decoded(chunk(" Hel", usage=None), chunk("lo", "length"), {"choices": [], **USAGE}, b"[DONE]")
    assert (built.whole_text(), built.finish_reason) == (" Hello", "length")
    assert built.counts == TokenCounts(input=14, output=2)
    assert (decoder.complete, decoder.over) == (True, True)


def test_what_llama_cpp_adds_is_left_aside() -> None:
    native = {"content": "Hello", "tokens_predicted": 2, "timings": {"predicted_ms": 5.0}, "stop": True}
    built, decoder = decoded(chunk("Hello", "stop", **native, **USAGE))
    assert (built.whole_text(), built.finish_reason, decoder.complete) == ("Hello", "stop", True)


def test_a_stream_without_a_reason_is_not_whole_until_its_end_mark() -> None:
    assert not decoded(chunk("Hel"))[1].complete
    built, decoder = decoded(chunk("Hel"), b"[DONE]")
    assert (built.finish_reason, decoder.complete, decoder.over) == ("other", True, True)


@pytest.mark.parametrize(
    ("reason", "finish"), [("eos", "stop"), ("content_filter", "contentFilter"), ("abort", "other")]
)
def test_finish_reasons(reason: str, finish: str) -> None:
    assert decoded(chunk("x", reason), b"[DONE]")[0].finish_reason == finish


def test_only_the_first_choice_counts() -> None:
    second = {"choices": [{"index": 1, "text": "B", "finish_reason": "length"}]}
    built, decoder = decoded(chunk("A"), second)
    assert (built.whole_text(), decoder.complete) == ("A", False)


def test_reasoning_between_tags() -> None:
    built, _ = decoded(chunk("<thi"), chunk("nk>Hm.</think>"), chunk("\nYes."), b"[DONE]", wire={"think_tags": True})
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.", "Yes.")
    assert decoded(chunk("<think>Hm."))[0].whole_text() == "<think>Hm."


def test_a_whole_reply() -> None:
    built = replied(chunk("Hello", "stop", **USAGE))
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")
    assert built.counts == TokenCounts(input=14, output=2)


@pytest.mark.parametrize("give", [lambda error: decoded(chunk("x"), error), replied])
def test_an_error_inside_a_good_status(give: Any) -> None:
    with pytest.raises(ProviderRefused) as refused:
        give({"error": {"message": "overloaded", "code": 503}})
    assert b"overloaded" in refused.value.error  # type: ignore[operator]


@pytest.mark.parametrize("odd", [{}, {"content": "Hel", "stop": False}, [], 5])
def test_what_is_no_answer_is_not_understood(odd: Any) -> None:
    for give in (decoded, replied):
        with pytest.raises(NotUnderstood):
            give(odd)
    with pytest.raises(NotUnderstood):
        replied({"choices": []})
