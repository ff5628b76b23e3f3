"""The sampling parameters of the OpenAI formats."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.dialects.openai.request import parameters
from modelport.domain.errors import InvalidParams
from support.builders import call, row


def sent(wire: dict[str, Any], **given: Any) -> dict[str, Any]:
    return parameters(call(provider=row(wire=wire), parameters=given))


def test_sampling_parameters_go_under_their_own_names() -> None:
    given = {
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["END"],
        "seed": 7,
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "parallel_tool_calls": False,
        "user": "me",
        "max_tokens": 100,
    }
    assert sent({}, **given) == given


def test_a_row_may_name_the_limit_and_the_seed_its_own_way() -> None:
    wire = {"max_tokens_field": "max_completion_tokens", "seed_field": "random_seed"}
    assert sent(wire, max_tokens=5, seed=7) == {"max_completion_tokens": 5, "random_seed": 7}


@pytest.mark.parametrize("name", ["top_k", "min_p", "repetition_penalty", "context_length", "keep_alive"])
def test_a_parameter_of_no_openai_is_refused_unless_the_row_takes_it(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        sent({}, **{name: 1})
    assert (refused.value.field, refused.value.kind) == (f"parameters.{name}", "unsupported")
    assert sent({"extra_parameters": (name,)}, **{name: 1}) == {name: 1}


def test_a_parameter_the_row_refuses_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidParams) as refused:
        sent({"refused_parameters": ("presence_penalty", "logprobs")}, presence_penalty=1)
    assert refused.value.field == "parameters.presence_penalty"
    assert "presence_penalty" not in refused.value.message.split("It takes")[1]


@pytest.mark.parametrize(
    ("style", "given", "body"),
    [
        ("reasoning_effort", {"reasoning_effort": "high"}, {"reasoning_effort": "high"}),
        ("reasoning_effort", {"reasoning_effort": "none"}, {"reasoning_effort": "none"}),
        ("reasoning_object", {"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        ("reasoning_object", {"reasoning_budget": 2048}, {"reasoning": {"max_tokens": 2048}}),
        ("enable_thinking", {"reasoning_effort": "high"}, {"enable_thinking": True}),
        ("enable_thinking", {"reasoning_effort": "none"}, {"enable_thinking": False}),
        ("enable_thinking", {"reasoning_budget": 2048}, {"enable_thinking": True, "thinking_budget": 2048}),
        ("enable_thinking", {"reasoning_budget": 0}, {"enable_thinking": False}),
        ("chat_template_kwargs", {"reasoning_effort": "low"}, {"chat_template_kwargs": {"enable_thinking": True}}),
        ("chat_template_kwargs", {"reasoning_effort": "none"}, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("thinking_type", {"reasoning_effort": "high"}, {"thinking": {"type": "enabled"}}),
        ("thinking_type", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ("thinking_type", {"reasoning_budget": 9}, {"thinking": {"type": "enabled", "budget_tokens": 9}}),
        ("thinking_type", {"reasoning_budget": 0}, {"thinking": {"type": "disabled"}}),
        ("think", {"reasoning_effort": "low"}, {"think": "low"}),
        ("think", {"reasoning_effort": "none"}, {"think": False}),
    ],
)
def test_reasoning_is_requested_in_the_rows_style(style: str, given: dict[str, Any], body: dict[str, Any]) -> None:
    assert sent({"reasoning_request": style}, **given) == body


@pytest.mark.parametrize("style", ["reasoning_effort", "chat_template_kwargs", "think"])
def test_a_budget_is_refused_where_the_style_has_none(style: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        sent({"reasoning_request": style}, reasoning_budget=1024)
    assert refused.value.field == "parameters.reasoning_budget"


@pytest.mark.parametrize("name", ["reasoning_effort", "reasoning_budget"])
def test_reasoning_is_refused_for_a_row_without_a_style(name: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        sent({}, **{name: "low" if name == "reasoning_effort" else 5})
    assert refused.value.field == f"parameters.{name}"


def test_no_reasoning_is_sent_when_none_is_requested() -> None:
    assert sent({"reasoning_request": "enable_thinking"}, seed=1) == {"seed": 1}


@pytest.mark.parametrize("style", ["reasoning_object", "enable_thinking", "thinking_type"])
def test_a_budget_beside_an_effort_is_refused_since_one_of_them_would_be_lost(style: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        sent({"reasoning_request": style}, reasoning_effort="high", reasoning_budget=2048)
    assert refused.value.field == "parameters.reasoning_budget"
