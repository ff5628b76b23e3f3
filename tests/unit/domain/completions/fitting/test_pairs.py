"""Calls and their results: told apart, answered once, under ids that stay."""

from __future__ import annotations

import re
from typing import Any

import pytest

from modelport.domain.completions.fitting.pairs import NO_RESULT, answered_calls, paired
from modelport.domain.completions.request import read_request
from modelport.domain.errors import InvalidParams
from modelport.protocol.types import CreateCompletionParams, Message, ToolCall
from support.builders import call, fitted, user


def asks(*ids: str, state: Any = None) -> Message:
    made = tuple(ToolCall(id=one, name=f"f{number}", arguments={}) for number, one in enumerate(ids))
    packed = {"provider": "acme", "dialect": "openai_chat", "state": state} if state else None
    return Message(role="assistant", tool_calls=made, provider_state=packed)


def gives(call_id: str, content: str) -> Message:
    return Message(role="tool", tool_call_id=call_id, content=content)


def shown(messages: list[Message]) -> list[Any]:
    return [
        [made.id for made in message.tool_calls] if message.tool_calls else (message.tool_call_id, message.content)
        for message in messages
    ]


def test_results_stand_behind_their_calls_in_the_order_of_the_calls() -> None:
    given = [user("a"), asks("x", "y"), user("wait"), gives("y", "2"), gives("x", "1")]
    assert shown(paired(given, "any")) == [(None, "a"), ["x", "y"], ("x", "1"), ("y", "2"), (None, "wait")]


def test_a_call_that_was_never_answered_is_answered_so() -> None:
    assert shown(paired([asks("x", "y"), gives("y", "2")], "any")) == [["x", "y"], ("x", NO_RESULT), ("y", "2")]
    assert shown(paired([asks("x")], "any")) == [["x"], ("x", NO_RESULT)]


def test_an_id_means_the_last_call_before_that_has_it_and_no_result() -> None:
    given = [asks("x"), asks("x"), gives("x", "second"), gives("x", "first")]
    (_, first), (_, second) = (shown(paired(given, "any"))[at] for at in (1, 3))
    assert (first, second) == ("first", "second")


def test_two_calls_of_one_answer_under_one_id_are_told_apart() -> None:
    ids, first, second = shown(paired([asks("x", "x"), gives("x", "1"), gives("x", "2")], "any"))
    assert ids[0] == "x" != ids[1]
    assert (first, second) == (("x", "1"), (ids[1], "2"))


@pytest.mark.parametrize("form", ["any", "forty", "word", "nine"])
def test_ids_stay_from_one_request_to_the_next(form: Any) -> None:
    turn = [asks("functions.f:0"), gives("functions.f:0", "1"), asks("functions.f:0"), gives("functions.f:0", "2")]
    shorter = paired(turn, form)
    assert paired([*turn, asks("functions.f:0"), asks("other")], form)[: len(shorter)] == shorter


def test_an_id_that_a_later_call_brings_itself_is_not_taken_from_it_twice() -> None:
    derived = shown(paired([asks("a b")], "word"))[0][0]
    names = [ids for ids in shown(paired([asks("a b"), asks(derived)], "word")) if isinstance(ids, list)]
    assert names[0] == [derived] != names[1]


def test_the_state_of_a_turn_follows_its_ids() -> None:
    outline = [{"kept": {"x": 1}}, {"call": "x"}, {"kept": {"x": 2}}, {"call": "x"}]
    (turn, *_) = paired([asks("x", "x", state={"outline": outline, "calls": {"x": {"sig": 1}}})], "nine")
    first, second = (made.id for made in turn.tool_calls or ())
    assert turn.provider_state is not None
    state = turn.provider_state["state"]
    assert [entry.get("call") for entry in state["outline"]] == [None, first, None, second]
    assert state["calls"] == {first: {"sig": 1}}
    assert outline[1] == {"call": "x"}, "what was given is not changed"
    parts = {"parts": [{"call": "a b", "named": True}, {"at": 3}, "odd"]}
    (turn, *_) = paired([asks("a b", state=parts)], "word")
    assert turn.provider_state is not None
    (made,) = turn.tool_calls or ()
    assert turn.provider_state["state"] == {"parts": [{"call": made.id, "named": True}, {"at": 3}, "odd"]}


@pytest.mark.parametrize(
    ("messages", "place", "words"),
    [
        ([user("a"), gives("x", "1")], 1, "no message before it makes"),
        ([gives("x", "1"), asks("x")], 0, "no message before it makes"),
        ([asks("x"), gives("x", "1"), gives("x", "2")], 2, "a second result"),
        ([asks("x", "x"), gives("x", "1"), gives("x", "2"), gives("x", "3")], 3, "a second result"),
        ([asks("x"), gives("X", "1")], 1, "no message before it makes"),
    ],
)
def test_a_result_of_no_call_is_refused_with_its_place(messages: list[Message], place: int, words: str) -> None:
    for refusing in (
        lambda: answered_calls(messages),
        lambda: read_request(CreateCompletionParams(messages=tuple(messages), system="Be brief.")),
    ):
        with pytest.raises(InvalidParams, match=words) as refused:
            refusing()
        assert refused.value.field == f"messages[{place}].toolCallId"
        assert refused.value.message.startswith(f"messages[{place}]")


@pytest.mark.parametrize("given", ["functions.get_weather:0", "x" * 41, "toolu_01 A"])
@pytest.mark.parametrize(
    "model", ["anthropic/claude-opus-5", "vertex_ai/claude-sonnet-4-5", "eu.anthropic.claude-haiku-4-5-v1:0"]
)
def test_claude_behind_a_gateway_gets_ids_that_it_takes(model: str, given: str) -> None:
    got = fitted(call(user(), asks(given), gives(given, "18"), model=model), "openai_chat").messages
    (made,) = got[1].tool_calls or ()
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", made.id)
    assert got[2].tool_call_id == made.id
