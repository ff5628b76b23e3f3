"""What each family of models takes beyond the parameters of its wire format, and the fields that carry it.

The families of Claude hold for every wire format that speaks to one; those of other makers stand with their format.
Source: Anthropic documentation, "Extended thinking", "Adaptive thinking" and "Effort"; Amazon Bedrock User Guide, model
parameters; what PyPI pydantic-ai-slim 2.68.0 and npm @earendil-works/pi-ai 1.5.2 verified. Checked 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.parameters import EFFORTS
from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_object

PLACEHOLDER = "{value}"
"""Stands for the value in a template."""
ANSWER_TOKENS = 8192
"""Tokens left for the answer behind a reasoning budget."""
MIN_BUDGET_TOKENS = 1024
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384}
"""The budget of each effort, in tokens."""

Template = dict[str, Any]


class Family(Struct, frozen=True, kw_only=True):
    """What a family takes. The templates are additional fields of a request."""

    top_k: Template = {}
    efforts: tuple[str, ...] = ()
    """The efforts it takes, lowest first; none where no request is known to make it reason."""
    effort: Template = {}
    """The fields that carry an effort; empty: it is sent as a budget."""
    budget: Template = {}
    off: Template | None = None
    """The fields that turn reasoning off; absent: nothing does."""
    sampling: bool = True
    """Whether it takes temperature, top_p and top_k."""
    own_tool_choice: bool = False
    """Whether it has a tool choice of its own, with ``none`` and with one call at a time."""
    max_tokens: int | None = None
    """Sent when the caller names no limit, since Bedrock's own default is short and reasoning counts."""


_ADAPTIVE: Template = {"thinking": {"type": "adaptive"}, "output_config": {"effort": PLACEHOLDER}}
_BUDGET: Template = {"thinking": {"type": "enabled", "budget_tokens": PLACEHOLDER}}
_NO_THINKING: Template = {"thinking": {"type": "disabled"}}
UP_TO_MAX = ("low", "medium", "high", "xhigh", "max")
UP_TO_XHIGH = ("low", "medium", "high", "xhigh")

_CLAUDE = Family(top_k={"top_k": PLACEHOLDER}, own_tool_choice=True)
_THINKING = replace(_CLAUDE, efforts=tuple(BUDGETS), budget=_BUDGET, off=_NO_THINKING)
_CLAUDE_4_6 = replace(
    _CLAUDE, efforts=("low", "medium", "high", "max"), effort=_ADAPTIVE, budget=_BUDGET, off={}, max_tokens=32000
)
_CLAUDE_4_7 = replace(_CLAUDE_4_6, efforts=UP_TO_MAX, budget={}, sampling=False)

# The first pattern that fits counts; an unknown Claude is taken for a new one, since old ones are no longer made.
CLAUDES: tuple[tuple[str, Family], ...] = (
    ("claude-v*", _CLAUDE),
    ("claude-instant*", _CLAUDE),
    ("claude-3-7*", _THINKING),
    ("claude-3*", _CLAUDE),
    ("claude-*-4-5*", replace(_THINKING, max_tokens=32000)),
    ("claude-*-4-6*", _CLAUDE_4_6),
    ("claude-*-4-[789]*", _CLAUDE_4_7),
    ("claude-*-4-*", _THINKING),
    ("claude-opus-5-5*", replace(_CLAUDE_4_7, off=None)),
    ("claude-sonnet-5-5*", replace(_CLAUDE_4_7, off={"thinking": {"type": "between_tools"}})),
    ("claude-opus-5*", replace(_CLAUDE_4_7, off=_NO_THINKING)),
    ("claude-sonnet-5*", replace(_CLAUDE_4_7, off=_NO_THINKING)),
    ("claude-haiku-5*", replace(_CLAUDE_4_7, off=_NO_THINKING)),
    ("claude*", replace(_CLAUDE_4_7, off=None)),
)


def claude_family(model: str) -> Family | None:
    """The family of a Claude, by its name at Anthropic, a cloud or a gateway; None for any other model."""
    name = model.casefold().replace(".", "-")
    if (begin := name.find("claude")) < 0:
        return None
    return next(family for pattern, family in CLAUDES if fnmatchcase(name[begin:], pattern))


def accepted_parameters(family: Family, given: Mapping[str, Any]) -> frozenset[str]:
    """The parameters that the model takes; of an effort and a budget only one can be sent."""
    accepted = {"max_tokens", "stop"}
    if family.sampling:
        accepted |= {"temperature", "top_p"} | ({"top_k"} if family.top_k else set())
    if family.efforts:
        accepted.add("reasoning_effort")
    if family.budget and "reasoning_effort" not in given:
        accepted.add("reasoning_budget")
    if family.own_tool_choice:
        accepted.add("parallel_tool_calls")
    return frozenset(accepted)


def reasoning_fields(call: ModelCall, family: Family) -> dict[str, Any]:
    """The fields that carry the reasoning which the call asks for, empty where it asks for none.

    Raises:
        InvalidParams: the call turns reasoning off, and the model cannot do without.
    """
    given = call.parameters
    effort = given.get("reasoning_effort")
    if effort == "none" or given.get("reasoning_budget") == 0:
        return _off(call, family)
    if budget := reasoning_budget(call, family):
        return filled(family.budget, budget)
    return filled(family.effort, _nearest(effort, family.efforts)) if effort is not None else {}


def reasoning_budget(call: ModelCall, family: Family) -> int:
    """The reasoning budget in tokens; an effort that has to be one leaves half of the caller's limit to the answer.

    A limit with no room for the smallest budget leaves all of it to the answer.

    Raises:
        InvalidParams: the caller's budget is not below the caller's limit.
    """
    given = call.parameters
    effort = given.get("reasoning_effort", "none")
    if "reasoning_budget" in given or effort == "none" or family.effort:
        _check_budget(call)
        return given.get("reasoning_budget", 0)
    budget = BUDGETS[_nearest(effort, family.efforts)]
    limit = given.get("max_tokens", 2 * budget)
    return min(budget, max(limit // 2, MIN_BUDGET_TOKENS)) if limit > MIN_BUDGET_TOKENS else 0


def _check_budget(call: ModelCall) -> None:
    budget, limit = call.parameters.get("reasoning_budget", 0), call.parameters.get("max_tokens")
    if budget and limit is not None and budget >= limit:
        raise InvalidParams(
            f"reasoning_budget counts towards max_tokens with {call.model}: set it below {limit}, or allow more.",
            kind="unsupported",
            field="parameters.reasoning_budget",
            provider=call.endpoint.provider.id,
            model=call.model,
            action="set reasoning_budget below max_tokens",
        )


def _nearest(effort: str, efforts: tuple[str, ...]) -> str:
    """The effort of that name, else the next one above, else the highest."""
    wanted = EFFORTS.index(effort)
    return next((known for known in efforts if EFFORTS.index(known) >= wanted), efforts[-1])


def filled(template: Template, value: Any) -> dict[str, Any]:
    """A template with a value in its place."""
    return {k: filled(v, value) if is_object(v) else value if v == PLACEHOLDER else v for k, v in template.items()}


def _off(call: ModelCall, family: Family) -> dict[str, Any]:
    if family.off is not None:
        return family.off
    raise InvalidParams(
        f"{call.model} does not answer without reasoning: set reasoning_effort to low, or leave it out.",
        kind="unsupported",
        field="parameters.reasoning_effort",
        provider=call.endpoint.provider.id,
        model=call.model,
        action="set reasoning_effort to low",
    )
