"""The parameters beyond Converse's own that each family of models on Bedrock takes."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.dialects.bedrock.converse import BedrockConverse
from modelport.adapters.dialects.bedrock.models import FAMILIES, PLACEHOLDER, family_of
from modelport.domain.completions.parameters import EFFORTS
from modelport.domain.errors import InvalidParams
from support.builders import call, row
from support.shipped import shipped_registry

OLD = "anthropic.claude-3-5-sonnet-20241022-v2:0"
BUDGETED = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
BOTH = "us.anthropic.claude-sonnet-4-6"
ADAPTIVE = "us.anthropic.claude-opus-4-7"


def body(model: str, **parameters: Any) -> dict[str, Any]:
    return BedrockConverse().request(call(provider=row("bedrock"), model=model, parameters=parameters)).body


def added(model: str, **parameters: Any) -> dict[str, Any]:
    return body(model, **parameters).get("additionalModelRequestFields", {})


def limit(model: str, **parameters: Any) -> int | None:
    return body(model, **parameters).get("inferenceConfig", {}).get("maxTokens")


def adaptive(effort: str) -> dict[str, Any]:
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}


def budget(tokens: int) -> dict[str, Any]:
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


@pytest.mark.parametrize(
    "model",
    [
        "anthropic.claude-opus-4-7",
        "us.anthropic.claude-opus-4-7",
        "us-gov.anthropic.claude-opus-4-7-v1:0",
        "global.anthropic.CLAUDE-OPUS-4-7",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-7",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-7",
    ],
)
def test_a_model_is_known_under_all_its_names(model: str) -> None:
    assert added(model, reasoning_effort="max") == adaptive("max")


@pytest.mark.parametrize(
    "model",
    [
        "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
        "meta.llama4",
        "notanthropic.claude-opus-4-7",
        "x",
    ],
)
@pytest.mark.parametrize("name", ["top_k", "reasoning_effort", "reasoning_budget", "parallel_tool_calls"])
def test_what_an_unknown_model_takes_is_not_guessed(model: str, name: str) -> None:
    with pytest.raises(InvalidParams, match=name):
        body(model, **{name: {"reasoning_effort": "low", "parallel_tool_calls": True}.get(name, 5)})
    assert body(model, temperature=1, max_tokens=5)["inferenceConfig"] == {"temperature": 1, "maxTokens": 5}


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (OLD, {"top_k": 5}),
        (HAIKU, {"top_k": 5}),
        (BOTH, {"top_k": 5}),
        ("anthropic.claude-v2:1", {"top_k": 5}),
        ("amazon.nova-pro-v1:0", {"inferenceConfig": {"topK": 5}}),
        ("us.amazon.nova-2-lite-v1:0", {"inferenceConfig": {"topK": 5}}),
    ],
)
def test_top_k_stands_where_each_family_has_it(model: str, sent: dict[str, Any]) -> None:
    assert added(model, top_k=5) == sent


@pytest.mark.parametrize("model", [ADAPTIVE, "anthropic.claude-sonnet-5", "openai.gpt-6-sol", "xai.grok-4.6"])
@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_sampling_is_refused_for_a_model_that_takes_none(model: str, name: str) -> None:
    with pytest.raises(InvalidParams, match=name):
        body(model, **{name: 1})


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        (BUDGETED, "minimal", budget(1024)),
        (BUDGETED, "medium", budget(8192)),
        (HAIKU, "max", budget(16384)),
        ("anthropic.claude-opus-4-1-20250805-v1:0", "low", budget(2048)),
        (BOTH, "minimal", adaptive("low")),
        (BOTH, "xhigh", adaptive("max")),
        (ADAPTIVE, "xhigh", adaptive("xhigh")),
        ("anthropic.claude-opus-5-5", "medium", adaptive("medium")),
        ("anthropic.claude-newest-9", "medium", adaptive("medium")),
        ("us.amazon.nova-2-lite-v1:0", "xhigh", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}),
        ("openai.gpt-oss-120b-1:0", "max", {"reasoning_effort": "high"}),
        ("openai.gpt-6-sol", "max", {"reasoning": {"effort": "xhigh"}}),
        ("xai.grok-4.7", "minimal", {"reasoning": {"effort": "low"}}),
        ("qwen.qwen3-32b-v1:0", "low", {"reasoning_config": "high"}),
        ("deepseek.v3.2", "low", {"reasoning_effort": "high"}),
        ("zai.glm-4.7", "low", {"reasoning_effort": "high"}),
        ("zai.glm-5.3", "low", {"reasoning_effort": "low"}),
    ],
)
def test_an_effort_in_each_familys_words(model: str, effort: str, sent: dict[str, Any]) -> None:
    assert added(model, reasoning_effort=effort) == sent


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (BUDGETED, {"thinking": {"type": "disabled"}}),
        ("anthropic.claude-sonnet-5", {"thinking": {"type": "disabled"}}),
        ("anthropic.claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
        (BOTH, {}),
        (ADAPTIVE, {}),
        ("us.amazon.nova-2-lite-v1:0", {}),
        ("qwen.qwen3-32b-v1:0", {}),
        ("openai.gpt-6-sol", {"reasoning": {"effort": "none"}}),
    ],
)
def test_no_reasoning(model: str, sent: dict[str, Any]) -> None:
    assert added(model, reasoning_effort="none") == sent
    if family_of(model).budget:
        assert added(model, reasoning_budget=0) == sent


@pytest.mark.parametrize(
    "model",
    [
        "anthropic.claude-opus-5-5",
        "anthropic.claude-fable-5-1",
        "openai.gpt-oss-20b-1:0",
        "openai.gpt-6-astra",
        "zai.glm-5.3",
    ],
)
def test_a_model_that_always_reasons_refuses_to_do_without(model: str) -> None:
    with pytest.raises(InvalidParams, match="does not answer without reasoning") as refused:
        body(model, reasoning_effort="none")
    assert refused.value.field == "parameters.reasoning_effort"


@pytest.mark.parametrize("model", [BUDGETED, HAIKU, BOTH])
def test_a_budget_is_sent_with_room_for_the_answer(model: str) -> None:
    assert added(model, reasoning_budget=50000) == budget(50000)
    assert limit(model, reasoning_budget=50000) == 50000 + 8192
    assert limit(model, reasoning_budget=2000, max_tokens=3000) == 3000
    with pytest.raises(InvalidParams, match="reasoning_budget"):
        body(model, reasoning_budget=2000, reasoning_effort="low")


@pytest.mark.parametrize("model", [ADAPTIVE, "amazon.nova-2-lite-v1:0", "openai.gpt-oss-120b-1:0"])
def test_a_budget_is_refused_where_only_an_effort_is_taken(model: str) -> None:
    with pytest.raises(InvalidParams, match="reasoning_budget"):
        body(model, reasoning_budget=2000)


def test_an_effort_that_is_a_budget_leaves_room_for_the_answer() -> None:
    assert limit(BUDGETED, reasoning_effort="high") == 16384 + 8192
    assert added(BUDGETED, reasoning_effort="high", max_tokens=8000) == budget(4000)
    assert added(BUDGETED, reasoning_effort="high", max_tokens=1500) == budget(1024)
    assert added(BUDGETED, reasoning_effort="low", max_tokens=60000) == budget(2048)


@pytest.mark.parametrize(
    ("model", "sent"), [(OLD, None), (HAIKU, 32000), (ADAPTIVE, 32000), ("amazon.nova-pro-v1:0", None)]
)
def test_a_limit_is_named_where_the_service_has_a_short_one_of_its_own(model: str, sent: int | None) -> None:
    assert limit(model) == sent
    assert limit(model, max_tokens=7) == 7


def test_the_rows_own_limit_comes_first() -> None:
    own = row("bedrock", wire={"default_max_tokens": 500})
    assert BedrockConverse().request(call(provider=own, model=ADAPTIVE)).body["inferenceConfig"] == {"maxTokens": 500}


def test_the_families_are_in_order() -> None:
    for number, (pattern, family) in enumerate(FAMILIES):
        assert list(family.efforts) == [effort for effort in EFFORTS if effort in family.efforts]
        assert bool(family.efforts) == bool(family.effort or family.budget)
        for template in (family.top_k, family.effort, family.budget):
            assert not template or str(template).count(PLACEHOLDER) == 1
        example = pattern.replace("*", "x").replace("[789]", "7")
        assert family_of(example) is family, f"{pattern} is hidden by one of the first {number}"


def test_the_models_of_the_row_are_known() -> None:
    for model in shipped_registry().get("bedrock").example_models:
        assert family_of(model) != family_of("unknown")
