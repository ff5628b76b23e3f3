"""Fitting as a whole, by properties of random conversations."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.completions.fitting.pairs import FORMS
from modelport.domain.completions.fitting.rules import RULES, history_rules
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import Dialect, Message, TextPart, ToolCall
from support.builders import call, fitted, row, user

TEXTS = st.sampled_from(["", " ", "Hello", "a\nb", "é" * 3, "\n\n"])
IDS = st.sampled_from(["call_0", "c1", "functions.f:0", "x" * 70, "abcdefghi", "a b", "💡"])
DIALECTS: tuple[Dialect, ...] = tuple(RULES)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    """Valid ones: each tool message answers a call before it that has no result yet."""
    messages: list[Message] = [user(draw(TEXTS) or "Begin")]
    waiting: list[str] = []
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["user", "assistant", "calls", "system", "result", "result"]))
        if kind == "result" and waiting:
            messages.append(Message(role="tool", tool_call_id=waiting.pop(draw(st.integers(0, len(waiting) - 1))), content=draw(TEXTS)))  # fmt: skip
        elif kind == "calls":
            made = draw(st.lists(IDS, min_size=1, max_size=3))
            waiting += made
            messages.append(Message(role="assistant", content=draw(TEXTS), tool_calls=tuple(ToolCall(id=one, name="f", arguments={}) for one in made)))  # fmt: skip
        elif kind in ("user", "assistant", "system"):
            parts = draw(st.lists(TEXTS, min_size=1, max_size=3))
            content: Any = tuple(TextPart(text=one) for one in parts) if draw(st.booleans()) else parts[0]
            messages.append(Message(role=kind, content=content))  # type: ignore[arg-type]
    return (*messages, user("And now?"))


def pairs(messages: tuple[Message, ...]) -> None:
    """Each call has its result behind it, under one id that no other call has."""
    seen: set[str] = set()
    waiting: list[str] = []
    for message in messages:
        if message.role == "tool":
            assert message.tool_call_id == waiting.pop(0)
            continue
        assert not waiting
        waiting = [made.id for made in message.tool_calls or ()]
        assert not seen & set(waiting)
        seen |= set(waiting)
        assert len(set(waiting)) == len(waiting)
    assert not waiting


@settings(max_examples=150)
@given(conversations(), st.sampled_from(DIALECTS), st.sampled_from(["some-model", "mistral-large", "claude-x"]))
def test_any_conversation_fits(messages: tuple[Message, ...], dialect: Dialect, model: str) -> None:
    got = fitted(call(*messages, model=model), dialect)
    rules = history_rules(row(), dialect, model)
    pairs(got.messages)
    assert all(
        FORMS[rules.call_ids].fullmatch(made.id) for message in got.messages for made in message.tool_calls or ()
    )
    for before, message in zip(got.messages, got.messages[1:], strict=False):
        assert not (rules.neighbours == "joined" and before.role == message.role == "user")
        assert not (not rules.user_after_tool and (before.role, message.role) == ("tool", "user"))
        assert not (rules.system == "first" and message.role == "system")
    # Fitting what fits changes nothing.
    assert fit(got).messages == got.messages


@settings(max_examples=100)
@given(conversations(), st.sampled_from(DIALECTS), st.sampled_from(["some-model", "mistral-large", "claude-x"]))
def test_a_conversation_that_the_assistant_ends_fits(
    messages: tuple[Message, ...], dialect: Dialect, model: str
) -> None:
    answer = Message(role="assistant", content="It is \n", provider_state={"provider": "acme", "dialect": dialect})
    rules = history_rules(row(), dialect, model)
    for ended in ((*messages, answer), (*messages, answer, Message(role="system", content="Be brief."))):
        got = fitted(call(*ended, model=model), dialect)
        last = [message for message in got.messages if message.role != "system"][-1]
        assert last.role == ("user" if rules.ends_with_user else "assistant")
        assert rules.trailing_space or not str(last.content).endswith("\n")
        assert fit(got).messages == got.messages


@settings(max_examples=100)
@given(conversations(), conversations(), st.sampled_from(DIALECTS))
def test_what_was_sent_before_stays_at_the_beginning(
    first: tuple[Message, ...], more: tuple[Message, ...], dialect: Dialect
) -> None:
    """Caches of prompts hit: without a new system message a longer conversation only adds to the shorter."""
    # The calls of the first are answered, so that nothing that comes later belongs further up.
    shorter = fitted(call(*first), dialect).messages
    continued = [*shorter, Message(role="assistant", content="Yes."), *(m for m in more if m.role != "system")]
    longer = fitted(call(*continued), dialect).messages
    assert longer[: len(shorter)] == shorter


def test_the_given_call_is_not_changed() -> None:
    given_call = call(user("Hi"), Message(role="assistant", content=" "), user("Go on"))
    before = msgspec.json.encode(given_call.messages)
    fit(given_call)
    assert msgspec.json.encode(given_call.messages) == before


@pytest.mark.parametrize(
    "messages", [[user(" ")], [user([TextPart(text="")])], [Message(role="system", content="x"), user("\n")]]
)
def test_nothing_but_blank_text_is_refused(messages: list[Message]) -> None:
    with pytest.raises(InvalidParams, match="blank") as refused:
        fit(ModelCall(**{**msgspec.structs.asdict(call()), "messages": tuple(messages)}))
    assert refused.value.field == "messages"
