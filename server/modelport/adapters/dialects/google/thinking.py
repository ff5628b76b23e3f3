"""The thinking that each Gemini model takes: a level from Gemini 3 on, a budget before.

Source: Gemini API, "Thinking" (levels and budgets per model) and "OpenAI compatibility" (what an effort
means as a budget); Agent Platform, "Thinking", for the models of generation 4. Checked 2026-11-20.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import InvalidParams

BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}


class Thinking(Struct, frozen=True):
    """What a model takes: levels in their order, or a budget; neither for a model that does not think."""

    levels: tuple[str, ...] = ()
    max_budget_tokens: int = 0
    """0: it takes no budget."""
    can_stop: bool = False
    """Whether it also answers without thinking."""


# The first pattern that fits counts; what is not known is taken for a newer model, since old ones are no longer made.
MODELS: tuple[tuple[str, Thinking], ...] = (
    ("gemini-1.*", Thinking()),
    ("gemini-2.0*", Thinking()),
    ("gemini-2.5-flash-image*", Thinking()),
    ("gemini-2.5-pro*", Thinking(max_budget_tokens=32768)),
    ("gemini-2.5*", Thinking(max_budget_tokens=24576, can_stop=True)),
    ("gemini-3-pro*", Thinking(("low", "high"))),
    ("gemini-3-flash*", Thinking(("minimal", "low", "medium", "high"))),
    ("gemini-3.1-flash*", Thinking(("minimal", "low", "medium", "high"))),
    ("gemini-3.5-flash*", Thinking(("minimal", "low", "medium", "high"))),
    ("gemini-3.6-flash*", Thinking(("minimal", "low", "medium", "high"))),
    ("gemini-4-hydrogen*", Thinking(("low", "medium", "high", "xhigh"))),
    ("gemma-[123]*", Thinking()),
    ("*", Thinking(("low", "medium", "high"))),
)
_ORDER = ("minimal", "low", "medium", "high", "xhigh", "max")


def thinking_of(model: str) -> Thinking:
    """The thinking that a model takes, by the last part of its name."""
    name = model.rpartition("/")[2].casefold()
    return next(thinking for pattern, thinking in MODELS if fnmatchcase(name, pattern))


def accepted_parameters(call: ModelCall) -> frozenset[str]:
    """The reasoning parameters that the model takes; of an effort and a budget only one can be sent."""
    thinking = thinking_of(call.model)
    if thinking.levels or (thinking.max_budget_tokens and "reasoning_effort" in call.parameters):
        return frozenset({"reasoning_effort"})
    return frozenset({"reasoning_effort", "reasoning_budget"} if thinking.max_budget_tokens else ())


def thinking_config(call: ModelCall) -> dict[str, Any]:
    """The ``thinkingConfig`` of a request, empty where the call sets none.

    Raises:
        InvalidParams: the call turns reasoning off, and the model cannot do without.
    """
    effort, budget = call.parameters.get("reasoning_effort"), call.parameters.get("reasoning_budget")
    thinking = thinking_of(call.model)
    if budget is not None:
        return {"thinkingBudget": budget, "includeThoughts": budget > 0}
    if effort is None:
        return {}
    if effort == "none":
        return _none(call, thinking)
    if thinking.levels:
        return {"thinkingLevel": _nearest(effort, thinking.levels).upper(), "includeThoughts": True}
    return {"thinkingBudget": BUDGETS.get(effort, thinking.max_budget_tokens), "includeThoughts": True}


def _nearest(effort: str, levels: tuple[str, ...]) -> str:
    """The level of that name, else the next one above, else the highest."""
    wanted = _ORDER.index(effort)
    return next((level for level in levels if _ORDER.index(level) >= wanted), levels[-1])


def _none(call: ModelCall, thinking: Thinking) -> dict[str, Any]:
    if thinking.can_stop:
        return {"thinkingBudget": 0}
    if "minimal" in thinking.levels:
        return {"thinkingLevel": "MINIMAL"}
    row = call.endpoint.provider
    raise InvalidParams(
        f"{call.model} does not answer without reasoning: set reasoning_effort to low, or leave it out.",
        kind="unsupported",
        field="parameters.reasoning_effort",
        provider=row.id,
        model=call.model,
        action="set reasoning_effort to low",
    )
