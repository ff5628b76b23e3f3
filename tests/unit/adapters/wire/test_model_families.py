"""The families of Claude, which hold at Anthropic, in clouds and behind gateways alike."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.dialects.anthropic.messages import AnthropicMessages
from modelport.adapters.wire.model_families import CLAUDES, claude_family
from modelport.domain.errors import InvalidParams
from support.builders import call, fitted, row, user

ROW = row("anthropic", dialect="anthropic_messages")


def sent(model: str, **parameters: Any) -> dict[str, Any]:
    return AnthropicMessages().request(fitted(call(user(), provider=ROW, model=model, parameters=parameters), "anthropic_messages")).body  # fmt: skip


@pytest.mark.parametrize(
    ("names", "like"),
    [
        (
            (
                "claude-3-7-sonnet-20250219",
                "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
                "anthropic/claude-3.7-sonnet",
            ),
            "claude-3-7-x",
        ),
        (("claude-haiku-4-5@20251001", "anthropic/claude-haiku-4.5", "databricks-claude-haiku-4-5"), "claude-x-4-5"),
        (("claude-sonnet-4-6", "Anthropic/Claude-Sonnet-4.6"), "claude-x-4-6"),
        (("claude-opus-4-20250514", "claude-opus-4-1"), "claude-x-4-1"),
        (("claude-fable-5-2", "claude-of-tomorrow"), "claude-x"),
    ],
)
def test_a_family_is_known_by_any_of_its_names(names: tuple[str, ...], like: str) -> None:
    assert {id(claude_family(name)) for name in names} == {id(claude_family(like))}


def test_other_models_are_of_none() -> None:
    assert claude_family("kimi-k3") is None
    assert len({pattern for pattern, _ in CLAUDES}) == len(CLAUDES)


@pytest.mark.parametrize(
    ("model", "parameters", "fields"),
    [
        ("claude-3-7-sonnet", {"reasoning_effort": "low"}, {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        ("claude-sonnet-4-5", {"reasoning_effort": "max"}, {"thinking": {"type": "enabled", "budget_tokens": 16384}}),
        ("claude-sonnet-4-5", {"reasoning_budget": 5000}, {"thinking": {"type": "enabled", "budget_tokens": 5000}}),
        ("claude-sonnet-4-5", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ("claude-sonnet-4-6", {"reasoning_effort": "xhigh"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}),
        ("claude-opus-4-7", {"reasoning_effort": "minimal"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        ("claude-opus-4-7", {"reasoning_effort": "none"}, {}),
        ("claude-sonnet-5-5", {"reasoning_effort": "none"}, {"thinking": {"type": "between_tools"}}),
        ("claude-opus-5", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ("kimi-k3", {"reasoning_effort": "xhigh"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}),
    ],
)  # fmt: skip
def test_reasoning_is_asked_for_as_the_family_takes_it(model: str, parameters: Any, fields: Any) -> None:
    body = sent(model, **parameters)
    assert {name: value for name, value in body.items() if name in ("thinking", "output_config")} == fields
    assert body["max_tokens"] > body.get("thinking", {}).get("budget_tokens", 0)


@pytest.mark.parametrize(
    ("model", "parameters", "field"),
    [
        ("claude-3-haiku-20240307", {"reasoning_effort": "low"}, "reasoning_effort"),
        ("claude-opus-4-7", {"reasoning_budget": 5000}, "reasoning_budget"),
        ("claude-opus-4-7", {"temperature": 0.2}, "temperature"),
        ("claude-sonnet-5-5", {"top_k": 3}, "top_k"),
        ("claude-opus-5-5", {"reasoning_effort": "none"}, "reasoning_effort"),
    ],
)
def test_what_a_family_would_refuse_is_refused_by_name_before_anything_is_sent(model: str, parameters: Any, field: str) -> None:  # fmt: skip
    with pytest.raises(InvalidParams) as refused:
        sent(model, **parameters)
    assert (refused.value.field, refused.value.kind) == (f"parameters.{field}", "unsupported")
    assert sent("kimi-k3", **parameters)


@pytest.mark.parametrize("model", ["claude-3-7-sonnet", "claude-sonnet-4-5", "claude-opus-4-6"])
@pytest.mark.parametrize(("budget", "limit"), [(4096, 4096), (10000, 4096)])
def test_a_budget_that_leaves_no_answer_is_refused(model: str, budget: int, limit: int) -> None:
    with pytest.raises(InvalidParams, match=f"set it below {limit}") as refused:
        sent(model, reasoning_budget=budget, max_tokens=limit)
    assert refused.value.field == "parameters.reasoning_budget"
    assert sent(model, reasoning_budget=limit - 1, max_tokens=limit)["thinking"]["budget_tokens"] == limit - 1


@pytest.mark.parametrize("limit", [1, 100, 1024])
def test_a_limit_without_room_for_a_budget_leaves_all_of_it_to_the_answer(limit: int) -> None:
    body = sent("claude-sonnet-4-5", reasoning_effort="high", max_tokens=limit)
    assert (body["max_tokens"], "thinking" in body) == (limit, False)
    assert sent("claude-sonnet-4-5", reasoning_effort="high", max_tokens=1025)["thinking"]["budget_tokens"] == 1024
