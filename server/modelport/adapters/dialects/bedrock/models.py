"""The parameters beyond Converse's own that each family of models on Bedrock takes, and their fields.

Source: Amazon Bedrock User Guide, model parameters and model cards; Amazon Nova User Guide, extended thinking; what
PyPI pydantic-ai-slim 2.68.0 and npm @earendil-works/pi-ai 1.5.2 verified against the service. Checked 2026-11-20.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from msgspec.structs import replace

from modelport.adapters.wire import model_families
from modelport.adapters.wire.model_families import (
    ANSWER_TOKENS,
    CLAUDES,
    PLACEHOLDER,
    UP_TO_MAX,
    UP_TO_XHIGH,
    Family,
    Template,
    filled,
    reasoning_budget,
)
from modelport.domain.completions.call import ModelCall

_NOVA = Family(top_k={"inferenceConfig": {"topK": PLACEHOLDER}})
_EFFORT: Template = {"reasoning_effort": PLACEHOLDER}
_REASONING: Template = {"reasoning": {"effort": PLACEHOLDER}}
_GPT = Family(efforts=UP_TO_XHIGH, effort=_REASONING, sampling=False)

# The first pattern that fits counts.
FAMILIES: tuple[tuple[str, Family], ...] = (
    *((f"anthropic.{pattern}", family) for pattern, family in CLAUDES),
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
    ("zai.glm-5.3*", Family(efforts=UP_TO_MAX, effort=_EFFORT)),
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
    return model_families.accepted_parameters(family_of(call.model), call.parameters)


def additional_fields(call: ModelCall) -> dict[str, Any]:
    """The fields of the model's own that carry ``top_k`` and the reasoning.

    Raises:
        InvalidParams: the call turns reasoning off, and the model cannot do without.
    """
    family = family_of(call.model)
    fields = filled(family.top_k, call.parameters["top_k"]) if "top_k" in call.parameters else {}
    return fields | model_families.reasoning_fields(call, family)


def max_tokens(call: ModelCall) -> int | None:
    """The limit to send: the caller's, else one with room for the answer behind the reasoning."""
    if "max_tokens" in call.parameters:
        return call.parameters["max_tokens"]
    family = family_of(call.model)
    limit = call.endpoint.provider.wire.default_max_tokens or family.max_tokens
    budget = reasoning_budget(call, family)
    return max(limit or 0, budget + ANSWER_TOKENS) if budget else limit
