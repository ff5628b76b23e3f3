"""OpenCode's messages: the conversation in parts, the model by its service, and no tools."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modelport.adapters.dialects.opencode.request import BEFORE, GO_ON, NEXT, prompt
from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.rows import ServerProgram
from modelport.protocol.types import ImagePart, Message, TextPart, ToolCall
from support.builders import call, endpoint, fitted, json_form, row, tool, user

PROGRAM = ServerProgram(
    command=("opencode",), ready_path="/", user="u", password_env_var="P", install="install it", log_in="log in"
)
ROW = row("code", dialect="opencode", base_url=None, program=PROGRAM, wire={"extra_body": {"agent": "modelport"}})
PNG = "iVBORw0KGgo="


def body(*messages: Message, model: str = "fake/plain", given: bool = False, **changes: Any) -> dict[str, Any]:
    place = endpoint(ROW, dialect="opencode", base_url="http://127.0.0.1:1", address_given=given)
    asked: ModelCall = call(*messages, endpoint=place, model=model, **changes)
    return prompt(fitted(asked, "opencode"))


def texts(made: dict[str, Any]) -> list[str]:
    return [part["text"] for part in made["parts"]]


def test_a_plain_call() -> None:
    assert body(Message(role="system", content="Be brief."), user("Hello")) == {
        "model": {"providerID": "fake", "modelID": "plain"},
        "tools": {"*": False},
        "parts": [{"type": "text", "text": "Hello"}],
        "system": "Be brief.",
        "agent": "modelport",
    }


@pytest.mark.parametrize(
    ("name", "service", "model"),
    [
        ("big-pickle", "opencode", "big-pickle"),
        ("openrouter/maker/model", "openrouter", "maker/model"),
        ("opencode/big-pickle", "opencode", "big-pickle"),
    ],
)
def test_a_name_is_that_of_a_service_and_its_model(name: str, service: str, model: str) -> None:
    assert body(user(), model=name)["model"] == {"providerID": service, "modelID": model}


def test_the_agent_is_named_only_where_the_program_was_started_with_it() -> None:
    assert "agent" not in body(user(), given=True)
    own = row("own", dialect="opencode", wire={"extra_body": {"agent": "mine"}})
    place = endpoint(own, dialect="opencode", base_url="http://127.0.0.1:1")
    assert prompt(call(endpoint=place, model="m"))["agent"] == "mine"


def test_turns_are_written_down_in_order() -> None:
    made = body(user("One"), Message(role="assistant", content="Two"), user("Three"))
    assert texts(made) == [BEFORE, "User:\nOne", "Assistant:\nTwo", "User:\nThree", NEXT]


def test_tools_that_were_called_are_told() -> None:
    called = ToolCall(id="c1", name="weather", arguments={"city": "Bern"})
    made = body(
        user("Rain?"),
        Message(role="assistant", tool_calls=(called,)),
        Message(role="tool", tool_call_id="c1", content="Sun"),
    )
    assert texts(made) == [
        BEFORE,
        "User:\nRain?",
        'The assistant called the tool weather with {"city":"Bern"}.',
        "Result of the tool weather:\nSun",
        NEXT,
    ]


def test_an_answer_to_go_on_with() -> None:
    assert texts(body(user("Count"), Message(role="assistant", content="1, 2")))[-1] == GO_ON


def test_images_stand_behind_their_text() -> None:
    shown = user([TextPart(text="What is it?"), ImagePart(data=PNG, mime_type="image/png")])
    file = {"type": "file", "mime": "image/png", "url": f"data:image/png;base64,{PNG}"}
    assert body(shown)["parts"] == [{"type": "text", "text": "What is it?"}, file]
    later = body(user("Hi"), Message(role="assistant", content="Hello"), shown)["parts"]
    assert later[-2] == file


def test_an_image_by_its_address() -> None:
    part = body(user([ImagePart(url="https://x.example/1.png")]))["parts"][0]
    assert part["url"] == "https://x.example/1.png"


def test_an_effort_is_a_variant() -> None:
    assert body(user(), parameters={"reasoning_effort": "high"})["variant"] == "high"
    assert "variant" not in body(user())


def test_a_context_length_is_left_out_with_a_note() -> None:
    place = endpoint(ROW, dialect="opencode", base_url="http://127.0.0.1:1")
    made = fitted(call(endpoint=place, parameters={"context_length": 4096}), "opencode")
    assert prompt(made)
    assert made.notes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tools": (tool(),)}, "tools"),
        ({"answer_format": json_form()}, "responseFormat"),
        ({"parameters": {"temperature": 0.5}}, "parameters.temperature"),
        ({"parameters": {"max_tokens": 5}}, "parameters.max_tokens"),
        ({"parameters": {"stop": ["x"]}}, "parameters.stop"),
        ({"parameters": {"seed": 1}}, "parameters.seed"),
    ],
)
def test_what_it_cannot_carry_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        body(user(), **changes)
    assert (refused.value.field, refused.value.kind) == (field, "unsupported")
    assert refused.value.action


def test_tools_that_are_not_to_be_called_are_left_out() -> None:
    assert body(user(), tools=(tool(),), tool_choice="none")["tools"] == {"*": False}


def test_every_body_is_json() -> None:
    assert msgspec.json.encode(body(user()))
