"""Converse: turns of blocks out, block events in."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from modelport.adapters.dialects.bedrock.converse import BedrockConverse, ConverseDecoder
from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.adapters.wire.finish_reasons import FAILURES, FINISH_REASONS
from modelport.adapters.wire.listings import model_ids
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.reported_usage import TokenCounts
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.protocol.types import ImagePart, Message, TextPart, Tool, ToolCall
from support.builders import (
    SCHEMA,
    RecordingListener,
    answer,
    call,
    endpoint,
    fitted,
    json_form,
    row,
    stub_exchange,
    tool,
    user,
)
from support.event_stream import chunk, event, events, exception

PNG = "iVBORw0KGgo="
JPEG = "/9j/4A=="
GIF = "R0lGODlh"
WEBP = "UklGRgAAAABXRUJQ"
CLAUDE = "us.anthropic.claude-sonnet-4-6"
NOVA = "amazon.nova-pro-v1:0"
BEDROCK = row("bedrock", dialect="bedrock_converse", wire={"tool_choice": ("auto", "required", "named")})


def asking(*messages: Message, model: str = NOVA, **changes: Any) -> ModelCall:
    return call(*messages, provider=changes.pop("provider", BEDROCK), model=model, **changes)


def body(*messages: Message, **changes: Any) -> dict[str, Any]:
    return BedrockConverse().request(fitted(asking(*messages, **changes), "bedrock_converse")).body


def turns(*messages: Message, **changes: Any) -> list[dict[str, Any]]:
    return body(*messages, **changes)["messages"]


def assistant(text: str | None = None, *calls: ToolCall, state: dict[str, Any] | None = None) -> Message:
    return Message(role="assistant", content=text, tool_calls=calls or None, provider_state=state)


def result(call_id: str, content: Any) -> Message:
    return Message(role="tool", tool_call_id=call_id, content=content)


def to_call(call_id: str = "c1", name: str = "get_weather") -> ToolCall:
    return ToolCall(id=call_id, name=name, arguments={"city": "Paris"})


def spec(name: str = "get_weather") -> dict[str, Any]:
    return {"toolSpec": {"name": name, "description": f"Does {name}.", "inputSchema": {"json": SCHEMA}}}


# Requests.


def test_a_plain_call() -> None:
    assert body(user("Hello")) == {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("amazon.nova-pro-v1:0", "/model/amazon.nova-pro-v1%3A0/converse-stream"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.x",
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/converse-stream",
        ),
        ("us.anthropic.claude-opus-4-7", "/model/us.anthropic.claude-opus-4-7/converse-stream"),
    ],
)
def test_the_path_names_the_model_as_it_goes_over_the_wire(model: str, path: str) -> None:
    assert BedrockConverse().request(asking(model=model)).path == path
    own = endpoint(BEDROCK, chat_path="/gateway/{model}/talk")
    assert BedrockConverse().request(call(endpoint=own, model="a:b")).path == "/gateway/a%3Ab/talk"


async def test_the_path_arrives_as_it_was_written() -> None:
    exchange = stub_exchange(*events(("messageStop", {"stopReason": "end_turn"}), ("metadata", {})))
    await HttpCompleter(BedrockConverse(), exchange).complete(asking(model="a/b:0"), answer())
    (request,) = exchange._replies._sender._pool.requests  # type: ignore[attr-defined]
    assert request.url.raw_path.endswith(b"/model/a%2Fb%3A0/converse-stream")


def test_system_messages_are_blocks_of_their_own() -> None:
    one, two, none = (Message(role="system", content=text) for text in ("Be brief.", "Be kind.", " "))
    asked = body(one, user("Hi"), two, none)
    assert asked["system"] == [{"text": "Be brief."}, {"text": "Be kind."}]
    assert [turn["role"] for turn in asked["messages"]] == ["user"]


def test_a_conversation_with_parallel_tool_results_has_turns_that_alternate() -> None:
    broken = ToolCall(id="c2", name="get_weather", arguments_text='{"city"')
    assert turns(
        user("Weather?"),
        user("In Paris."),
        assistant("Let me see.", to_call(), broken),
        result("c1", "18"),
        result("c2", "no idea"),
        user("And?"),
        tools=(tool(),),
    ) == [
        {"role": "user", "content": [{"text": "Weather?"}, {"text": "In Paris."}]},
        {
            "role": "assistant",
            "content": [
                {"text": "Let me see."},
                {"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": {"city": "Paris"}}},
                {"toolUse": {"toolUseId": "c2", "name": "get_weather", "input": {"text": '{"city"'}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "c1", "content": [{"text": "18"}]}},
                {"toolResult": {"toolUseId": "c2", "content": [{"text": "no idea"}]}},
                {"text": "And?"},
            ],
        },
    ]


@pytest.mark.parametrize("blank", ["", " ", "\n\n"])
def test_blank_text_is_never_sent_since_the_service_refuses_it(blank: str) -> None:
    parts = [TextPart(text=blank), TextPart(text="b")]
    asked = turns(user("a"), assistant(blank), user(parts), assistant(blank, to_call()), result("c1", blank))
    assert asked == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": {"city": "Paris"}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "(no output)"}]}}]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (ImagePart(data=PNG, mime_type="image/png"), "png"),
        (ImagePart(data=JPEG, mime_type="image/JPG"), "jpeg"),
        (ImagePart(data=JPEG, mime_type="image/png"), "jpeg"),
        (ImagePart(data=GIF, mime_type="image/gif"), "gif"),
        (ImagePart(url=f"data:image/webp;charset=utf-8;base64,{WEBP}"), "webp"),
        (ImagePart(data=PNG), "png"),
    ],
)
def test_images_are_sent_by_value(part: ImagePart, kind: str) -> None:
    data = {"png": PNG, "jpeg": JPEG, "gif": GIF, "webp": WEBP}[kind]
    image = {"image": {"format": kind, "source": {"bytes": data}}}
    assert turns(user([TextPart(text="Look:"), part]))[0]["content"] == [{"text": "Look:"}, image]
    answered = turns(user("Draw"), assistant(None, to_call()), result("c1", (part,)))[-1]["content"]
    assert answered == [{"toolResult": {"toolUseId": "c1", "content": [image]}}]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (ImagePart(url="https://i/x.png"), "by value only"),
        (ImagePart(data="SUkqAA==", mime_type="image/png"), "image/tiff"),
    ],
)
def test_images_that_cannot_be_sent_are_refused(part: ImagePart, words: str) -> None:
    with pytest.raises(InvalidParams, match=words) as refused:
        body(user([part]))
    assert (refused.value.field, refused.value.kind) == ("messages", "unsupported")


def test_ids_of_other_providers_are_made_to_fit_alike_in_call_and_result() -> None:
    long = "call_" + "x" * 80 + "|fc_1"
    asked = turns(user("a"), assistant(None, to_call(long), to_call("functions.f:0")), result(long, "1"))
    made = [block["toolUse"]["toolUseId"] for block in asked[1]["content"]]
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", one) for one in made)
    assert [block["toolResult"]["toolUseId"] for block in asked[2]["content"]] == made


def test_tools() -> None:
    assert body(tools=(tool(), Tool(name="now", description=" ")))["toolConfig"] == {
        "tools": [
            spec(),
            {"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
        ]
    }


HISTORY = (user("a"), assistant(None, to_call()), result("c1", "18"))


@pytest.mark.parametrize("messages", [(), HISTORY])
@pytest.mark.parametrize(
    ("choice", "named", "sent"),
    [
        (None, None, None),
        ("auto", None, None),
        ("required", None, {"any": {}}),
        ("named", "get_weather", {"tool": {"name": "get_weather"}}),
    ],
)
def test_the_choice_of_a_tool(messages: tuple[Message, ...], choice: str, named: str, sent: Any) -> None:
    config = body(*messages, tools=(tool(),), tool_choice=choice, named_tool=named)["toolConfig"]
    assert config == {"tools": [spec()]} | ({"toolChoice": sent} if sent else {})


def test_no_tools_are_sent_where_none_may_be_called() -> None:
    assert "toolConfig" not in body(tools=(tool(),), tool_choice="none")
    assert "toolConfig" not in body(tools=(tool(),), tool_choice="none", model=CLAUDE)


def test_a_history_with_calls_keeps_the_tools_since_the_service_wants_them() -> None:
    asked = body(*HISTORY, tools=(tool(),), tool_choice="none")
    assert asked["toolConfig"] == {"tools": [spec()]}
    assert "additionalModelRequestFields" not in asked
    claude = body(*HISTORY, tools=(tool(),), tool_choice="none", model=CLAUDE)
    assert claude["toolConfig"] == {"tools": [spec()]}
    assert claude["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}
    bare = {"toolSpec": {"name": "get_weather", "inputSchema": {"json": {"type": "object", "properties": {}}}}}
    assert body(*HISTORY)["toolConfig"] == {"tools": [bare]}
    # No tool would answer a call.
    assert body(*HISTORY, model=CLAUDE)["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}


def test_a_choice_that_the_row_does_not_take_is_refused() -> None:
    with pytest.raises(InvalidParams, match="toolChoice"):
        body(tools=(tool(),), tool_choice="required", provider=row(wire={"tool_choice": ("auto",)}))


@pytest.mark.parametrize(
    ("choice", "named", "sent"),
    [
        (None, None, {"type": "auto"}),
        ("required", None, {"type": "any"}),
        ("named", "get_weather", {"type": "tool", "name": "get_weather"}),
    ],
)
def test_claude_has_its_own_field_for_one_call_at_a_time(choice: str, named: str, sent: dict[str, Any]) -> None:
    one_by_one = {"parallel_tool_calls": False}
    asked = body(model=CLAUDE, tools=(tool(),), tool_choice=choice, named_tool=named, parameters=one_by_one)
    assert asked["toolConfig"] == {"tools": [spec()]}
    assert asked["additionalModelRequestFields"] == {"tool_choice": sent | {"disable_parallel_tool_use": True}}
    assert "additionalModelRequestFields" not in body(model=CLAUDE, parameters=one_by_one)
    with pytest.raises(InvalidParams, match="parallel_tool_calls"):
        body(model=NOVA, tools=(tool(),), parameters=one_by_one)


def test_parameters() -> None:
    given = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 9, "stop": ["END"]}
    sent = {"temperature": 0.5, "topP": 0.9, "maxTokens": 9, "stopSequences": ["END"]}
    assert body(parameters=given)["inferenceConfig"] == sent


@pytest.mark.parametrize("name", ["seed", "presence_penalty", "frequency_penalty", "user", "min_p"])
def test_a_parameter_without_a_place_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidParams, match=name):
        body(parameters={name: 1})


def test_a_parameter_that_the_row_refuses_is_refused() -> None:
    with pytest.raises(InvalidParams, match="top_p"):
        body(parameters={"top_p": 1}, provider=row(wire={"refused_parameters": ("top_p",)}))


def test_an_answer_that_fits_a_schema() -> None:
    wanted = body(answer_format=json_form())["outputConfig"]["textFormat"]
    assert wanted["type"] == "json_schema"
    assert wanted["structure"]["jsonSchema"]["name"] == "place"
    assert json.loads(wanted["structure"]["jsonSchema"]["schema"]) == SCHEMA | {"additionalProperties": False}


def test_any_json_is_requested_in_words_since_converse_has_no_field_for_it() -> None:
    asked = body(Message(role="system", content="Be kind."), user(), answer_format=json_form(schema=None))
    assert asked["system"] == [{"text": "Be kind."}, {"text": "Answer with one JSON object and nothing else."}]
    assert "outputConfig" not in asked


@pytest.mark.parametrize("form", [json_form(), json_form(schema=None)])
def test_a_form_that_the_row_does_not_take_is_refused(form: Any) -> None:
    with pytest.raises(InvalidParams, match="response format"):
        body(answer_format=form, provider=row(wire={"response_formats": ()}))


def test_a_row_may_add_what_every_request_carries() -> None:
    tier = {"serviceTier": {"type": "flex"}}
    assert body(provider=row(wire={"extra_body": tier}))["serviceTier"] == {"type": "flex"}


def test_models_are_listed_where_the_row_has_a_path_for_it() -> None:
    assert BedrockConverse().models_path(row()) == ""
    assert BedrockConverse().models_path(row(wire={"models_path": ""})) == ""
    assert BedrockConverse().models_path(row(wire={"models_path": "/foundation-models"})) == "/foundation-models"


@pytest.mark.parametrize(
    ("listing", "ids"),
    [
        ({"modelSummaries": [{"modelId": "a.b-v1:0"}, {"modelId": "c.d"}, {}, 5]}, ("a.b-v1:0", "c.d")),
        ({"modelSummaries": 5}, ()),
        ({}, ()),
        ([], ()),
    ],
)
def test_the_ids_of_a_listing(listing: Any, ids: tuple[str, ...]) -> None:
    assert model_ids(json.dumps(listing).encode()) == ids


@pytest.mark.parametrize("listing", [b"oops", b"5", b'"text"'])
def test_what_is_no_listing_is_reported(listing: bytes) -> None:
    with pytest.raises(NotUnderstood):
        model_ids(listing)


# Replies.


def said(*named: tuple[str, Any], model: str = CLAUDE) -> Answer:
    built = answer()
    decoder = ConverseDecoder(built, model)
    for name, payload in named:
        decoder.event(name.encode(), json.dumps(payload).encode())
    assert decoder.complete
    return built


def heard(built: Answer) -> list[tuple[Any, ...]]:
    assert isinstance(built.listener, RecordingListener)
    return built.listener.events


def delta(index: int, **what: Any) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": what, "p": "abc"}


def start(index: int, name: str, call_id: str, **more: Any) -> tuple[str, Any]:
    started = {"toolUse": {"toolUseId": call_id, "name": name, **more}}
    return "contentBlockStart", {"contentBlockIndex": index, "start": started}


def stop(reason: str = "end_turn") -> tuple[str, Any]:
    return "messageStop", {"stopReason": reason}


def test_text_and_reasoning_as_they_come() -> None:
    built = said(
        ("messageStart", {"role": "assistant"}),
        delta(0, reasoningContent={"text": "Hm"}),
        delta(0, reasoningContent={"text": "."}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        delta(1, text=""),
        delta(1, text="naïve "),
        delta(1, text="東京"),
        stop(),
    )
    assert heard(built) == [("reasoning", "Hm"), ("reasoning", "."), ("text", "naïve "), ("text", "東京")]
    assert built.finish_reason == "stop"


def test_parallel_calls_in_deltas() -> None:
    built = said(
        delta(0, text="Let me see."),
        start(1, "f", "a"),
        start(2, "g", "b"),
        delta(1, toolUse={"input": '{"x"'}),
        delta(2, toolUse={"input": "{}"}),
        delta(1, toolUse={"input": ":1}"}),
        delta(1, toolUse={}),
        delta(9, toolUse={"input": "of no call"}),
        stop("tool_use"),
    )
    assert [(made.id, made.name, made.arguments) for made in built.tool_calls()] == [
        ("a", "f", {"x": 1}),
        ("b", "g", {}),
    ]
    assert built.finish_reason == "toolCalls"


def test_what_the_service_runs_itself_is_no_call_of_ours() -> None:
    built = said(
        start(0, "nova_code_interpreter", "s", type="server_tool_use"),
        delta(0, toolUse={"input": '{"snippet":"1+1"}'}),
        (
            "contentBlockStart",
            {"contentBlockIndex": 1, "start": {"toolResult": {"toolUseId": "s", "status": "success"}}},
        ),
        delta(1, toolResult=[{"json": {"stdOut": "2"}}]),
        start(2, "f", "a", type="tool_use"),
        stop("tool_use"),
    )
    assert [(made.id, made.name) for made in built.tool_calls()] == [("a", "f")]


def test_unknown_deltas_are_ignored() -> None:
    built = said(
        delta(0, citation={"title": "x"}),
        delta(0, somethingNew={"text": "x"}),
        ("somethingNew", {"text": "x"}),
        delta(0, text="Hi"),
        stop(),
    )
    assert built.whole_text() == "Hi"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "other"),
        ("guardrail_intervened", "contentFilter"),
        ("content_filtered", "contentFilter"),
        ("new", "other"),
    ],
)
def test_reasons_to_finish(reason: str, told: str) -> None:
    assert said(stop(reason)).finish_reason == told


def test_the_reasons_are_those_of_the_vendors_own_description() -> None:
    from botocore.session import get_session

    shape = get_session().get_service_model("bedrock-runtime").shape_for("StopReason")
    assert set(shape.enum) <= FINISH_REASONS.keys() | FAILURES
    assert set(shape.enum) & FAILURES == {"malformed_model_output", "malformed_tool_use"}


def test_calls_count_although_the_finish_reason_is_a_plain_stop() -> None:
    assert said(start(0, "f", "a"), stop("end_turn")).finish_reason == "toolCalls"
    assert said(start(0, "f", "a"), stop("max_tokens")).finish_reason == "length"


USAGE = {
    "inputTokens": 12,
    "outputTokens": 5,
    "totalTokens": 1045,
    "cacheReadInputTokens": 1000,
    "cacheWriteInputTokens": 28,
}


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (USAGE, TokenCounts(input=1040, output=5, cache_read=1000, cache_write=28)),
        ({"inputTokens": 12, "outputTokens": 5}, TokenCounts(input=12, output=5)),
        ({"outputTokens": 5}, TokenCounts(input=0, output=5)),
        (
            {"inputTokens": 5, "outputTokens": 1, "cacheReadInputTokenCount": 3, "cacheWriteInputTokenCount": 0},
            TokenCounts(input=8, output=1, cache_read=3, cache_write=0),
        ),
        ({}, None),
        ({"inputTokens": None}, None),
        ([], None),
        (None, None),
    ],
)
def test_cached_tokens_are_counted_as_input(usage: Any, counts: TokenCounts | None) -> None:
    assert said(stop(), ("metadata", {"usage": usage, "metrics": {"latencyMs": 5}})).counts == counts


def test_the_answer_is_over_with_its_counts() -> None:
    decoder = ConverseDecoder(answer(), CLAUDE)
    for (name, payload), (complete, over) in zip(
        [delta(0, text="x"), stop(), ("metadata", {})], [(False, False), (True, False), (True, True)], strict=True
    ):
        decoder.event(name.encode(), json.dumps(payload).encode())
        assert (decoder.complete, decoder.over) == (complete, over)


WHOLE = {
    "metrics": {"latencyMs": 1},
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
                {"text": "Let me see."},
                {"citationsContent": {"content": [{"text": " It says 5."}], "citations": []}},
                {"toolUse": {"toolUseId": "s", "name": "run", "input": {}, "type": "server_tool_use"}},
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1.0}}},
                {"toolUse": {"toolUseId": "b", "name": "g", "input": {}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": USAGE,
}


def test_a_whole_message() -> None:
    built = answer()
    decoder = ConverseDecoder(built, CLAUDE)
    decoder.whole(json.dumps(WHOLE).encode())
    assert (decoder.complete, decoder.over) == (True, True)
    assert (built.whole_reasoning(), built.whole_text()) == ("Hm.", "Let me see. It says 5.")
    assert [(made.id, made.name, made.arguments) for made in built.tool_calls()] == [
        ("a", "f", {"x": 1.0}),
        ("b", "g", {}),
    ]
    assert built.finish_reason == "toolCalls"
    assert built.counts == TokenCounts(input=1040, output=5, cache_read=1000, cache_write=28)


@pytest.mark.parametrize("message", [None, {"role": "assistant", "content": []}])
def test_an_empty_whole_message(message: Any) -> None:
    built = answer()
    ConverseDecoder(built, CLAUDE).whole(
        json.dumps({"output": {"message": message}, "stopReason": "end_turn"}).encode()
    )
    assert (built.whole_text(), built.finish_reason) == ("", "stop")


@pytest.mark.parametrize(
    "told", [{"message": "No."}, {"Message": "No.", "error": "No."}, {"error": {"message": "No."}}]
)
def test_an_error_instead_of_a_message(told: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused):
        ConverseDecoder(answer(), CLAUDE).whole(json.dumps(told).encode())


@pytest.mark.parametrize("told", [b"{}", b"[]", b'{"choices":[]}', b"{broken", b'{"output":5}', b"null"])
def test_what_is_no_message(told: bytes) -> None:
    with pytest.raises(NotUnderstood):
        ConverseDecoder(answer(), CLAUDE).whole(told)


# Through the framing.


async def complete(*chunks: bytes, model: str = NOVA, **changes: Any) -> Answer:
    built = answer()
    await HttpCompleter(BedrockConverse(), stub_exchange(*chunks)).complete(asking(model=model, **changes), built)
    return built


async def test_a_stream_of_frames() -> None:
    built = await complete(*events(delta(0, text="Hel"), delta(0, text="lo"), stop(), ("metadata", {"usage": USAGE})))
    assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")
    assert built.counts is not None


async def test_amazons_own_events_are_the_same_under_their_names() -> None:
    named = [{name: payload} for name, payload in (delta(0, text="Hello"), stop(), ("metadata", {"usage": USAGE}))]
    for chunks in ([chunk(one) for one in named], [json.dumps(one).encode() + b"\n" for one in named]):
        built = await complete(*chunks)
        assert (built.whole_text(), built.finish_reason) == ("Hello", "stop")
        assert built.counts is not None


@pytest.mark.parametrize("indent", [None, 1])
async def test_a_whole_message_instead_of_a_stream(indent: int | None) -> None:
    assert (await complete(json.dumps(WHOLE, indent=indent).encode())).whole_text() == "Let me see. It says 5."


@pytest.mark.parametrize(
    ("name", "message", "kind", "status"),
    [
        ("throttlingException", "Too many tokens, please wait before trying again.", "rate_limited", 429),
        ("validationException", "Malformed input request", "unsupported", 400),
        ("validationException", "Input is too long for requested model.", "context_too_long", 400),
        ("modelStreamErrorException", "Try your request again.", "provider_unavailable", 424),
        ("internalServerException", "Unexpected.", "provider_unavailable", 500),
        ("serviceUnavailableException", "Bedrock is unable to process your request.", "provider_unavailable", 503),
        ("modelTimeoutException", "The model took too long.", "timeout", 408),
        ("newException", "Oh.", "provider_unavailable", None),
    ],
)
async def test_exceptions_in_the_stream(name: str, message: str, kind: str, status: int | None) -> None:
    with pytest.raises(RequestFailed) as failed:
        await complete(event(*delta(0, text="half")), exception(name, message))
    assert (failed.value.kind, failed.value.http_status) == (kind, status)
    assert message.rstrip(".") in failed.value.message


@pytest.mark.parametrize("left", [1, 20, 80])
async def test_a_stream_that_ends_inside_a_frame_was_cut(left: int) -> None:
    whole = b"".join(events(delta(0, text="Hello"), stop(), ("metadata", {"usage": USAGE})))
    with pytest.raises(RequestFailed) as failed:
        await complete(whole[:-left])
    assert failed.value.kind == "stream_interrupted"


async def test_a_stream_that_ends_between_frames_is_whole_after_its_stop_only() -> None:
    assert (await complete(*events(delta(0, text="Hello"), stop()))).finish_reason == "stop"
    with pytest.raises(RequestFailed) as failed:
        await complete(*events(delta(0, text="Hello")))
    assert failed.value.kind == "stream_interrupted"


async def test_what_is_no_stream_is_quoted() -> None:
    with pytest.raises(RequestFailed, match="upstream connect error") as failed:
        await complete(b"upstream connect error or disconnect")
    assert failed.value.kind == "invalid_response"


# What has to come back.


THINKING = (
    delta(0, reasoningContent={"text": "First "}),
    delta(0, reasoningContent={"text": "this."}),
    delta(0, reasoningContent={"signature": "c2ln"}),
    delta(0, reasoningContent={"signature": "bmVk"}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    delta(1, reasoningContent={"redactedContent": base64.b64encode(b"sec").decode()}),
    delta(1, reasoningContent={"redactedContent": base64.b64encode(b"ret").decode()}),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    delta(2, text="Let me "),
    delta(2, text="look."),
    ("contentBlockStop", {"contentBlockIndex": 2}),
    delta(3, reasoningContent={"text": "Then that."}),
    delta(3, reasoningContent={"signature": "dHdv"}),
    ("contentBlockStop", {"contentBlockIndex": 3}),
    start(4, "get_weather", "c1"),
    delta(4, toolUse={"input": '{"city":"Paris"}'}),
    ("contentBlockStop", {"contentBlockIndex": 4}),
    start(5, "get_weather", "c2"),
    delta(5, toolUse={"input": '{"city":"Paris"}'}),
    ("contentBlockStop", {"contentBlockIndex": 5}),
    stop("tool_use"),
    ("metadata", {"usage": USAGE}),
)
FIRST = {"reasoningContent": {"reasoningText": {"text": "First this.", "signature": "c2lnbmVk"}}}
SECRET = {"reasoningContent": {"redactedContent": base64.b64encode(b"secret").decode()}}
THEN = {"reasoningContent": {"reasoningText": {"text": "Then that.", "signature": "dHdv"}}}
TWO = tuple({"toolUse": {"toolUseId": i, "name": "get_weather", "input": {"city": "Paris"}}} for i in ("c1", "c2"))


def coming_back(built: Answer, asked: ModelCall, **changes: Any) -> Message:
    """The assistant message a client makes of an answer."""
    state = asked.pack_state(built.whole_state())
    # It travels as JSON.
    assert json.loads(json.dumps(state)) == state
    values = {
        "content": built.whole_text(),
        "tool_calls": built.tool_calls() or None,
        "provider_state": state,
    } | changes
    return Message(role="assistant", **values)


async def test_signed_reasoning_comes_back_where_it_stood() -> None:
    asked = asking(model=CLAUDE, tools=(tool(),))
    built = answer()
    await HttpCompleter(BedrockConverse(), stub_exchange(*events(*THINKING))).complete(asked, built)
    assert built.whole_reasoning() == "First this.Then that."
    again = turns(
        user(), coming_back(built, asked), result("c1", "18"), result("c2", "20"), model=CLAUDE, tools=(tool(),)
    )
    assert again == [
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [FIRST, SECRET, {"text": "Let me look."}, THEN, *TWO]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "c1", "content": [{"text": "18"}]}},
                {"toolResult": {"toolUseId": "c2", "content": [{"text": "20"}]}},
            ],
        },
    ]


@pytest.mark.parametrize("content", [None, (TextPart(text="Let me look."),), "Changed."])
def test_an_answer_that_the_client_changed_still_begins_with_its_reasoning(content: Any) -> None:
    asked = asking(model=CLAUDE)
    message = coming_back(said(*THINKING), asked, content=content)
    _, turn, *_ = turns(user(), message, model=CLAUDE)
    assert turn["content"][:2] == [FIRST, SECRET]
    assert [block for block in turn["content"] if "toolUse" in block] == list(TWO)
    assert THEN in turn["content"]
    texts = [block["text"] for block in turn["content"] if "text" in block]
    assert "".join(texts) == (content if isinstance(content, str) else content[0].text if content else "")


def test_reasoning_without_a_signature_stays_here() -> None:
    built = said(delta(0, reasoningContent={"text": "Hm."}), delta(1, text="Hi"), stop())
    assert built.whole_state() == {}
    assert said(delta(0, text="Hi"), stop()).whole_state() == {}


def test_a_signature_without_a_text_is_kept() -> None:
    asked = asking(model=CLAUDE)
    ended = ("contentBlockStop", {"contentBlockIndex": 0})
    built = said(delta(0, reasoningContent={"signature": "c2ln"}), ended, delta(1, text="Hi"), stop())
    _, turn, *_ = turns(user(), coming_back(built, asked), model=CLAUDE)
    signed = {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}}
    assert turn["content"] == [signed, {"text": "Hi"}]


def test_a_whole_message_is_kept_alike() -> None:
    asked = asking(model=CLAUDE)
    built = answer()
    ConverseDecoder(built, CLAUDE).whole(json.dumps(WHOLE).encode())
    _, turn, *_ = turns(user(), coming_back(built, asked), model=CLAUDE)
    assert turn["content"][0] == {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}}
    redacted = [{"reasoningContent": {"redactedContent": "c2VjcmV0"}}, {"text": "Hi"}]
    built = answer()
    ConverseDecoder(built, CLAUDE).whole(
        json.dumps({"output": {"message": {"content": redacted}}, "stopReason": "end_turn"}).encode()
    )
    assert turns(user(), coming_back(built, asked), model=CLAUDE)[1]["content"] == redacted


def test_another_model_is_not_sent_what_it_would_refuse() -> None:
    message = coming_back(said(*THINKING), asking(model=CLAUDE))
    _, turn, *_ = turns(user(), message, model=NOVA)
    assert turn["content"] == [{"text": "Let me look."}, *TWO]


@pytest.mark.parametrize(
    "kept", [{"model": CLAUDE}, {"model": CLAUDE, "reasoningContent": {"text": "x"}}, {"toolUse": {}}, FIRST]
)
def test_blocks_that_are_not_ours_are_not_let_through(kept: dict[str, Any]) -> None:
    for state in ({"outline": [{"kept": kept}]}, {"outline": 5}, {"reasoning": [kept]}):
        message = assistant("Hi", to_call(), state=asking().pack_state(state))
        _, turn, *_ = turns(user(), message, model=CLAUDE)
        assert turn["content"] == [{"text": "Hi"}, TWO[0]]
