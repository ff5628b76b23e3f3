"""The levels and budgets of thinking that each Gemini model takes."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.adapters.dialects.google.thinking import accepted_parameters, thinking_config
from modelport.domain.errors import InvalidParams
from support.builders import call

FLASH, PRO, OLD = "gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.0-flash"


def config(model: str, **parameters: Any) -> dict[str, Any]:
    return thinking_config(call(model=model, parameters=parameters))


@pytest.mark.parametrize(
    ("model", "effort", "level"),
    [
        ("gemini-3-pro-preview", "minimal", "LOW"),
        ("gemini-3-pro-preview", "medium", "HIGH"),
        ("gemini-3-flash-preview", "minimal", "MINIMAL"),
        ("gemini-3.1-pro-preview", "medium", "MEDIUM"),
        ("gemini-3.1-flash-lite", "minimal", "MINIMAL"),
        ("gemini-3.8-flash", "minimal", "LOW"),
        ("google/Gemini-3.8-Flash", "high", "HIGH"),
        ("gemini-4-argon", "max", "HIGH"),
        ("gemini-4-hydrogen", "xhigh", "XHIGH"),
        ("gemini-4-hydrogen", "max", "XHIGH"),
        ("gemini-flash-latest", "xhigh", "HIGH"),
        ("a-model-of-next-year", "low", "LOW"),
    ],
)
def test_newer_models_take_a_level(model: str, effort: str, level: str) -> None:
    assert config(model, reasoning_effort=effort) == {"thinkingLevel": level, "includeThoughts": True}


@pytest.mark.parametrize(
    ("model", "effort", "budget"),
    [(FLASH, "minimal", 1024), (FLASH, "low", 1024), (PRO, "medium", 8192), (PRO, "high", 24576), (PRO, "max", 32768), (FLASH, "xhigh", 24576), ("gemini-2.5-flash-lite", "low", 1024)],
)  # fmt: skip
def test_models_of_generation_2_5_take_a_budget(model: str, effort: str, budget: int) -> None:
    assert config(model, reasoning_effort=effort) == {"thinkingBudget": budget, "includeThoughts": True}


def test_a_budget_is_sent_as_it_is() -> None:
    assert config(PRO, reasoning_budget=128) == {"thinkingBudget": 128, "includeThoughts": True}
    assert config(FLASH, reasoning_budget=0) == {"thinkingBudget": 0, "includeThoughts": False}


@pytest.mark.parametrize(("model", "sent"), [(FLASH, {"thinkingBudget": 0}), ("gemini-3.6-flash", {"thinkingLevel": "MINIMAL"})])  # fmt: skip
def test_no_reasoning(model: str, sent: dict[str, Any]) -> None:
    assert config(model, reasoning_effort="none") == sent


@pytest.mark.parametrize("model", [PRO, "gemini-3-pro-preview", "gemini-3.8-flash"])
def test_a_model_that_always_thinks_refuses_to_do_without(model: str) -> None:
    with pytest.raises(InvalidParams, match="set reasoning_effort to low") as refused:
        config(model, reasoning_effort="none")
    assert (refused.value.kind, refused.value.field) == ("unsupported", "parameters.reasoning_effort")


def test_nothing_is_sent_unasked() -> None:
    assert config("gemini-3.8-flash") == {}
    assert config(OLD) == {}


@pytest.mark.parametrize(
    ("model", "given", "accepted"),
    [
        (OLD, {}, set()),
        ("gemma-3-27b-it", {}, set()),
        (FLASH, {"reasoning_budget": 5}, {"reasoning_effort", "reasoning_budget"}),
        (FLASH, {"reasoning_budget": 5, "reasoning_effort": "low"}, {"reasoning_effort"}),
        ("gemini-3.8-flash", {"reasoning_budget": 5}, {"reasoning_effort"}),
    ],
)
def test_what_a_model_takes(model: str, given: dict[str, Any], accepted: set[str]) -> None:
    assert accepted_parameters(call(model=model, parameters=given)) == accepted
