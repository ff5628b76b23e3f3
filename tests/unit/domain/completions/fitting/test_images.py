"""Images of messages that may show none: the user shows them, right behind."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.fitting.images import FOLLOWS
from modelport.protocol.types import Dialect, ImagePart, Message, TextPart, ToolCall
from support.builders import call, fitted, user

IMAGE = ImagePart(data="iVBORw0KGgo=")
CALLS = (ToolCall(id="c1", name="f", arguments={}),)
READERS: tuple[Dialect, ...] = (
    "openai_chat", "openai_responses", "anthropic_messages", "bedrock_converse", "ollama", "cohere_chat"
)  # fmt: skip


def shown(message: Message) -> Any:
    content = message.content or ()
    return content if isinstance(content, str) else [getattr(part, "text", "IMAGE") for part in content]


@pytest.mark.parametrize("dialect", READERS)
def test_an_image_of_an_answer_follows_it(dialect: Dialect) -> None:
    answer = Message(role="assistant", content=(TextPart(text="See."), IMAGE))
    got = fitted(call(user("Draw"), answer, user("Larger")), dialect).messages
    assert shown(got[1]) == ["See."]
    assert [message.role for message in got[2:]].count("user") == len(got) - 2
    assert [one for message in got[2:] for one in (shown(message) if isinstance(shown(message), list) else [shown(message)])] == [
        "The image of your answer:", "IMAGE", "Larger"
    ]  # fmt: skip


@pytest.mark.parametrize("dialect", READERS)
def test_an_answer_that_is_an_image_leaves_a_word(dialect: Dialect) -> None:
    got = fitted(call(user("Draw"), Message(role="assistant", content=(IMAGE,))), dialect).messages
    assert (got[1].role, got[1].content) == ("assistant", FOLLOWS)
    assert got[2].role == "user"


@pytest.mark.parametrize("dialect", READERS)
def test_an_image_before_calls_follows_their_results(dialect: Dialect) -> None:
    answer = Message(role="assistant", content=(IMAGE,), tool_calls=CALLS)
    got = fitted(call(user("Draw"), answer, Message(role="tool", tool_call_id="c1", content="18")), dialect).messages
    assert [message.role for message in got] == ["user", "assistant", "tool", "user"]
    assert got[1].content is None


@pytest.mark.parametrize("dialect", [*READERS, "gemini"])
def test_an_image_of_the_system_is_shown_and_not_lost(dialect: Dialect) -> None:
    first = Message(role="system", content=(TextPart(text="As here:"), IMAGE))
    got = fitted(call(first, Message(role="system", content="Be brief."), user("Draw")), dialect).messages
    assert not any("IMAGE" in shown(message) for message in got if message.role == "system")
    assert any("IMAGE" in shown(message) for message in got if message.role == "user")
    assert next(message.role for message in got if message.role != "user") == "system"


def test_who_takes_them_gets_them_where_they_stood() -> None:
    answer = Message(role="assistant", content=(TextPart(text="See."), IMAGE))
    for dialect in ("gemini", "mock"):
        assert fitted(call(user("Draw"), answer, user("Larger")), dialect).messages[1] == answer  # type: ignore[arg-type]
