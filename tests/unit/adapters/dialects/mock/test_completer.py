"""The embedded mock follows the options in its model's name."""

from __future__ import annotations

from typing import Any

import anyio
import jsonschema
import pytest

from modelport.adapters.dialects.mock.completer import Mock, Script, instance, read_script
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.errors import ERROR_KINDS, InvalidParams, ModelportError, RequestFailed
from modelport.protocol.types import Message
from support.builders import RecordingListener, VirtualTime, answer, call, endpoint, json_form, row, tool, user

ROW = row("mock", dialect="mock", example_models=("mock",))


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


async def play(model: str, *messages: Message, **changes: Any) -> Answer:
    built = answer()
    place = endpoint(ROW, idle_timeout_s=changes.pop("idle_timeout_s", None))
    await Mock().complete(call(*(messages or (user("one two three"),)), endpoint=place, model=model, **changes), built)
    return built


async def test_it_repeats_the_question_word_by_word() -> None:
    built = await play("mock")
    assert built.whole_text() == "You said: one two three"
    assert len(built.listener.events) == 5  # type: ignore[attr-defined]
    assert built.finish_reason == "stop"
    assert built.counts is not None
    assert (built.counts.input, built.counts.output, built.counts.reasoning) == (3, 5, None)


async def test_it_keeps_white_space_and_every_script() -> None:
    text = "  naïve\n\n東京 😀  "
    assert (await play("mock", user(text))).whole_text() == f"You said: {text}"


async def test_think_reasons_first() -> None:
    built = await play("mock:think")
    kinds = [event[0] for event in built.listener.events]  # type: ignore[attr-defined]
    assert kinds == sorted(kinds)
    assert built.whole_reasoning() == "Let me think about that. "
    assert built.counts is not None
    assert built.counts.reasoning == 5


async def test_tools_are_all_called_at_once_with_fitting_arguments() -> None:
    tools = (tool("weather"), tool("time", zone={"enum": ["CET", "UTC"]}, hour={"type": "integer", "minimum": 3}))
    built = await play("mock:tools", tools=tools)
    made = [(c.id, c.name, c.arguments) for c in built.tool_calls()]
    assert made == [
        ("mock_call_0", "weather", {"city": "text"}),
        ("mock_call_1", "time", {"zone": "CET", "hour": 3}),
    ]
    assert built.finish_reason == "toolCalls"
    # Their deltas are interleaved, as some providers send them.
    indices = [event[1] for event in built.listener.events]  # type: ignore[attr-defined]
    assert indices[:4] == [0, 1, 0, 1]


async def test_the_named_tool_alone_is_called() -> None:
    tools = (tool("weather"), tool("time"))
    built = await play("mock:tools", tools=tools, tool_choice="named", named_tool="time")
    assert [c.name for c in built.tool_calls()] == ["time"]


@pytest.mark.parametrize("changes", [{"tools": ()}, {"tools": (tool(),), "tool_choice": "none"}])
async def test_without_tools_it_answers(changes: Any) -> None:
    assert (await play("mock:tools", **changes)).whole_text() == "You said: one two three"


async def test_a_tool_result_is_answered_with_text() -> None:
    result = Message(role="tool", tool_call_id="c", content="18")
    assert (await play("mock:tools", user("?"), result, tools=(tool(),))).whole_text() == "The tool said: 18"


async def test_words_make_an_answer_of_that_length() -> None:
    text = (await play("mock:words=30")).whole_text()
    assert len(text.split()) == 30
    assert text.startswith("The quick brown fox")
    assert (await play("mock:words=0")).whole_text() == ""


async def test_delay_waits_before_each_delta() -> None:
    began = anyio.current_time()
    await play("mock:delay=20,words=5")
    assert anyio.current_time() - began == pytest.approx(0.1)


@pytest.mark.parametrize("kind", ERROR_KINDS)
async def test_it_fails_with_any_kind(kind: str) -> None:
    with pytest.raises(ModelportError) as failed:
        await play(f"mock:fail={kind},after=2")
    assert failed.value.kind == kind
    assert (failed.value.data().retry_after_ms is not None) == (kind == "rate_limited")
    # As a server does it: these say that the request is at fault.
    at_fault = kind in ("unknown_provider", "unknown_model", "invalid_key_format")
    assert isinstance(failed.value, InvalidParams if at_fault else RequestFailed)


@pytest.mark.parametrize(
    ("model", "kind"), [("mock:fail=network,after=2", "network"), ("mock:cut=2", "stream_interrupted")]
)
async def test_it_fails_after_some_deltas(model: str, kind: str) -> None:
    built = answer()
    with pytest.raises(RequestFailed) as failed:
        await Mock().complete(call(user("one two three"), endpoint=endpoint(ROW), model=model), built)
    assert failed.value.kind == kind
    assert built.whole_text() == "You said:"


