"""An answer whose provider repeats the key: no text of it holds the key, and everything else is as it came."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import msgspec
import pytest

from modelport.domain.completions.keyless_answer import KeylessAnswer
from modelport.domain.redaction import REDACTED
from modelport.domain.stream_redaction import SecretForms
from modelport.protocol.types import Message
from support.builders import RecordingListener, call, credential, endpoint, tool, user

KEY = "gsk_CANARY5f0c2e7d91b84a63"


OTHER = "gsk_OTHER77aa20c4e9b85d613f"
TOKEN = "tid=9f8e7d6c5b4a39281706;exp=1790000000"


def answer(*messages: Message, description: str = "x", more: str = "") -> tuple[KeylessAnswer, RecordingListener]:
    heard = RecordingListener()
    own = msgspec.structs.replace(credential(KEY), alternatives=(credential(more),) if more else ())
    place = msgspec.structs.replace(endpoint(), credential=own)
    tools = (msgspec.structs.replace(tool(), description=description),)
    asked = call(*(messages or (user(),)), endpoint=place, tools=tools)
    return KeylessAnswer(heard, asked), heard


@pytest.mark.parametrize("size", [1, 4, 100])
def test_text_and_stream_are_the_same_without_the_key(size: int) -> None:
    given, heard = answer()
    said = f"It is {KEY}, really."
    for at in range(0, len(said), size):
        given.text(said[at : at + size])
    given.finish("stop")
    assert REDACTED in given.whole_text()
    assert given.whole_text().endswith(", really.")
    assert KEY[12:] not in given.whole_text()
    assert heard.said("text") == given.whole_text()


def test_each_text_of_an_answer_is_looked_at_by_itself() -> None:
    given, _ = answer()
    given.reasoning(f"The key {KEY[:12]}")
    given.text("Hello gsk_CANARY5f")
    given.tool_call(0, call_id=f"id-{KEY}", name=f"run_{KEY}", arguments=f'{{"a": "{KEY[:12]}')
    given.tool_call(1, call_id="b", name="run", arguments=f'{{"key": "{KEY}"}}')
    given.tool_call(0, arguments=f'{KEY[12:]}"}}')
    given.finish("toolCalls")
    # A part that is broken off by another text passes, and is no key.
    assert given.whole_reasoning() == f"The key {KEY[:12]}"
    assert given.whole_text() == "Hello gsk_CANARY5f"
    first, second = given.tool_calls()
    assert (first.id, first.name) == (f"id-{REDACTED}", f"run_{REDACTED}")
    assert second.arguments == {"key": REDACTED}


def test_what_is_held_comes_before_what_follows_it() -> None:
    given, heard = answer()
    given.text("one gsk_CANARY5")
    given.reasoning("two")
    given.text("gsk_CANARY5")
    given.tool_call(0, call_id="a", name="run", arguments="{}")
    given.text("gsk_CANARY5")
    given.finish("stop")
    # Behind the end nothing is held.
    given.text("gsk_CANARY5")
    kinds = [event[0] for event in heard.events]
    assert kinds.index("reasoning") > kinds.index("text")
    assert given.whole_text() == "one " + "gsk_CANARY5" * 4
    assert heard.said("text") == given.whole_text()


@pytest.mark.parametrize("where", ["message", "tool"])
def test_a_key_that_the_client_has_sent_comes_back_whole(where: str) -> None:
    given, _ = answer(user(f"Put KEY={KEY} into .env"), description="x") if where == "message" else answer(description=KEY)  # fmt: skip
    for letter in f"KEY={KEY}\n":
        given.text(letter)
    given.tool_call(0, call_id="a", name="write", arguments=f'{{"text": "KEY={KEY}"}}')
    given.finish("toolCalls")
    assert given.whole_text() == f"KEY={KEY}\n"
    assert given.tool_calls()[0].arguments == {"text": f"KEY={KEY}"}


@pytest.mark.parametrize("size", [1, 7, 400])
def test_one_key_of_the_conversation_lets_no_other_through(size: int) -> None:
    given, _ = answer(user(f"Put KEY={KEY} into .env"), more=OTHER)
    said = f"KEY={KEY} {OTHER} KEY={KEY} {b64encode(KEY.encode()).decode()} {b64encode(OTHER.encode()).decode()}"
    given.attach_state({"thinking": said})
    for at in range(0, len(said), size):
        given.text(said[at : at + size])
    given.finish("stop")
    assert OTHER[8:] not in given.whole_text()
    assert b64encode(OTHER.encode()).decode()[12:] not in given.whole_text()
    assert b64encode(KEY.encode()).decode() in given.whole_text()
    assert OTHER[8:] not in str(given.whole_state())
    assert given.whole_text().count(KEY) == 2


@pytest.mark.parametrize("mask", [lambda key: key[:14], lambda key: f"{key[:14]}…{key[-4:]}"])
def test_the_beginning_of_a_key_in_the_conversation_lets_no_key_through(mask: Callable[[str], str]) -> None:
    given, _ = answer(user(f"Is my key {mask(KEY)} good?"))
    given.text(f"It begins with {KEY[:14]}, and is {KEY}.")
    given.finish("stop")
    assert given.whole_text().startswith(f"It begins with {KEY[:14]}, and is ")
    assert KEY[14:] not in given.whole_text()


def test_a_key_with_the_same_beginning_comes_back_whole() -> None:
    head = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."
    mine, theirs = f"{head}5f0c2e7d91b84a63", f"{head}77aa20c4e9b85d61"
    given, _ = answer(user(f"Put {mine} into .env"), more=theirs)
    given._secrets |= {mine}
    given.text(f"{mine} {theirs} {mine}")
    given.finish("stop")
    assert given.whole_text().count(mine) == 2
    assert "77aa20c4e9b8" not in given.whole_text()


def test_an_answer_that_breaks_off_holds_back_no_more_than_an_unclear_end() -> None:
    given, heard = answer()
    given.text("A sentence. gsk_CANARY5")
    assert given.whole_text() == "A sentence. "
    assert given.begun
    assert heard.events == [("text", "A sentence. ")]


def test_the_next_key_of_a_provider_with_several_goes_no_further_either() -> None:
    given, _ = answer(more=OTHER)
    given.text(f"One is {KEY}, another is {OTHER}, both are yours.")
    given.finish("stop")
    assert given.whole_text() == f"One is {REDACTED}, another is {REDACTED}, both are yours."


def test_the_token_that_a_log_in_has_sent_goes_no_further() -> None:
    given, heard = answer()
    used = msgspec.structs.replace(endpoint(), credential=credential(TOKEN))
    given.text("Before. ")
    given.sent_with(used)
    given.text(f"The token is {TOKEN}, the key {KEY}. ")
    given.tool_call(0, call_id="a", name="run", arguments=f'{{"token": "{TOKEN}"}}')
    given.finish("toolCalls")
    assert given.whole_text() == f"Before. The token is {REDACTED}, the key {REDACTED}. "
    assert heard.said("text") == given.whole_text()
    assert TOKEN[:20] not in str(given.tool_calls())


@pytest.mark.parametrize("form", [str, lambda key: key.encode().hex(), lambda key: " ".join(key)])
def test_state_that_a_provider_wants_back_is_without_the_key(form: Callable[[str], str]) -> None:
    given, _ = answer()
    opaque = {"signature": "EqQBCkYIBhgCIkAxyz0123456789abcdefgh" * 40, "n": [1, None, True, 0.5]}
    given.attach_state(opaque)
    given.text("hello")
    given.attach_state({"thinking": f"with {form(KEY)}.", "deep": [{f"the {KEY}": KEY}], "begins": "gsk_CANARY"})
    given.finish("stop")
    first, _, last = given.whole_state()["outline"]
    assert first["kept"] == opaque
    thinking = f"with {REDACTED}."
    assert last["kept"] == {"thinking": thinking, "deep": [{f"the {REDACTED}": REDACTED}], "begins": "gsk_CANARY"}


def test_state_of_a_conversation_that_holds_the_key_comes_back_whole() -> None:
    given, _ = answer(user(f"Put KEY={KEY} into .env"))
    given.attach_state({"thinking": f"They gave {KEY}.", "signature": "abc"})
    given.text("done")
    given.finish("stop")
    assert given.whole_state()["outline"][0]["kept"]["thinking"] == f"They gave {KEY}."


def test_a_provider_that_repeats_the_key_often_has_the_conversation_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []
    look = SecretForms.without
    monkeypatch.setattr(SecretForms, "without", lambda self, said: looked.append(said) or look(self, said))
    given, _ = answer()
    given.attach_state({"many": [KEY] * 50})
    given.text(f"{KEY} and {KEY}")
    given.finish("stop")
    assert KEY not in str(given.whole_state())
    assert len(looked) == 1
