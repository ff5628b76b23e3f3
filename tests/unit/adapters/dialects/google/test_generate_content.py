"""Google's generateContent: contents of parts out, chunks of candidates in, thought signatures there and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelport.adapters.dialects.google.generate_content import Gemini, GeminiDecoder
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.listings import model_ids
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import ImagePart, Message, TextPart, Tool, ToolCall
from support.builders import SCHEMA, answer, call, endpoint, fitted, json_form, row, tool, user

PNG = "iVBORw0KGgo="
GEMINI = row("gemini", dialect="gemini")


def asking(*messages: Message, **changes: Any) -> ModelCall:
    return call(*messages, **({"provider": GEMINI, "model": "gemini-2.5-flash"} | changes))


def body(asked: ModelCall) -> dict[str, Any]:
    return Gemini().request(fitted(asked, "gemini")).body


def extra(**changes: Any) -> dict[str, Any]:
    """What a call's body has that a plain one's has not."""
    plain = body(asking())
    return {key: value for key, value in body(asking(**changes)).items() if plain.get(key) != value}


# Requests.


def test_a_plain_call() -> None:
    assert body(asking(user("Hello"))) == {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}


@pytest.mark.parametrize(
    ("template", "model", "path"),
    [
        (None, "gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
        (None, "models/gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
        (None, "a/b c?d#é", "/v1beta/models/a%2Fb%20c%3Fd%23%C3%A9:streamGenerateContent?alt=sse"),
        ("/v1/projects/p/models/{model}:streamGenerateContent", "m", "/v1/projects/p/models/m:streamGenerateContent"),
    ],
)
def test_the_model_stands_in_the_path(template: str | None, model: str, path: str) -> None:
    place = endpoint(GEMINI, chat_path=template)
    assert Gemini().request(call(endpoint=place, model=model)).path == path


def test_system_messages_are_the_instruction() -> None:
    one, two = Message(role="system", content="Be brief."), Message(role="system", content="Be kind.")
    asked = body(asking(one, user("Hi"), two))
    assert asked["systemInstruction"] == {"parts": [{"text": "Be brief.\n\nBe kind."}]}
    assert asked["contents"] == [{"role": "user", "parts": [{"text": "Hi"}]}]


def test_images_by_address_and_by_value() -> None:
    parts = [
        TextPart(text="Look:"),
        ImagePart(data=PNG, mime_type="image/webp"),
        ImagePart(url="data:image/gif;base64,R0lGODlh"),
        ImagePart(url="https://i.example/x.PNG?size=1"),
        ImagePart(url="gs://bucket/x", mime_type="image/heic"),
        ImagePart(url="https://i.example/photo"),
        TextPart(text=""),
    ]
    assert body(asking(user(parts)))["contents"][0]["parts"] == [
        {"text": "Look:"},
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"inlineData": {"mimeType": "image/gif", "data": "R0lGODlh"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://i.example/x.PNG?size=1"}},
        {"fileData": {"mimeType": "image/heic", "fileUri": "gs://bucket/x"}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://i.example/photo"}},
    ]


def test_neighbours_of_one_role_are_one_turn_and_an_empty_message_is_none() -> None:
    turns = body(asking(user("a"), Message(role="assistant", content=""), user("b")))["contents"]
    assert turns == [{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}]


def test_tools() -> None:
    assert extra(tools=(tool(), Tool(name="now"))) == {
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "get_weather", "description": "Does get_weather.", "parametersJsonSchema": SCHEMA},
                    {"name": "now", "description": ""},
                ]
            }
        ]
    }


def test_arguments_with_any_names_are_described() -> None:
    free = {"type": "object", "properties": {}, "additionalProperties": {"type": "number"}}
    empty = {"type": "object", "properties": {}, "title": "None", "description": "Needs nothing."}
    asked = extra(tools=(Tool(name="free", parameters=free), Tool(name="none", parameters=empty)))
    assert asked["tools"][0]["functionDeclarations"] == [
        {"name": "free", "description": "", "parametersJsonSchema": free},
        {"name": "none", "description": "Needs nothing."},
    ]


@pytest.mark.parametrize(
    ("choice", "named", "sent"),
    [
        (None, None, None),
        ("auto", None, {"mode": "AUTO"}),
        ("none", None, {"mode": "NONE"}),
        ("required", None, {"mode": "ANY"}),
        ("named", "get_weather", {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}),
    ],
)
def test_tool_choices(choice: str | None, named: str | None, sent: Any) -> None:
    asked = extra(tools=(tool(),), tool_choice=choice, named_tool=named)
    assert asked.get("toolConfig") == (sent and {"functionCallingConfig": sent})
    assert "tools" in asked


def test_a_choice_the_row_does_not_take_is_refused() -> None:
    limited = row(dialect="gemini", wire={"tool_choice": ("auto",)})
    with pytest.raises(InvalidParams) as refused:
        body(asking(provider=limited, tools=(tool(),), tool_choice="required"))
    assert refused.value.field == "toolChoice"
    assert "tools" not in body(asking(provider=limited, tools=(tool(),), tool_choice="none"))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"top_p": 0.5}, {"topP": 0.5}),
        ({"top_k": 5}, {"topK": 5}),
        ({"max_tokens": 9}, {"maxOutputTokens": 9}),
        ({"stop": ["END"]}, {"stopSequences": ["END"]}),
        ({"seed": 7}, {"seed": 7}),
        ({"presence_penalty": 1}, {"presencePenalty": 1}),
        ({"frequency_penalty": -1}, {"frequencyPenalty": -1}),
        ({"reasoning_effort": "low"}, {"thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": True}}),
    ],
)
def test_parameters(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert extra(parameters=given) == {"generationConfig": sent}


@pytest.mark.parametrize("name", ["user", "parallel_tool_calls", "min_p", "repetition_penalty", "keep_alive"])  # fmt: skip
def test_a_parameter_the_format_has_no_place_for_is_refused(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(asking(parameters={name: 1}))
    assert refused.value.field == f"parameters.{name}"


def test_a_parameter_the_row_refuses_is_refused() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(asking(provider=row(wire={"refused_parameters": ("top_k",)}), parameters={"top_k": 1}))
    assert refused.value.field == "parameters.top_k"


def test_an_answer_in_json() -> None:
    assert extra(answer_format=json_form(schema=None)) == {"generationConfig": {"responseMimeType": "application/json"}}
    assert extra(answer_format=json_form()) == {
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}
    }


def test_a_format_the_row_does_not_take_is_refused() -> None:
    with pytest.raises(InvalidParams) as refused:
        body(asking(provider=row(wire={"response_formats": ("json_object",)}), answer_format=json_form()))
    assert refused.value.field == "responseFormat"


def test_the_rows_constants_and_the_listing() -> None:
    assert extra(provider=row(wire={"extra_body": {"labels": {"a": "b"}}})) == {"labels": {"a": "b"}}
    assert Gemini().models_path(row()) == "/v1beta/models?pageSize=1000"
    assert Gemini().models_path(row(wire={"models_path": ""})) == ""
    assert Gemini.key_header == "x-goog-api-key"
    assert model_ids(b'{"models":[{"name":"models/gemini-3-pro","displayName":"x"},{"name":"tuned/y"}]}') == (
        "gemini-3-pro",
        "tuned/y",
    )
    assert model_ids(b'{"data":[{"id":"gemini-3-pro"}]}') == ("gemini-3-pro",)
    assert model_ids(b"{}") == ()
    with pytest.raises(NotUnderstood):
        model_ids(b"<html>")


# Conversations with tools.

CALLS = (
    ToolCall(id="c1", name="get_weather", arguments={"city": "Paris"}),
    ToolCall(id="c2", name="get_weather", arguments_text='{"city"'),
)


def test_results_stand_in_the_order_of_their_calls_since_nothing_else_ties_them_together() -> None:
    turns = body(
        asking(
            user("Weather?"),
            Message(role="assistant", content="Let me see.", tool_calls=CALLS),
            Message(role="tool", tool_call_id="c2", content=(TextPart(text="See:"), ImagePart(data=PNG))),
            Message(role="tool", tool_call_id="c1", content="18"),
            user("And?"),
        )
    )["contents"]
    assert turns[1:] == [
        {
            "role": "model",
            "parts": [
                {"text": "Let me see."},
                {"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}},
                {"functionCall": {"name": "get_weather", "args": {"text": '{"city"'}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "get_weather", "response": {"output": "18"}}},
                {"functionResponse": {"name": "get_weather", "response": {"output": "See:"}}},
                {"inlineData": {"mimeType": "image/png", "data": PNG}},
                {"text": "And?"},
            ],
        },
    ]


def test_an_id_that_comes_again_means_the_later_call() -> None:
    def turn(name: str) -> tuple[Message, Message]:
        made = Message(role="assistant", tool_calls=(ToolCall(id="call_0", name=name, arguments={}),))
        return made, Message(role="tool", tool_call_id="call_0", content="done")

    turns = body(asking(user("x"), *turn("f"), *turn("g")))["contents"]
    assert [turn["parts"][0]["functionResponse"]["name"] for turn in (turns[2], turns[4])] == ["f", "g"]


def test_a_result_of_no_call_is_refused_since_it_has_no_name() -> None:
    with pytest.raises(InvalidParams, match="c9") as refused:
        body(asking(user("x"), Message(role="tool", tool_call_id="c9", content="18")))
    assert refused.value.field == "messages[1].toolCallId"


def second_turn(first: Answer, *, text: str | None = None, **changes: Any) -> list[dict[str, Any]]:
    """The contents of the request that follows an answer, with a result for each of its calls."""
    asked = asking(user("Weather?"), **changes)
    state = json.loads(json.dumps(asked.pack_state(first.make_state())))
    said = first.whole_text() if text is None else text
    made = Message(role="assistant", content=said, tool_calls=first.tool_calls(), provider_state=state)
    results = [Message(role="tool", tool_call_id=c.id, content=f"result of {c.name}") for c in first.tool_calls()]
    return body(asking(*asked.messages, made, *results, **changes))["contents"][1:]


def test_signatures_go_back_in_their_parts_and_ids_with_them() -> None:
    first, _ = decoded(
        chunk({"text": "Hm. ", "thought": True}),
        chunk({"text": "Let me "}),
        chunk({"text": "see.", "thoughtSignature": "c2lnMQ=="}),
        chunk(
            {"functionCall": {"name": "f", "args": {"x": 1}, "id": "abc"}, "thoughtSignature": "c2lnMg=="},
            {"functionCall": {"name": "g"}},
        ),
        chunk({"text": "", "thoughtSignature": "c2lnMw=="}, finishReason="STOP"),
    )
    made = first.tool_calls()[1].id
    assert made.startswith("call_")
    assert second_turn(first) == [
        {
            "role": "model",
            "parts": [
                {"text": "Let me "},
                {"text": "see.", "thoughtSignature": "c2lnMQ=="},
                {"functionCall": {"name": "f", "args": {"x": 1}, "id": "abc"}, "thoughtSignature": "c2lnMg=="},
                {"functionCall": {"name": "g", "args": {}}},
                {"text": "", "thoughtSignature": "c2lnMw=="},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"output": "result of f"}, "id": "abc"}},
                {"functionResponse": {"name": "g", "response": {"output": "result of g"}}},
            ],
        },
    ]


def test_a_signed_thought_goes_back_whole() -> None:
    first, _ = decoded(
        chunk({"text": "Hm.", "thought": True, "thoughtSignature": "c2ln"}, {"text": "Yes."}, finishReason="STOP")
    )
    signed = {"text": "Hm.", "thought": True, "thoughtSignature": "c2ln"}
    assert second_turn(first)[0] == {"role": "model", "parts": [signed, {"text": "Yes."}]}


def test_what_the_client_changed_goes_back_as_it_is_now() -> None:
    call_part = {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"}
    first, _ = decoded(chunk({"text": "Let me see what there is."}), chunk(call_part))
    assert second_turn(first, text="Well.")[0]["parts"] == [{"text": "Well."}, call_part]


def test_an_answer_without_signatures_and_ids_has_no_state() -> None:
    first, _ = decoded(chunk({"text": "Yes."}, {"functionCall": {"name": "f"}}))
    assert first.make_state() == {}
    assert asking().pack_state(first.make_state()) is None


@pytest.mark.parametrize("odd", [{"parts": 5}, {"parts": [{"at": "x"}]}, {"parts": [{"call": "zz", "signature": "s"}]}, {"other": 1}])  # fmt: skip
def test_a_state_that_is_not_ours_is_not_trusted(odd: dict[str, Any]) -> None:
    state = asking().pack_state(odd)
    made = Message(role="assistant", content="Hi.", tool_calls=CALLS[:1], provider_state=state)
    assert body(asking(user("x"), made))["contents"][1]["parts"] == [
        {"text": "Hi."},
        {"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}},
    ]


@pytest.mark.parametrize(
    ("model", "signed"),
    [("gemini-3-pro-preview", True), ("google/gemini-4-argon", True), ("gemini-flash-latest", True), ("gemini-2.5-pro", False), ("gemma-4-31b-it", False)],
)  # fmt: skip
def test_another_models_call_gets_the_documented_placeholder_where_one_is_wanted(model: str, signed: bool) -> None:
    made = Message(role="assistant", tool_calls=CALLS)
    parts = body(asking(user("x"), made, model=model))["contents"][1]["parts"]
    given = [part.get("thoughtSignature") for part in parts]
    assert given == ["skip_thought_signature_validator" if signed else None, None]


# Replies.


def chunk(*parts: Any, **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **candidate}]}


def usage(**counts: int) -> dict[str, Any]:
    return {"usageMetadata": counts}


def decoded(*chunks: Any) -> tuple[Answer, GeminiDecoder]:
    built = answer()
    decoder = Gemini().decoder(call(), built)
    for event in chunks:
        decoder.event(b"", event if isinstance(event, bytes) else json.dumps(event).encode())
    return built, decoder


def replied(reply: Any) -> tuple[Answer, GeminiDecoder]:
    built = answer()
    decoder = Gemini().decoder(call(), built)
    decoder.whole(reply if isinstance(reply, bytes) else json.dumps(reply).encode())
    return built, decoder


def test_a_stream_of_thoughts_and_text() -> None:
    built, decoder = decoded(
        chunk({"text": "Hm.", "thought": True}),
        chunk({"text": "Hel"}) | usage(promptTokenCount=10, totalTokenCount=10),
        {"responseId": "x"},
        chunk({"text": "lo"}, finishReason="STOP")
        | usage(promptTokenCount=10, candidatesTokenCount=2, thoughtsTokenCount=3, totalTokenCount=15),
    )
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Hello", "stop")
    assert built.counts == TokenCounts(input=10, output=5, reasoning=3)
    assert decoder.complete
    # More may come behind the reason, such as the counts.
    assert not decoder.over


def test_other_candidates_are_not_mixed_in() -> None:
    built, _ = decoded({"candidates": [{"index": 1, "content": {"parts": [{"text": "no"}]}}, {"content": {"parts": [{"text": "yes"}]}}]})  # fmt: skip
    assert built.whole_text() == "yes"


def test_parallel_calls_without_ids_get_ids_that_nothing_else_has() -> None:
    first, _ = decoded(
        chunk({"text": "Let me see."}),
        chunk({"functionCall": {"name": "f", "args": {"x": [1, {"y": "é"}]}}}, {"functionCall": {"name": "f"}}),
        chunk({"functionCall": {"name": "g", "args": {}}}, finishReason="STOP"),
    )
    again, _ = decoded(chunk({"functionCall": {"name": "f"}}))
    made = [(c.name, c.arguments) for c in first.tool_calls()]
    assert made == [("f", {"x": [1, {"y": "é"}]}), ("f", {}), ("g", {})]
    assert len({c.id for c in (*first.tool_calls(), *again.tool_calls())}) == 4
    assert first.finish_reason == "toolCalls"


def test_a_call_keeps_the_id_it_has() -> None:
    built, _ = decoded(chunk({"functionCall": {"id": "abc", "name": "f", "args": {"x": 1}}}))
    assert [c.id for c in built.tool_calls()] == ["abc"]


def test_a_call_is_whole_even_where_the_stream_ends_without_a_reason() -> None:
    built, decoder = decoded(chunk({"functionCall": {"name": "f"}}))
    assert (decoder.complete, built.finish_reason) == (True, "toolCalls")
    assert not decoded(chunk({"text": "half"}))[1].complete


@pytest.mark.parametrize(("reason", "finish"), [("STOP", "stop"), ("MAX_TOKENS", "length"), ("CONTINUATION", "length"), ("SAFETY", "contentFilter"), ("RECITATION", "contentFilter"), ("BLOCKLIST", "contentFilter"), ("PROHIBITED_CONTENT", "contentFilter"), ("SPII", "contentFilter"), ("IMAGE_SAFETY", "contentFilter"), ("IMAGE_PROHIBITED_CONTENT", "contentFilter"), ("IMAGE_RECITATION", "contentFilter"), ("MODEL_ARMOR", "contentFilter"), ("ESCALATION", "contentFilter"), ("UNEXPECTED_TOOL_CALL", "toolCalls"), ("FUNCTION_CALL", "toolCalls"), (1, "stop"), (2, "length"), (3, "contentFilter"), (4, "contentFilter"), ("OTHER", "other"), ("NEW", "other"), (9, "other")])  # fmt: skip
def test_finish_reasons(reason: str | int, finish: str) -> None:
    built, decoder = decoded(chunk({"text": "x"}, finishReason=reason))
    assert built.finish_reason == ("other" if finish == "toolCalls" else finish)
    assert decoder.complete


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "NO_IMAGE"])  # fmt: skip
def test_reasons_that_mean_that_there_is_no_answer(reason: str) -> None:
    assert reason in decoded(chunk({"text": "x"}, finishReason=reason))[0].failure
    assert decoded(chunk(finishReason=reason, finishMessage="Malformed: f("))[0].failure == "Malformed: f("


@pytest.mark.parametrize(("reason", "finish"), [("STOP", "toolCalls"), ("UNEXPECTED_TOOL_CALL", "toolCalls"), ("MAX_TOKENS", "length"), ("SAFETY", "contentFilter"), ("NEW", "toolCalls")])  # fmt: skip
def test_finish_reasons_of_an_answer_with_calls(reason: str, finish: str) -> None:
    built, _ = decoded(chunk({"functionCall": {"name": "f"}}), chunk(finishReason=reason))
    assert built.finish_reason == finish


@pytest.mark.parametrize(
    ("counted", "counts"),
    [
        ({"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 11}, TokenCounts(input=9, output=2)),
        # The input has its cached part in it; what Google's own tools read has not.
        (
            {"promptTokenCount": 90, "cachedContentTokenCount": 80, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 97},
            TokenCounts(input=95, output=2, cache_read=80),
        ),
        # Nothing but thoughts before the limit.
        ({"promptTokenCount": 15, "thoughtsTokenCount": 2, "totalTokenCount": 17}, TokenCounts(input=15, output=2, reasoning=2)),
        # Thoughts that are counted with the answer already.
        (
            {"promptTokenCount": 10, "candidatesTokenCount": 7, "thoughtsTokenCount": 4, "totalTokenCount": 17},
            TokenCounts(input=10, output=7, reasoning=4),
        ),
        # A video is counted in the total only.
        ({"candidatesTokenCount": 1, "thoughtsTokenCount": 41, "totalTokenCount": 338}, TokenCounts(input=296, output=42, reasoning=41)),
        ({"trafficType": "ON_DEMAND"}, None),
        ({"promptTokenCount": "many"}, None),
        ([], None),
        (None, None),
    ],
)  # fmt: skip
def test_usage(counted: Any, counts: TokenCounts | None) -> None:
    built, _ = decoded(chunk({"text": "x"}, finishReason="STOP") | {"usageMetadata": counted})
    assert (built.whole_text(), built.counts) == ("x", counts)


def test_the_last_counts_are_the_counts() -> None:
    built, _ = decoded(
        chunk({"text": "x"}) | usage(promptTokenCount=5, totalTokenCount=5),
        chunk(finishReason="STOP") | usage(promptTokenCount=5, candidatesTokenCount=1, totalTokenCount=6),
    )
    assert built.counts == TokenCounts(input=5, output=1)


def test_a_whole_reply() -> None:
    parts = [{"text": "Hm.", "thought": True}, {"text": "Yes."}]
    built, decoder = replied(chunk(*parts, finishReason="STOP") | usage(promptTokenCount=1, candidatesTokenCount=2))
    assert (built.whole_reasoning(), built.whole_text(), built.finish_reason) == ("Hm.", "Yes.", "stop")
    assert (decoder.complete, decoder.over) == (True, True)
    assert replied(chunk({"text": "Yes."}))[0].finish_reason == "other"


def test_a_stream_that_came_as_one_list() -> None:
    built, decoder = replied([chunk({"text": "Y"}), chunk({"text": "es."}, finishReason="MAX_TOKENS")])
    assert (built.whole_text(), built.finish_reason, decoder.complete) == ("Yes.", "length", True)
    assert not replied([chunk({"text": "Y"})])[1].complete


def test_an_end_mark_ends_it() -> None:
    built, decoder = decoded(chunk({"text": "x"}, finishReason="STOP"), b"[DONE]")
    assert (built.finish_reason, decoder.over) == ("stop", True)
    built, decoder = decoded(chunk({"text": "x"}), b"[DONE]")
    assert (built.finish_reason, decoder.complete, decoder.over) == ("other", True, True)


@pytest.mark.parametrize("reply", [decoded, replied])
@pytest.mark.parametrize(
    ("feedback", "words"),
    [
        ({"blockReason": "MODEL_ARMOR", "blockReasonMessage": "The prompt violated a filter."}, "violated"),
        ({"blockReason": "SAFETY", "safetyRatings": []}, "SAFETY"),
    ],
)
def test_a_blocked_prompt_is_refused_for_its_content(reply: Any, feedback: Any, words: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        reply({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 3}})
    assert isinstance(refused.value.error, dict)
    assert refused.value.error["code"] == "content_filter"
    assert words in refused.value.error["message"]


ERROR = {"error": {"code": 429, "message": "Resource exhausted", "status": "RESOURCE_EXHAUSTED", "details": []}}


@pytest.mark.parametrize("give", [lambda: decoded(ERROR), lambda: replied(ERROR), lambda: replied([ERROR]), lambda: replied([chunk({"text": "x"}), ERROR])])  # fmt: skip
def test_an_error_inside_a_good_status_has_the_status_it_would_have_had(give: Any) -> None:
    with pytest.raises(ProviderRefused) as refused:
        give()
    assert refused.value.error == {"code": 429, "message": "Resource exhausted"}


def test_an_error_in_other_words_is_an_error_too() -> None:
    for odd in ({"error": "overloaded"}, {"error": {"status": "UNAVAILABLE"}}, {"message": "overloaded"}):
        with pytest.raises(ProviderRefused):
            decoded(odd)


@pytest.mark.parametrize("odd", [b"{}", b"[]", b'"x"', b"{", b'{"candidates":5}', b'{"batch":{"name":"x"}}'])
def test_what_is_no_answer_is_not_understood(odd: bytes) -> None:
    with pytest.raises(NotUnderstood):
        replied(odd)
    with pytest.raises(NotUnderstood):
        decoded(odd)
