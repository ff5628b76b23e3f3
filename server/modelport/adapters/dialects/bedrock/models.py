"""The parameters beyond Converse's own that each family of models on Bedrock takes, and their fields.

Source: Amazon Bedrock User Guide, model parameters and model cards; Amazon Nova User Guide, extended thinking; what
PyPI pydantic-ai-slim 2.68.0 and npm @earendil-works/pi-ai 1.5.2 verified against the service. Checked 2026-11-20.
"""

from __future__ import annotations

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
_UP_TO_MAX = ("low", "medium", "high", "xhigh", "max")
_UP_TO_XHIGH = ("low", "medium", "high", "xhigh")

_CLAUDE = Family(top_k={"top_k": PLACEHOLDER}, own_tool_choice=True)
_THINKING = replace(_CLAUDE, efforts=tuple(BUDGETS), budget=_BUDGET, off=_NO_THINKING)
_CLAUDE_4_6 = replace(
    _CLAUDE, efforts=("low", "medium", "high", "max"), effort=_ADAPTIVE, budget=_BUDGET, off={}, max_tokens=32000
)
_CLAUDE_4_7 = replace(_CLAUDE_4_6, efforts=_UP_TO_MAX, budget={}, sampling=False)
_NOVA = Family(top_k={"inferenceConfig": {"topK": PLACEHOLDER}})
_EFFORT: Template = {"reasoning_effort": PLACEHOLDER}
_REASONING: Template = {"reasoning": {"effort": PLACEHOLDER}}
_GPT = Family(efforts=_UP_TO_XHIGH, effort=_REASONING, sampling=False)

# The first pattern that fits counts; an unknown Claude is taken for a new one, since old ones are no longer made.
FAMILIES: tuple[tuple[str, Family], ...] = (
    ("anthropic.claude-v*", _CLAUDE),
    ("anthropic.claude-instant*", _CLAUDE),
    ("anthropic.claude-3-7*", _THINKING),
    ("anthropic.claude-3*", _CLAUDE),
    ("anthropic.claude-*-4-5*", replace(_THINKING, max_tokens=32000)),
    ("anthropic.claude-*-4-6*", _CLAUDE_4_6),
    ("anthropic.claude-*-4-[789]*", _CLAUDE_4_7),
    ("anthropic.claude-*-4-*", _THINKING),
    ("anthropic.claude-opus-5-5*", replace(_CLAUDE_4_7, off=None)),
    ("anthropic.claude-sonnet-5-5*", replace(_CLAUDE_4_7, off={"thinking": {"type": "between_tools"}})),
    ("anthropic.claude-opus-5*", replace(_CLAUDE_4_7, off=_NO_THINKING)),
    ("anthropic.claude-sonnet-5*", replace(_CLAUDE_4_7, off=_NO_THINKING)),
    ("anthropic.claude-haiku-5*", replace(_CLAUDE_4_7, off=_NO_THINKING)),
    ("anthropic.claude*", replace(_CLAUDE_4_7, off=None)),
    (
        "amazon.nova-2*",
        replace(
            _NOVA,
            efforts=("low", "medium", "high"),
            effort={"reasoningConfig": {"type": "enabled", "maxReasoningEffort": PLACEHOLDER}},
            off={},
        ),
    ),
    ("amazon.nova*", _NOVA),
    ("openai.gpt-oss*", Family(efforts=("low", "medium", "high"), effort=_EFFORT)),
    ("openai.gpt-6-astra*", _GPT),
    ("openai.gpt-6.1-sol*", _GPT),
    ("openai.gpt-*", replace(_GPT, off={"reasoning": {"effort": "none"}})),
    ("xai.grok*", _GPT),
    # Of the efforts that these take only one makes them reason.
    ("qwen.qwen3-coder*", Family()),
    ("qwen.qwen3*", Family(efforts=("high",), effort={"reasoning_config": PLACEHOLDER}, off={})),
    ("deepseek.v3.2*", Family(efforts=("high",), effort=_EFFORT, off={})),
    ("zai.glm-5.3*", Family(efforts=_UP_TO_MAX, effort=_EFFORT)),
    ("zai.glm-*", Family(efforts=("high",), effort=_EFFORT, off={})),
)
_UNKNOWN = Family()


def family_of(model: str) -> Family:
    """The family of a model, by its id, its inference profile or the ARN of one."""
    name = model.rpartition("/")[2].casefold()
    found = (family for pattern, family in FAMILIES if fnmatchcase(name, pattern) or fnmatchcase(name, f"*.{pattern}"))
    return next(found, _UNKNOWN)


def accepted_parameters(call: ModelCall) -> frozenset[str]:
    """The parameters that the model takes; of an effort and a budget only one can be sent."""
    family = family_of(call.model)
    accepted = {"max_tokens", "stop"}
    if family.sampling:
        accepted |= {"temperature", "top_p"} | ({"top_k"} if family.top_k else set())
    if family.efforts:
        accepted.add("reasoning_effort")
    if family.budget and "reasoning_effort" not in call.parameters:
        accepted.add("reasoning_budget")
    if family.own_tool_choice:
        accepted.add("parallel_tool_calls")
    return frozenset(accepted)


def additional_fields(call: ModelCall) -> dict[str, Any]:
    """The fields of the model's own that carry ``top_k`` and the reasoning.

    Raises:
        InvalidParams: the call turns reasoning off, and the model cannot do without.
    """
    given, family = call.parameters, family_of(call.model)
    fields: dict[str, Any] = _filled(family.top_k, given["top_k"]) if "top_k" in given else {}
    effort = given.get("reasoning_effort")
    if effort == "none" or given.get("reasoning_budget") == 0:
        return fields | _off(call, family)
    if budget := _budget(call, family):
        return fields | _filled(family.budget, budget)
    return fields | (_filled(family.effort, _nearest(effort, family.efforts)) if effort is not None else {})


def max_tokens(call: ModelCall) -> int | None:
    """The limit to send: the caller's, else one with room for the answer behind the reasoning."""
    if "max_tokens" in call.parameters:
        return call.parameters["max_tokens"]
    family = family_of(call.model)
    limit = call.endpoint.provider.wire.default_max_tokens or family.max_tokens
    budget = _budget(call, family)
    return max(limit or 0, budget + ANSWER_TOKENS) if budget else limit


def _budget(call: ModelCall, family: Family) -> int:
    """The reasoning budget in tokens; an effort that has to be one leaves half of the caller's limit to the answer."""
    given = call.parameters
    effort = given.get("reasoning_effort", "none")
    if "reasoning_budget" in given or effort == "none" or family.effort:
        return given.get("reasoning_budget", 0)
    budget = BUDGETS[_nearest(effort, family.efforts)]
    return min(budget, max(given.get("max_tokens", 2 * budget) // 2, MIN_BUDGET_TOKENS))


def _nearest(effort: str, efforts: tuple[str, ...]) -> str:
    """The effort of that name, else the next one above, else the highest."""
    wanted = EFFORTS.index(effort)
    return next((known for known in efforts if EFFORTS.index(known) >= wanted), efforts[-1])


def _filled(template: Template, value: Any) -> dict[str, Any]:
    return {k: _filled(v, value) if is_object(v) else value if v == PLACEHOLDER else v for k, v in template.items()}


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