@pytest.mark.parametrize(
    ("model", "kind"),
    [("mock:cut=", "stream_interrupted"), ("mock:stall=", "timeout"), ("mock:fail=network,after=", "network")],
)
@pytest.mark.parametrize("after", [5, 6, 100])
async def test_what_should_happen_after_more_deltas_than_there_are_happens_at_the_end(
    model: str, kind: str, after: int
) -> None:
    built = answer()
    with pytest.raises(RequestFailed) as failed:
        await Mock().complete(call(user("one two three"), endpoint=endpoint(ROW), model=f"{model}{after}"), built)
    assert failed.value.kind == kind
    assert built.whole_text() == "You said: one two three"


async def test_an_answer_of_nothing_can_break_off_too() -> None:
    with pytest.raises(RequestFailed) as failed:
        await play("mock:words=0,cut=1")
    assert failed.value.kind == "stream_interrupted"


async def test_a_stall_lasts_until_the_idle_timeout() -> None:
    began = anyio.current_time()
    with pytest.raises(RequestFailed) as failed:
        await play("mock:stall=0", idle_timeout_s=7)
    assert failed.value.kind == "timeout"
    assert anyio.current_time() - began == 7


async def test_a_stall_can_be_cancelled() -> None:
    with anyio.move_on_after(1) as scope:
        await play("mock:stall=1")
    assert scope.cancelled_caught


async def test_finish_and_nousage() -> None:
    built = await play("mock:finish=contentFilter,nousage")
    assert built.finish_reason == "contentFilter"
    assert built.counts is None


@pytest.mark.parametrize(("limit", "text"), [(2, "You said:"), (100, "You said: one two three")])
async def test_max_tokens_cuts_the_answer(limit: int, text: str) -> None:
    built = await play("mock", parameters={"max_tokens": limit})
    assert built.whole_text() == text
    assert built.finish_reason == ("length" if limit == 2 else "stop")


async def test_stop_ends_the_text_before_it() -> None:
    assert (await play("mock", parameters={"stop": ["two"]})).whole_text() == "You said: one "


async def test_it_fits_a_schema() -> None:
    assert (await play("mock", answer_format=json_form())).whole_text() == '{"city":"text"}'
    assert (await play("mock", answer_format=json_form(schema=None))).whole_text() == "{}"


async def test_it_waits_for_a_listener_that_is_behind() -> None:
    class Slow(RecordingListener):
        waits = 0

        @property
        def congested(self) -> bool:
            return True

        async def drained(self) -> None:
            self.waits += 1

    slow = Slow()
    asked: ModelCall = call(user("one two"), endpoint=endpoint(ROW), model="mock")
    await Mock().complete(asked, Answer(slow))
    assert slow.waits == 4


async def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(InvalidParams):
        await play("mock", parameters={"keep_alive": "5m"})


async def test_there_is_nothing_to_verify() -> None:
    check = await Mock().verify(endpoint(ROW))
    assert check.verified
    assert check.models == ("mock",)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("mock", Script()),
        ("mock:", Script()),
        ("mock:think,tools", Script(think=True, tools=True)),
        ("mock:words=3,delay=20,after=1,fail=tls", Script(words=3, delay=20, after=1, fail="tls")),
        ("mock:cut=0,stall=0,finish=length,nousage", Script(cut=0, stall=0, finish="length", nousage=True)),
    ],
)
def test_names(name: str, script: Script) -> None:
    assert read_script(name) == script


@pytest.mark.parametrize(
    "name",
    [
        "mok",
        "mock:thnk",
        "mock:think=1",
        "mock:words",
        "mock:words=-1",
        "mock:fail=nothing",
        "mock:finish=x",
        "MOCK",
        "",
    ],
)
def test_a_name_that_is_not_one_of_its_own_is_refused(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        read_script(name)
    assert (refused.value.kind, refused.value.field) == ("unknown_model", "model")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string", "minLength": 9}}, "required": ["a"]},
        {"type": "array", "items": {"type": "integer", "minimum": 5}, "minItems": 2},
        {"type": "array"},
        {"type": "number", "maximum": 0},
        {"type": "integer", "minimum": -5, "maximum": -3},
        {"type": ["boolean", "null"]},
        {"type": "null"},
        {"const": 7},
        {"enum": ["x", "y"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"oneOf": [{"type": "integer"}]},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "boolean"}}}]},
        {"properties": {"nested": {"type": "object", "properties": {"deep": {"type": "boolean"}}}}},
        {"type": "string", "default": "d"},
        {"type": "string", "examples": ["e"]},
        {},
    ],
)
def test_what_it_makes_up_fits_the_schema(schema: dict[str, Any]) -> None:
    jsonschema.validate(instance(schema), schema)
