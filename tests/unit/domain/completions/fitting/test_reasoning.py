"""Reasoning in a loop of calls: asked for only where the loop began with the reader's own."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.call import ModelCall
from modelport.protocol.types import Dialect, Message, ToolCall
from support.builders import call, fitted, tool, user

SIGNED = {"kept": {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}}
RESULT = Message(role="tool", tool_call_id="c1", content="18")
AGAIN = Message(role="assistant", tool_calls=(ToolCall(id="c2", name="f", arguments={}),))
OLDER = ("claude-3-7-sonnet-latest", "claude-sonnet-4-20250514", "claude-opus-4-1", "anthropic.claude-haiku-4-5-v1:0")


def asks(*entries: dict[str, Any], provider: str = "acme", dialect: Dialect = "anthropic_messages") -> Message:
    outline = {"outline": [*entries, {"call": "c1"}]} if entries else {}
    state = {"provider": provider, "dialect": dialect, "state": outline}
    return Message(role="assistant", tool_calls=(ToolCall(id="c1", name="f", arguments={}),), provider_state=state)


def reasons(*messages: Message, model: str = OLDER[1], dialect: Dialect = "anthropic_messages", **given: Any) -> bool:
    """Whether the fitted call asks for reasoning; where it does not, the reply says why."""
    got = fitted(call(*messages, model=model, parameters=given or {"reasoning_effort": "high"}), dialect)
    assert bool(got.notes) is not bool(got.parameters)
    return bool(got.parameters)


@pytest.mark.parametrize("model", OLDER)
@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse", "openai_chat"])
def test_a_loop_that_another_model_began_goes_on_without(model: str, dialect: Dialect) -> None:
    assert not reasons(user(), asks(), RESULT, model=model, dialect=dialect)
    assert not reasons(user(), asks(SIGNED, provider="other"), RESULT, model=model, dialect=dialect)


@pytest.mark.parametrize("model", ["claude-opus-4-6", "claude-sonnet-5", "anthropic/claude-opus-4.7", "claude-next"])
@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse", "openai_chat"])
def test_newer_models_decide_for_themselves(model: str, dialect: Dialect) -> None:
    assert reasons(user(), asks(), RESULT, model=model, dialect=dialect)


def test_a_loop_that_began_signed_goes_on_with_it() -> None:
    assert reasons(user(), asks(SIGNED), RESULT)
    assert reasons(user(), asks(SIGNED), RESULT, AGAIN, Message(role="tool", tool_call_id="c2", content="19"))
    assert reasons(user(), asks(SIGNED), RESULT, user("And?"))


def test_what_the_user_says_behind_results_does_not_end_the_loop() -> None:
    assert not reasons(user(), asks(), RESULT, user("And?"))


def test_the_next_turn_reasons_again() -> None:
    assert reasons(user(), asks(), RESULT, Message(role="assistant", content="18."), user("And?"))


def test_an_answer_to_go_on_with_has_none() -> None:
    assert not reasons(user(), Message(role="assistant", content="It is"))


def test_reasoning_of_another_model_signs_nothing_on_bedrock() -> None:
    model = "anthropic.claude-sonnet-4-5-v1:0"
    for name, same in ((model, True), ("anthropic.claude-haiku-4-5-v1:0", False)):
        kept = {"kept": {"model": name, "reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}}
        turn = asks(kept, dialect="bedrock_converse")
        assert reasons(user(), turn, RESULT, model=model, dialect="bedrock_converse") is same


def test_details_of_a_gateway_are_signed() -> None:
    state = {"provider": "acme", "dialect": "openai_chat", "state": {"details": [{"type": "reasoning.text"}]}}
    turn = Message(role="assistant", tool_calls=asks().tool_calls, provider_state=state)
    assert reasons(user(), turn, RESULT, dialect="openai_chat")


@pytest.mark.parametrize("off", [{"reasoning_effort": "none"}, {"reasoning_budget": 0}, {"temperature": 1}])
def test_what_asks_for_none_stays(off: dict[str, Any]) -> None:
    got: ModelCall = fitted(call(user(), asks(), RESULT, model=OLDER[1], parameters=off), "anthropic_messages")
    assert (got.parameters, got.notes) == (off, ())


def test_the_note_names_what_was_left_out() -> None:
    given = {"reasoning_budget": 4096, "temperature": 1}
    got = fitted(call(user(), asks(), RESULT, model=OLDER[1], parameters=given), "anthropic_messages")
    assert got.parameters == {"temperature": 1}
    assert "reasoning_budget was left out" in got.notes[0]


@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse", "openai_chat"])
@pytest.mark.parametrize("model", [*OLDER, "claude-opus-4-6", "anthropic/claude-sonnet-4.6"])
def test_what_claude_refuses_beside_reasoning_is_left_out(model: str, dialect: Dialect) -> None:
    given = {"reasoning_effort": "high", "temperature": 0.2, "top_k": 3, "max_tokens": 9000}
    got = fitted(call(model=model, parameters=given), dialect)
    assert got.parameters == {"reasoning_effort": "high", "max_tokens": 9000}
    assert "temperature and top_k were left out" in got.notes[0]
    for choice in ("required", "named"):
        forced = fitted(call(model=model, parameters=given, tools=(tool(),), tool_choice=choice), dialect)
        assert forced.parameters == {"temperature": 0.2, "top_k": 3, "max_tokens": 9000}
        assert "reasoning_effort was left out" in forced.notes[0]


@pytest.mark.parametrize("off", [{"reasoning_effort": "none", "temperature": 1}, {"temperature": 0.2, "top_p": 0.9}])
def test_sampling_without_reasoning_stays(off: dict[str, Any]) -> None:
    assert fitted(call(model="claude-sonnet-4-5", parameters=off), "anthropic_messages").parameters == off


def test_a_newer_claude_takes_no_sampling_with_or_without_reasoning() -> None:
    given = {"reasoning_effort": "high", "temperature": 0.2}
    assert fitted(call(model="claude-opus-5", parameters=given), "anthropic_messages").parameters == given
    forced = fitted(
        call(model="claude-opus-5", parameters=given, tools=(tool(),), tool_choice="required"), "anthropic_messages"
    )
    assert forced.parameters == {"temperature": 0.2}


@pytest.mark.parametrize("dialect", ["anthropic_messages", "bedrock_converse", "openai_chat"])
@pytest.mark.parametrize("model", ["claude-opus-4-6", "anthropic/claude-sonnet-4.6"])
@pytest.mark.parametrize(("budget", "effort"), [(1024, "low"), (8192, "medium"), (8193, "high"), (64000, "high")])
def test_a_budget_in_a_loop_that_another_model_began_becomes_an_effort(
    dialect: Dialect, model: str, budget: int, effort: str
) -> None:
    given = {"reasoning_budget": budget, "temperature": 0.2}
    got = fitted(call(user(), asks(), RESULT, model=model, parameters=given), dialect)
    assert got.parameters == {"reasoning_effort": effort}
    assert got.notes[0].endswith(f"so reasoning_budget became reasoning_effort {effort}.")
    assert "temperature was left out" in got.notes[1]


def test_a_budget_in_a_loop_of_its_own_stays() -> None:
    given = {"reasoning_budget": 8192}
    for messages in ((user(), asks(SIGNED), RESULT), (user(),)):
        got = fitted(call(*messages, model="claude-opus-4-6", parameters=given), "anthropic_messages")
        assert (got.parameters, got.notes) == (given, ())


def test_the_effort_beside_a_budget_counts() -> None:
    given = {"reasoning_budget": 64000, "reasoning_effort": "low"}
    got = fitted(call(user(), asks(), RESULT, model="claude-opus-4-6", parameters=given), "anthropic_messages")
    assert got.parameters == {"reasoning_effort": "low"}
